"""Previous chats of a chat, and which of some others have confirmed."""

from collections.abc import Collection

from sqlalchemy import and_, select
from sqlmodel import Session, col

from core.adapters.store.models import Chat, Pass, Record, RecordStatus


def chats_before(session: Session, dataset_id: int, *, at: int, reviewer: str, by_index: bool, count: int) -> list[int]:
    """Indices of the previous chats, nearest first, whatever their status.

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
        recent = [index for index, _ in session.execute(mine.where(col(Chat.index) != at).limit(count))]
        if recent:
            return recent
    statement = (
        select(col(Chat.index))
        .where(col(Chat.dataset_id) == dataset_id, col(Chat.index) < at)
        .order_by(col(Chat.index).desc())
        .limit(count)
    )
    return list(session.execute(statement).scalars())


def reviewed_by_others(session: Session, dataset_id: int, indices: Collection[int], *, reviewer: str) -> set[int]:
    """Which of some chats (few) somebody else has confirmed: what is sent of them counts as seen.

    Args:
        session: open session.
        dataset_id: the dataset.
        indices: of the chats.
        reviewer: who else.
    """
    if not indices:
        return set()
    statement = (
        select(col(Chat.index))
        .join(Record, and_(col(Record.chat_id) == col(Chat.id), col(Record.review_pass) == Pass.PRIMARY))
        .where(
            col(Chat.dataset_id) == dataset_id,
            col(Chat.index).in_(indices),
            col(Record.status) == RecordStatus.CONFIRMED,
            col(Record.reviewer) != reviewer,
        )
    )
    return set(session.execute(statement).scalars())
