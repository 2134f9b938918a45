"""Heavy computations as background jobs: asked for by pages, done by servers and workers, kept for everybody."""

from core.services.jobs.asking import (
    INLINE_ANSWERS,
    HeavyTask,
    RequestedJob,
    cancel_job,
    job_now,
    job_of,
    latest_job_about,
    older_result,
    request_job,
    restart_job,
    result_of,
    task_of,
    viewer_parameter,
    waiting_jobs,
)
from core.services.jobs.kinds import JobKind, JobProgress, ResultWithEntry
from core.services.jobs.runner import JobRunner

__all__ = [
    "waiting_jobs",
    "INLINE_ANSWERS",
    "HeavyTask",
    "JobKind",
    "JobRunner",
    "RequestedJob",
    "JobProgress",
    "ResultWithEntry",
    "request_job",
    "restart_job",
    "cancel_job",
    "job_now",
    "job_of",
    "latest_job_about",
    "result_of",
    "older_result",
    "task_of",
    "viewer_parameter",
]
