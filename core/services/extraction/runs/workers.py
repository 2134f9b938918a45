"""Workers: processes that execute runs, each a row with a heartbeat. Removing a lost worker removes its leases."""

import os
import socket
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, cast
from uuid import uuid4

from sqlalchemy import CursorResult, delete, select, text, update
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col

from core.adapters.store.models import Lease, Worker, now

HEARTBEAT_SECONDS = 5.0
LOST_SECONDS = 30.0
"""Seconds without a heartbeat before a worker counts as lost.

Several missed beats, and well within a minute.
"""


def new_id() -> str:
    """A new, unique worker id."""
    return f"{socket.gethostname()}-{os.getpid()}-{uuid4().hex[:8]}"


def clock(session: Session) -> datetime:
    """The current time, by the database's clock if several machines share it, as theirs may differ."""
    if session.get_bind().dialect.name == "postgresql":
        return cast(datetime, session.execute(text("SELECT clock_timestamp()")).scalar_one())
    return now()


def update_heartbeat(session: Session, worker_id: str, models: Sequence[str]) -> bool:
    """Register a worker, or renew its heartbeat and the models for which it has keys.

    Returns:
        Whether it was known; ``False`` the first time, and where it counted as lost meanwhile.
    """
    moment = clock(session)
    changed = session.execute(
        update(Worker).where(col(Worker.id) == worker_id).values(seen_at=moment, models=list(models))
    )
    if changed_row_count(changed):
        return True
    session.add(
        Worker(
            id=worker_id,
            host=socket.gethostname(),
            pid=os.getpid(),
            models=list(models),
            started_at=moment,
            seen_at=moment,
        )
    )
    session.flush()
    return False


def prune_stalled_workers(session: Session, worker_id: str, lost_seconds: float | None) -> list[str]:
    """Remove lost workers and their leases, so that others may lease their chats.

    Args:
        session: writing.
        worker_id: the caller's own; stays.
        lost_seconds: seconds without a heartbeat before a worker counts as lost; ``None``: all others do (the caller
            holds the only lock).

    Returns:
        Ids of the removed.
    """
    statement = select(col(Worker.id)).where(col(Worker.id) != worker_id)
    if lost_seconds is not None:
        statement = statement.where(col(Worker.seen_at) < clock(session) - timedelta(seconds=lost_seconds))
    lost = list(session.execute(statement).scalars())
    if lost:
        removal = delete(Worker).where(col(Worker.id).in_(lost))
        if lost_seconds is not None:
            # One that has just been seen is not: its beat may have waited for this very transaction.
            removal = removal.where(col(Worker.seen_at) < clock(session) - timedelta(seconds=lost_seconds))
        session.execute(removal)
    return lost


def unregister(session: Session, worker_id: str) -> None:
    """Remove a worker that ends normally, and its leases."""
    session.execute(delete(Worker).where(col(Worker.id) == worker_id))


def reconcile_leases(session: Session, worker_id: str, active: dict[tuple[int, int], str]) -> None:
    """Make a worker's leases match the chats it executes: release leftovers, renew what was taken away.

    Args:
        session: writing.
        worker_id: whose.
        active: ``{(run id, chat id): model}`` of chats that the worker executes.
    """
    statement = select(col(Lease.run_id), col(Lease.chat_id)).where(col(Lease.worker_id) == worker_id)
    leased = {(run_id, chat_id) for run_id, chat_id in session.execute(statement)}
    for run_id, chat_id in leased - active.keys():
        session.execute(delete(Lease).where(*is_own_lease(worker_id, run_id, chat_id)))
    for run_id, chat_id in active.keys() - leased:
        row = Lease(
            run_id=run_id,
            chat_id=chat_id,
            worker_id=worker_id,
            model=active[run_id, chat_id],
            started_at=clock(session),
        )
        try:
            with session.begin_nested():
                session.add(row)
        except IntegrityError:
            # Another worker is at this chat by now, or the run was deleted: theirs.
            continue


def is_own_lease(worker_id: Any, run_id: Any, chat_id: Any) -> tuple[Any, ...]:
    """Conditions that select one lease of a worker; values, or bound parameters."""
    return (col(Lease.run_id) == run_id, col(Lease.chat_id) == chat_id, col(Lease.worker_id) == worker_id)


def changed_row_count(result: Any) -> int:
    """Number of rows that a statement changed."""
    return int(cast("CursorResult[Any]", result).rowcount)
