"""Limits on calls to a model: concurrent calls in this process, and calls started per minute."""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from core.adapters.store import Store
from core.adapters.store.models import RunStatus
from core.services.extraction.runs.call_lookups import CallLookups
from core.services.extraction.runs.call_rate import reserve_call_slot
from core.services.extraction.runs.places import PlacedChat
from core.services.extraction.runs.store_patience import patiently

_LOOK_SECONDS = 0.25
_AWAY_SECONDS = 1.0
_FRESH_SECONDS = 1.0
"""For so long after it was looked at, a place is still held: nobody is taken for lost that quickly."""


class Withdrawn(Exception):
    """Raised when the run is stopped or the process ends while a call waits; the model was not called."""


def prefetch_count(limit: int) -> int:
    """Number of chats that are taken, read and parsed in advance for ``limit`` concurrent calls.

    A slot that becomes free is taken at once; storing an answer and fetching the next chat go on beside the calls.
    Half of them: where all answers come together, the other half is fetched while the first is being asked. None behind
    a single one: who asks for one chat after the other gets them in order.
    """
    return limit // 2


class ConcurrencySlots:
    """The call slots of one model in this process, in order of arrival; who comes back from a back-off is first.

    Attributes:
        limit: number of slots for chats that begin.
    """

    def __init__(self, limit: int = 0) -> None:
        """Prepare.

        Args:
            limit: number of slots to begin with.
        """
        self._mutex = threading.Lock()
        self._beginning: deque[threading.Event] = deque()
        self._returning: deque[threading.Event] = deque()
        self._taken = self._backing_off = self._answered = 0
        self.limit = self._kept = limit

    def bound(self, limit: int, owned: int) -> int:
        """Change the number of slots, also while some are taken.

        Args:
            limit: for chats that begin, and for those that come back. With none, chats that have begun still come back.
            owned: as many as there can be at most.

        Returns:
            How many slots are still needed.
        """
        with self._mutex:
            begun = self._taken + self._backing_off + self._answered + len(self._returning)
            self.limit, self._kept = limit, limit or min(owned, begun)
            self._admit()
            return max(self._kept, self._taken)

    @property
    def full(self) -> bool:
        """Whether every slot is taken."""
        with self._mutex:
            return self._taken >= self.limit

    @property
    def taken(self) -> int:
        """Number of slots that are taken."""
        return self._taken

    @property
    def waiting(self) -> int:
        """Number of callers waiting for a slot."""
        with self._mutex:
            return len(self._beginning) + len(self._returning)

    @property
    def backing_off(self) -> int:
        """Number of callers that left their slot until they try again."""
        return self._backing_off

    def enter(self, give_up: Callable[[], bool]) -> bool:
        """Acquire a slot.

        Args:
            give_up: asked several times a second while there is none.

        Returns:
            Whether the caller had to wait.

        Raises:
            Withdrawn: it was given up.
        """
        return self._enter(self._beginning, give_up)

    def leave(self) -> None:
        """Give a slot back."""
        with self._mutex:
            self._taken -= 1
            self._admit()

    def leave_answered(self) -> None:
        """Leave one's slot to others while the answer is read, which may call for :meth:`ask_again`."""
        with self._mutex:
            self._answered += 1
            self._taken -= 1
            self._admit()

    def ask_again(self, give_up: Callable[[], bool]) -> None:
        """Come back after :meth:`leave_answered`, before those who have not begun.

        Args:
            give_up: asked several times a second while there is no slot.

        Raises:
            Withdrawn: it was given up.
        """
        self._enter(self._returning, give_up, answered=True)

    def end_answered(self) -> None:
        """The answer was read, and calls for nothing more."""
        with self._mutex:
            self._answered -= 1

    def leave_for(self, wait: Callable[[], None], give_up: Callable[[], bool]) -> None:
        """Leave one's slot to others while one waits, and come back before those who have not begun.

        Args:
            wait: waits; what it raises ends the caller's stay.
            give_up: asked several times a second while there is no slot to come back to.

        Raises:
            Withdrawn: it was given up. The slot is gone then, as after any other exception.
        """
        with self._mutex:
            self._backing_off += 1
            self._taken -= 1
            self._admit()
        try:
            wait()
        finally:
            with self._mutex:
                self._backing_off -= 1
        self._enter(self._returning, give_up)

    def _enter(self, queue: deque[threading.Event], give_up: Callable[[], bool], *, answered: bool = False) -> bool:
        admitted = threading.Event()
        with self._mutex:
            self._answered -= answered
            queue.append(admitted)
            self._admit()
        waited = not admitted.is_set()
        try:
            while not admitted.wait(_LOOK_SECONDS):
                if give_up():
                    raise Withdrawn
            if waited and give_up():
                raise Withdrawn
        except BaseException:
            with self._mutex:
                if admitted.is_set():
                    self._taken -= 1
                else:
                    queue.remove(admitted)
                self._admit()
            raise
        return waited

    def _admit(self) -> None:
        while self._returning and self._taken < self._kept:
            self._taken += 1
            self._returning.popleft().set()
        while self._beginning and self._taken < self.limit:
            self._taken += 1
            self._beginning.popleft().set()


