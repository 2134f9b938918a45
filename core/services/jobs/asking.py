"""Asking for a heavy computation: one for everybody who asks for the same, its progress, and its result.

A row is the job. What it is about (``subject``) stays the same while data change; ``digest`` names the data and the
code, so that a result is never taken for one of newer data.
"""

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import delete, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col

from core.adapters.store import HeavyJobView, Store
from core.adapters.store.models import HeavyJob, JobPart, JobStatus, now
from core.services.jobs.digests import code_version, combined_digest
from core.services.jobs.kinds import kind_named
from core.services.jobs.packing import unpack
from core.services.jobs.runner import wake_runners
from core.services.team import withheld

INLINE_ANSWERS: Final = 4_000
"""Answers up to which a page computes by itself: half a second, less than it takes to start a job."""
VIEWER: Final = "viewer"
"""Parameter: for whom data are read."""
_KEPT_JOBS: Final = 60


@dataclass(frozen=True, slots=True)
class HeavyTask:
    """A computation that somebody asks for.

    Attributes:
        kind: name of its kind.
        parameters: of the kind.
        subject: digest of both.
        digest: of these, of the data and of the code.
        inputs: version of the data.
    """

    kind: str
    parameters: Mapping[str, Any]
    subject: str
    digest: str
    inputs: Hashable


@dataclass(frozen=True, slots=True)
class RequestedJob:
    """What became of a request.

    Attributes:
        job: the job.
        value: the result, where there is one; only then is the job done.
    """

    job: HeavyJobView
    value: Any = None


def task_of(store: Store, kind: str, parameters: Mapping[str, Any]) -> HeavyTask:
    """What is to be computed for the data as they are now.

    Raises:
        InputError: no such kind.
        NotFoundError: something that the parameters name is gone.
    """
    named = kind_named(kind)
    inputs = named.inputs(store, parameters)
    subject = subject_of(kind, named.about(parameters))
    return HeavyTask(kind, parameters, subject, result_digest(kind, parameters, inputs), inputs)


def viewer_parameter(store: Store) -> dict[str, Any]:
    """Parameters that say for whom data are read, where something is withheld from them; else all share a result."""
    with store.read() as session:
        hidden = withheld(session)
    return {VIEWER: hidden.viewer, "withheld": sorted(hidden.chats)} if hidden.chats else {}


def subject_of(kind: str, about: Mapping[str, Any]) -> str:
    """Digest of what a result is about."""
    return combined_digest(kind, about)


def result_digest(kind: str, parameters: Mapping[str, Any], inputs: Hashable) -> str:
    """Digest of all that a result depends on."""
    return combined_digest(kind, parameters, inputs, code_version())


def job_now(store: Store, task: HeavyTask) -> HeavyJobView | None:
    """The job for these very data, whoever asked for it; ``None`` where nobody has."""
    with store.read() as session:
        row = session.execute(select(HeavyJob).where(col(HeavyJob.digest) == task.digest)).scalar_one_or_none()
        return HeavyJobView.from_row(row) if row is not None else None


def job_of(session: Session, job_id: int) -> HeavyJobView | None:
    """A job by its id; ``None`` where it is gone."""
    row = session.get(HeavyJob, job_id)
    return HeavyJobView.from_row(row) if row is not None else None


def latest_job_about(session: Session, kind: str, about: Mapping[str, Any]) -> HeavyJobView | None:
    """The job about something that was asked for last, however it stands; ``None`` where there is none."""
    statement = select(HeavyJob).where(col(HeavyJob.subject) == subject_of(kind, about))
    row = session.execute(statement.order_by(col(HeavyJob.id).desc()).limit(1)).scalar_one_or_none()
    return HeavyJobView.from_row(row) if row is not None else None


