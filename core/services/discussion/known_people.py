"""Whom a comment can mention: people with an account, whoever has reviewed or commented, and whoever is at it."""

from sqlalchemy import select, union
from sqlmodel import Session, col

from core.adapters.store import queries
from core.adapters.store.models import Account, Chat, ChatVisit, Claim, Discussion, DiscussionEvent


def known_people(session: Session, dataset_id: int) -> list[str]:
    """Names that a comment in a dataset's discussions can mention, in order.

    An account that is closed is not among them, unless the person has worked on this dataset.

    Args:
        session: open session.
        dataset_id: the dataset.
    """
    of_dataset = select(col(Discussion.id)).where(col(Discussion.dataset_id) == dataset_id)
    names = union(
        select(col(Account.name)).where(col(Account.disabled).is_(False)),
        # Who is at one of its chats now, though what they saved may since be another's.
        *(
            select(col(place.reviewer))
            .join(Chat, col(Chat.id) == col(place.chat_id))
            .where(col(Chat.dataset_id) == dataset_id)
            for place in (Claim, ChatVisit)
        ),
        select(col(DiscussionEvent.who)).where(col(DiscussionEvent.discussion_id).in_(of_dataset)),
    )
    people = {*queries.reviewers(session, dataset_id), *session.execute(names).scalars()}
    return sorted(name for name in people if name.strip() and name != queries.PASSED_BY)
