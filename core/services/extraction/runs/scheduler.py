"""Scheduler thread: has what running runs need executed, stops when idle.

It reads what runs need (``demand``) and has an ``engine`` execute their chats. At present there is one engine,
``lane_engine``, with lanes of its own on SQLite (``lanes``) and shared ones on PostgreSQL (``shared_lanes``).
"""

import logging
import threading
import time

from sqlalchemy.exc import SQLAlchemyError

from core.adapters.store import Store
from core.adapters.store.job_queue import JOB_INSERTED
from core.adapters.store.notifications import Listener
from core.errors import StoreError
from core.services.extraction.runs.batch_driver import BatchPace
from core.services.extraction.runs.batch_thread import BatchThread
from core.services.extraction.runs.demand import RunDemands
from core.services.extraction.runs.engine import Engine
from core.services.extraction.runs.executor_lock import executor_lock
from core.services.extraction.runs.lane_engine import LaneEngine
from core.services.extraction.runs.lanes import OwnLanes
from core.services.extraction.runs.shared_lanes import LOST_SECONDS, SharedLanes

LOOK_SECONDS = 1.0
"""Interval at which an idle process checks for work (and, on SQLite, for the lock)."""
LISTENING_LOOK_SECONDS = 2.0
"""The same where the database tells of work: looking is for what one was not told of."""
TICK_SECONDS = 0.25
IDLE_SECONDS = 2.0
"""Seconds without work after which the process unregisters as a worker: an idle app writes nothing."""
DRAIN_SECONDS = 150.0
"""Longer than a call may take by default, so that what was paid for is stored."""

_log = logging.getLogger("shiyao.runs")


