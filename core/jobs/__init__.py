"""Runs: what is to be extracted, by whom, and how far it is.

What a run wants stands in our own tables, so starting, stopping and watching one are plain writes and reads that any
process may do. One process at a time, the holder of a lock, carries runs out through DBOS (:mod:`core.jobs.engine`,
the only import of it, loaded when there is work and not before).
"""

from core.jobs.offers import Offer, free_name, offers, prompts
from core.jobs.progress import Failure, Pace, failures, model_runs, pace, progress
from core.jobs.runner import JobRunner, ensure_running, stop_running
from core.jobs.runs import (
    DEFAULT_CONCURRENCY,
    cancel,
    create_run,
    default_model,
    delete,
    pause,
    retry_failed,
    start,
)
from core.jobs.scope import RunParameters
from core.jobs.watch import watch

__all__ = [
    "DEFAULT_CONCURRENCY",
    "Failure",
    "JobRunner",
    "Offer",
    "Pace",
    "RunParameters",
    "cancel",
    "create_run",
    "default_model",
    "delete",
    "ensure_running",
    "failures",
    "free_name",
    "model_runs",
    "offers",
    "pace",
    "pause",
    "progress",
    "prompts",
    "retry_failed",
    "start",
    "stop_running",
    "watch",
]
