"""Whose a blind second review is: nobody reviews their own work, or sees somebody else's second review."""

from sqlalchemy import select
from sqlmodel import Session, col

from core.adapters.store.models import Chat, Pass, Record, RecordStatus


def is_free(second: Record) -> bool:
    """Whether a second review was taken back, so that anybody may make it."""
    return second.status == RecordStatus.UNREVIEWED


def second_review_refusal(first: Record | None, second: Record | None, reviewer: str) -> str:
    """Why a person may not save the second review of a chat (one Chinese clause); ``""`` where they may.

    A second review that somebody has begun is theirs, also while the first one is being changed again.

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
        return "" if second.reviewer == reviewer else "已经由别人盲审"
    if first.status != RecordStatus.CONFIRMED:
        return "它的初审现在不是已确认"
    return ""


def own_undecided_seconds(session: Session, dataset_id: int, reviewer: str) -> set[int]:
    """Indices of the chats that somebody reviews blind and has not decided: nothing of the first review is for them.

    Args:
        session: open session.
        dataset_id: the dataset.
        reviewer: who is signed in; ``""``, where nobody is, has none.
    """
    if not reviewer:
        return set()
    statement = (
        select(col(Chat.index))
        .join(Record, col(Record.chat_id) == col(Chat.id))
        .where(
            col(Record.dataset_id) == dataset_id,
            col(Record.review_pass) == Pass.SECOND,
            col(Record.reviewer) == reviewer,
            col(Record.status) == RecordStatus.DRAFT,
        )
    )
    return set(session.execute(statement).scalars())


def hidden_sentence(chat: int) -> str:
    """Why somebody does not see the first review of a chat (a Chinese sentence without the full stop)."""
    return f"第 {chat} 条您正在盲审，确认之后才能看初审的值"
