"""Conditions on batches of calls."""

from sqlalchemy import ColumnElement, and_, or_
from sqlmodel import col

from core.adapters.store.models import AT_SERVICE, FILES_AT_SERVICE, MOST_TRIES_TO_DELETE, CallBatch


def is_at_service() -> ColumnElement[bool]:
    """Condition on batches of calls: a service has requests that are paid for, or files with chats.

    Where its files could not be deleted again and again, nobody waits for that any longer.
    """
    return or_(
        col(CallBatch.state).in_(AT_SERVICE),
        and_(col(CallBatch.state).in_(FILES_AT_SERVICE), col(CallBatch.tries) < MOST_TRIES_TO_DELETE),
    )
