"""Whose a blind second review is: nobody reviews their own work, or sees somebody else's second review.

What is kept from them until they have decided is the business of :mod:`core.services.team.withheld`.
"""

from core.adapters.store.models import Record, RecordStatus
from core.adapters.store.queries import PASSED_BY


def is_free(second: Record) -> bool:
    """Whether a second review was taken back, so that anybody may make it."""
    return second.status == RecordStatus.UNREVIEWED


def is_only_passed(first: Record) -> bool:
    """Whether a threshold let cells of a chat pass that nobody has begun to review."""
    return first.status == RecordStatus.DRAFT and first.reviewer == PASSED_BY


def second_review_refusal(first: Record | None, second: Record | None, reviewer: str) -> str:
    """Why a person may not save the second review of a chat (one Chinese clause); ``""`` where they may.

    A second review that somebody has begun is theirs, also while the first one is being changed again or taken back; it
    is decided once. Cells that a threshold let pass are audited before anybody has reviewed the rest of their chat.

    Args:
        first: the chat's primary record.
        second: its second record.
        reviewer: who wants to save.
    """
    if first is None:
        return "它还没有初审"
    if first.reviewer == reviewer:
        return "它的初审就是您做的"
    if second is not None and not is_free(second):
        if second.reviewer != reviewer:
            return "已经由别人盲审"
        # From then on the first review is shown: what is changed later would not be blind.
        return (
            "您已经确认过它的盲审，之后可以看初审，不能再改；要改请仲裁"
            if second.status == RecordStatus.CONFIRMED
            else ""
        )
    if first.status != RecordStatus.CONFIRMED and not is_only_passed(first):
        return "它的初审现在不是已确认"
    return ""
