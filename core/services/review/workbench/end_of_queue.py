"""The card at the end of a queue: what the reviewer did, in the latest sitting and today, and where to go on."""

from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from sqlalchemy import ColumnElement, and_, func, select
from sqlmodel import Session, col

from core.adapters.store import queries
from core.adapters.store.models import Chat, Claim, Extraction, Pass, Record, RecordEvent, RecordStatus, now
from core.adapters.store.save_ids import BY_MANY, is_saved_as
from core.domain.form import Form, load_named_form
from core.domain.scoring import Scorer
from core.errors import FormError
from core.services.review.progress import DECIDED
from core.services.review.records.baselines import changes_of_baseline
from core.services.review.records.save_types import FIELD_SECONDS, SECONDS
from core.services.review.workbench.end_contract import EndPayload, HeldChats, NextDataset, WorkSum

_PAUSE = timedelta(minutes=30)
"""Without a save for so long, a sitting has ended."""
_LOOK_BACK = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class _Save:
    """One of the reviewer's saves."""

    at: datetime
    dataset_id: int
    chat_id: int
    seconds: float | None
    field_seconds: dict[str, float]


@dataclass(frozen=True, slots=True)
class _Difference:
    """How a decided chat differs from what the run had said; ``None`` where nothing can be said."""

    changes: int | None
    points: float | None


def end_of_queue(
    session: Session,
    form: Form,
    dataset_id: int,
    reviewer: str,
    *,
    queued: Sequence[int] = (),
    review_pass: str = Pass.PRIMARY,
) -> EndPayload:
    """What the card at the end of a queue shows.

    Args:
        session: open session.
        form: the dataset's form.
        dataset_id: the dataset.
        reviewer: whose work it is.
        queued: indices of the chats that are still in the queue: others may be on them.
        review_pass: which review; a second one is compared with no run.
    """
    moment = now()
    midnight = moment.astimezone().replace(hour=0, minute=0, second=0, microsecond=0)
    here = col(Record.dataset_id) == dataset_id
    saves = _saves(session, here, reviewer, review_pass, since=min(midnight, moment - _LOOK_BACK))
    sitting, today = _latest_sitting(saves), [save for save in saves if save.at >= midnight]
    elsewhere = and_(~here, col(Record.reviewer) == reviewer)
    others = _saves(session, elsewhere, reviewer, review_pass, since=midnight)
    differences = _differences(session, form, reviewer, review_pass, {save.chat_id for save in (*sitting, *today)})
    for dataset in sorted({save.dataset_id for save in others}):
        chats = {save.chat_id for save in others if save.dataset_id == dataset}
        other_form: Form | None = None
        with suppress(FormError):  # its own pages say so; here its chats count, of which nothing can be said
            other_form = load_named_form(queries.dataset(session, dataset).form)
        differences |= _differences(session, other_form, reviewer, review_pass, chats)
    return {
        "sitting": _summed(sitting, differences, form),
        "today": _summed([*today, *others], differences, form),
        "held": _held(session, dataset_id, reviewer, queued),
        "next_dataset": _next_dataset(session, dataset_id),
    }


def _saves(
    session: Session, of_records: ColumnElement[bool], reviewer: str, review_pass: str, *, since: datetime
) -> list[_Save]:
    """The reviewer's saves of some records, oldest first."""
    change = col(RecordEvent.change)
    statement = (
        select(
            col(RecordEvent.at),
            col(Record.dataset_id),
            col(Record.chat_id),
            change[SECONDS].as_float(),
            change[FIELD_SECONDS].as_json(),
        )
        .join(Record, col(Record.id) == col(RecordEvent.record_id))
        .where(
            of_records,
            col(Record.review_pass) == review_pass,
            col(Record.updated_at) >= since,
            col(RecordEvent.who) == reviewer,
            col(RecordEvent.at) >= since,
            ~is_saved_as(*BY_MANY),
        )
        .order_by(col(RecordEvent.at))
    )
    rows = session.execute(statement)
    return [_Save(at, dataset, chat, seconds, each or {}) for at, dataset, chat, seconds, each in rows]


def _latest_sitting(saves: Sequence[_Save]) -> list[_Save]:
    """The last saves without a long pause between them."""
    begun = 0
    for place, (before, after) in enumerate(pairwise(saves), start=1):
        if after.at - before.at > _PAUSE:
            begun = place
    return list(saves[begun:])


