"""Whom a comment can mention: people with an account, whoever has reviewed or commented, and whoever is at it."""

from sqlalchemy import select, union
from sqlmodel import Session, col

from core.adapters.store.models import Account, Chat, ChatVisit, Claim, Discussion, DiscussionEvent, Record
from core.adapters.store.queries import PASSED_BY


def known_people(session: Session, dataset_id: int) -> list[str]:
    """Names that a comment in a dataset's discussions can mention, in order.

    An account that is closed is not among them, unless the person has worked on this dataset.

    Args:
        session: open session.
        dataset_id: the dataset.
    """
    of_dataset = select(col(Discussion.id)).where(col(Discussion.dataset_id) == dataset_id)
    chats = select(col(Chat.id)).where(col(Chat.dataset_id) == dataset_id)
    names = union(
        select(col(Account.name)).where(col(Account.disabled).is_(False)),
        select(col(Record.reviewer)).where(col(Record.dataset_id) == dataset_id).distinct(),
        # Who is at one of its chats now, though what they saved may since be another's.
        select(col(Claim.reviewer)).where(col(Claim.chat_id).in_(chats)),
        select(col(ChatVisit.reviewer)).where(col(ChatVisit.chat_id).in_(chats)),
        select(col(DiscussionEvent.who)).where(col(DiscussionEvent.discussion_id).in_(of_dataset)),
    )
    return sorted(name for name in session.execute(names).scalars() if name.strip() and name != PASSED_BY)
