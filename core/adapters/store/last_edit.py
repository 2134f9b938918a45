"""What tells that stored values were changed where they stand, for keys of what is kept of them."""

from typing import Final

from sqlalchemy import func, select
from sqlmodel import Session, col

from core.adapters.store.kept_reads import read_value_once
from core.adapters.store.models import AuditEntry, AuditKind

_EDITING: Final = (AuditKind.DELETION, AuditKind.FORM)
"""Kinds of entries that are written with such changes, in their transaction."""


def last_edit(session: Session) -> int:
    """Number of the last entry of the audit log that tells of stored values that were changed where they stand.

    A person who is renamed, what is deleted after its time and a change of a form leave every id as it was: what is
    kept of answers, records and chats is valid while this number is the same.
    """
    newest = select(func.max(col(AuditEntry.id))).where(col(AuditEntry.kind).in_(_EDITING))
    return read_value_once(session, "last edit", "", lambda: int(session.execute(newest).scalar_one() or 0))
