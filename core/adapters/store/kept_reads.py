"""Sums over many rows that pages ask for again and again are read once, until anything in the database changes.

A page reads in several sessions, and each of them would sum up all answers anew. What is kept belongs to a moment of
the database, which the database itself tells: whoever writes anything, in this process or another, ends it.
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping, Sequence
from threading import Lock
from typing import Any, Final, TypeVar, cast
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Engine
from sqlmodel import Session

from core.adapters.store.db import READING

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

_KEPT: Final = "shiyao_kept_reads"
"""Key in the ``info`` of a connection with SQLite: what was read over it, and at which moment."""
_MOST_MOMENTS: Final = 4
_moments: "WeakKeyDictionary[Engine, OrderedDict[str, dict[Hashable, Any]]]" = WeakKeyDictionary()
_lock = Lock()


def read_once(
    session: Session, what: str, keys: Sequence[K], read: Callable[[Sequence[K]], Mapping[K, V]]
) -> dict[K, V]:
    """Values by key, of which only those are read that nobody has read at this moment of the database.

    Args:
        session: open session; one that writes reads all of them, for it may have changed them.
        what: what the values are; kept apart from others with the same keys.
        keys: what is asked for.
        read: reads the values of some keys, each of them. The values are handed to others: they must not be changed.
    """
    if not keys:
        return {}
    if not session.info.get(READING):
        return dict(read(keys))
    connection = session.connection()
    moment = _moment(connection)
    kept = _kept(connection, moment)
    values = {key: cast(V, kept[what, key]) for key in keys if (what, key) in kept}
    if missing := [key for key in keys if key not in values]:
        fresh = read(missing)
        values |= fresh
        # On PostgreSQL each statement reads at its own moment.
        if _moment(connection) == moment:
            kept.update({(what, key): value for key, value in fresh.items()})
    return values


def read_value_once(session: Session, what: str, key: Hashable, read: Callable[[], V]) -> V:
    """One value, likewise.

    Args:
        session: open session; one that writes reads it.
        what: what the value is; kept apart from others with the same key.
        key: whose value it is.
        read: reads it. It is handed to others: it must not be changed.
    """
    return read_once(session, what, [key], lambda _: {key: read()})[key]


def _moment(connection: Connection) -> str:
    """Changes whenever anything is written; on SQLite compared within one connection alone."""
    if connection.dialect.name == "sqlite":
        # The first tells what others have committed, the second counts what was changed over this very connection.
        version = connection.exec_driver_sql("PRAGMA data_version").scalar_one()
        return f"{version} {getattr(connection.connection.driver_connection, 'total_changes', None)}"
    # Who sees the same transactions as ended sees the same rows.
    question = "SELECT pg_current_snapshot()::text || ' ' || pg_postmaster_start_time()::text"
    return str(connection.exec_driver_sql(question).scalar_one())


def _kept(connection: Connection, moment: str) -> dict[Hashable, Any]:
    """What is known at a moment; what others find out is added to it."""
    if connection.dialect.name == "sqlite":
        before, kept = connection.info.get(_KEPT, ("", {}))
        if before != moment:
            connection.info[_KEPT] = (moment, kept := {})
        return cast(dict[Hashable, Any], kept)
    with _lock:
        moments = _moments.setdefault(connection.engine, OrderedDict())
        kept = moments.setdefault(moment, {})
        moments.move_to_end(moment)
        while len(moments) > _MOST_MOMENTS:
            moments.popitem(last=False)
        return kept