class CallLimiter:
    """All limits on one chat's calls; created by the engine, used by the executor.

    After each wait the run is looked at again: one that was stopped meanwhile asks nothing more, and neither does a
    worker that others have taken for lost.

    Attributes:
        lookups: in the store.
    """

    def __init__(
        self,
        store: Store,
        chat: PlacedChat,
        slots: ConcurrencySlots,
        stopping: threading.Event,
        *,
        backing_off: Callable[[], None] = lambda: None,
        lookups: CallLookups | None = None,
    ) -> None:
        """Prepare.

        Args:
            store: holds the run's status and the rate that all workers share.
            chat: whose calls are limited.
            slots: of the chat's model, shared by all its chats in this process.
            stopping: set when the process ends.
            backing_off: called when the chat leaves its slot to others for a while.
            lookups: in the store, shared by all chats in this process; ``None``: own ones.
        """
        self._store, self._chat, self._slots, self._stopping = store, chat, slots, stopping
        self._when_backing_off = backing_off
        self.lookups = lookups or CallLookups(store)
        self._in_slot = self._is_answered = self._asks_once = False
        self._seen_at = time.time()

    @contextmanager
    def leaving_slot(self, *, asks_once: bool = False) -> Iterator[None]:
        """Context manager: at its end the chat leaves its slot, if it has taken one.

        Args:
            asks_once: most likely there is one call: others have the slot while its answer is read.
        """
        self._asks_once = asks_once
        try:
            yield
        finally:
            if self._in_slot:
                self._in_slot = False
                self._slots.leave()
            if self._is_answered:
                self._is_answered = False
                self._slots.end_answered()

    def note_answer(self) -> None:
        """The call under way was answered."""
        if self._asks_once and self._in_slot:
            self._in_slot, self._is_answered = False, True
            self._slots.leave_answered()

    def take_slot(self, key: str = "") -> bool:
        """Wait for a slot, unless the chat has one: right before its first call, when all else is ready.

        Args:
            key: of the request that is about to be sent, see :class:`~core.adapters.store.models.Reply`.

        Returns:
            Whether another chat's answer to the same request was stored while this one waited.

        Raises:
            Withdrawn: the run was stopped, or the process ends, before a slot was free.
        """
        if self._in_slot:
            return False
        if self._is_answered:
            self._is_answered = False
            self._slots.ask_again(lambda: self._is_lost(paid=True))
            self._in_slot = True
            return False
        waited = self._slots.enter(lambda: self._stopping.is_set() or self._slots.limit == 0)
        self._in_slot = True
        # Getting ready can take a while, too, on a busy machine.
        return (waited or time.time() - self._seen_at > _LOOK_SECONDS) and self._look(key=key)

    def wait_for_rate(self, per_minute: int | None) -> None:
        """Wait until the next call may start.

        Args:
            per_minute: calls started per minute at most, over all workers together; ``None`` for no limit.

        Raises:
            Withdrawn: the run was stopped, or the process ends, meanwhile.
        """
        if per_minute is None:
            return
        seconds = patiently(lambda: reserve_call_slot(self._store, self._chat.model, per_minute))
        if self._stopping.wait(seconds):
            raise Withdrawn
        self._look()

    def refuse_if_lost(self) -> None:
        """Look whether the chat is still this process's; call it right before a call.

        Raises:
            Withdrawn: others took this process for lost (it was suspended, say), and are at its chats.
        """
        # By the clock on the wall: others go on while a process, or its machine, is asleep.
        if abs(time.time() - self._seen_at) > _FRESH_SECONDS:
            self._look(also_paused=False)

    def back_off(self, seconds: float, *, paid: bool) -> None:
        """Wait before a call is tried again; others have the slot meanwhile.

        Args:
            seconds: how long.
            paid: whether something was answered for this chat that is not stored yet; then it goes on in any case.

        Raises:
            Withdrawn: the run was stopped, or the process ends.
        """
        until = time.monotonic() + seconds

        def wait() -> None:
            self._when_backing_off()
            while (left := until - time.monotonic()) > 0:
                if self._stopping.is_set() and not paid:
                    raise Withdrawn
                time.sleep(min(left, _LOOK_SECONDS))
                if self._slots.limit == 0:  # most likely the run was stopped
                    self._look(also_paused=not paid)
            self._look(also_paused=not paid)

        if not self._in_slot:  # nothing was called: what failed needs no slot
            wait()
            return
        self._in_slot = False
        self._slots.leave_for(wait, lambda: self._is_lost(paid=paid))
        self._in_slot = True

    def _is_lost(self, *, paid: bool) -> bool:
        """Never true of itself; raises where the chat is not to be gone on with, see :meth:`_look`."""
        if self._slots.limit == 0:
            self._look(also_paused=not paid)
        return False

    def wait_a_moment(self) -> None:
        """Wait a second, or until the process ends: for a database that is away."""
        self._stopping.wait(_AWAY_SECONDS)

    def _look(self, *, also_paused: bool = True, key: str = "") -> bool:
        """Raise where the chat is not to be asked; whether there is an answer to a request."""
        status = patiently(lambda: self.lookups.status_of(self._chat, key))
        if not status.held or (also_paused and status.run != RunStatus.RUNNING):
            raise Withdrawn
        self._seen_at = time.time()
        return status.answered
