"""Heavy computations as background jobs: asked for by pages, done by servers and workers, kept for everybody."""

from core.services.jobs.asking import (
    INLINE_ANSWERS,
    HeavyTask,
    Outcome,
    ask,
    ask_again,
    cancel,
    job_now,
    job_of,
    older_result,
    task_of,
    viewer_parameter,
)
from core.services.jobs.kinds import JobKind, Progress
from core.services.jobs.runner import JobRunner, wake_runners

__all__ = [
    "INLINE_ANSWERS",
    "HeavyTask",
    "JobKind",
    "JobRunner",
    "Outcome",
    "Progress",
    "ask",
    "ask_again",
    "cancel",
    "job_now",
    "job_of",
    "older_result",
    "task_of",
    "viewer_parameter",
    "wake_runners",
]
