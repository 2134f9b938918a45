"""The lock that lets one process at a time bring a dataset's priorities and search index up to date."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from filelock import FileLock, Timeout
from sqlalchemy import NullPool, create_engine, func, select

from core import private_files
from core.adapters.store import Store

_UPKEEP: Final = 0x75706B70
"""First half of the key of a lock in PostgreSQL, so that other locks with a dataset's number are others."""


@contextmanager
def only_upkeep(store: Store, dataset_id: int) -> Iterator[bool]:
    """Hold the lock of a dataset inside, if nobody else does; never waits.

    On SQLite a file beside the database, on PostgreSQL a lock of the server, which goes with the connection. A file in
    a folder that all users can write to would be somebody else's to make first.

    Args:
        store: open store.
        dataset_id: whose search index is to be updated.

    Returns:
        Whether it is held.
    """
    if store.path is not None:
        with _file(f"{store.path}.upkeep.lock") as held:
            yield held
        return
    # A connection beside the pool's: the work inside may need all of those.
    engine = create_engine(store.engine.url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        held = bool(connection.execute(select(func.pg_try_advisory_lock(_UPKEEP, dataset_id))).scalar_one())
        try:
            yield held
        finally:
            if held:
                connection.execute(select(func.pg_advisory_unlock(_UPKEEP, dataset_id)))


@contextmanager
def _file(path: str) -> Iterator[bool]:
    lock = FileLock(path, timeout=0, mode=private_files.MODE)
    try:
        lock.acquire()
    except Timeout:
        yield False
        return
    try:
        yield True
    finally:
        lock.release()
