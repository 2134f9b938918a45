"""The latest saves of all datasets: each one of a person, and in one line each what changed many records at once.

A rule that lets values pass, a change of many records, a change of the form and the taking back of any of them write a
version of every record that they touch. Nobody looked at these records, so they are no saves of the person who asked.
"""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import func, or_, select
from sqlmodel import Session, col

from core.adapters.store.models import AppliedFormChange, Chat, Dataset, PassingRule, Record, RecordEvent
from core.adapters.store.save_ids import BULK, BY_MANY, FORM_CHANGE, PASSED, UNDO, is_saved_as
from core.services.quality.cache import cached
from core.services.review.progress import UNDECIDED
from core.services.review.records.versions import saved_under
from core.services.team import everything_shown, withheld

_NAME_LENGTH: Final = 17
"""Characters of a save id that name a change of many: four of its kind, a dash, twelve of its own."""


@dataclass(frozen=True, slots=True)
class Activity:
    """One entry in the list of latest saves.

    Attributes:
        at: when.
        who: who saved, or asked for the change of many.
        dataset_id: its dataset; of a change of several datasets, one of them.
        dataset: name of the dataset, or of all of them.
        chat: index of the chat; 0 where there are several.
        status: the status that was saved, or what a change of many was.
        chats: number of chats.
    """

    at: datetime
    who: str
    dataset_id: int
    dataset: str
    chat: int
    status: str
    chats: int = 1


def latest_saves(session: Session, recent: int = 12) -> list[Activity]:
    """The last decisions that people saved and the last changes of many records, the latest first.

    Which they are is found out once for everybody until a version is written or deleted: changes of many write as many
    versions, and all of them are counted. What is said of them is read each time.

    Args:
        session: open session.
        recent: at most so many.
    """
    stamp = _versions_stamp(session)
    entries = [
        *_saves(session, stamp, recent),
        *_changes_of_many(session, stamp, recent),
        *_form_changes(session, stamp, recent),
    ]
    return sorted(entries, key=lambda entry: entry.at, reverse=True)[:recent]


def _versions_stamp(session: Session) -> Hashable:
    """Changes whenever a version of any record is written or deleted."""
    with everything_shown(session):  # a number
        written = session.execute(select(func.count(), func.max(col(RecordEvent.id)))).one()
    return "latest saves", str(session.get_bind().engine.url), *written


def _saves(session: Session, stamp: Hashable, recent: int) -> list[Activity]:
    """Decisions that somebody saved themselves, in the desk or in 记录表; drafts are left out."""

    def newest() -> list[int]:
        statement = (
            select(col(RecordEvent.id))
            .where(col(RecordEvent.status).not_in(UNDECIDED), ~is_saved_as(*BY_MANY))
            .order_by(col(RecordEvent.id).desc())
            .limit(recent)
        )
        return [int(number or 0) for number in session.execute(statement).scalars()]

    ids = cached((stamp, "saves", withheld(session).chats, recent), newest)
    of_ids = col(RecordEvent.id).in_(ids)
    rows = session.execute(_entries(col(RecordEvent.status)).where(of_ids).order_by(col(RecordEvent.id).desc()))
    return [Activity(at, who, number, name, index, status) for _, at, who, number, name, index, status in rows]


def _entries(what: Any) -> Any:
    """Selects versions with their place: ``(id, at, who, dataset's id and name, chat's index, what)``."""
    return (
        select(
            col(RecordEvent.id),
            col(RecordEvent.at),
            col(RecordEvent.who),
            col(Dataset.id),
            col(Dataset.name),
            col(Chat.index),
            what,
        )
        .join(Record, col(Record.id) == col(RecordEvent.record_id))
        .join(Chat, col(Chat.id) == col(Record.chat_id))
        .join(Dataset, col(Dataset.id) == col(Record.dataset_id))
    )


def _changes_of_many(session: Session, stamp: Hashable, recent: int) -> list[Activity]:
    """Changes of many records, what rules let pass, and the taking back of both: one entry each."""

    def newest() -> dict[int, tuple[str, int]]:
        name = func.substr(col(RecordEvent.save_id), 1, _NAME_LENGTH)
        last = func.max(col(RecordEvent.id))
        kinds = or_(*(saved_under(session, kind) for kind in (BULK, PASSED, UNDO)))
        statement = select(name, last, func.count()).where(kinds).group_by(name).order_by(last.desc()).limit(recent)
        return {event_id: (prefix, chats) for prefix, event_id, chats in session.execute(statement)}

    with everything_shown(session):  # who changed how many chats, not to what
        changes = cached((stamp, "of many", recent), newest)
        rules = set(session.execute(select(col(PassingRule.name))).scalars())
        rows = session.execute(_entries(col(RecordEvent.reason)).where(col(RecordEvent.id).in_(list(changes)))).all()
    entries = []
    for event_id, at, who, dataset_id, dataset, index, reason in rows:
        prefix, chats = changes[event_id]
        kind, _, change = prefix.partition("-")
        title = {BULK: "批量修改", PASSED: "按把握放行"}.get(kind) or ("撤回放行" if change in rules else reason)
        entries.append(Activity(at, who, dataset_id, dataset, index if chats == 1 else 0, title, chats))
    return entries


def _form_changes(session: Session, stamp: Hashable, recent: int) -> list[Activity]:
    """Changes of forms and their being taken back, of datasets that are still there."""
    newest = func.coalesce(col(AppliedFormChange.undone_at), col(AppliedFormChange.at))
    changes = session.execute(select(AppliedFormChange).order_by(newest.desc()).limit(recent)).scalars().all()
    ids = {int(number) for change in changes for number in change.datasets}
    there_now = select(col(Dataset.id), col(Dataset.name)).where(col(Dataset.id).in_(ids))
    names = {int(number or 0): name for number, name in session.execute(there_now)}
    entries = []
    for change in changes:
        there = {int(number): names[int(number)] for number in change.datasets if int(number) in names}
        if not there:
            continue
        entries.append(_of_form(session, stamp, change.at, change.who, there, "表单改动", f"{FORM_CHANGE}-{change.id}"))
        if change.undone_at is not None:
            prefix = f"{FORM_CHANGE}-undo-{change.id}"
            entries.append(_of_form(session, stamp, change.undone_at, change.undone_by, there, "撤销表单改动", prefix))
    return entries


def _of_form(
    session: Session,
    stamp: Hashable,
    at: datetime,
    who: str,
    datasets: Mapping[int, str],
    title: str,
    prefix: str,
) -> Activity:
    def count() -> int:
        statement = select(func.count(col(RecordEvent.id))).where(saved_under(session, prefix))
        return int(session.execute(statement).scalar_one())

    with everything_shown(session):  # how many
        chats = cached((stamp, prefix), count)
    return Activity(at, who, min(datasets), "、".join(datasets.values()), 0, title, chats)
