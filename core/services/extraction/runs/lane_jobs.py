"""Lanes as jobs: how they are called, and putting in those that a model lacks. PostgreSQL only."""

import hashlib
from collections.abc import Iterable

from sqlmodel import Session

from core.adapters.store.job_queue import JobQueue, QueuedJob
from core.services.extraction.runs.call_rate import lock_model

TASK = "shiyao:lane"


def lane_lock(model: str, number: int) -> str:
    """The lock of a model's lane: whoever has it may have one call under way."""
    return f"{model}#{number}"


def lane_of(job: QueuedJob) -> tuple[str, int]:
    """``(model, number)`` of a lane."""
    model, _, number = job.lock.rpartition("#")
    return model, int(number)


def lane_queue(model: str, worker: int | None = None) -> str:
    """The queue of a model's lanes, for whoever can call the model; or the one for a single worker.

    A digest: names of channels are short in PostgreSQL.
    """
    queue = f"lanes-{hashlib.sha256(model.encode()).hexdigest()[:16]}"
    return queue if worker is None else f"{queue}@{worker}"


def worker_of(queue: str) -> int | None:
    """The worker that a queue is for; ``None`` where it is for all."""
    _, at, worker = queue.partition("@")
    return int(worker) if at else None


def offer_lanes(session: Session, model: str, limit: int) -> None:
    """Put in the lanes that a model lacks, in the transaction that starts its run; workers are told at its end.

    Args:
        session: writing; on SQLite, where no others are waiting, nothing is done.
        model: ``provider:name``.
        limit: lanes over all workers.
    """
    if session.get_bind().dialect.name != "postgresql":
        return
    lock_model(session, model)
    queue = JobQueue(session, TASK)
    put_missing(queue, queue.open_jobs(), model, limit)
    queue.notify()  # also of lanes that were left over


def put_missing(queue: JobQueue, jobs: Iterable[QueuedJob], model: str, limit: int) -> None:
    """Put in a model's lanes that neither wait nor are held; the model is locked, and ``jobs`` were read after that."""
    present = {job.lock for job in jobs}
    missing = [lock for number in range(limit) if (lock := lane_lock(model, number)) not in present]
    queue.put(lane_queue(model), missing)
