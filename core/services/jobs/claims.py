"""Who computes a job: taken by one process, shown to be alive, and taken over where that one is gone."""

import os
import socket
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, select, update
from sqlmodel import Session, col

from core.adapters.store import HeavyJobView, Store
from core.adapters.store.models import HeavyJob, JobPart, JobStatus, now
from core.processes import is_running

LOST_AFTER: Final = timedelta(seconds=20)
"""A process that shows no sign of life for so long counts as lost; one on this machine as soon as it is gone."""
_ATTEMPTS: Final = 3
_PART: Final = 8 << 20
"""Bytes of a result in one row."""


def this_process() -> str:
    """``host:process`` of this process."""
    return f"{socket.gethostname()}:{os.getpid()}"


def is_gone(worker: str, seen_at: datetime | None, lost_after: timedelta) -> bool:
    """Whether a process is gone: dead on this machine, or silent for too long.

    Args:
        worker: ``host:process``.
        seen_at: its last sign of life.
        lost_after: how long it may be silent.
    """
    host, _, process = worker.rpartition(":")
    if host == socket.gethostname() and process.isdigit() and not is_running(int(process)):
        return True
    return seen_at is None or now() - seen_at > lost_after


def claim_waiting(store: Store) -> HeavyJobView | None:
    """Take the oldest job that nobody computes; ``None`` where there is none.

    One whose processes died three times is given up: it would end the next one as well.
    """
    with store.read() as session:  # an idle server writes nothing
        statement = select(HeavyJob).where(col(HeavyJob.status) == JobStatus.RUNNING).order_by(col(HeavyJob.id))
        waiting = [HeavyJobView.from_row(row) for row in session.execute(statement).scalars()]
    for job in waiting:
        if job.worker and not is_gone(job.worker, job.seen_at, LOST_AFTER):
            continue
        values: dict[str, object] = {"worker": this_process(), "seen_at": now(), "attempts": job.attempts + 1}
        if job.attempts >= _ATTEMPTS:
            problem = f"计算了 {_ATTEMPTS} 次都中断了（可能内存不够）"
            values = {"status": JobStatus.FAILED, "problem": problem, "worker": ""}
        if _change(store, job.id, job.worker, values) and job.attempts < _ATTEMPTS:
            return job
    return None


def take_from(store: Store, job_id: int, worker: str) -> bool:
    """Become the process that computes a job, in the place of the one that started this one."""
    return _change(store, job_id, worker, {"worker": this_process(), "seen_at": now()})


def beat(store: Store, job_id: int, **progress: object) -> bool:
    """Show that this process is alive, and how far it is; whether the job is still its own."""
    return _change(store, job_id, this_process(), {"seen_at": now(), **progress})


def end(
    store: Store,
    job_id: int,
    status: JobStatus,
    *,
    problem: str = "",
    digest: str = "",
    data: bytes = b"",
    enter: Callable[[Session], None] | None = None,
) -> bool:
    """End a job, with its result if it has one; whether it was still this process's own.

    All but the last piece of a large result is stored before, each by itself, so that nobody else who saves waits for
    all of it: it counts for nothing until the job is done.

    Args:
        store: the open store.
        job_id: the job.
        status: how it ended.
        problem: why it failed, in Chinese.
        digest: of the data that the result is of; ``""``: as before.
        data: the packed result.
        enter: called in the transaction that ends the job.
    """
    values: dict[str, object] = {"status": status, "problem": problem, "worker": "", "stage": "", "seen_at": now()}
    if digest:
        values["digest"] = digest
    pieces = [data[start : start + _PART] for start in range(0, len(data), _PART)]
    for position, piece in enumerate(pieces):
        with store.write() as session:
            last = position == len(pieces) - 1
            if not _changed(session, job_id, this_process(), values if last else {"seen_at": now()}):
                return False
            if position == 0:  # a process that died may have left some
                session.execute(delete(JobPart).where(col(JobPart.job_id) == job_id))
            session.add(JobPart(job_id=job_id, position=position, data=piece))
            if last and enter is not None:
                enter(session)
    return bool(pieces) or _change(store, job_id, this_process(), values)


def _change(store: Store, job_id: int, worker: str, values: dict[str, object]) -> bool:
    with store.write() as session:
        return _changed(session, job_id, worker, values)


def _changed(session: Session, job_id: int, worker: str, values: dict[str, object]) -> bool:
    """Change a job while it is that process's own; whether it was."""
    conditions = (
        col(HeavyJob.id) == job_id,
        col(HeavyJob.worker) == worker,
        col(HeavyJob.status) == JobStatus.RUNNING,
    )
    changed = update(HeavyJob).where(*conditions).values(**values).returning(col(HeavyJob.id))
    return session.execute(changed).first() is not None
