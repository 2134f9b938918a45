"""One chat → forms: render, ask, parse; ask again only where waiting can help."""

import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt

from core.errors import Cause, PromptError, ProviderError
from core.form import Form, FormValues
from core.llm.base import ModelReply, ModelRequest, Provider
from core.llm.failures import LENGTH
from core.parsing import parse_reply
from core.prompts import Prompt, render

ATTEMPTS = 4
FIRST_WAIT = 1.0
LONGEST_WAIT = 30.0
_RATE_FACTOR = 3.0
"""Too many calls at once takes longer to pass than a dropped connection."""


class Status(StrEnum):
    """How an extraction ended."""

    OK = "ok"
    REPAIRED = "repaired"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one chat.

    Attributes:
        forms: one clean form per customer; ``None`` where it failed.
        status: ``repaired`` where the reply had to be mended, see ``notes``.
        notes: what was mended or coerced, one Chinese sentence each.
        raw: exactly what the model wrote last; on a failure what had arrived until then.
        cause: why it failed; ``None`` where it did not, or where an answer came that could not be read.
        error: the failure for the analyst, in Chinese with the remedy; ``""`` where there is none.
        code: the provider's own error code.
        tokens_in: prompt tokens by the provider's count; ``None`` where it does not say.
        tokens_out: answer tokens, likewise.
        seconds: wall time with waits and retries.
        attempts: how often the model was asked.
        model: what answered, as the provider names it.
        prompt_sha256: of the rendered messages, ``""`` if they could not be rendered.
    """

    forms: tuple[FormValues, ...] | None
    status: Status
    notes: tuple[str, ...] = ()
    raw: str = ""
    cause: Cause | None = None
    error: str = ""
    code: str = ""
    tokens_in: int | None = None
    tokens_out: int | None = None
    seconds: float = 0.0
    attempts: int = 0
    model: str = ""
    prompt_sha256: str = ""


def extract_chat(
    *,
    form: Form,
    conversation: str,
    prompt: Prompt,
    provider: Provider,
    model: str = "",
    parameters: Mapping[str, Any] | None = None,
    deadline: float = 120.0,
    attempts: int = ATTEMPTS,
    sleep: Callable[[float], None] = time.sleep,
) -> Outcome:
    """Ask a model for the forms of one chat.

    Every failure that a person can understand becomes an :class:`Outcome` of status ``failed``; only programming errors
    are raised.

    Args:
        form: what to fill.
        conversation: the chat without residue.
        prompt: of stage ``extract``.
        provider: who is asked.
        model: the model's name; ``""`` for the provider's default.
        parameters: see :class:`core.llm.base.ModelRequest`.
        deadline: seconds for each single call.
        attempts: calls at most, the first included; only causes that may pass are tried again.
        sleep: how to wait between attempts; given in seconds.
    """
    start = time.perf_counter()
    settings = dict(parameters or {})
    try:
        rendered = render(prompt, form, chat=conversation, json_object=bool(settings.get("json_mode")))
    except PromptError as error:
        return Outcome(None, Status.FAILED, cause=Cause.CONFIG, error=str(error))
    request = ModelRequest(
        prompt=rendered.user,
        system=rendered.system,
        conversation=conversation,
        model=model,
        parameters=settings,
        deadline=deadline,
        form=form,
    )
    asked = 0

    def ask() -> ModelReply:
        nonlocal asked
        asked += 1
        return provider.complete(request)

    retrying = Retrying(
        stop=stop_after_attempt(max(1, attempts)),
        wait=_wait,
        retry=retry_if_exception(_may_pass),
        sleep=sleep,
        reraise=True,
    )
    try:
        reply = retrying(ask)
    except ProviderError as error:
        return Outcome(
            None,
            Status.FAILED,
            raw=error.partial,
            cause=error.cause,
            error=str(error),
            code=error.code,
            seconds=time.perf_counter() - start,
            attempts=asked,
            model=model,
            prompt_sha256=rendered.sha256,
        )
    parsed = parse_reply(form, reply.text)
    failed = parsed.forms is None
    return Outcome(
        forms=None if parsed.forms is None else tuple(parsed.forms),
        status=Status.FAILED if failed else Status(parsed.status),
        notes=tuple(parsed.notes),
        raw=reply.text,
        error=parsed.reason if failed else "",
        tokens_in=reply.tokens_in,
        tokens_out=reply.tokens_out,
        seconds=time.perf_counter() - start,
        attempts=asked,
        model=reply.model,
        prompt_sha256=rendered.sha256,
    )


def _may_pass(error: BaseException) -> bool:
    # An answer at max_tokens would cost as much and end there again.
    return isinstance(error, ProviderError) and error.retryable and error.code != LENGTH


def _wait(state: RetryCallState) -> float:
    """Seconds before the next attempt: doubled each time, up to a limit, a random half of it as jitter.

    With jitter, calls that failed together (a rate limit) do not come back together.
    """
    error = state.outcome.exception() if state.outcome else None
    rate = isinstance(error, ProviderError) and error.cause is Cause.RATE
    longest = min(LONGEST_WAIT, FIRST_WAIT * (_RATE_FACTOR if rate else 1.0) * 2.0 ** (state.attempt_number - 1))
    return longest / 2 + random.random() * longest / 2