def _differences(
    session: Session, form: Form | None, reviewer: str, review_pass: str, chat_ids: Iterable[int]
) -> dict[int, _Difference]:
    """How those of the chats that the reviewer has decided differ from the runs that they were started from."""
    scorer = Scorer(form) if form is not None else None
    best = sum(field.points for field in form.fields) if form is not None else 0.0
    by_chat: dict[int, _Difference] = {}
    for some in queries.chunked(sorted(chat_ids), 200):
        statement = (
            select(col(Record.chat_id), col(Record.status), col(Record.customers), col(Extraction.forms))
            .outerjoin(
                Extraction,
                (col(Extraction.run_id) == col(Record.base_run_id)) & (col(Extraction.chat_id) == col(Record.chat_id)),
            )
            .where(
                col(Record.chat_id).in_(some),
                col(Record.review_pass) == review_pass,
                col(Record.reviewer) == reviewer,
                col(Record.status).in_(DECIDED),
            )
        )
        for chat_id, status, customers, baseline in session.execute(statement):
            by_chat[chat_id] = _difference(scorer, best, status, customers, baseline)
    return by_chat


def _difference(
    scorer: Scorer | None,
    best: float,
    status: str,
    customers: list[dict[str, Any]],
    baseline: list[dict[str, Any]] | None,
) -> _Difference:
    if baseline is None or scorer is None:
        return _Difference(None, None)
    changes = len(changes_of_baseline(baseline, customers))
    if status != RecordStatus.CONFIRMED:
        return _Difference(changes, None)
    answered = [scorer.prepare(values) for values in baseline]
    approved = [scorer.prepare(customer["values"]) for customer in customers]
    return _Difference(changes, best - scorer.chat(answered, approved).score)


def _summed(saves: Sequence[_Save], differences: dict[int, _Difference], form: Form) -> WorkSum:
    """What the saves of a stretch of time come to; of a chat that is not decided any more, only its time.

    The field that took most time is one of the form at hand: other datasets may have other forms.
    """
    decided = [differences[chat_id] for chat_id in {save.chat_id for save in saves} if chat_id in differences]
    # Whole seconds of a save are rounded; those of its fields are not, and no field takes longer than all of it.
    told = [max(save.seconds, sum(save.field_seconds.values())) for save in saves if save.seconds is not None]
    changes = [one.changes for one in decided if one.changes is not None]
    points = [one.points for one in decided if one.points is not None]
    fields: Counter[str] = Counter()
    for save in saves:
        fields.update({key: seconds for key, seconds in save.field_seconds.items() if key in form})
    slowest, longest = max(fields.items(), key=lambda item: item[1], default=("", 0.0))
    return {
        "chats": len(decided),
        "seconds": sum(told) if told else None,
        "changes": sum(changes) if changes else None,
        "points": sum(points) if points else None,
        "slowest": slowest,
        "slowest_seconds": longest,
    }


def _held(session: Session, dataset_id: int, reviewer: str, queued: Sequence[int]) -> list[HeldChats]:
    """Who else is on chats of the queue, whoever has most of them first."""
    counts: Counter[str] = Counter()
    for some in queries.chunked(queued):
        statement = (
            select(col(Claim.reviewer), func.count())
            .join(Chat, col(Chat.id) == col(Claim.chat_id))
            .where(
                col(Chat.dataset_id) == dataset_id,
                col(Chat.index).in_(some),
                col(Claim.until) >= now(),
                col(Claim.reviewer) != reviewer,
            )
            .group_by(col(Claim.reviewer))
        )
        counts.update({who: int(count) for who, count in session.execute(statement)})
    return [{"who": who, "chats": count} for who, count in sorted(counts.items(), key=lambda item: (-item[1], item[0]))]


def _next_dataset(session: Session, dataset_id: int) -> NextDataset | None:
    """The dataset behind this one, in the order of the start page and from its beginning again, that has open chats."""
    decided = dict(
        session.execute(
            select(col(Record.dataset_id), func.count())
            .where(col(Record.review_pass) == Pass.PRIMARY, col(Record.status).in_(DECIDED))
            .group_by(col(Record.dataset_id))
        ).all()
    )
    every = queries.datasets(session)
    here = next((place for place, one in enumerate(every) if one.id == dataset_id), -1)
    for one in (*every[here + 1 :], *every[: max(here, 0)]):
        if (left := one.chats - int(decided.get(one.id, 0))) > 0:
            return {"id": one.id, "name": one.name, "left": left}
    return None
