"""The engine that asks chat after chat in as many threads as the lanes of a model need."""

import logging
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col

from core.adapters.store import Store
from core.adapters.store.job_queue import end_if_suspended
from core.adapters.store.models import Run
from core.errors import StoreUnavailableError
from core.services.extraction.runs.call_limiter import CallLimiter, ConcurrencySlots, prefetch_count
from core.services.extraction.runs.call_lookups import CallLookups
from core.services.extraction.runs.chat_task import Task, tasks_ahead
from core.services.extraction.runs.combining import MOST
from core.services.extraction.runs.demand import RunDemands
from core.services.extraction.runs.executor import execute_chat, freeze_loaded_objects
from core.services.extraction.runs.lanes import Lanes
from core.services.extraction.runs.places import Backlog, PlacedChat, held_chats, release_others, take_places
from core.services.extraction.runs.result_store import ResultStore

_LOOK_SECONDS = 5.0
_GATHER_SECONDS, _GATHER_STEPS = 0.03, 6
"""For so long a result waits for others, where many calls are under way: a transaction for each takes more than it."""
_MANY_CALLS = 16
"""Under way at once in this process; of fewer, none waits: what is lost with the process are calls under way."""
_log = logging.getLogger("shiyao.runs")


class LaneEngine:
    """Executes chats in the lanes that this process holds, until :meth:`stop`.

    Keeps the protocol of :class:`core.services.extraction.runs.engine.Engine`. A thread has one chat after another: the
    transaction that stores a result takes the next. There are more threads than lanes, so that no lane waits for that,
    or for a chat that waits before it tries again. The threads are daemons: a call that hangs never keeps the process.
    """

    def __init__(self, store: Store, demands: RunDemands, lanes: Lanes, wake: threading.Event) -> None:
        """Prepare; nothing is written yet.

        Args:
            store: open store.
            demands: which runs have chats that nobody is at; told of results that could not be stored.
            lanes: limit the calls under way.
            wake: set when :meth:`ensure` should be called soon.
        """
        self._store, self._demands, self._lanes, self._wake = store, demands, lanes, wake
        self._results = ResultStore(store, self._take_next, gather=self._gather)
        self._lookups = CallLookups(store, gather=lambda: self._gather(1))
        self._slots: dict[str, ConcurrencySlots] = defaultdict(ConcurrencySlots)
        self._backlogs: dict[int, Backlog] = {}
        self._active: dict[PlacedChat, CallLimiter] = {}
        self._threads: Counter[str] = Counter()
        self._mutex = threading.Lock()
        self._stopping = threading.Event()
        self._stray: set[tuple[int, int]] = set()
        self._next_look = time.monotonic() + _LOOK_SECONDS
        self._reads = 0

    @property
    def active(self) -> frozenset[PlacedChat]:
        """Chats being executed in this process."""
        with self._mutex:
            return frozenset(self._active)

    def ensure(self, chat_limits: Mapping[str, int]) -> None:
        """Hold lanes, and have as many threads at chats as they need.

        Args:
            chat_limits: ``{model: chats at a time over all workers}``.
        """
        if self._demands.reads != self._reads:
            self._reads = self._demands.reads
            for demand in self._demands.runs:
                if demand.unplaced:
                    self._backlog(demand.run_id).allow_refill()
        lacking = {demand.model for demand in self._demands.runs if demand.unplaced}
        if self._lanes.update(chat_limits, lacking, self._bound):
            self._wake.set()
        for model in lacking:
            if (count := self._threads_wanted(model) - self._threads[model]) > 0:
                self._begin(model, count)
        if time.monotonic() >= self._next_look:
            self._give_back_strays()
            self._next_look = time.monotonic() + _LOOK_SECONDS

    def stop(self, patience: float) -> None:
        """Withdraw waiting chats, wait for running calls, and give back the lanes.

        Args:
            patience: seconds to wait at most.
        """
        self._stopping.set()
        until = time.monotonic() + patience
        while self.active and time.monotonic() < until:
            try:
                self._lanes.keep()
            except StoreUnavailableError as error:
                # What the calls bring waits for the database as well; without this engine it would be asked for again.
                _log.warning("no sign of life while stopping: %s", error)
                time.sleep(1.0)
            time.sleep(0.05)
        self._lanes.leave()

    def _backlog(self, run_id: int) -> Backlog:
        with self._mutex:
            return self._backlogs.setdefault(run_id, Backlog(run_id))

    def _bound(self, model: str, limit: int, owned: int) -> int:
        return self._slots[model].bound(limit, owned)

    def _threads_wanted(self, model: str) -> int:
        """One for each lane; some whose chats stand ready, or wait before they try again."""
        slots = self._slots[model]
        limit = slots.limit
        if not limit or self._stopping.is_set():
            return 0
        # Those that stand ready stay so while places change hands: to end threads then, and begin others, costs places.
        ready = slots.full or self._threads[model] > limit
        # Near the end nobody stands ready here while another worker has a free lane and no chat.
        ready &= not self._lanes.others or self._demands.rounds_left(model, limit) > 1
        return limit + (prefetch_count(limit) if ready else 0) + min(slots.backing_off, limit)

    def _begin(self, model: str, count: int) -> None:
        """Take chats and begin a thread for each: some at a time, so that the first call does not wait for the last."""
        while count > 0:
            try:
                with self._store.write() as session:
                    end_if_suspended(session)
                    # Held until the end, so that the session has each when it is asked for it again.
                    runs = self._runs(session, model)
                    chats = self._take(session, model, min(count, MOST)) if runs else []
                    tasks = tasks_ahead(session, chats)
            except IntegrityError:
                return  # taken for lost: the next look at the lanes says so
            for chat in chats:
                limiter = self._enter(chat)
                with self._mutex:
                    self._threads[model] += 1
                arguments = (chat, limiter, tasks.get(chat))
                threading.Thread(target=self._work, args=arguments, name="shiyao-executor", daemon=True).start()
            count -= len(chats)
            if not chats:
                return

    def _runs(self, session: Session, model: str) -> Sequence[Run]:
        """The runs of a model that have chats that nobody is at."""
        ids = [demand.run_id for demand in self._demands.unplaced_runs(model)]
        return session.execute(select(Run).where(col(Run.id).in_(ids))).scalars().all()

    def _take(self, session: Session, model: str, count: int) -> list[PlacedChat]:
        with self._mutex:
            active = frozenset(self._active)
        backlogs = []
        for demand in self._demands.unplaced_runs(model):
            own = {chat.chat_id for chat in active if chat.run_id == demand.run_id}
            backlogs.append((self._backlog(demand.run_id), own | self._demands.set_aside_chats(demand.run_id)))
        taken = take_places(session, self._lanes.holder, model, count, backlogs) if backlogs else []
        self._demands.note_taken(model, len(taken))
        return taken

    def _enter(self, chat: PlacedChat) -> CallLimiter:
        limiter = CallLimiter(
            self._store,
            chat,
            self._slots[chat.model],
            self._stopping,
            backing_off=self._wake.set,
            lookups=self._lookups,
        )
        with self._mutex:
            self._active[chat] = limiter
        return limiter

    def _take_next(self, session: Session, model: str, count: int) -> list[PlacedChat]:
        """Take chats for threads that have just brought a result, but for those that are not needed any more."""
        count -= max(0, self._threads[model] - self._threads_wanted(model))
        return self._take(session, model, count) if count > 0 else []

    def _gather(self, steps: int = _GATHER_STEPS) -> None:
        """Let chats come together before they are stored or looked up, unless a slot would stand empty meanwhile."""
        for _ in range(steps):
            every = list(self._slots.values())
            calls = sum(slots.taken for slots in every)
            if calls < _MANY_CALLS or any(4 * slots.waiting < slots.taken for slots in every):
                return
            if self._stopping.wait(_GATHER_SECONDS / _GATHER_STEPS):
                return

    def _work(self, chat: PlacedChat, limiter: CallLimiter, task: Task | None) -> None:
        """A thread: one chat after another, as long as its lane has any for it."""
        model = chat.model
        following: PlacedChat | None = chat
        try:
            while following is not None:
                chat = following
                following = None
                try:
                    executed = execute_chat(self._store, chat, limiter, self._results, task)
                    following, task = executed.following, executed.task
                    freeze_loaded_objects()
                except Exception as error:
                    _log.exception("result could not be stored: run %s, chat %s", chat.run_id, chat.chat_id)
                    self._demands.set_aside(chat, error)
                finally:
                    if following is not None:
                        limiter = self._enter(following)
                    with self._mutex:
                        del self._active[chat]
                if model in self._lanes.yielding:
                    self._wake.set()
        finally:
            with self._mutex:
                self._threads[model] -= 1
            self._wake.set()

    def _give_back_strays(self) -> None:
        """Give back places that nobody here is at: of a transaction that was carried out though it seemed to fail."""
        with self._store.read_alone() as session:
            held = held_chats(session, self._lanes.holder)
        strays = held - {(chat.run_id, chat.chat_id) for chat in self.active}
        # Twice in a row: one that has just been taken is about to be entered.
        if lasting := strays & self._stray:
            with self._store.write() as session:
                release_others(session, self._lanes.holder, held - lasting)
        self._stray = strays
