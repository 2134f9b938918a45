"""The durable queue: DBOS, and the only import of it. It takes about 2.5 s: import this module where there is work.

One workflow per (run, chat), without steps: its effect is one idempotent write into our store, so there is nothing to
replay, and what is true stands in one place. DBOS keeps what is waiting and under way, also over a ``kill -9``.
"""

import logging
import re
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from uuid import uuid4

from dbos import DBOS, DBOSClient, DBOSConfig
from sqlalchemy import Engine as SqlEngine
from sqlalchemy import create_engine, event
from sqlalchemy.engine import make_url

from core.jobs.slots import Limits, Slots

APPLICATION = "shiyao"
VERSION = "1"
"""Fixed: by default it is a hash of the source, and an upgrade of ours would strand what is pending."""

EXECUTOR = "local"
POLL_SECONDS = 0.1
PREFETCH = 2
"""The queue hands out this many times the limit; see :class:`core.jobs.slots.Slots`."""

WORKFLOW = "shiyao.extract"

Perform = Callable[[int, int], bool]
"""``perform(run_id, chat_id)`` does one job."""

_log = logging.getLogger("shiyao.jobs")
_ACTIVE = ["ENQUEUED", "PENDING", "DELAYED"]
_ENDED = ["SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"]
_WORKFLOW_ID = re.compile(r"run(?P<run>\d+)-(?P<chat>\d+)-[0-9a-f]+")
_current: "Engine | None" = None


@DBOS.workflow(name=WORKFLOW)
def _extract(run_id: int, chat_id: int, queue: str) -> None:
    engine = _current
    if engine is not None:
        engine.run_job(run_id, chat_id, queue)


