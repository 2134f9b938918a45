"""Who carries runs out: one process at a time, told by a lock that the system releases when its holder dies."""

from typing import Protocol

from filelock import FileLock, Timeout
from sqlalchemy import Connection, text

from core.errors import JobError
from core.store import Store

_PG_LOCK = 7_240_612
"""Any number will do that nothing else of ours uses."""


class ExecutorLock(Protocol):
    """Held by the executor, wanted by everybody else."""

    def acquire(self) -> bool:
        """Take it if it is free; never waits."""
        ...

    def release(self) -> None:
        """Give it back."""
        ...


class _FileLock:
    def __init__(self, path: str) -> None:
        # Taken and given back by whichever thread gets there.
        self._lock = FileLock(path, thread_local=False)

    def acquire(self) -> bool:
        try:
            self._lock.acquire(blocking=False)
        except Timeout:
            return False
        return True

    def release(self) -> None:
        self._lock.release()


class _AdvisoryLock:
    """PostgreSQL's: lives as long as its connection."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._connection: Connection | None = None

    def acquire(self) -> bool:
        connection = self._store.engine.connect()
        if connection.execute(text("SELECT pg_try_advisory_lock(:key)"), {"key": _PG_LOCK}).scalar():
            connection.commit()
            self._connection = connection
            return True
        connection.close()
        return False

    def release(self) -> None:
        if self._connection is not None:
            self._connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": _PG_LOCK})
            self._connection.close()
            self._connection = None


def executor_lock(store: Store) -> ExecutorLock:
    """The lock of a store's executor.

    Raises:
        JobError: a database in memory, which no other process could see.
    """
    if store.engine.dialect.name != "sqlite":
        return _AdvisoryLock(store)
    if store.path is None or str(store.path) == ":memory:":
        raise JobError("内存数据库不能运行抽取任务", "请使用文件数据库")
    return _FileLock(f"{store.path}.jobs.lock")


def jobs_url(store: Store, configured: str = "") -> str:
    """Address of the queue's own database: as configured, else beside ours (SQLite) or in ours (PostgreSQL)."""
    if configured:
        return configured
    if store.path is not None:
        return f"sqlite:///{store.path.with_suffix('.jobs.db')}"
    return store.engine.url.render_as_string(hide_password=False)