def request_job(store: Store, task: HeavyTask) -> RequestedJob:
    """The result where there is one; else have it computed, by whoever is free first. Returns at once.

    Raises:
        StoreError: the stored result cannot be read.
    """
    job = job_now(store, task)
    if job is None:
        try:
            with store.write() as session:
                _forget_oldest(session, task.subject)
                row = HeavyJob(
                    kind=task.kind, subject=task.subject, digest=task.digest, parameters=dict(task.parameters)
                )
                session.add(row)
                session.flush()
                job = HeavyJobView.from_row(row)
        except IntegrityError:  # somebody else has just asked for the same
            job = job_now(store, task)
        wake_runners()
    assert job is not None
    return RequestedJob(job, result_of(store, job) if job.status == JobStatus.DONE else None)


def restart_job(store: Store, job_id: int) -> None:
    """Compute anew what failed, was cancelled, or cannot be read.

    Args:
        store: the open store.
        job_id: the job; one that is gone is asked for by the next look.
    """
    with store.write() as session:
        session.execute(delete(JobPart).where(col(JobPart.job_id) == job_id))
        anew = {"status": JobStatus.RUNNING, "problem": "", "worker": "", "attempts": 0, "stage": "", "done": 0}
        ended = col(HeavyJob.status) != JobStatus.RUNNING
        session.execute(update(HeavyJob).where(col(HeavyJob.id) == job_id, ended).values(**anew, created_at=now()))
    wake_runners()


def cancel_job(store: Store, job_id: int) -> None:
    """Stop a computation, for everybody; whoever computes it notices within seconds."""
    with store.write() as session:
        running = col(HeavyJob.status) == JobStatus.RUNNING
        session.execute(
            update(HeavyJob).where(col(HeavyJob.id) == job_id, running).values(status=JobStatus.CANCELLED, worker="")
        )


def result_of(store: Store, job: HeavyJobView) -> Any:
    """The stored result of a job that is done.

    Raises:
        StoreError: it cannot be read.
    """
    statement = select(col(JobPart.data)).where(col(JobPart.job_id) == job.id).order_by(col(JobPart.position))
    with store.read() as session:
        packed = b"".join(session.execute(statement).scalars())
    return unpack(packed, kind_named(job.kind).classes)


def older_result(store: Store, task: HeavyTask) -> tuple[datetime, Callable[[], Any]] | None:
    """The newest result about the same, of data before: when it was asked for, and how to read it."""
    statement = (
        select(HeavyJob)
        .where(
            col(HeavyJob.subject) == task.subject,
            col(HeavyJob.status) == JobStatus.DONE,
            col(HeavyJob.digest) != task.digest,
        )
        .order_by(col(HeavyJob.id).desc())
        .limit(1)
    )
    with store.read() as session:
        row = session.execute(statement).scalar_one_or_none()
        job = HeavyJobView.from_row(row) if row is not None else None
    return None if job is None else (job.created_at, lambda: result_of(store, job))


def waiting_jobs(store: Store) -> int:
    """Number of jobs that were asked for and that no process has begun."""
    waiting = select(func.count()).where(col(HeavyJob.status) == JobStatus.RUNNING, col(HeavyJob.worker) == "")
    with store.read() as session:
        return int(session.execute(waiting).scalar_one())


def _forget_oldest(session: Session, subject: str) -> None:
    """Keep the newest result about the same, and not too many altogether: they can be computed again."""
    ended = col(HeavyJob.status) != JobStatus.RUNNING
    done = col(HeavyJob.status) == JobStatus.DONE
    newest_done = select(col(HeavyJob.id)).where(col(HeavyJob.subject) == subject, done)
    kept = session.execute(newest_done.order_by(col(HeavyJob.id).desc()).limit(1)).scalars().all()
    same = delete(HeavyJob).where(col(HeavyJob.subject) == subject, ended, col(HeavyJob.id).not_in(kept))
    session.execute(same)
    others = select(col(HeavyJob.id)).order_by(col(HeavyJob.id).desc()).limit(_KEPT_JOBS)
    session.execute(delete(HeavyJob).where(ended, col(HeavyJob.id).not_in(others)))
