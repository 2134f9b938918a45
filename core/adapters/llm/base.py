"""Interface of all model providers: one request in, one reply or one :class:`core.errors.ProviderError` out."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from core.domain.form import Form


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
    """

    prompt: str
    system: str = ""
    conversation: str = ""
    model: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    deadline: float = 120.0
    form: Form | None = None
    task: str = "forms"


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
    """

    text: str
    tokens_in: int | None
    tokens_out: int | None
    seconds: float
    model: str
    reused: bool = False


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
