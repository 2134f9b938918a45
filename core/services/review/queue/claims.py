"""How far a dataset is, at which pace, who is on a chat, and which run a desk starts from."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from statistics import median

from sqlalchemy import and_, delete, exists, func, or_, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col

from core.adapters.store import Store, queries
from core.adapters.store.models import (
    Chat,
    Claim,
    Extraction,
    ExtractionStatus,
    Pass,
    Record,
    RecordStatus,
    Run,
    RunKind,
    now,
)

CLAIM = timedelta(minutes=3)
"""How long a chat on screen, or prefetched, is kept from other reviewers. The browser renews it each minute while
somebody sits before it (``BEAT`` in ``courier.js``), so a chat whose reviewer is gone is soon free again."""

_PACE_OF, _PACE_FROM = 20, 3

UNDECIDED = (RecordStatus.UNREVIEWED, RecordStatus.DRAFT)
"""Statuses that are no decision."""


@dataclass(frozen=True, slots=True)
class Progress:
    """Chats of a dataset by what became of them."""

    total: int
    confirmed: int
    discussed: int
    skipped: int

    @property
    def left(self) -> int:
        """Chats that nobody has decided about."""
        return self.total - self.confirmed - self.discussed - self.skipped


def progress(session: Session, dataset_id: int) -> Progress:
    """How far the review of a dataset is."""
    total = session.execute(select(func.count()).where(col(Chat.dataset_id) == dataset_id)).scalar_one()
    counts = queries.record_counts(session, dataset_id)
    return Progress(
        total,
        counts.get(RecordStatus.CONFIRMED, 0),
        counts.get(RecordStatus.DISCUSS, 0),
        counts.get(RecordStatus.SKIPPED, 0),
    )


def pace(session: Session, dataset_id: int, reviewer: str) -> float | None:
    """Median seconds that a reviewer's last decided chats took; ``None`` before the first few."""
    statement = (
        select(col(Record.seconds), col(Record.status))
        .where(col(Record.dataset_id) == dataset_id, col(Record.reviewer) == reviewer)
        .order_by(col(Record.updated_at).desc())
        .limit(2 * _PACE_OF)
    )
    took = [seconds for seconds, status in session.execute(statement) if status not in UNDECIDED and seconds > 0]
    return median(took[:_PACE_OF]) if len(took) >= _PACE_FROM else None


def reviewers(session: Session, dataset_id: int) -> list[str]:
    """Everybody who has saved a record of a dataset, by name; a few steps through an index, however many records."""
    found: list[str] = []
    last = ""
    while True:
        statement = select(func.min(col(Record.reviewer))).where(
            col(Record.dataset_id) == dataset_id, col(Record.reviewer) > last
        )
        name = session.execute(statement).scalar_one_or_none()
        if name is None:
            return found
        found.append(name)
        last = name


def chats_before(session: Session, dataset_id: int, *, at: int, reviewer: str, by_index: bool, count: int) -> list[int]:
    """Where going back leads, nearest first: any chats, for one must see what one has just decided.

    Args:
        session: open session.
        dataset_id: the dataset.
        at: index of the chat on screen.
        reviewer: whose last records to go back through.
        by_index: go by the index instead; so does somebody who has no record before this one.
        count: at most so many.
    """
    if not by_index:
        mine = (
            select(col(Chat.index), col(Record.updated_at))
            .join(Record, and_(col(Record.chat_id) == col(Chat.id), col(Record.review_pass) == Pass.PRIMARY))
            .where(col(Record.dataset_id) == dataset_id, col(Record.reviewer) == reviewer)
            .order_by(col(Record.updated_at).desc())
        )
        here = session.execute(mine.where(col(Chat.index) == at)).first()
        if here is not None:
            mine = mine.where(col(Record.updated_at) < here[1])
        found = [index for index, _ in session.execute(mine.where(col(Chat.index) != at).limit(count))]
        if found:
            return found
    statement = (
        select(col(Chat.index))
        .where(col(Chat.dataset_id) == dataset_id, col(Chat.index) < at)
        .order_by(col(Chat.index).desc())
        .limit(count)
    )
    return list(session.execute(statement).scalars())


def first_chat(session: Session, dataset_id: int) -> int | None:
    """The lowest index of a dataset; ``None`` where it has no chats."""
    lowest: int | None = session.execute(
        select(func.min(col(Chat.index))).where(col(Chat.dataset_id) == dataset_id)
    ).scalar_one_or_none()
    return lowest


def claim(store: Store, chat_ids: Sequence[int], reviewer: str, *, leaving: Sequence[int] = ()) -> dict[int, str]:
    """Take these chats for ``reviewer``, or keep them for longer: one atomic statement, whoever else tries.

    Args:
        store: the open store.
        chat_ids: the chats on screen and ahead.
        reviewer: who is on them; ``""`` takes nothing.
        leaving: chats taken before; those that are not wanted any more become free.

    Returns:
        ``{chat id: reviewer}`` for those that somebody else holds.
    """
    if not reviewer:
        return {}
    wanted = sorted(set(chat_ids))  # in one order, so that two reviewers never wait for one another's rows
    left = set(leaving) - set(wanted)
    if not wanted and not left:
        return {}
    until = now() + CLAIM
    insert = postgresql.insert if store.engine.dialect.name == "postgresql" else sqlite.insert
    with store.write() as session:
        if left:
            session.execute(delete(Claim).where(col(Claim.chat_id).in_(left), col(Claim.reviewer) == reviewer))
        if not wanted:
            return {}
        statement = insert(Claim).values([{"chat_id": i, "reviewer": reviewer, "until": until} for i in wanted])
        session.execute(
            statement.on_conflict_do_update(
                index_elements=[col(Claim.chat_id)],
                set_={"reviewer": reviewer, "until": until},
                where=or_(col(Claim.until) < now(), col(Claim.reviewer) == reviewer),
            )
        )
        held = select(Claim).where(col(Claim.chat_id).in_(wanted), col(Claim.reviewer) != reviewer)
        return {row.chat_id: row.reviewer for row in session.execute(held).scalars()}


@dataclass(frozen=True, slots=True)
class BaseRun:
    """The run that a desk starts from; without the sums over its answers, which cost a walk over all of them."""

    id: int
    name: str
    kind: str
    model: str
    provider: str


def base_run(session: Session, dataset_id: int, name: str = "") -> BaseRun | None:
    """The run whose values the reviewer starts from: the named one, else the newest with answers.

    Labels are used only where there is nothing else, for they are what reviewers are compared with.
    """
    available = base_runs(session, dataset_id)
    return next((run for run in available if run.name == name), available[0] if available else None)


def base_runs(session: Session, dataset_id: int) -> list[BaseRun]:
    """Runs of a dataset that have answers: the newest first, labels last."""
    answered = exists().where(col(Extraction.run_id) == col(Run.id), col(Extraction.status) != ExtractionStatus.FAILED)
    statement = select(Run).where(col(Run.dataset_id) == dataset_id, answered).order_by(col(Run.id).desc())
    found = [
        BaseRun(run.id or 0, run.name, run.kind, run.model, run.provider)
        for run in session.execute(statement).scalars()
    ]
    return sorted(found, key=lambda run: run.kind == RunKind.LABELS)
