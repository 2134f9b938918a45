"""The threads that do jobs: one per call under way. Daemons, so that a call that hangs never keeps the process."""

import logging
import threading
import time
from collections.abc import Callable

from core.services.extraction.runs.leases import Job

_log = logging.getLogger("shiyao.jobs")


class ThreadPool:
    """Jobs under way in this process."""

    def __init__(
        self,
        perform: Callable[[Job, threading.Event], None],
        broken: Callable[[Job, Exception], None],
        ended: Callable[[], None],
    ) -> None:
        """Prepare.

        Args:
            perform: does a job and stores what came of it; the event is set when the crew is sent home, for waits
                before a call.
            broken: told of a job whose ``perform`` raised.
            ended: called after each job, from its thread.
        """
        self._perform, self._broken, self._ended = perform, broken, ended
        self._active: dict[Job, threading.Thread] = {}
        self._mutex = threading.Lock()
        self._home = threading.Event()

    @property
    def active(self) -> frozenset[Job]:
        """What is under way."""
        with self._mutex:
            return frozenset(self._active)

    def submit(self, job: Job) -> None:
        """Do a job in a thread of its own; one that is under way already is left alone."""
        with self._mutex:
            if job in self._active:
                return
            thread = threading.Thread(target=self._do, args=(job,), name="shiyao-job", daemon=True)
            self._active[job] = thread
        thread.start()

    def shutdown(self, patience: float, meanwhile: Callable[[], None] = lambda: None) -> None:
        """Wait until nothing is under way, but no longer than ``patience`` seconds.

        Args:
            patience: in seconds; whatever is under way then is left to itself.
            meanwhile: called several times a second.
        """
        self._home.set()
        until = time.monotonic() + patience
        while self.active and time.monotonic() < until:
            meanwhile()
            time.sleep(0.05)

    def _do(self, job: Job) -> None:
        try:
            self._perform(job, self._home)
        except Exception as error:
            _log.exception("job could not be done: run %s, chat %s", job.run_id, job.chat_id)
            self._broken(job, error)
        finally:
            with self._mutex:
                del self._active[job]
            self._ended()
