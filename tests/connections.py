"""Counts database connections: a thread that holds one and takes a second can wait for ever once the pool is empty."""

import threading
import traceback
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import event
from sqlalchemy.pool import Pool


@dataclass(slots=True)
class ConnectionCount:
    """What was checked out of any pool while :func:`counting` was on.

    Attributes:
        taken: per thread, the number of connections taken one after another or at once.
        nested: for each connection taken by a thread that held another of the same pool, where that was.
    """

    taken: Counter[int] = field(default_factory=Counter)
    nested: list[str] = field(default_factory=list)
    _held: dict[tuple[int, int], int] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def taken_here(self) -> int:
        """Number of connections that the calling thread has taken."""
        return self.taken[threading.get_ident()]

    def take(self, record: Any) -> None:
        """A connection leaves its pool."""
        holder = (threading.get_ident(), id(record._ConnectionRecord__pool))
        record.info[id(self)] = holder
        with self._lock:
            self.taken[holder[0]] += 1
            self._held[holder] = self._held.get(holder, 0) + 1
            if self._held[holder] > 1:
                self.nested.append("".join(traceback.format_stack(limit=40)))

    def give_back(self, record: Any) -> None:
        """A connection is back in its pool; one that was taken before the count began is none of ours."""
        holder = record.info.pop(id(self), None)
        with self._lock:
            if self._held.get(holder, 0) > 0:
                self._held[holder] -= 1


@contextmanager
def counting() -> Iterator[ConnectionCount]:
    """Count the connections that this process takes inside, from whichever pool and in whichever thread."""
    count = ConnectionCount()

    def on_checkout(_connection: Any, record: Any, _proxy: Any) -> None:
        count.take(record)

    def on_checkin(_connection: Any, record: Any) -> None:
        count.give_back(record)

    event.listen(Pool, "checkout", on_checkout)
    event.listen(Pool, "checkin", on_checkin)
    try:
        yield count
    finally:
        event.remove(Pool, "checkout", on_checkout)
        event.remove(Pool, "checkin", on_checkin)
