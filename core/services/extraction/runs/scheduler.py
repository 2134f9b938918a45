"""The thread that carries runs out: sees that they want something, leases chats, has them done, rests when idle."""

import gc
import logging
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session, col

from core.adapters.llm import connect
from core.adapters.store import Store
from core.adapters.store.models import Run, RunKind, RunStatus
from core.services.extraction.runs import leases, workers
from core.services.extraction.runs.cached_provider import Withdrawn
from core.services.extraction.runs.chat_job import execute
from core.services.extraction.runs.concurrency_slots import ConcurrencySlots, prefetch_count
from core.services.extraction.runs.executor_lock import executor_lock
from core.services.extraction.runs.leases import Backlog, Job
from core.services.extraction.runs.lifecycle import finish_if_complete
from core.services.extraction.runs.run_model import spec_of
from core.services.extraction.runs.scope import parameters_of, pending
from core.services.extraction.runs.thread_pool import ThreadPool

LOOK_SECONDS = 1.0
"""How often an idle process looks whether there is work (and, on SQLite, whether nobody else does it)."""
TICK_SECONDS = 0.25
IDLE_SECONDS = 2.0
"""Without work for so long, the process is no worker any more: an idle app writes nothing."""
DRAIN_SECONDS = 150.0
"""Longer than a call may take by default, so that what was paid for is stored."""

_log = logging.getLogger("shiyao.jobs")
_loaded = threading.Lock()


@dataclass(frozen=True, slots=True)
class _RunDemand:
    """A run that goes on, and how many of its chats nobody is at."""

    run_id: int
    model: str
    limit: int
    open: int


@dataclass(slots=True)
class _WorkSession:
    """One stretch of work: from the first chat to the last, or to the end of the process."""

    crew: ThreadPool
    worker_id: str
    places: dict[str, ConcurrencySlots]
    backlogs: dict[int, Backlog] = field(default_factory=dict)
    models: tuple[str, ...] | None = None
    beat_at: float = 0.0
    wants: list[_RunDemand] = field(default_factory=list)
    look_at: float = 0.0


