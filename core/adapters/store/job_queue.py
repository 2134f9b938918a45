"""Procrastinate's jobs and workers, inside a transaction of ours. PostgreSQL only.

Its manager is asked for everything (putting jobs in, taking them under their locks, heartbeats, workers that are lost);
what it says to the database goes over our session, so that it happens together with what else the transaction does.
The package is imported where a queue is made, and nowhere else: most commands need none.
"""

from collections.abc import Collection, Coroutine
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar, cast

from sqlalchemy import Connection, text
from sqlmodel import Session

if TYPE_CHECKING:
    from procrastinate.manager import JobManager

JOB_INSERTED = "procrastinate_any_queue_v1"
"""Channel on which the database tells of every job that was put in."""

_T = TypeVar("_T")
_IDLE_SECONDS = 10.0
_OPEN_JOBS = text(
    "SELECT id, queue_name, lock, status = 'doing' AS taken, worker_id FROM procrastinate_jobs "
    "WHERE task_name = :task AND status IN ('todo', 'doing') ORDER BY id"
)
_END_IF_IDLE = text("SELECT set_config('idle_in_transaction_session_timeout', :milliseconds, true)")
_DELETE = text("DELETE FROM procrastinate_jobs WHERE id = ANY(:ids)")
# As the manager's ``fetch_job`` does, but for several jobs at once: a model may have hundreds of them.
_FETCH = text(
    "SELECT (procrastinate_fetch_job_v2(CAST(:queues AS varchar[]), CAST(:worker AS bigint))).lock "
    "FROM generate_series(1, :count)"
)
_KNOWN = text("SELECT 1 FROM procrastinate_workers WHERE id = :worker FOR KEY SHARE")
_LIVE = text(
    "SELECT count(*) FROM procrastinate_workers WHERE last_heartbeat > now() - make_interval(secs => :seconds)"
)
_WORKERS = text("SELECT id FROM procrastinate_workers")


@dataclass(frozen=True, slots=True)
class QueuedJob:
    """A job that waits or is taken.

    Attributes:
        id: its own.
        queue: name of its queue.
        lock: at most one job with this lock is taken, and at most one waits.
        taken: whether a worker has taken it.
        worker: who; ``None`` where it waits, or its worker was lost.
    """

    id: int
    queue: str
    lock: str
    taken: bool
    worker: int | None


def end_if_suspended(session: Session) -> None:
    """Have the server end this transaction if the process stops in its middle, and with it the locks that others need.

    Nothing to do on SQLite, where nobody else executes runs.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(_END_IF_IDLE, {"milliseconds": f"{1000 * _IDLE_SECONDS:.0f}"})


def live_workers(session: Session, seconds: float) -> int:
    """Number of workers that were heard of within so many seconds. PostgreSQL only."""
    return int(session.execute(_LIVE, {"seconds": seconds}).scalar_one())


class JobQueue:
    """Jobs of one task, as seen and changed in one transaction."""

    def __init__(self, session: Session, task: str) -> None:
        """Prepare.

        Args:
            session: writing, on PostgreSQL.
            task: the task's name.
        """
        self._session, self._task = session, task
        self._manager = _manager(session.connection())

    def open_jobs(self) -> list[QueuedJob]:
        """Jobs that wait or are taken, in the order in which they were put in."""
        rows = self._session.execute(_OPEN_JOBS, {"task": self._task})
        return [QueuedJob(row.id, row.queue_name, row.lock, row.taken, row.worker_id) for row in rows]

    def put(self, queue: str, locks: Collection[str]) -> None:
        """Put in one job for each lock; none with such a lock may be waiting."""
        if not locks:
            return
        from procrastinate.jobs import Job

        jobs = [
            Job(
                id=None,
                queue=queue,
                lock=lock,
                queueing_lock=lock,
                task_name=self._task,
                task_kwargs={},
                priority=0,
            )
            for lock in locks
        ]
        _finished(self._manager.batch_defer_jobs_async(jobs))

    def take(self, queues: Collection[str], worker: int, count: int) -> list[str]:
        """Take up to ``count`` jobs from these queues; the locks that go with them."""
        values = {"queues": list(queues), "worker": worker, "count": count}
        return [lock for lock in self._session.execute(_FETCH, values).scalars() if lock is not None]

    def delete(self, job_ids: Collection[int]) -> None:
        """Delete jobs, and with them their locks; those that are gone already are left out."""
        if job_ids:
            self._session.execute(_DELETE, {"ids": list(job_ids)})

    def register(self) -> int:
        """Register a worker; its id."""
        return _finished(self._manager.register_worker())

    def unregister(self, worker: int) -> None:
        """Remove a worker and what hangs on it."""
        _finished(self._manager.unregister_worker(worker))

    def knows(self, worker: int) -> bool:
        """Whether a worker is registered, which it stays until the end of this transaction."""
        return self._session.execute(_KNOWN, {"worker": worker}).one_or_none() is not None

    def beat(self, worker: int) -> None:
        """Renew a worker's heartbeat."""
        _finished(self._manager.update_heartbeat(worker))

    def prune(self, seconds: float) -> list[int]:
        """Remove workers without a heartbeat for so long; their jobs stay taken by nobody."""
        return _finished(self._manager.prune_stalled_workers(seconds))

    def workers(self) -> set[int]:
        """Ids of all registered workers."""
        return set(self._session.execute(_WORKERS).scalars())

    def notify(self) -> None:
        """Have all workers look for jobs, once the transaction is committed."""
        self._session.execute(text("SELECT pg_notify(:channel, '')"), {"channel": JOB_INSERTED})


def _manager(connection: Connection) -> "JobManager":
    from procrastinate.connector import BaseConnector
    from procrastinate.manager import JobManager

    class OurConnection(BaseConnector):
        """Procrastinate's statements on a connection of SQLAlchemy, whose errors say when the server is away."""

        async def execute_query_all_async(self, query: str, **arguments: Any) -> list[dict[str, Any]]:
            values = {name: _adapted(value) for name, value in arguments.items()}
            return [dict(row) for row in connection.exec_driver_sql(query, values).mappings()]

        async def execute_query_one_async(self, query: str, **arguments: Any) -> dict[str, Any]:
            return (await self.execute_query_all_async(query, **arguments))[0]

        async def execute_query_async(self, query: str, **arguments: Any) -> None:
            await self.execute_query_all_async(query, **arguments)

    return JobManager(OurConnection())


def _adapted(value: Any) -> Any:
    """A value as psycopg takes it: objects as JSON, rows as composites."""
    if isinstance(value, dict):
        from psycopg.types.json import Jsonb

        return Jsonb(value)
    if isinstance(value, list):
        return [_adapted(item) for item in value]
    return tuple(_adapted(item) for item in value) if isinstance(value, tuple) else value


def _finished(coroutine: Coroutine[Any, Any, _T]) -> _T:
    """Run a coroutine that never waits: its statements are plain calls. No event loop is needed."""
    try:
        coroutine.send(None)
    except StopIteration as end:
        return cast(_T, end.value)
    coroutine.close()
    raise RuntimeError("Procrastinate waited for something else than the database")
