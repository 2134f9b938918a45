"""Limits on calls to a model: concurrent calls in this process, and calls started per minute."""

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import select
from sqlmodel import col

from core.adapters.store import Store
from core.adapters.store.models import Run, RunStatus
from core.services.extraction.runs import leases
from core.services.extraction.runs.leases import LeasedChat
from core.services.extraction.runs.store_patience import patiently

_LOOK_SECONDS = 0.25
_AWAY_SECONDS = 1.0
_STATUS = select(col(Run.status)).where(*leases.THE_RUN)


class Withdrawn(Exception):
    """Raised when the run is stopped or the process ends while a call waits; the model was not called."""


def prefetch_count(limit: int) -> int:
    """Number of chats that are leased, read and parsed in advance for ``limit`` concurrent calls.

    A slot that becomes free is taken at once; storing an answer and fetching the next chat go on beside the calls.
    Half of them: where all answers come together, the other half is fetched while the first is being asked. None behind
    a single one: who asks for one chat after the other gets them in order.
    """
    return limit // 2


class ConcurrencySlots:
    """The call slots of one model in this process, in order of arrival.

    Attributes:
        limit: number of slots; may be changed while some are taken.
    """

    def __init__(self, limit: int = 0) -> None:
        """Prepare.

        Args:
            limit: number of slots to begin with.
        """
        self._mutex = threading.Lock()
        self._waiting: deque[threading.Event] = deque()
        self._taken = 0
        self._limit = limit

    @property
    def limit(self) -> int:
        """Number of slots."""
        return self._limit

    @limit.setter
    def limit(self, limit: int) -> None:
        with self._mutex:
            self._limit = limit
            self._fill_free_slots()

    @property
    def full(self) -> bool:
        """Whether every slot is taken."""
        with self._mutex:
            return self._taken >= self._limit

    @property
    def waiting(self) -> int:
        """Number of callers waiting for a slot."""
        with self._mutex:
            return len(self._waiting)

    @contextmanager
    def slot(self, stopping: threading.Event) -> Iterator[bool]:
        """Acquire a slot; yields True if the caller had to wait.

        Args:
            stopping: set when the process ends: nobody is let in any more.

        Raises:
            Withdrawn: ``stopping`` was set before a slot was free.
        """
        admitted = threading.Event()
        with self._mutex:
            self._waiting.append(admitted)
            self._fill_free_slots()
        waited = not admitted.is_set()
        while not admitted.wait(_LOOK_SECONDS) and not stopping.is_set():
            pass
        try:
            if waited and stopping.is_set():
                raise Withdrawn
            yield waited
        finally:
            with self._mutex:
                if admitted.is_set():
                    self._taken -= 1
                else:
                    self._waiting.remove(admitted)
                self._fill_free_slots()

    def _fill_free_slots(self) -> None:
        while self._waiting and self._taken < self._limit:
            self._taken += 1
            self._waiting.popleft().set()


class CallLimiter:
    """All limits on one chat's calls; created by the engine, used by the executor.

    After each wait the run is looked at again: one that was stopped meanwhile asks nothing more.
    """

    def __init__(self, store: Store, chat: LeasedChat, slots: ConcurrencySlots, stopping: threading.Event) -> None:
        """Prepare.

        Args:
            store: holds the run's status and the rate that all workers share.
            chat: whose calls are limited.
            slots: of the chat's model, shared by all its chats in this process.
            stopping: set when the process ends.
        """
        self._store, self._chat, self._slots, self._stopping = store, chat, slots, stopping

    @contextmanager
    def slot(self) -> Iterator[bool]:
        """Acquire a slot; yields True if the caller had to wait.

        Raises:
            Withdrawn: the run was stopped, or the process ends, before a slot was free.
        """
        with self._slots.slot(self._stopping) as waited:
            if waited:
                self._refuse_if_stopped()
            yield waited

    def wait_for_rate(self, per_minute: int | None) -> None:
        """Wait until the next call may start.

        Args:
            per_minute: calls started per minute at most, over all workers together; ``None`` for no limit.

        Raises:
            Withdrawn: the run was stopped, or the process ends, meanwhile.
        """
        if per_minute is None:
            return
        seconds = patiently(lambda: leases.reserve_call_slot(self._store, self._chat.model, per_minute))
        if self._stopping.wait(seconds):
            raise Withdrawn
        self._refuse_if_stopped()

    def wait_a_moment(self) -> None:
        """Wait a second, or until the process ends: for a database that is away."""
        self._stopping.wait(_AWAY_SECONDS)

    def _refuse_if_stopped(self) -> None:
        if not patiently(self._is_running):
            raise Withdrawn

    def _is_running(self) -> bool:
        with self._store.read() as session:
            status = session.execute(_STATUS, self._chat.parameters()).scalar_one_or_none()
        return bool(status == RunStatus.RUNNING)
