"""One call to a model with retries where waiting can help; expected failures are returned, not raised."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass

from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt

from core.adapters.llm.base import ModelReply, ModelRequest, Provider
from core.adapters.llm.failures import LENGTH, PAID, TOO_LARGE
from core.errors import Cause, ProviderError
from core.metrics import count_call

ATTEMPTS = 4
FIRST_WAIT = 1.0
LONGEST_WAIT = 30.0
_MOST_BILLED = 1
"""Attempts that were paid for without an answer before another one."""
_RATE_FACTOR = 3.0
"""How many times longer to wait after a rate limit than after a lost connection."""


@dataclass(frozen=True, slots=True)
class CallResult:
    """The result of a model call with its retries: ``reply`` or ``error``.

    Attributes:
        reply: the answer.
        error: of the last attempt, where there is no answer.
        attempts: how often the model was asked.
        seconds: that all of it took.
        billed: errors of the attempts before the last one that are paid for.
    """

    reply: ModelReply | None
    error: ProviderError | None
    attempts: int
    seconds: float
    billed: tuple[ProviderError, ...] = ()


def ask(provider: Provider, request: ModelRequest, *, attempts: int, sleep: Callable[[float], None]) -> CallResult:
    """Call the model until there is a reply, a permanent failure, or no attempt left.

    Args:
        provider: who is asked.
        request: the question.
        attempts: calls at most, the first included.
        sleep: how to wait between attempts; given in seconds.
    """
    start = time.perf_counter()
    attempts_made = 0
    billed: list[ProviderError] = []

    def may_pass(error: BaseException) -> bool:
        return _may_pass(error) and len(billed) <= _MOST_BILLED

    def once() -> ModelReply:
        nonlocal attempts_made
        attempts_made += 1
        began = time.perf_counter()
        try:
            reply = provider.complete(request)
        except ProviderError as error:
            count_call(provider.name, error.cause, time.perf_counter() - began)
            if error.code in PAID:
                billed.append(error)
            raise
        # What a batch has brought is counted where it comes in, not each time that its chat is gone on with.
        if not reply.reused and not (reply.batch and reply.seconds == 0):
            tokens = (reply.tokens_in, reply.tokens_out)
            count_call(provider.name, "answered", time.perf_counter() - began, tokens=tokens)
        return reply

    retrying = Retrying(
        stop=stop_after_attempt(max(1, attempts)),
        wait=_wait,
        retry=retry_if_exception(may_pass),
        sleep=sleep,
        reraise=True,
    )
    try:
        reply = retrying(once)
    except ProviderError as error:
        earlier = tuple(one for one in billed if one is not error)
        return CallResult(None, error, attempts_made, time.perf_counter() - start, earlier)
    return CallResult(reply, None, attempts_made, time.perf_counter() - start, tuple(billed))


def _may_pass(error: BaseException) -> bool:
    # An answer at max_tokens, or without end, would cost as much and end there again; so would one that was paid for.
    return (
        isinstance(error, ProviderError)
        and error.retryable
        and error.code not in (LENGTH, TOO_LARGE)
        and not error.tokens_out
    )


def _wait(state: RetryCallState) -> float:
    """Seconds before the next attempt: doubled each time, up to a limit, a random half of it as jitter.

    With jitter, calls that failed together (a rate limit) do not come back together.
    """
    error = state.outcome.exception() if state.outcome else None
    rate = isinstance(error, ProviderError) and error.cause is Cause.RATE
    longest = min(LONGEST_WAIT, FIRST_WAIT * (_RATE_FACTOR if rate else 1.0) * 2.0 ** (state.attempt_number - 1))
    return longest / 2 + random.random() * longest / 2
