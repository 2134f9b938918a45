"""The engine that leases chats from the store and executes each in its own thread."""

import logging
import threading
import time
from collections import defaultdict
from collections.abc import Mapping

from core.adapters.store import Store
from core.errors import StoreUnavailableError
from core.services.extraction.runs import leases, workers
from core.services.extraction.runs.call_limiter import CallLimiter, ConcurrencySlots, prefetch_count
from core.services.extraction.runs.demand import RunDemands
from core.services.extraction.runs.executor import execute_chat, freeze_loaded_objects
from core.services.extraction.runs.leases import Backlog, LeasedChat

_log = logging.getLogger("shiyao.runs")


class LeaseEngine:
    """Executes chats as one worker of the store, from its first lease until :meth:`stop`.

    Keeps the protocol of :class:`core.services.extraction.runs.engine.Engine`. Its threads are daemons, so that a call
    that hangs never keeps the process.
    """

    def __init__(
        self,
        store: Store,
        demands: RunDemands,
        *,
        lost_seconds: float,
        exclusive: bool,
        chat_ended: threading.Event,
    ) -> None:
        """Prepare; nothing is written yet.

        Args:
            store: open store.
            demands: which runs have unleased chats; told of results that could not be stored.
            lost_seconds: seconds without a heartbeat before another worker counts as lost.
            exclusive: whether no other worker can exist: all that are listed are lost, and limits hold in this process.
            chat_ended: set after each chat, from its thread.
        """
        self._store, self._demands, self._exclusive = store, demands, exclusive
        self._lost_seconds, self._chat_ended = lost_seconds, chat_ended
        self._worker_id = workers.new_id()
        self._slots: dict[str, ConcurrencySlots] = defaultdict(ConcurrencySlots)
        self._backlogs: dict[int, Backlog] = {}
        self._models: tuple[str, ...] | None = None
        self._next_heartbeat = 0.0
        self._threads: dict[LeasedChat, threading.Thread] = {}
        self._mutex = threading.Lock()
        self._stopping = threading.Event()

    @property
    def active(self) -> frozenset[LeasedChat]:
        """Chats being executed in this process."""
        with self._mutex:
            return frozenset(self._threads)

    def ensure(self, chat_limits: Mapping[str, int]) -> None:
        """Lease and start as many chats of each model as its limit allows.

        Args:
            chat_limits: ``{model: chats at a time over all workers}``.
        """
        self._heartbeat(tuple(sorted(chat_limits)))
        for model, limit in chat_limits.items():
            self._slots[model].limit = limit
            if self._exclusive and self._slots[model].full:
                # Nobody else asks this model. Where others do, leases alone can hold the limit over all of them.
                limit += prefetch_count(limit)
            self._lease(model, limit)

    def stop(self, patience: float) -> None:
        """Withdraw waiting chats, wait for running calls, and unregister the worker.

        Args:
            patience: seconds to wait at most.
        """
        self._stopping.set()
        until = time.monotonic() + patience
        while self.active and time.monotonic() < until:
            try:
                self._heartbeat(self._models or ())
            except StoreUnavailableError:
                # What the calls bring waits for the database as well; without this engine it would be asked for again.
                self._next_heartbeat = time.monotonic() + 1.0
            time.sleep(0.05)
        with self._store.write() as session:
            workers.unregister(session, self._worker_id)

    def _heartbeat(self, models: tuple[str, ...]) -> None:
        """Register the worker and prune lost ones; every few seconds, or when its models change."""
        if models == self._models and time.monotonic() < self._next_heartbeat:
            return
        first = self._models is None
        with self._store.write() as session:
            known = workers.update_heartbeat(session, self._worker_id, models)
            others_are_lost = first and self._exclusive
            lost = workers.prune_stalled_workers(
                session, self._worker_id, None if others_are_lost else self._lost_seconds
            )
            executed = leases.of_existing_runs(session, self.active)
            active = {(chat.run_id, chat.chat_id): chat.model for chat in executed}
            workers.reconcile_leases(session, self._worker_id, active)
        if not known and not first:
            _log.warning("worker %s counted as lost and is back", self._worker_id)
        for worker_id in lost:
            _log.warning("worker %s is lost; its chats are free", worker_id)
        self._models, self._next_heartbeat = models, time.monotonic() + workers.HEARTBEAT_SECONDS

    def _lease(self, model: str, limit: int) -> None:
        demands = self._demands.unleased_runs(model)
        active = self.active
        if not demands or sum(chat.model == model for chat in active) >= limit:
            return
        backlogs = []
        for demand in demands:
            own = {chat.chat_id for chat in active if chat.run_id == demand.run_id}
            backlog = self._backlogs.setdefault(demand.run_id, Backlog(demand.run_id))
            backlogs.append((demand.run_id, backlog, own | self._demands.set_aside_chats(demand.run_id)))
        for chat in leases.lease_chats(self._store, self._worker_id, model, limit, backlogs):
            self._begin(chat)

    def _begin(self, chat: LeasedChat) -> None:
        limiter = CallLimiter(self._store, chat, self._slots[chat.model], self._stopping)
        thread = threading.Thread(target=self._execute, args=(chat, limiter), name="shiyao-executor", daemon=True)
        with self._mutex:
            if chat in self._threads:
                return
            self._threads[chat] = thread
        thread.start()

    def _execute(self, chat: LeasedChat, limiter: CallLimiter) -> None:
        try:
            execute_chat(self._store, chat, limiter)
            freeze_loaded_objects()
        except Exception as error:
            _log.exception("result could not be stored: run %s, chat %s", chat.run_id, chat.chat_id)
            self._demands.set_aside(chat, error)
        finally:
            with self._mutex:
                del self._threads[chat]
            self._chat_ended.set()
