"""The lock of the process that executes runs: on SQLite only one at a time, released when it ends."""

from typing import Protocol

from filelock import FileLock, Timeout

from core import private_files
from core.adapters.store import Store
from core.errors import RunError


class ExecutorLock(Protocol):
    """A lock that the executing process holds.

    Attributes:
        exclusive: whether only one process can have it: every other worker that is still listed is lost then.
    """

    exclusive: bool

    def acquire(self) -> bool:
        """Acquire the lock if it is free; never waits."""
        ...

    def release(self) -> None:
        """Release the lock."""
        ...


class _FileLock:
    exclusive = True

    def __init__(self, path: str) -> None:
        # Taken and given back by whichever thread gets there.
        self._lock = FileLock(path, thread_local=False, mode=private_files.MODE)

    def acquire(self) -> bool:
        try:
            self._lock.acquire(blocking=False)
        except Timeout:
            return False
        return True

    def release(self) -> None:
        self._lock.release()


class _Shared:
    """Nothing to hold: workers on PostgreSQL share runs, and their rows say who is there."""

    exclusive = False

    def acquire(self) -> bool:
        return True

    def release(self) -> None:
        pass


def executor_lock(store: Store) -> ExecutorLock:
    """The lock of the process that executes a store's runs.

    Raises:
        RunError: a database in memory, which no other process could see.
    """
    if store.engine.dialect.name != "sqlite":
        return _Shared()
    if store.path is None or str(store.path) == ":memory:":
        raise RunError("内存数据库不能运行抽取任务", "请使用文件数据库")
    # Not to be renamed: another version of the program, still running, must see the same file.
    return _FileLock(f"{store.path}.jobs.lock")
