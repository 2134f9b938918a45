"""Interface of all model providers: one request in, one reply or one :class:`core.errors.ProviderError` out."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from core.domain.form import Form

_MOST_TOKENS: Final = 10_000_000
"""More than any model takes in one call, and little enough for every database."""


@dataclass(frozen=True, slots=True)
class ModelRequest:
    """One request to a model.

    Attributes:
        prompt: the rendered prompt (user message).
        system: system message, or ``""``.
        conversation: the chat without residue, for providers that read it themselves (``local``).
        model: the model's name or Spark domain; ``""`` for the provider's default.
        parameters: ``temperature`` (0 to 2), ``max_tokens`` (> 0), ``json_mode`` (bool) and extras.
        deadline: seconds after which the call has failed.
        form: what the answer has to fill, for providers that read the chat themselves (``local``).
        task: ``forms`` or ``summary``: what the answer is, for the same providers.
        sample: which of several answers to one question this is to be, from 1; they are not copies of one another.
    """

    prompt: str
    system: str = ""
    conversation: str = ""
    model: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    deadline: float = 120.0
    form: Form | None = None
    task: str = "forms"
    sample: int = 1


def request_digest(provider: str, url: str, request: ModelRequest, *, default_url: str = "") -> str:
    """Hash of everything that an answer depends on: who is asked, model, parameters, messages and sample.

    Args:
        provider: the provider's name.
        url: the model's own address, ``""`` for none.
        request: what is asked; its deadline does not count.
        default_url: the provider's address in the environment, where a model without an address of its own is asked;
            ``""`` where it does not count, so that a service that moved can be followed.
    """
    parts = [
        provider,
        url,
        default_url,
        request.model,
        dict(request.parameters),
        request.system,
        request.prompt,
        request.sample - 1,
    ]
    return hashlib.sha256(json.dumps(parts, ensure_ascii=False, sort_keys=True, default=str).encode()).hexdigest()


def token_count(value: Any) -> int | None:
    """A service's count of tokens, where it can be one; ``None`` for nothing, no number, 0 or less, and absurdly many.

    Args:
        value: as it came.
    """
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value <= _MOST_TOKENS else None


@dataclass(frozen=True, slots=True)
class ModelReply:
    """A complete reply of a model.

    Attributes:
        text: exactly what the model wrote.
        tokens_in: prompt tokens as counted by the provider; ``None`` where it does not say.
        tokens_out: answer tokens, likewise.
        seconds: wall time of the call.
        model: what answered, as the provider names it.
        reused: whether it was taken from an earlier, identical request; it cost nothing then.
        notes: what the service did not take of the request, one Chinese sentence each.
        tokens_cached: of ``tokens_in``, those that the service had kept from an earlier request, as it says; 0 where it
            says nothing.
        batch: whether it went as a batch, which has a price of its own.
    """

    text: str
    tokens_in: int | None
    tokens_out: int | None
    seconds: float
    model: str
    reused: bool = False
    notes: tuple[str, ...] = ()
    tokens_cached: int = 0
    batch: bool = False


class Provider(Protocol):
    """A model service. Instances are cheap, hold no connection and may be called from any thread."""

    name: str

    @property
    def default_url(self) -> str:
        """URL from the environment, for models without a URL of their own; ``""`` where none is set."""
        ...

    def ready(self) -> str:
        """Reason why the model cannot be called, one Chinese sentence; ``""`` if it can be."""
        ...

    def complete(self, request: ModelRequest) -> ModelReply:
        """Send one request, without retries. Remote providers decorate it with ``without_keys``.

        Raises:
            ProviderError: with a cause a person understands; nothing else escapes.
        """
        ...
