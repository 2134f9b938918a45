"""Extraction of one chat: prompts → model → forms, in stages and chunks, with retries where they help."""

from typing import TYPE_CHECKING

from core.lazy_packages import import_when_used

if TYPE_CHECKING:
    from core.services.extraction.pipeline.chat_extraction import run_pipeline
    from core.services.extraction.pipeline.definition import DEFAULT_EXAMPLES, Pipeline, PipelineStep, parse_pipeline
    from core.services.extraction.pipeline.outcome import Outcome, Status, cause_of
    from core.services.extraction.pipeline.stored_replies import (
        earlier_answers,
        kept_replies,
        latest_notes,
        newest_attempt,
    )
    from core.services.extraction.pipeline.token_budget import chat_budget
    from core.services.extraction.pipeline.token_estimate import estimate_tokens

__all__ = [
    "DEFAULT_EXAMPLES",
    "Outcome",
    "Pipeline",
    "PipelineStep",
    "Status",
    "latest_notes",
    "cause_of",
    "chat_budget",
    "earlier_answers",
    "estimate_tokens",
    "kept_replies",
    "newest_attempt",
    "parse_pipeline",
    "run_pipeline",
]

import_when_used(__name__)
