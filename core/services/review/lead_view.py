"""What a lead looks for in a dataset: work per day, what is left, how much is changed, what waits for a decision."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import groupby

from sqlalchemy import ColumnElement, and_, func, select
from sqlmodel import Session, col

from core.adapters.store import DatasetView, Store
from core.adapters.store.models import DisputeStatus, Extraction, Pass, PassingRule, Record, RecordEvent, RecordStatus
from core.adapters.store.queries import PASSED_BY
from core.adapters.store.save_ids import NOT_ON_DESK, is_saved_as
from core.domain.form import Form
from core.domain.permissions import Permission
from core.services.quality import pairwise_agreement
from core.services.quality.cache import cached
from core.services.quality.data_versions import records_version
from core.services.quality.disputes import dispute_counts
from core.services.quality.fast_approvals import latest_fast_approvals
from core.services.quality.review_checks import review_checks
from core.services.review.passing_audits import PassedChats, passed_chats
from core.services.review.progress import DECIDED
from core.services.review.stopped_rules import is_stopped_by_audit
from core.services.team import everything_shown, is_allowed

_WEEKS, _CHATS_A_WEEK = 8, 100
"""Drift is measured on the last weeks with work, on at most this many chats of each."""
_FEWEST_FAST = 3
"""Fast approvals of one person from which they are named: one may be a slip, or a chat known from elsewhere."""


@dataclass(frozen=True, slots=True)
class DailyWork:
    """How many chats a reviewer decided on a day, each counted where it was decided first."""

    day: date
    reviewer: str
    chats: int


@dataclass(frozen=True, slots=True)
class WeeklyChange:
    """How much of what models filled was changed by people in a week.

    Attributes:
        monday: first day of the week.
        chats: decided chats that were looked at.
        cells: cells of theirs that are filled, or were.
        changed: those that a person changed.
        fields: by key, ``(changed, cells)`` of those fields that have any.
    """

    monday: date
    chats: int
    cells: int
    changed: int
    fields: Mapping[str, tuple[int, int]] = field(default_factory=dict)

    @property
    def share(self) -> float:
        """Changed cells of all, 0 to 1."""
        return self.changed / self.cells if self.cells else 0.0


@dataclass(frozen=True, slots=True)
class LeadView:
    """A dataset as its lead sees it.

    Attributes:
        total: number of chats.
        passed: of these, how many a threshold let pass and nobody has reviewed.
        work: by day and reviewer, oldest first.
        changes: by week, oldest first; weeks without work are left out.
        disputes: labels in dispute that nobody has decided about.
        differences: chats that two reviewers see differently and nobody has settled.
        stopped: rules for values to pass that an audit has switched off.
        imported: the day on which the dataset was made.
        fast: reviewers some of whose latest approvals were faster than their texts can be read, with how many; none for
            who may not see it.
        released: what thresholds let pass, and how far the audits of it are.
    """

    total: int
    passed: int
    work: tuple[DailyWork, ...]
    changes: tuple[WeeklyChange, ...]
    disputes: int
    differences: int
    stopped: int
    imported: date
    fast: tuple[tuple[str, int], ...] = ()
    released: PassedChats = PassedChats()

    @property
    def left(self) -> list[tuple[date, int]]:
        """Number of undecided chats on the day of the import and at the end of each day with work.

        Passed ones are nobody's. What was decided before its dataset was made (it was copied) begins a day before.
        """
        if not self.work:
            return []
        first = self.work[0].day
        begun = self.imported if self.imported <= first else first - timedelta(days=1)
        days = [(begun, self.total - self.passed)]
        for day, entries in groupby(self.work, key=lambda entry: entry.day):
            days.append((day, days[-1][1] - sum(entry.chats for entry in entries)))
        return days


def lead_view(store: Store, dataset: DatasetView, form: Form) -> LeadView:
    """Work, drift and open decisions of a dataset; kept until a record changes."""
    with store.read() as session:
        speed = review_checks(session, dataset.id).characters_per_minute
        version = records_version(session, dataset.id)
        key = ("lead", store.url, dataset.id, dataset.chats, form.reference, speed, version)

        def read() -> tuple[
            int, tuple[DailyWork, ...], tuple[WeeklyChange, ...], tuple[tuple[str, int], ...], PassedChats
        ]:
            fast = latest_fast_approvals(session, dataset.id, speed)
            several = tuple((who, count) for who, count in fast.items() if count >= _FEWEST_FAST)
            passed = select(func.count()).where(
                col(Record.dataset_id) == dataset.id,
                col(Record.review_pass) == Pass.PRIMARY,
                col(Record.status).in_(DECIDED),
                col(Record.reviewer) == PASSED_BY,
            )
            count = session.execute(passed).scalar_one()
            work, changes = _work(session, dataset.id), _changes(session, dataset.id, form)
            return count, work, changes, several, passed_chats(session, dataset.id)

        passed, work, changes, fast, released = cached(key, read)
        rules = select(func.count()).where(col(PassingRule.dataset_id) == dataset.id, is_stopped_by_audit())
        stopped = session.execute(rules).scalar_one()
        has_second = session.execute(
            select(col(Record.id))
            .where(col(Record.dataset_id) == dataset.id, col(Record.review_pass) == Pass.SECOND)
            .limit(1)
        ).first()
    together = pairwise_agreement(store, dataset, form) if has_second else None
    return LeadView(
        dataset.chats,
        passed,
        work,
        changes,
        dispute_counts(store, dataset.id).get(DisputeStatus.OPEN, 0),
        sum(not chat.settled_by for chat in together.chats) if together is not None else 0,
        stopped,
        dataset.created_at.astimezone().date(),
        fast if is_allowed(Permission.REVIEW_CHECKS) else (),
        released,
    )


def _decided_by_people(dataset_id: int) -> tuple[ColumnElement[bool], ...]:
    return (
        col(Record.dataset_id) == dataset_id,
        col(Record.review_pass) == Pass.PRIMARY,
        col(Record.status).in_(DECIDED),
        col(Record.reviewer) != PASSED_BY,
    )


def _work(session: Session, dataset_id: int) -> tuple[DailyWork, ...]:
    taken_back = (
        select(col(RecordEvent.record_id).label("record_id"), func.max(col(RecordEvent.id)).label("id"))
        .join(Record, col(Record.id) == col(RecordEvent.record_id))
        .where(*_decided_by_people(dataset_id), col(RecordEvent.status) == RecordStatus.UNREVIEWED)
        .group_by(col(RecordEvent.record_id))
        .subquery()
    )
    first = (
        select(func.min(col(RecordEvent.id)).label("id"))
        .join(Record, col(Record.id) == col(RecordEvent.record_id))
        .outerjoin(taken_back, taken_back.c.record_id == col(RecordEvent.record_id))
        .where(
            *_decided_by_people(dataset_id),
            col(RecordEvent.status).in_(DECIDED),
            ~is_saved_as(*NOT_ON_DESK),  # nobody reviewed the chat then
            col(RecordEvent.id) > func.coalesce(taken_back.c.id, 0),  # a decision that was taken back was none
        )
        .group_by(col(RecordEvent.record_id))
        .subquery()
    )
    statement = select(col(RecordEvent.at), col(RecordEvent.who)).join(first, first.c.id == col(RecordEvent.id))
    with everything_shown(session):  # how many, not what
        counts = Counter((at.astimezone().date(), who) for at, who in session.execute(statement))
    return tuple(DailyWork(day, who, chats) for (day, who), chats in sorted(counts.items()))


def _changes(session: Session, dataset_id: int, form: Form) -> tuple[WeeklyChange, ...]:
    """Changed cells by week of the decision."""
    statement = (
        select(col(Record.updated_at), col(Record.id))
        .where(*_decided_by_people(dataset_id), col(Record.base_run_id).is_not(None))
        .order_by(col(Record.updated_at).desc())
    )
    with everything_shown(session):  # shares only
        by_week: dict[date, list[int]] = {}
        for at, record_id in session.execute(statement):
            day = at.astimezone().date()
            by_week.setdefault(day - timedelta(days=day.weekday()), []).append(record_id)
        weeks = []
        for monday, ids in list(by_week.items())[:_WEEKS]:
            chosen = ids[:_CHATS_A_WEEK]
            answered = and_(
                col(Extraction.run_id) == col(Record.base_run_id), col(Extraction.chat_id) == col(Record.chat_id)
            )
            rows = session.execute(
                select(col(Record.customers), col(Extraction.forms))
                .outerjoin(Extraction, answered)
                .where(col(Record.id).in_(chosen))
            )
            filled: dict[str, list[bool]] = {key: [] for key in form.keys}
            for customers, answer in rows:
                kept = {customer.get("source") for customer in customers}
                deleted = [values for place, values in enumerate(answer or []) if place not in kept]
                for key, changed in filled.items():
                    for customer in customers:
                        is_changed = customer.get("origin", {}).get(key) == "reviewer"
                        if is_changed or customer["values"].get(key):
                            changed.append(is_changed)
                    changed += [True for values in deleted if values.get(key)]
            fields = {key: (sum(changed), len(changed)) for key, changed in filled.items() if changed}
            cells = sum(count for _, count in fields.values())
            weeks.append(WeeklyChange(monday, len(chosen), cells, sum(count for count, _ in fields.values()), fields))
    return tuple(reversed(weeks))
