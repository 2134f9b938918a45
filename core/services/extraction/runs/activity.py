"""Whether runs that are under way have somebody at work: for whoever watches this program from outside."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlmodel import col

from core.adapters.store import Store
from core.adapters.store.job_queue import live_workers
from core.adapters.store.models import Run, RunKind, RunStatus
from core.services.extraction.runs.executor_lock import executor_lock
from core.services.extraction.runs.scope import BatchWay, parameters_of, pending
from core.services.extraction.runs.shared_lanes import LOST_SECONDS


@dataclass(frozen=True, slots=True)
class RunActivity:
    """What runs wait for, and who is at work.

    Attributes:
        pending_chats: chats that running runs still lack.
        workers: processes at work on them; who has nothing to do is none.
    """

    pending_chats: int
    workers: int


def run_activity(store: Store) -> RunActivity:
    """Chats that running runs lack, and the processes that are at work now."""
    with store.read() as session:
        running = select(Run).where(col(Run.status) == RunStatus.RUNNING, col(Run.kind) == RunKind.MODEL)
        # What lies at a service as a batch needs nobody here for hours.
        pending_chats = sum(
            pending(session, row)
            for row in session.execute(running).scalars()
            if parameters_of(row).batch != BatchWay.FILES
        )
        if store.path is None:
            return RunActivity(pending_chats, live_workers(session, LOST_SECONDS))
    # On SQLite who executes holds a lock; it is tried only where somebody should hold it.
    return RunActivity(pending_chats, 1 if pending_chats and _is_locked(store) else 0)


def _is_locked(store: Store) -> bool:
    lock = executor_lock(store)
    if not lock.acquire():
        return True
    lock.release()
    return False
