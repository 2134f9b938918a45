"""Token budget of a chat: a model's context minus prompt and answer. Tokens are estimates."""

import json
from collections.abc import Mapping
from typing import Any, Final

from core.domain.form import Form
from core.domain.prompts import COMMON_VARIABLES, STAGE_VARIABLES, Stage, render
from core.services.extraction.pipeline.definition import Pipeline, PipelineStep
from core.services.extraction.pipeline.token_estimate import estimate_tokens

_USUAL_FORMS: Final = 3
"""Number of customers for whom an answer reserves tokens."""
_LARGEST_ANSWER: Final = 3
"""The answer reserves at most the context divided by this: the limit of an answer is not its length."""
SMALLEST_CHUNK: Final = 200
"""Smallest chunk, in tokens, that is worth extracting."""


def chat_budget(
    form: Form,
    pipeline: Pipeline,
    *,
    context_tokens: int,
    max_output_tokens: int = 0,
    parameters: Mapping[str, Any] | None = None,
) -> int | None:
    """Tokens left for the chat in every stage; ``None`` if the context is unknown.

    Args:
        form: what is filled.
        pipeline: the stages; its own ``context_tokens`` stands before the model's.
        context_tokens: of the model, prompt and answer together; 0 where unknown.
        max_output_tokens: of the model; 0 where unknown.
        parameters: of the call; ``max_tokens`` is what the answer may take.

    Raises:
        PromptError: a prompt cannot be rendered.
    """
    context = pipeline.context_tokens or context_tokens
    if not context:
        return None
    settings = parameters or {}
    skeleton = estimate_tokens(json.dumps(form.empty(), ensure_ascii=False, indent=2))
    answer = int(settings.get("max_tokens") or max(1024, _USUAL_FORMS * skeleton))
    answer = min(answer, max_output_tokens or answer, context // _LARGEST_ANSWER)
    fixed = [_fixed(step, form, bool(settings.get("json_mode")), answer) for step in pipeline.steps]
    return context - answer - max(fixed)


def form_for_step(form: Form, step: PipelineStep) -> Form:
    """The part of a form that a pipeline step asks for."""
    if step.prompt.stage is Stage.CUSTOMERS:
        return form.subset((form.name_field,))
    return form.subset(step.fields) if step.fields else form


def _fixed(step: PipelineStep, form: Form, json_object: bool, answer: int) -> int:
    """Tokens of a stage's question besides the chat; given forms are as long as an answer."""
    own = STAGE_VARIABLES[step.prompt.stage] - COMMON_VARIABLES
    nothing: dict[str, Any] = {name: [] if name == "examples" else "" for name in own}
    rendered = render(step.prompt, form_for_step(form, step), json_object=json_object, **nothing)
    tokens = estimate_tokens(rendered.system) + estimate_tokens(rendered.user)
    return tokens + (answer if "forms" in own else 0)
