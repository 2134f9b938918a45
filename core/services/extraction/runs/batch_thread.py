"""The thread that drives runs which go as a batch, in every process that executes runs: one at a time for each run."""

import logging
import threading
from typing import Final

from sqlalchemy.exc import SQLAlchemyError

from core.adapters.llm import unready_reason
from core.adapters.store import Store
from core.adapters.store.models import Run, RunStatus, now
from core.adapters.store.owner_lock import only_one
from core.errors import StoreError
from core.services.extraction.runs import batch_store
from core.services.extraction.runs.batch_driver import BatchDriver, BatchPace
from core.services.extraction.runs.run_model import spec_of

LOOK_SECONDS: Final = 3.0
"""Interval at which a process looks for batches that something is to be done with."""
_BATCHES: Final = 0x62746368
_log = logging.getLogger("shiyao.runs")


class BatchThread:
    """Drives the batches of all runs of a store that this process has the keys for."""

    def __init__(self, store: Store, pace: BatchPace | None = None) -> None:
        """Prepare; nothing is started.

        Args:
            store: open store.
            pace: how long to wait between steps.
        """
        self._store, self._pace = store, pace or BatchPace()
        self._stopping, self._wake = threading.Event(), threading.Event()
        self._thread: threading.Thread | None = None
        self.problem: Exception | None = None

    def start(self) -> None:
        """Begin to look; idempotent."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="shiyao-batches", daemon=True)
            self._thread.start()

    def wake(self) -> None:
        """Look now."""
        self._wake.set()

    def stop(self, patience: float) -> None:
        """End after the step that is under way, or after so many seconds: whoever is next finds out about it."""
        self._stopping.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join(patience)
            self._thread = None

    def _run(self) -> None:
        while not self._stopping.is_set():
            problem: Exception | None = None
            try:
                for run_id in self._due():
                    problem = self._advance(run_id) or problem
            except (StoreError, SQLAlchemyError) as error:
                _log.warning("batches wait for the database: %s", error)
            except Exception as error:
                # The thread lives as long as the process: what went wrong is tried again, and said.
                _log.exception("batches do not go on")
                problem = error
            self.problem = problem
            self._wake.wait(LOOK_SECONDS)
            self._wake.clear()

    def _advance(self, run_id: int) -> Exception | None:
        """Drive one run, if nobody else does; a mistake of ours in one must not stop the others."""
        try:
            # Nobody waits: whoever has the lock is doing it.
            with only_one(self._store, "batches", _BATCHES, run_id) as alone:
                if alone and run_id in self._due():
                    BatchDriver(self._store, run_id, self._pace, self._stopping.is_set).advance()
        except (StoreError, SQLAlchemyError):
            raise
        except Exception as error:
            _log.exception("batches of run %s do not go on", run_id)
            return error
        return None

    def _due(self) -> list[int]:
        """Runs with something to do now, for which this process has the keys."""
        moment = now()
        due: list[int] = []
        with self._store.read() as session:
            for run_id in batch_store.batch_runs(session):
                run = session.get_one(Run, run_id)
                views = [view for view in batch_store.views_of(session, run_id) if view.state in batch_store.OPEN]
                if run.status == RunStatus.PAUSED:
                    # What was not created yet waits with the run.
                    views = [view for view in views if view.state not in batch_store.WAITING]
                    if not views:
                        continue
                next_at = batch_store.next_moment(views)
                if (next_at is None or next_at <= moment) and not unready_reason(spec_of(run)):
                    due.append(run_id)
        return due
