"""A lock that one process at a time has: for work that two must not do at once, whoever does it."""

from collections.abc import Iterator
from contextlib import contextmanager

from filelock import FileLock, Timeout
from sqlalchemy import NullPool, create_engine, func, select

from core import private_files
from core.adapters.store.db import Store


@contextmanager
def only_one(store: Store, name: str, key: int, number: int) -> Iterator[bool]:
    """Hold a lock inside, if nobody else does; never waits, and goes with the process.

    On SQLite a file beside the database, on PostgreSQL a lock of the server, which goes with the connection. A file in
    a folder that all users can write to would be somebody else's to make first.

    Args:
        store: open store.
        name: what is done, part of the file's name.
        key: what is done, as PostgreSQL's locks have it (32 bits): other work with the same number has other locks.
        number: on PostgreSQL, what it is done to; on SQLite the lock is for all of that work.

    Returns:
        Whether it is held.
    """
    if store.path is not None:
        with _file(f"{store.path}.{name}.lock") as held:
            yield held
        return
    # A connection beside the pool's: the work inside may need all of those.
    engine = create_engine(store.engine.url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        held = bool(connection.execute(select(func.pg_try_advisory_lock(key, number))).scalar_one())
        try:
            yield held
        finally:
            if held:
                connection.execute(select(func.pg_advisory_unlock(key, number)))


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
