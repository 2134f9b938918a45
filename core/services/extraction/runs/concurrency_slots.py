"""Places: how many chats of one model are being asked in this process; the others stand ready behind them."""

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from core.services.extraction.runs.cached_provider import Withdrawn

_LOOK_SECONDS = 0.25


def prefetch_count(limit: int) -> int:
    """How many chats stand ready, read and parsed, behind ``limit`` that are being asked.

    A place that becomes free is taken at once; storing an answer and fetching the next chat go on beside the calls.
    Half of them: where all answers come together, the other half is fetched while the first is being asked. None behind
    a single one: who asks for one chat after the other gets them in order.
    """
    return limit // 2


class ConcurrencySlots:
    """Places of one model; whoever came first is next.

    Attributes:
        limit: how many there are; may be changed while some are taken.
    """

    def __init__(self) -> None:
        self._mutex = threading.Lock()
        self._waiting: deque[threading.Event] = deque()
        self._taken = 0
        self._limit = 0

    @property
    def limit(self) -> int:
        """How many there are."""
        return self._limit

    @limit.setter
    def limit(self, limit: int) -> None:
        with self._mutex:
            self._limit = limit
            self._hand_out()

    @property
    def full(self) -> bool:
        """Whether all are taken."""
        with self._mutex:
            return self._taken >= self._limit

    @property
    def waiting(self) -> int:
        """How many stand ready."""
        with self._mutex:
            return len(self._waiting)

    @contextmanager
    def slot(self, home: threading.Event) -> Iterator[bool]:
        """Be in a place; gives whether it had to be waited for.

        Raises:
            Withdrawn: ``home`` was set before there was one.
        """
        mine = threading.Event()
        with self._mutex:
            self._waiting.append(mine)
            self._hand_out()
        waited = not mine.is_set()
        while not mine.wait(_LOOK_SECONDS) and not home.is_set():
            pass
        try:
            if waited and home.is_set():
                raise Withdrawn
            yield waited
        finally:
            with self._mutex:
                if mine.is_set():
                    self._taken -= 1
                else:
                    self._waiting.remove(mine)
                self._hand_out()

    def _hand_out(self) -> None:
        while self._waiting and self._taken < self._limit:
            self._taken += 1
            self._waiting.popleft().set()
