"""Whose a blind second review is: nobody reviews their own work, or what they have seen the first review of.

Being confirmed ends it: from then on its reviewer sees the first one. Who has seen what is kept by
:mod:`core.services.team.seen`.
What is kept from them until they have decided is the business of :mod:`core.services.team.withheld`.
"""

from typing import Any

from sqlalchemy import ColumnElement, and_, exists, not_, select
from sqlmodel import Session, col

from core.adapters.store.models import Record, RecordEvent, RecordStatus
from core.adapters.store.queries import PASSED_BY
from core.adapters.store.save_ids import BY_MANY, is_saved_as
from core.services.team import SEEN_ALREADY, has_seen


def is_free(second: Record) -> bool:
    """Whether a second review was taken back, so that anybody may make it."""
    return second.status == RecordStatus.UNREVIEWED


def is_only_passed(first: Record) -> bool:
    """Whether a threshold let cells of a chat pass that nobody has begun to review."""
    return first.status == RecordStatus.DRAFT and first.reviewer == PASSED_BY


def worked_on(record_id: Any, reviewer: str) -> ColumnElement[bool]:
    """Condition: somebody has saved a version of a record themselves, whoever it belongs to now.

    What changes many records at once does not count.

    Args:
        record_id: the record's id, or the column that has it.
        reviewer: the person.
    """
    return exists().where(
        and_(col(RecordEvent.record_id) == record_id, col(RecordEvent.who) == reviewer, not_(is_saved_as(*BY_MANY)))
    )


def second_review_refusal(session: Session, first: Record | None, second: Record | None, reviewer: str) -> str:
    """Why a person may not save the second review of a chat (one Chinese clause); ``""`` where they may.

    A second review that somebody has begun is theirs, also while the first one is being changed again or taken back; it
    is decided once. Cells that a threshold let pass are audited before anybody has reviewed the rest of their chat.

    Args:
        session: open.
        first: the chat's primary record.
        second: its second record.
        reviewer: who wants to save.
    """
    if first is None:
        return "它还没有初审"
    if first.reviewer == reviewer:
        return "它的初审就是您做的"
    if second is not None and second.reviewer != reviewer:
        if not is_free(second):
            return "已经由别人盲审"
        if _has_worked_on(session, second, reviewer):
            return "您放下之后它由别人盲审过，那时您能看到初审"
    if second is not None and not is_free(second):
        # From then on the first review is shown: what is changed later would not be blind.
        return (
            "您已经确认过它的盲审，之后可以看初审，不能再改；要改请仲裁"
            if second.status == RecordStatus.CONFIRMED
            else ""
        )
    if _has_worked_on(session, first, reviewer):
        return "它的初审您也改过"
    if session.execute(select(has_seen(first, reviewer))).scalar():
        return SEEN_ALREADY
    if first.status != RecordStatus.CONFIRMED and not is_only_passed(first):
        return "它的初审现在不是已确认"
    return ""


def _has_worked_on(session: Session, record: Record, reviewer: str) -> bool:
    return bool(session.execute(select(worked_on(record.id, reviewer))).scalar())
