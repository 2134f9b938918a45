"""A thread of servers and workers that has waiting jobs computed, one at a time, each by a process of its own."""

import logging
from collections.abc import Callable
from tempfile import TemporaryDirectory
from threading import Event, Lock, Thread
from typing import Final
from weakref import WeakSet

from core.adapters.store import Store
from core.services.jobs.claims import claim_waiting, this_process
from core.services.jobs.own_process import start_own_process

LOOK_SECONDS: Final = 5.0
"""Interval at which a process looks for jobs that were asked for elsewhere, or whose process is gone."""
_log = logging.getLogger("shiyao.jobs")
_runners: "WeakSet[JobRunner]" = WeakSet()
_lock = Lock()


class JobRunner:
    """Has jobs computed until :meth:`stop`; a process that dies leaves its job to whoever looks next."""

    def __init__(self, store: Callable[[], Store | None], *, look_seconds: float = LOOK_SECONDS) -> None:
        """Prepare.

        Args:
            store: gives the open store; ``None`` while nobody has had it opened.
            look_seconds: how often to look without being woken.
        """
        self._store, self._look_seconds = store, look_seconds
        self._stopping, self._wake = Event(), Event()
        self._thread = Thread(target=self._run, name="shiyao-jobs", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        with _lock:
            _runners.add(self)
        self._thread.start()

    def wake(self) -> None:
        """Look now."""
        self._wake.set()

    def stop(self) -> None:
        """Stop looking; a computation under way is given up and done again by whoever looks next."""
        self._stopping.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                store = self._store()
                while store is not None and not self._stopping.is_set() and (job := claim_waiting(store)) is not None:
                    self._compute(store, job.id)
            except Exception:
                # Pages say that they wait; the next look tries again.
                _log.warning("jobs are not looked for", exc_info=True)
            self._wake.wait(self._look_seconds)
            self._wake.clear()

    def _compute(self, store: Store, job_id: int) -> None:
        arguments = (str(job_id), this_process())
        module = "core.services.jobs.process"
        with (
            # What a process that is killed leaves, rows of chats say, goes with the folder.
            TemporaryDirectory(prefix="shiyao-job-", ignore_cleanup_errors=True) as folder,
            start_own_process(store, module, *arguments, one_thread=True, temporary=folder) as process,
        ):
            while process.poll() is None:
                if self._stopping.wait(0.05):
                    process.kill()
        if process.returncode:
            _log.warning("the process of job %s ended with %s", job_id, process.returncode)


def wake_runners() -> None:
    """Have this process's runners look now: a job was asked for."""
    with _lock:
        for runner in _runners:
            runner.wake()
