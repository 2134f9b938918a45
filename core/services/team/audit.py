"""The audit log: who did what of consequence, and when. The database refuses to change or delete its rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlmodel import Session, col

from core.adapters.store import Store
from core.adapters.store.models import AuditEntry
from core.adapters.store.models import AuditKind as AuditKind
from core.domain.permissions import Permission
from core.services.team.acting import Actor, current_actor, permitted

LONGEST_TEXT = 500


@dataclass(frozen=True, slots=True)
class AuditView:
    """An entry of the audit log.

    Attributes:
        id: its number; never given twice.
        at: when, aware, UTC.
        who: name; empty where nobody is signed in because sign-in is off.
        role: what they were then.
        kind: one of :class:`AuditKind`.
        target: what it was done to.
        detail: more about it.
        address: where from.
    """

    id: int
    at: datetime
    who: str
    role: str
    kind: str
    target: str
    detail: str
    address: str


def record_audit(
    session: Session, kind: AuditKind, target: str, detail: str = "", *, actor: Actor | None = None
) -> None:
    """Put an entry into the audit log, in the transaction of what it tells of.

    Args:
        session: open for writing.
        kind: what was done.
        target: to what, by name.
        detail: more about it; never a key, a password or a chat's text.
        actor: who did it; by default who acts now.
    """
    doer = actor or current_actor()
    session.add(
        AuditEntry(
            who=doer.name,
            role=str(doer.role) if doer.name else "",
            kind=str(kind),
            target=target[:LONGEST_TEXT],
            detail=detail[:LONGEST_TEXT],
            address=doer.address,
        )
    )


@permitted(Permission.AUDIT)
def audit_entries(
    store: Store,
    *,
    kinds: Sequence[str] = (),
    who: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    limit: int | None = 1000,
) -> list[AuditView]:
    """Entries of the audit log, newest first.

    Args:
        store: the open store.
        kinds: only these; all where empty.
        who: only this person's.
        since: not before.
        until: before.
        limit: at most so many; all where ``None``.
    """
    statement = select(AuditEntry).order_by(col(AuditEntry.id).desc()).limit(limit)
    if kinds:
        statement = statement.where(col(AuditEntry.kind).in_(kinds))
    if who is not None:
        statement = statement.where(col(AuditEntry.who) == who)
    if since is not None:
        statement = statement.where(col(AuditEntry.at) >= since)
    if until is not None:
        statement = statement.where(col(AuditEntry.at) < until)
    with store.read() as session:
        return [
            AuditView(row.id or 0, row.at, row.who, row.role, row.kind, row.target, row.detail, row.address)
            for row in session.execute(statement).scalars()
        ]


@permitted(Permission.AUDIT)
def audit_people(store: Store) -> list[str]:
    """Names in the audit log, sorted."""
    with store.read() as session:
        return sorted(session.execute(select(col(AuditEntry.who)).distinct()).scalars())
