"""The executor's thread: sees that runs want something done, takes the lock, carries them out, lets go when idle."""

import logging
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlmodel import col

from core.jobs.lock import executor_lock, jobs_url
from core.jobs.models import spec_of
from core.jobs.runs import finish_if_complete
from core.jobs.scope import missing, parameters_of, pending
from core.jobs.slots import Limits
from core.jobs.work import perform
from core.llm import connect
from core.settings import settings
from core.store import Store
from core.store.models import Run, RunKind, RunStatus

if TYPE_CHECKING:
    from core.jobs.engine import Engine

LOOK_SECONDS = 1.0
"""How often a process without the lock looks whether there is work and the lock is free."""
TICK_SECONDS = 0.25
IDLE_SECONDS = 2.0
"""Without work for so long, the lock goes back and DBOS stops: an idle app polls nothing."""
DRAIN_SECONDS = 150.0
"""Longer than a call may take by default, so that what was paid for is stored."""
_BATCH = 500

_log = logging.getLogger("shiyao.jobs")
# One engine per process: DBOS is a singleton.
_process = threading.Lock()


@dataclass(frozen=True, slots=True)
class _Want:
    """A run that goes on, as the executor needs it."""

    run_id: int
    queue: str
    limits: Limits
    pending: int


class JobRunner:
    """Carries out what runs of one store want, whenever no other process does.

    Cheap until there is work: one query a second. ``stop`` gives calls under way time to be stored; after it, make a
    new one.

    Attributes:
        problem: why the last attempt to do something failed for a reason of ours (not the model's); else ``None``.
    """

    def __init__(self, store: Store, *, idle_seconds: float = IDLE_SECONDS) -> None:
        self._store = store
        self._idle = idle_seconds
        self._lock = executor_lock(store)
        self._held = False
        self._stopping = threading.Event()
        self._wake = threading.Event()
        self._patience = DRAIN_SECONDS
        self._thread: threading.Thread | None = None
        self._broken: dict[int, set[int]] = {}
        self.problem: Exception | None = None

    @property
    def executing(self) -> bool:
        """Whether this process is the one that carries runs out."""
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
            self._held = self._take()
        self._thread = threading.Thread(target=self._look, name="shiyao-jobs", daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """Look now: somebody started or stopped something. Jobs that could not be stored get another chance."""
        self._broken.clear()
        self.problem = None
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
                if self._held or (self._wants() and self._take()):
                    self._held = True
                    self._execute()
            except Exception as error:
                # The thread lives as long as the process: a database that is away comes back.
                _log.exception("executor failed")
                self.problem = error
            finally:
                self._let_go()
            if not self._stopping.is_set():
                self._wake.wait(LOOK_SECONDS)
                self._wake.clear()
        self._let_go()

    def _take(self) -> bool:
        if not _process.acquire(blocking=False):
            return False
        taken = False
        try:
            taken = self._lock.acquire()
        finally:
            if not taken:
                _process.release()
        return taken

    def _let_go(self) -> None:
        if self._held:
            self._held = False
            self._lock.release()
            _process.release()

    def _execute(self) -> None:
        # Here and not above: it takes seconds, and most processes never need it.
        from core.jobs.engine import Engine

        engine = Engine(
            jobs_url(self._store, settings().jobs_database_url),
            lambda run_id, chat_id: perform(self._store, run_id, chat_id),
            self._note_broken,
        )
        queues = {want.queue: want.limits for want in self._wants()}
        try:
            engine.launch(queues)
            self._serve(engine, queues)
        finally:
            engine.stop(self._patience if self._stopping.is_set() else DRAIN_SECONDS)

    def _serve(self, engine: "Engine", queues: dict[str, Limits]) -> None:
        served: set[int] = set()
        idle = 0.0
        while not self._stopping.is_set() and idle < self._idle:
            wants = self._wants()
            for run_id in served - {want.run_id for want in wants}:
                engine.withdraw(run_id)
                served.discard(run_id)
            for want in wants:
                if queues.get(want.queue) != want.limits:
                    engine.set_queue(want.queue, want.limits)
                    queues[want.queue] = want.limits
                served.add(want.run_id)
                if want.pending > engine.outstanding(want.run_id):
                    engine.enqueue(want.queue, want.run_id, self._missing(want.run_id, engine))
            idle = 0.0 if wants else idle + TICK_SECONDS
            self._wake.wait(TICK_SECONDS)
            self._wake.clear()

    def _missing(self, run_id: int, engine: "Engine") -> list[int]:
        with self._store.read() as session:
            chats = missing(session, session.get_one(Run, run_id))
        known = engine.outstanding_chats(run_id) | self._broken.get(run_id, set())
        return [chat_id for chat_id in chats if chat_id not in known][:_BATCH]

    def _note_broken(self, run_id: int, chat_id: int, error: Exception) -> None:
        # Not again by itself: a disk that is full would be found out at the price of a call each time.
        self._broken.setdefault(run_id, set()).add(chat_id)
        self.problem = error

    def _wants(self) -> list[_Want]:
        """Runs that go on and that this process has the keys for."""
        found: list[_Want] = []
        complete: list[int] = []
        with self._store.read() as session:
            running = select(Run).where(col(Run.status) == RunStatus.RUNNING, col(Run.kind) == RunKind.MODEL)
            for row in session.execute(running.order_by(col(Run.id))).scalars():
                left = pending(session, row)
                if left and left <= len(self._broken.get(row.id or 0, ())):
                    continue
                if not left:
                    complete.append(row.id or 0)
                elif not connect(spec_of(row)).ready():
                    parameters = parameters_of(row)
                    limits = Limits(parameters.concurrency, parameters.per_minute)
                    found.append(_Want(row.id or 0, f"{row.provider}:{row.model}", limits, left))
        for run_id in complete:
            # Two processes may each have stored the last but one.
            with self._store.write() as session:
                finish_if_complete(session, run_id)
        return found


_runners: dict[str, JobRunner] = {}
_runners_lock = threading.Lock()


def ensure_running(store: Store) -> JobRunner:
    """This process's runner for a store, started if it is not; cheap enough for every page."""
    with _runners_lock:
        runner = _runners.get(store.url)
        if runner is None:
            runner = _runners[store.url] = JobRunner(store)
            runner.start()
        return runner


def stop_running(*, patience: float = DRAIN_SECONDS) -> None:
    """Stop all runners that :func:`ensure_running` started in this process; for the end of a server."""
    with _runners_lock:
        stopping = list(_runners.values())
        _runners.clear()
    for runner in stopping:
        runner.stop(patience=patience)
