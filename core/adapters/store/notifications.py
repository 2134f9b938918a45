"""Listens for what PostgreSQL tells, so that a process that waits for work need not ask for it."""

import logging
import selectors
import socket
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from core.adapters.store.db import Store

if TYPE_CHECKING:
    import psycopg

AGAIN_SECONDS = 2.0
"""Seconds before a connection that broke is made anew; whoever waits looks for itself meanwhile."""

_log = logging.getLogger("shiyao.store")


class Listener:
    """A thread with a connection of its own that calls back when a channel is notified."""

    def __init__(self, store: Store, channel: str, notified: Callable[[], None]) -> None:
        """Start listening.

        Args:
            store: on PostgreSQL.
            channel: name of the channel.
            notified: called from the thread; returns at once.
        """
        self._address = store.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
        self._channel, self._notified = channel, notified
        self._ended, self._end = socket.socketpair()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._listen, name="shiyao-listener", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop listening; returns when the connection is closed."""
        self._stopping.set()
        self._end.send(b"x")
        self._thread.join()
        self._ended.close()
        self._end.close()

    def _listen(self) -> None:
        import psycopg  # imported already where anybody tells anything

        while not self._stopping.is_set():
            try:
                with psycopg.connect(self._address, autocommit=True, connect_timeout=5) as connection:
                    connection.execute(f'LISTEN "{self._channel}"')
                    self._notified()  # what was told while nobody listened
                    self._pass_on(connection)
            except (psycopg.Error, OSError) as error:
                _log.debug("not listening now: %s", error)
                self._stopping.wait(AGAIN_SECONDS)

    def _pass_on(self, connection: "psycopg.Connection") -> None:
        # Not select(): it knows no descriptor above 1,023, which a server with many pages open has.
        with selectors.DefaultSelector() as selector:
            selector.register(connection.fileno(), selectors.EVENT_READ)
            selector.register(self._ended, selectors.EVENT_READ)
            while True:
                if any(key.fileobj is self._ended for key, _ in selector.select()):
                    return
                if list(connection.notifies(timeout=0)):
                    self._notified()
