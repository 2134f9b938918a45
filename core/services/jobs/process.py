"""The process that computes one job: shows signs of life, ends where the job is not its own, stores the result.

It may be killed at any moment: the result is stored in one transaction, and until then somebody else may begin anew.
"""

import logging
import os
import sys
import time
from collections.abc import Callable, Hashable
from threading import Event, Thread
from typing import Any, Final

from sqlalchemy.exc import IntegrityError

from core.adapters.store import HeavyJobView, Store
from core.adapters.store.models import JobStatus
from core.errors import ShiyaoError
from core.services.jobs.asking import VIEWER, job_of, result_digest
from core.services.jobs.claims import beat, end, take_from
from core.services.jobs.kinds import JobKind, ResultWithEntry, kind_named
from core.services.jobs.own_process import give_way
from core.services.jobs.packing import pack
from core.services.team import viewing_as
from core.settings import settings

BEAT_SECONDS: Final = 1.0
_log = logging.getLogger("shiyao.jobs")


class _Signs:
    """A thread that shows signs of life and progress, and says where the job was cancelled or taken over."""

    def __init__(self, store: Store, job_id: int, when_lost: Callable[[], None]) -> None:
        self._store, self._job_id, self._when_lost = store, job_id, when_lost
        self._progress: dict[str, object] = {}
        self._ended = Event()
        self._thread = Thread(target=self._run, name="shiyao-signs", daemon=True)
        self._thread.start()

    def note(self, stage: str, done: int, total: int) -> None:
        """Note how far the computation is; told with the next sign."""
        self._progress = {"stage": stage, "done": done, "total": total}

    def stop(self) -> None:
        self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._ended.wait(BEAT_SECONDS):
            try:
                if not beat(self._store, self._job_id, **self._progress) and not self._ended.is_set():
                    _log.info("job %s has ended, is somebody else's, or was cancelled", self._job_id)
                    self._when_lost()
                    return
            except ShiyaoError as error:
                _log.warning("no sign of life: %s", error)


def compute_job(store: Store, job_id: int, started_by: str, *, when_lost: Callable[[], None]) -> None:
    """Compute a job that another process has claimed and store its result; a failure is stored as its sentence.

    Args:
        store: the open store.
        job_id: the job.
        started_by: ``host:process`` that claimed it.
        when_lost: called from another thread once the job is not this process's own any more, also when it has ended.
    """
    if not take_from(store, job_id, started_by):
        return
    with store.read() as session:
        job = job_of(session, job_id)
    if job is None:
        return
    signs = _Signs(store, job_id, when_lost)
    try:
        with viewing_as(str(job.parameters.get(VIEWER, ""))):
            kind = kind_named(job.kind)
            before = kind.inputs(store, job.parameters)
            value = kind.compute(store, job.parameters, signs.note)
            after = kind.inputs(store, job.parameters)
        _store(store, job, kind, value, before, after)
    except ShiyaoError as error:
        end(store, job_id, JobStatus.FAILED, problem=str(error))
    except Exception as error:
        _log.exception("job %s failed", job_id)
        sentence = f"计算时出错（{type(error).__name__}），已记入日志，请联系工程师。"
        end(store, job_id, JobStatus.FAILED, problem=sentence)
    finally:
        signs.stop()


def _store(store: Store, job: HeavyJobView, kind: JobKind, value: Any, before: Hashable, after: Hashable) -> None:
    """Under the digest of the data that were read; where they changed meanwhile, only as an older result."""
    began = time.perf_counter()
    enter = None
    if isinstance(value, ResultWithEntry):
        value, enter = value.value, value.enter
    data = pack(value)
    digests = [result_digest(job.kind, job.parameters, inputs) for inputs in (before, after)]
    digest = digests[0] if digests[0] == digests[1] else f"older:{job.id}"
    try:
        stored = end(store, job.id, JobStatus.DONE, digest=digest, data=data, enter=enter)
    except IntegrityError:  # the same was asked for anew, with these data, and is there already
        stored = end(store, job.id, JobStatus.DONE, digest=f"older:{job.id}", data=data, enter=enter)
    took = time.perf_counter() - began
    _log.info("job %s: %s, %s bytes in %.1f s%s", job.id, kind.title, len(data), took, "" if stored else ", dropped")


def _main(job_id: int, started_by: str) -> None:
    from core.adapters.store import open_store

    give_way()
    # At once: nothing of a computation that nobody wants is worth waiting for.
    compute_job(open_store(settings().database_url), job_id, started_by, when_lost=lambda: os._exit(0))


if __name__ == "__main__":
    _main(int(sys.argv[1]), sys.argv[2])
