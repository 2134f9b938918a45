"""Places for calls under way: as many at a time as the model allows, and none once the executor stops."""

import threading
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """What a model allows: calls at a time, and calls started per minute (``None``: any number)."""

    concurrency: int
    per_minute: int | None = None


class Slots:
    """A semaphore whose limit may change and which may be closed.

    The queue hands out a few jobs more than may run, so that a place that becomes free is taken at once and not at the
    queue's next poll; this is where they wait.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._taken = 0
        self._closed = False
        self._changed = threading.Condition()

    @property
    def taken(self) -> int:
        """Calls under way."""
        return self._taken

    def set_limit(self, limit: int) -> None:
        """Allow more or fewer from now on; calls under way are left alone."""
        with self._changed:
            self._limit = limit
            self._changed.notify_all()

    def close(self) -> None:
        """Let nobody in any more; those who wait are sent away."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def enter(self) -> bool:
        """Wait for a place; ``False`` if there will be none."""
        with self._changed:
            while not self._closed and self._taken >= self._limit:
                self._changed.wait()
            if self._closed:
                return False
            self._taken += 1
            return True

    def leave(self) -> None:
        """Give a place back."""
        with self._changed:
            self._taken -= 1
            self._changed.notify()
