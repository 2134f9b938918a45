"""Runs: extraction of a dataset's chats by one model with one pipeline.

What a run still needs stands in our own tables, so starting, stopping and watching one are plain writes and reads that
any process may do. Workers execute runs: they take the chats that have no extraction yet (``places``), as many at a
time as a model has lanes (``lanes``); one process on SQLite, any number together on PostgreSQL.
"""

from typing import TYPE_CHECKING

from core.lazy_packages import import_when_used

if TYPE_CHECKING:
    from core.services.extraction.runs.activity import run_activity
    from core.services.extraction.runs.batch_store import batches_of, open_batches
    from core.services.extraction.runs.budget import is_stopped_at_budget
    from core.services.extraction.runs.cost import ESTIMATED_TOKENS, costs, money, total_cost
    from core.services.extraction.runs.departure import Departure, what_leaves
    from core.services.extraction.runs.estimate import Estimate, budget_shortfall, chat_tokens, estimate
    from core.services.extraction.runs.joined_parts import part_ids
    from core.services.extraction.runs.joined_runs import JoinedPart, joined_progress, start_joined
    from core.services.extraction.runs.lifecycle import (
        cancel,
        create_run,
        delete,
        extend,
        go_live,
        pause,
        retry_failed,
        set_limits,
        start,
    )
    from core.services.extraction.runs.pipeline_loading import load_pipeline
    from core.services.extraction.runs.progress import (
        chats_out_of_scope,
        failures,
        has_ended,
        latest,
        listed_runs,
        model_runs,
        pace,
        progress,
        reused,
        some_extractions,
        state_name,
        state_sentence,
        under_way,
    )
    from core.services.extraction.runs.run_for_review import (
        FilledBy,
        SuggestedRun,
        filled_by,
        first_answer,
        run_to_wait_for,
        start_suggested,
        suggested_runs,
    )
    from core.services.extraction.runs.run_options import (
        RunOption,
        free_name,
        parse_indices,
        prompt_options,
        run_options,
        typed_option,
    )
    from core.services.extraction.runs.scheduler import RunScheduler, ensure_running, stop_running
    from core.services.extraction.runs.wait_for_run import wait_for_run

__all__ = [
    "run_activity",
    "state_name",
    "state_sentence",
    "ESTIMATED_TOKENS",
    "Departure",
    "Estimate",
    "FilledBy",
    "JoinedPart",
    "SuggestedRun",
    "filled_by",
    "first_answer",
    "run_to_wait_for",
    "start_suggested",
    "suggested_runs",
    "RunScheduler",
    "RunOption",
    "batches_of",
    "budget_shortfall",
    "cancel",
    "chat_tokens",
    "costs",
    "create_run",
    "delete",
    "ensure_running",
    "estimate",
    "extend",
    "failures",
    "free_name",
    "go_live",
    "is_stopped_at_budget",
    "joined_progress",
    "has_ended",
    "latest",
    "listed_runs",
    "model_runs",
    "open_batches",
    "money",
    "run_options",
    "typed_option",
    "chats_out_of_scope",
    "pace",
    "parse_indices",
    "part_ids",
    "pause",
    "load_pipeline",
    "progress",
    "prompt_options",
    "retry_failed",
    "reused",
    "set_limits",
    "some_extractions",
    "start",
    "start_joined",
    "stop_running",
    "total_cost",
    "under_way",
    "wait_for_run",
    "what_leaves",
]

import_when_used(__name__)