class Engine:
    """DBOS while it is launched; one at a time in a process, and one process at a time (the caller holds the lock)."""

    def __init__(self, url: str, perform: Perform, broken: Callable[[int, int, Exception], None]) -> None:
        """Prepare.

        Args:
            url: of the queue's database.
            perform: does a job.
            broken: told ``(run_id, chat_id, error)`` of a job whose ``perform`` raised.
        """
        self._perform = perform
        self._report_broken = broken
        self._slots: dict[str, Slots] = {}
        self._outstanding: dict[int, set[int]] = {}
        self._under_way: set[tuple[int, int]] = set()
        self._waiting: set[threading.Event] = set()
        self._mutex = threading.Lock()
        self._closed = False
        self._database = _database(url)

    def launch(self, queues: Mapping[str, Limits]) -> None:
        """Start; what a killed process left under way is taken up again.

        Args:
            queues: the queues that will be needed first: DBOS looks for new ones only once a second.
        """
        global _current
        _quiet()
        config: DBOSConfig = {
            "name": APPLICATION,
            "application_version": VERSION,
            "executor_id": EXECUTOR,
            "log_level": "CRITICAL",
            "max_executor_threads": 512,
            # Nothing of ours uses notifications; the listener only delays the end by one of its sleeps.
            "notification_listener_polling_interval_sec": 0.25,
        }
        if isinstance(self._database, str):
            config["system_database_url"] = self._database
        else:
            config["system_database_engine"] = self._database
        _current = self
        DBOS(config=config)
        self._register_before_launch(queues)
        DBOS.launch()
        self._take_stock()

    def set_queue(self, queue: str, limits: Limits) -> None:
        """Create the queue of a model, or change its limits."""
        self._slots_of(queue).set_limit(limits.concurrency)
        DBOS.register_queue(queue, on_conflict="always_update", **_queue_options(limits))

    def outstanding(self, run_id: int) -> int:
        """How many jobs of a run are in the queue or under way."""
        return len(self._outstanding.get(run_id, ()))

    def outstanding_chats(self, run_id: int) -> set[int]:
        """Ids of chats whose jobs are in the queue or under way."""
        with self._mutex:
            return set(self._outstanding.get(run_id, ()))

    def enqueue(self, queue: str, run_id: int, chat_ids: Iterable[int]) -> None:
        """Put jobs into a queue that are not there yet.

        Args:
            queue: the model's queue.
            run_id: the run.
            chat_ids: what is missing.
        """
        for chat_id in chat_ids:
            with self._mutex:
                mine = self._outstanding.setdefault(run_id, set())
                if chat_id in mine:
                    continue
                mine.add(chat_id)
            workflow_id = f"{_prefix(run_id)}{chat_id}-{uuid4().hex[:8]}"
            handle = DBOS.enqueue_workflow_with_options(
                {
                    "workflow_name": WORKFLOW,
                    "queue_name": queue,
                    "app_version": VERSION,
                    "workflow_id": workflow_id,
                    # One at a time for each chat of a run, also over restarts.
                    "deduplication_id": f"{run_id}-{chat_id}",
                    "duplication_policy": "return-existing",
                },
                run_id,
                chat_id,
                queue,
            )
            if handle.get_workflow_id() != workflow_id:
                # One is there that is about to end (it was sent away): ask again at the next look.
                self._forget(run_id, chat_id)

    def withdraw(self, run_id: int) -> None:
        """Take a run's waiting jobs out of the queue; those under way finish."""
        waiting = DBOS.list_workflows(
            status="ENQUEUED", workflow_id_prefix=_prefix(run_id), load_input=False, load_output=False
        )
        if waiting:
            DBOS.cancel_workflows([status.workflow_id for status in waiting])
        with self._mutex:
            # The queue's list may be older than the queue: what it began meanwhile was sent away above and finishes
            # all the same. It stays known here, so that a run that starts again does not ask for it a second time.
            under_way = {chat for run, chat in self._under_way if run == run_id}
            self._outstanding[run_id] = self._outstanding.get(run_id, set()) & under_way

    def run_job(self, run_id: int, chat_id: int, queue: str) -> None:
        """Body of the workflow: wait for a place, do the job, or be sent away when the engine stops."""
        slots = self._slots_of(queue)
        ended = threading.Event()
        if not self._begin(run_id, chat_id):
            return
        if slots.enter():
            with self._mutex:
                self._waiting.add(ended)
            # A daemon, unlike DBOS's own threads: a call that hangs must not keep the process from ending.
            threading.Thread(
                target=self._do, args=(run_id, chat_id, slots, ended), name="shiyao-job", daemon=True
            ).start()
            ended.wait()
            with self._mutex:
                self._waiting.discard(ended)
        else:
            self._end(run_id, chat_id)

    def _begin(self, run_id: int, chat_id: int) -> bool:
        """Whether the job is for this workflow to do; not if another one does it already."""
        with self._mutex:
            if (run_id, chat_id) in self._under_way:
                return False
            self._under_way.add((run_id, chat_id))
            return True

    def _end(self, run_id: int, chat_id: int) -> None:
        with self._mutex:
            self._under_way.discard((run_id, chat_id))
            self._outstanding.get(run_id, set()).discard(chat_id)

    def _do(self, run_id: int, chat_id: int, slots: Slots, ended: threading.Event) -> None:
        try:
            self._perform(run_id, chat_id)
        except Exception as error:
            _log.exception("job could not be done: run %s, chat %s", run_id, chat_id)
            self._report_broken(run_id, chat_id, error)
        finally:
            slots.leave()
            self._end(run_id, chat_id)
            ended.set()

    def stop(self, patience: float) -> None:
        """End; calls under way get ``patience`` seconds to be stored, what waits stays for the next engine."""
        global _current
        with self._mutex:
            self._closed = True
            places = list(self._slots.values())
        for slots in places:
            slots.close()
        until = time.monotonic() + patience
        while any(slots.taken for slots in places) and time.monotonic() < until:
            time.sleep(0.05)
        with self._mutex:
            for ended in self._waiting:
                ended.set()
        DBOS.destroy()
        _current = None
        if not isinstance(self._database, str):
            self._database.dispose()

    def _register_before_launch(self, queues: Mapping[str, Limits]) -> None:
        if isinstance(self._database, str):
            DBOS.migrate(self._database)
            client = DBOSClient(system_database_url=self._database, application_name=APPLICATION)
        else:
            DBOS.migrate(self._database.url.render_as_string(hide_password=False))
            client = DBOSClient(system_database_engine=self._database, application_name=APPLICATION)
        try:
            for queue, limits in queues.items():
                self._slots_of(queue).set_limit(limits.concurrency)
                client.register_queue(queue, on_conflict="always_update", **_queue_options(limits))
        finally:
            client.destroy()

    def _slots_of(self, queue: str) -> Slots:
        with self._mutex:
            if queue not in self._slots:
                self._slots[queue] = Slots(1)
                if self._closed:
                    self._slots[queue].close()
            return self._slots[queue]

    def _forget(self, run_id: int, chat_id: int) -> None:
        with self._mutex:
            self._outstanding.get(run_id, set()).discard(chat_id)

    def _take_stock(self) -> None:
        """Learn what is in the queue already, and drop what has ended: our store has what came of it."""
        for status in DBOS.list_workflows(status=_ACTIVE, load_input=False, load_output=False):
            if match := _WORKFLOW_ID.fullmatch(status.workflow_id):
                self._outstanding.setdefault(int(match["run"]), set()).add(int(match["chat"]))
        ended = DBOS.list_workflows(status=_ENDED, load_input=False, load_output=False)
        if ended:
            DBOS.delete_workflows([status.workflow_id for status in ended])


def _queue_options(limits: Limits) -> dict[str, Any]:
    return {
        "global_concurrency": limits.concurrency * PREFETCH,
        "limiter": {"limit": limits.per_minute, "period": 60.0} if limits.per_minute else None,
        "polling_interval_sec": POLL_SECONDS,
    }


def _prefix(run_id: int) -> str:
    return f"run{run_id}-"


def _quiet() -> None:
    """DBOS's log lines go where ours go; its own handler for the console is only made where there is none."""
    logger = logging.getLogger("dbos")
    # Its errors are stack traces of what it was told to do (a job sent away); what goes wrong in a job is told by us.
    logger.setLevel(logging.CRITICAL)
    if not logger.handlers:
        logger.addHandler(logging.NullHandler())


def _database(url: str) -> SqlEngine | str:
    """An engine for SQLite (DBOS's own keeps the slow default journal), the address itself for PostgreSQL."""
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        return parsed.set(drivername="postgresql").render_as_string(hide_password=False)
    engine = create_engine(parsed)

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: Any) -> None:
        # As DBOS does for its own engines (writers must queue up at BEGIN), and WAL besides.
        connection.isolation_level = "IMMEDIATE"
        for pragma in ("busy_timeout = 30000", "journal_mode = WAL", "synchronous = NORMAL", "foreign_keys = ON"):
            connection.execute(f"PRAGMA {pragma}")

    return engine
