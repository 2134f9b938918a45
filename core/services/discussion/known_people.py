"""Whom a comment can mention: people with an account, and whoever has reviewed or commented."""

from sqlalchemy import select, union
from sqlmodel import Session, col

from core.adapters.store.models import Account, Discussion, DiscussionEvent, Record
from core.adapters.store.queries import PASSED_BY


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
        select(col(Record.reviewer)).where(col(Record.dataset_id) == dataset_id).distinct(),
        select(col(DiscussionEvent.who)).where(col(DiscussionEvent.discussion_id).in_(of_dataset)),
    )
    return sorted(name for name in session.execute(names).scalars() if name.strip() and name != PASSED_BY)
