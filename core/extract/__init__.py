"""Extraction of one chat: prompts → model → forms, in stages and windows, with retries where they help."""

from core.extract.budget import chat_budget
from core.extract.one import extract_chat, run_pipeline
from core.extract.outcome import Call, Outcome, Status
from core.extract.pipeline import DEFAULT_EXAMPLES, MOST_SAMPLES, Pipeline, PipelineStep, parse_pipeline
from core.extract.replies import about, earlier_answers, kept_replies
from core.extract.stages import Examples, Picked
from core.extract.tokens import estimate_tokens

__all__ = [
    "DEFAULT_EXAMPLES",
    "MOST_SAMPLES",
    "Call",
    "Examples",
    "Outcome",
    "Picked",
    "Pipeline",
    "PipelineStep",
    "Status",
    "about",
    "chat_budget",
    "earlier_answers",
    "estimate_tokens",
    "extract_chat",
    "kept_replies",
    "parse_pipeline",
    "run_pipeline",
]
