"""Workers: who carries runs out, told by a row with a heartbeat. A worker that is gone takes its leases along."""

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
"""Not seen for so long, a worker is taken for dead: several missed beats, and well within a minute."""


def new_id() -> str:
    """A worker's own name; never used again, not even by the same process."""
    return f"{socket.gethostname()}-{os.getpid()}-{uuid4().hex[:8]}"


def clock(session: Session) -> datetime:
    """The present by the database's clock where several machines share it: theirs may differ."""
    if session.get_bind().dialect.name == "postgresql":
        return cast(datetime, session.execute(text("SELECT clock_timestamp()")).scalar_one())
    return now()


def update_heartbeat(session: Session, worker_id: str, models: Sequence[str]) -> bool:
    """Say that a worker is there, and what it has the keys for.

    Returns:
        Whether it was known; ``False`` the first time, and where others took it for dead meanwhile.
    """
    moment = clock(session)
    changed = session.execute(
        update(Worker).where(col(Worker.id) == worker_id).values(seen_at=moment, models=list(models))
    )
    if rows(changed):
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
    """Remove workers that are dead, so that others may take their chats.

    Args:
        session: writing.
        worker_id: who asks; stays.
        lost_seconds: not seen for so long is dead; ``None``: all others are (the caller holds the only lock).

    Returns:
        Ids of the removed.
    """
    statement = select(col(Worker.id)).where(col(Worker.id) != worker_id)
    if lost_seconds is not None:
        statement = statement.where(col(Worker.seen_at) < clock(session) - timedelta(seconds=lost_seconds))
    dead = list(session.execute(statement).scalars())
    if dead:
        again = delete(Worker).where(col(Worker.id).in_(dead))
        if lost_seconds is not None:
            # One that has just been seen is not: its beat may have waited for this very transaction.
            again = again.where(col(Worker.seen_at) < clock(session) - timedelta(seconds=lost_seconds))
        session.execute(again)
    return dead


def unregister(session: Session, worker_id: str) -> None:
    """A worker ends in good order."""
    session.execute(delete(Worker).where(col(Worker.id) == worker_id))


def reconcile_leases(session: Session, worker_id: str, active: dict[tuple[int, int], str]) -> None:
    """Make a worker's leases what it is really at: give back what it lost sight of, take anew what was taken away.

    Args:
        session: writing.
        worker_id: whose.
        active: ``{(run id, chat id): model}`` of calls under way in the worker.
    """
    statement = select(col(Lease.run_id), col(Lease.chat_id)).where(col(Lease.worker_id) == worker_id)
    held = {(run_id, chat_id) for run_id, chat_id in session.execute(statement)}
    for run_id, chat_id in held - active.keys():
        session.execute(delete(Lease).where(*is_own_lease(worker_id, run_id, chat_id)))
    for run_id, chat_id in active.keys() - held:
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
    """The condition for one lease of a worker; values, or parameters that get theirs later."""
    return (col(Lease.run_id) == run_id, col(Lease.chat_id) == chat_id, col(Lease.worker_id) == worker_id)


def rows(result: Any) -> int:
    """How many rows a statement changed."""
    return int(cast("CursorResult[Any]", result).rowcount)
