"""Work on the database that several threads ask for at the same moment, done by one of them for all.

A transaction costs much the same whether it stores one result or twenty: its beginning and end, its way to the disk,
and what is read for every result alike. Whoever comes while another is at it waits, and is served with all that wait.
Who comes alone is served at once.
"""

import threading
from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

MOST = 32
"""Most items that are worked on together: a transaction stays short for those who wait for the next one."""


class _Waiting(Generic[Item, Result]):
    """An item of a thread, and what has become of it."""

    def __init__(self, item: Item) -> None:
        self.item = item
        self.turn = threading.Event()
        self.done = False
        self.results: list[Result] = []


class Combiner(Generic[Item, Result]):
    """Combines the work of several threads.

    No thread works for others more than once: who was served leaves the lead to one of those who have come meanwhile.
    Where the work on several items fails, each is worked on alone by its own thread: nobody's fault is another's.
    """

    def __init__(
        self,
        work: Callable[[list[Item]], list[Result]],
        most: int = MOST,
        *,
        gather: Callable[[], None] = lambda: None,
    ) -> None:
        """Prepare.

        Args:
            work: gives one result for each item, in order; one thread at a time is in it, but for items that are worked
                on alone. If it raises, nothing has been done.
            most: items at a time.
            gather: called before the items are taken; may wait a moment for more of them, where nobody is hurried.
        """
        self._work, self._most, self._gather = work, most, gather
        self._mutex = threading.Lock()
        self._waiting: deque[_Waiting[Item, Result]] = deque()
        self._led = False

    def __call__(self, item: Item) -> Result:
        """The result for one item; raises what the work on it alone raises."""
        own = _Waiting[Item, Result](item)
        with self._mutex:
            self._waiting.append(own)
            leads, self._led = not self._led, True
        if not leads:
            own.turn.wait()
        if not own.done:
            self._lead()
        return own.results[0] if own.results else self._work([item])[0]

    def _lead(self) -> None:
        """Work on all that wait, and let one of those who come meanwhile lead next."""
        self._gather()
        with self._mutex:
            group = [self._waiting.popleft() for _ in range(min(self._most, len(self._waiting)))]
        try:
            results = self._work([one.item for one in group])
            for one, result in zip(group, results, strict=True):
                one.results.append(result)
        except Exception:
            if len(group) == 1:
                raise
        finally:
            with self._mutex:
                following = self._waiting[0] if self._waiting else None
                self._led = following is not None
            for one in group:
                one.done = True
                one.turn.set()
            if following is not None:
                following.turn.set()
