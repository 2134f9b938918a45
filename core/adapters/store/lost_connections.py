"""Notices that a kept connection to PostgreSQL is gone before it is used again, mostly without asking the server.

SQLAlchemy's ``pool_pre_ping`` asks each time: for a transaction of a few statements a good part of what it costs. A
server that ends a connection says so to the socket, which is looked at here without asking anybody; only a connection
that has something to read, or was not used for a while, is tried as ever.
"""

import select
import time
from typing import Any, Final
from weakref import WeakKeyDictionary

from sqlalchemy import Engine, event

_SURE_SECONDS: Final = 5.0
"""For so long an unused connection is believed to be there: what lies between may drop one without a word."""


def ask_only_doubtful_connections(engine: Engine) -> None:
    """Have the ping of an engine's pool ask the server about doubtful connections only.

    Args:
        engine: for PostgreSQL through psycopg, with ``pool_pre_ping``.
    """
    used_at: WeakKeyDictionary[Any, float] = WeakKeyDictionary()
    dialect: Any = engine.dialect
    ask = dialect.do_ping

    def note_use(connection: Any, _record: Any) -> None:
        if connection is not None:  # it broke, and is given back as none
            used_at[connection] = time.monotonic()

    def ping(connection: Any) -> bool:
        sure = time.monotonic() - used_at.get(connection, -_SURE_SECONDS) < _SURE_SECONDS
        return (sure and _is_quiet(connection)) or bool(ask(connection))

    dialect.do_ping = ping
    event.listen(engine, "checkin", note_use)


def _is_quiet(connection: Any) -> bool:
    """Whether an open connection has nothing to say: its end, or anything else that nobody has asked for."""
    if connection.closed:
        return False
    poll = select.poll()
    poll.register(connection.pgconn.socket, select.POLLIN)
    return not poll.poll(0)