class RunScheduler:
    """Executes the runs of one store: on SQLite if no other process does, on PostgreSQL beside others.

    Cheap until there is work: one query a second. ``stop`` gives calls under way time to be stored; after it, make a
    new one.
    """

    def __init__(
        self,
        store: Store,
        *,
        idle_seconds: float = IDLE_SECONDS,
        lost_seconds: float = LOST_SECONDS,
        batch_pace: BatchPace | None = None,
    ) -> None:
        """Prepare.

        Args:
            store: open store.
            idle_seconds: how long to stay ready without work.
            lost_seconds: seconds without a heartbeat before another worker counts as lost.
            batch_pace: how long to wait between looks at batches.
        """
        self._store = store
        self._idle_seconds, self._lost_seconds = idle_seconds, lost_seconds
        self._lock = executor_lock(store)
        self._locked = False
        self._demands = RunDemands(store)
        self._stopping = threading.Event()
        self._wake = threading.Event()
        self._read_anew = threading.Event()
        self._notified = threading.Event()
        self._batches = BatchThread(store, batch_pace)
        self._listener: Listener | None = None
        self._patience = DRAIN_SECONDS
        self._thread: threading.Thread | None = None
        self._error: Exception | None = None
        self._read_again_at = 0.0

    @property
    def executing(self) -> bool:
        """Whether this process is executing runs."""
        return self._locked

    @property
    def problem(self) -> Exception | None:
        """Why the last attempt failed for an internal reason (not the model's); else ``None``."""
        return self._error or self._demands.storing_error or self._batches.problem

    def start(self, *, take_lock: bool = False) -> None:
        """Start looking for work; idempotent.

        Args:
            take_lock: take the lock at once if it is free, before there is work. A command that is about to start a run
                does so: it has the keys that it was called with, another process may have none.
        """
        if self._thread is not None:
            return
        if take_lock:
            self._locked = self._lock.acquire()
        if not self._lock.exclusive:
            self._listener = Listener(self._store, JOB_INSERTED, self._note_jobs)
        self._thread = threading.Thread(target=self._run, name="shiyao-scheduler", daemon=True)
        self._thread.start()
        self._batches.start()

    def wake(self) -> None:
        """Look for work now, after a run was started or stopped; retries results that could not be stored."""
        self._demands.take_back()
        self._error = None
        self._read_anew.set()
        self._wake.set()
        self._batches.wake()

    def stop(self, *, patience: float = DRAIN_SECONDS) -> None:
        """Stop after running calls are stored, or after ``patience`` seconds."""
        self._patience = patience
        self._stopping.set()
        self._wake.set()
        self._batches.stop(patience)
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        if self._listener is not None:
            self._listener.stop()
            self._listener = None

    def _note_jobs(self) -> None:
        """Jobs were put in: there may be work, or a lane to take over."""
        self._notified.set()
        self._read_anew.set()
        self._wake.set()

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                if self._locked or (self._has_demand() and self._lock.acquire()):
                    self._locked = True
                    self._work()
            except Exception as error:
                # The thread lives as long as the process: a database that is away comes back.
                _log.exception("worker failed")
                self._error = error
            finally:
                self._release_lock()
            if not self._stopping.is_set():
                self._wait(LOOK_SECONDS if self._listener is None else LISTENING_LOOK_SECONDS)
        self._release_lock()

    def _has_demand(self) -> bool:
        self._read_demands()
        return bool(self._demands.runs)

    def _read_demands(self) -> None:
        """Read what runs need, and decide when to do so again."""
        self._read_anew.clear()
        began = time.monotonic()
        self._demands.refresh()
        ended = time.monotonic()
        # Of a run with very many chats not as often: counting them takes its time.
        self._read_again_at = ended + max(TICK_SECONDS, min(10 * (ended - began), LOOK_SECONDS))

    def _release_lock(self) -> None:
        if self._locked:
            self._locked = False
            self._lock.release()

    def _wait(self, seconds: float) -> None:
        self._wake.wait(seconds)
        self._wake.clear()

    def _work(self) -> None:
        """Keep the engine supplied until there is nothing to do for a while, or the process ends."""
        engine = self._engine()
        idle_since = time.monotonic()
        try:
            while not self._stopping.is_set() and time.monotonic() - idle_since < self._idle_seconds:
                try:
                    # A slot that became free is filled at once; what runs need is read a few times a second.
                    if self._read_anew.is_set() or time.monotonic() >= self._read_again_at:
                        self._read_demands()
                    engine.ensure(self._demands.chat_limits())
                except (SQLAlchemyError, StoreError) as error:
                    # Calls under way go on meanwhile; what they bring is stored when the database is back.
                    _log.exception("the database does not answer")
                    self._error = error
                    if engine.active:  # given up now, the next engine would ask for these chats again
                        idle_since = time.monotonic()
                    self._wait(LOOK_SECONDS)
                    continue
                if self._demands.runs or engine.active:
                    idle_since = time.monotonic()
                self._wait(TICK_SECONDS)
        finally:
            engine.stop(self._patience if self._stopping.is_set() else DRAIN_SECONDS)

    def _engine(self) -> Engine:
        """A new engine for one stretch of work; the one place that knows which."""
        if self._lock.exclusive:
            return LaneEngine(self._store, self._demands, OwnLanes(self._store), self._wake)
        lanes = SharedLanes(self._store, notified=self._notified, lost_seconds=self._lost_seconds)
        return LaneEngine(self._store, self._demands, lanes, self._wake)


_schedulers: dict[str, RunScheduler] = {}
_schedulers_lock = threading.Lock()


def ensure_running(store: Store) -> RunScheduler:
    """This process's scheduler for a store, started if needed; cheap enough for every page."""
    with _schedulers_lock:
        scheduler = _schedulers.get(store.url)
        if scheduler is None:
            scheduler = _schedulers[store.url] = RunScheduler(store)
            scheduler.start()
        return scheduler


def stop_running(*, patience: float = DRAIN_SECONDS) -> None:
    """Stop all schedulers started by :func:`ensure_running`; called when the server ends."""
    with _schedulers_lock:
        stopping = list(_schedulers.values())
        _schedulers.clear()
    for scheduler in stopping:
        scheduler.stop(patience=patience)