class RunScheduler:
    """Carries out what runs of one store want: on SQLite whenever no other process does, on PostgreSQL beside others.

    Cheap until there is work: one query a second. ``stop`` gives calls under way time to be stored; after it, make a
    new one.

    Attributes:
        problem: why the last attempt to do something failed for a reason of ours (not the model's); else ``None``.
    """

    def __init__(
        self,
        store: Store,
        *,
        idle_seconds: float = IDLE_SECONDS,
        lost_seconds: float = workers.LOST_SECONDS,
    ) -> None:
        """Prepare.

        Args:
            store: open store.
            idle_seconds: how long to stay ready without work.
            lost_seconds: after how long without a sign of life another worker is taken for dead.
        """
        self._store = store
        self._idle, self._lost = idle_seconds, lost_seconds
        self._lock = executor_lock(store)
        self._held = False
        self._stopping = threading.Event()
        self._wake = threading.Event()
        self._look_anew = threading.Event()
        self._patience = DRAIN_SECONDS
        self._thread: threading.Thread | None = None
        self._broken: dict[int, set[int]] = defaultdict(set)
        self.problem: Exception | None = None

    @property
    def executing(self) -> bool:
        """Whether this process carries runs out at the moment."""
        return self._held

    def start(self, *, claim: bool = False) -> None:
        """Begin to look for work; idempotent.

        Args:
            claim: take the lock at once if it is free, before there is work. A command that is about to start a run
                does so: it has the keys that it was called with, another process may have none.
        """
        if self._thread is not None:
            return
        if claim:
            self._held = self._lock.acquire()
        self._thread = threading.Thread(target=self._look, name="shiyao-jobs", daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """Look now: somebody started or stopped something. Jobs that could not be stored get another chance."""
        self._broken.clear()
        self.problem = None
        self._look_anew.set()
        self._wake.set()

    def stop(self, *, patience: float = DRAIN_SECONDS) -> None:
        """End, after calls under way were stored or ``patience`` seconds have passed."""
        self._patience = patience
        self._stopping.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def _look(self) -> None:
        while not self._stopping.is_set():
            try:
                if self._held or (self._wants() and self._lock.acquire()):
                    self._held = True
                    self._work()
            except Exception as error:
                # The thread lives as long as the process: a database that is away comes back.
                _log.exception("worker failed")
                self.problem = error
            finally:
                self._let_go()
            if not self._stopping.is_set():
                self._rest(LOOK_SECONDS)
        self._let_go()

    def _let_go(self) -> None:
        if self._held:
            self._held = False
            self._lock.release()

    def _rest(self, seconds: float) -> None:
        self._wake.wait(seconds)
        self._wake.clear()

    def _work(self) -> None:
        """Give out jobs until there is nothing to do for a while, or the process ends."""
        worker_id = workers.new_id()

        places: dict[str, ConcurrencySlots] = defaultdict(ConcurrencySlots)

        def carry_out(job: Job, home: threading.Event) -> None:
            self._perform(job, worker_id, places[job.model], home)

        shift = _WorkSession(ThreadPool(carry_out, self._note_broken, self._wake.set), worker_id, places)
        idle_since = time.monotonic()
        try:
            while not self._stopping.is_set() and time.monotonic() - idle_since < self._idle:
                try:
                    # A place that became free is filled at once; what runs want is asked a few times a second.
                    if self._look_anew.is_set() or time.monotonic() >= shift.look_at:
                        self._look_anew.clear()
                        shift.wants = self._wants()
                        shift.look_at = time.monotonic() + TICK_SECONDS
                        self._beat(shift, tuple(sorted({want.model for want in shift.wants})))
                    self._give_out(shift, shift.wants)
                except SQLAlchemyError as error:
                    # Calls under way go on meanwhile; what they bring is stored when the database is back.
                    _log.exception("the database does not answer")
                    self.problem = error
                    self._rest(LOOK_SECONDS)
                    continue
                if shift.wants or shift.crew.active:
                    idle_since = time.monotonic()
                self._rest(TICK_SECONDS)
        finally:
            patience = self._patience if self._stopping.is_set() else DRAIN_SECONDS
            shift.crew.shutdown(patience, lambda: self._beat(shift, shift.models or ()))
            with self._store.write() as session:
                workers.unregister(session, shift.worker_id)

    def _beat(self, shift: _WorkSession, models: tuple[str, ...]) -> None:
        """Say that this worker is there; see whether others are gone; every few seconds, or when its models change."""
        if models == shift.models and time.monotonic() < shift.beat_at:
            return
        first = shift.models is None
        with self._store.write() as session:
            known = workers.update_heartbeat(session, shift.worker_id, models)
            everybody = first and self._lock.exclusive
            dead = workers.prune_stalled_workers(session, shift.worker_id, None if everybody else self._lost)
            workers.reconcile_leases(
                session, shift.worker_id, {(j.run_id, j.chat_id): j.model for j in shift.crew.active}
            )
        if not known and not first:
            _log.warning("worker %s was taken for dead and is back", shift.worker_id)
        for worker_id in dead:
            _log.warning("worker %s is gone; its chats are free", worker_id)
        shift.models, shift.beat_at = models, time.monotonic() + workers.HEARTBEAT_SECONDS

    def _give_out(self, shift: _WorkSession, wants: list[_RunDemand]) -> None:
        by_model: dict[str, list[_RunDemand]] = defaultdict(list)
        for want in wants:
            by_model[want.model].append(want)
        for model, group in by_model.items():
            limit = min(want.limit for want in group)
            shift.places[model].limit = limit
            if self._lock.exclusive and shift.places[model].full:
                # Nobody else asks this model. Where others do, leases alone can hold the limit over all of them.
                limit += prefetch_count(limit)
            if not any(want.open for want in group) or sum(job.model == model for job in shift.crew.active) >= limit:
                continue
            at = {(job.run_id, job.chat_id) for job in shift.crew.active}
            offered = [
                (
                    want.run_id,
                    shift.backlogs.setdefault(want.run_id, Backlog(want.run_id)),
                    self._broken[want.run_id] | {chat for run, chat in at if run == want.run_id},
                )
                for want in group
                if want.open
            ]
            for job in leases.claim(self._store, shift.worker_id, model, limit, offered):
                shift.crew.submit(job)

    def _perform(self, job: Job, worker_id: str, places: ConcurrencySlots, home: threading.Event) -> None:
        done = False

        def settle(session: Session) -> None:
            leases.release(session, worker_id, job)

        try:
            done = execute(
                self._store,
                job.run_id,
                job.chat_id,
                place=lambda: self._place(job, places, home),
                turn=lambda rate: self._turn(job, rate, home),
                settle=settle,
            )
        finally:
            if not done:
                with self._store.write() as session:
                    settle(session)
        _keep_what_is_loaded()

    @contextmanager
    def _place(self, job: Job, places: ConcurrencySlots, home: threading.Event) -> Iterator[None]:
        """Be one of those that are asked at a time."""
        with places.slot(home) as waited:
            if waited:
                self._still_wanted(job)
            yield

    def _turn(self, job: Job, per_minute: int, home: threading.Event) -> None:
        """Wait until a call of this job may start by the run's rate."""
        if home.wait(leases.reserve_call_slot(self._store, job.model, per_minute)):
            raise Withdrawn
        self._still_wanted(job)

    def _still_wanted(self, job: Job) -> None:
        """Raise :class:`Withdrawn` where the run was stopped meanwhile."""
        with self._store.read() as session:
            row = session.get(Run, job.run_id)
            if row is None or row.status != RunStatus.RUNNING:
                raise Withdrawn

    def _note_broken(self, job: Job, error: Exception) -> None:
        # Not again by itself: a disk that is full would be found out at the price of a call each time.
        self._broken[job.run_id].add(job.chat_id)
        self.problem = error

    def _wants(self) -> list[_RunDemand]:
        """Runs that go on and that this process has the keys for."""
        found: list[_RunDemand] = []
        complete: list[int] = []
        with self._store.read() as session:
            running = select(Run).where(col(Run.status) == RunStatus.RUNNING, col(Run.kind) == RunKind.MODEL)
            rows = list(session.execute(running.order_by(col(Run.id))).scalars())
            leased = leases.under_way(session) if rows else {}
            for row in rows:
                run_id = row.id or 0
                left = pending(session, row)
                if not left:
                    complete.append(run_id)
                    continue
                broken = len(self._broken[run_id])
                if left > broken and not connect(spec_of(row)).ready():
                    free = max(0, left - leased.get(run_id, 0) - broken)
                    limit = parameters_of(row).concurrency
                    found.append(_RunDemand(run_id, f"{row.provider}:{row.model}", limit, free))
        for run_id in complete:
            # Two workers may each have stored the last but one.
            with self._store.write() as session:
                finish_if_complete(session, run_id)
        return found


def _keep_what_is_loaded() -> None:
    """Once, after this process's first call: packages, tables and prompts that are loaded by now stay.

    Each full round of the garbage collector would look through them all, and stop every thread for 0.15 s meanwhile.
    """
    if _loaded.acquire(blocking=False):
        gc.collect()
        gc.freeze()


_runners: dict[str, RunScheduler] = {}
_runners_lock = threading.Lock()


def ensure_running(store: Store) -> RunScheduler:
    """This process's runner for a store, started if it is not; cheap enough for every page."""
    with _runners_lock:
        runner = _runners.get(store.url)
        if runner is None:
            runner = _runners[store.url] = RunScheduler(store)
            runner.start()
        return runner


def stop_running(*, patience: float = DRAIN_SECONDS) -> None:
    """Stop all runners that :func:`ensure_running` started in this process; for the end of a server."""
    with _runners_lock:
        stopping = list(_runners.values())
        _runners.clear()
    for runner in stopping:
        runner.stop(patience=patience)
