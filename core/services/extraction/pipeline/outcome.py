"""Result of extracting one chat: forms or a failure, every call, and what cleaning left out."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from core.domain.form import FormValues
from core.errors import Cause, ProviderError, SettingsError, ShiyaoError


class Status(StrEnum):
    """The result status of an extraction."""

    OK = "ok"
    REPAIRED = "repaired"
    FAILED = "failed"


class AnswerAwaited(Exception):
    """Raised by a provider that collects questions: this one is answered later, and the chat goes on then."""


@dataclass(frozen=True, slots=True)
class Call:
    """One question to a model, with its retries.

    Attributes:
        stage: of the prompt, see :class:`core.domain.prompts.Stage`.
        prompt: name and version.
        window: which part of a long chat, from 1.
        sample: which of several answers to the same question, from 1.
        system: the system message as it was sent.
        user: the user message as it was sent.
        sha256: of both.
        request: digest of the whole request: who was asked, model, parameters, messages and sample.
        raw: exactly what the model wrote; on a failure what had arrived until then.
        ok: whether the answer came and could be read.
        notes: what was mended or coerced, one Chinese sentence each.
        examples: where the examples in it are from, for people.
        cause: why it failed; ``None`` where it did not, or where an answer came that could not be read.
        error: the failure for the analyst; ``""`` where there is none.
        code: the provider's own error code.
        tokens_in: prompt tokens by the provider's count; ``None`` where it does not say.
        tokens_out: answer tokens, likewise.
        tokens_cached: of ``tokens_in``, those that the service had kept from an earlier question.
        batch: whether the question went as a batch.
        estimated: whether a count of tokens is our estimate, as the provider gave none that can be one.
        seconds: wall time with waits and retries.
        attempts: how often the model was asked; 0 where an earlier answer was taken.
        model: what answered, as the provider names it.
    """

    stage: str
    prompt: str
    window: int
    sample: int
    system: str = ""
    user: str = ""
    sha256: str = ""
    request: str = ""
    raw: str = ""
    ok: bool = False
    notes: tuple[str, ...] = ()
    examples: tuple[str, ...] = ()
    cause: Cause | None = None
    error: str = ""
    code: str = ""
    tokens_in: int | None = None
    tokens_out: int | None = None
    seconds: float = 0.0
    attempts: int = 0
    model: str = ""
    tokens_cached: int = 0
    batch: bool = False
    estimated: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of one chat.

    Attributes:
        forms: one clean form per customer; ``None`` where it failed.
        status: ``repaired`` where a reply had to be mended, see ``notes``.
        notes: what was mended, coerced, split or merged, one Chinese sentence each.
        raw: exactly what the model wrote last; on a failure what had arrived until then.
        cause: why it failed; ``None`` where it did not, or where an answer came that could not be read.
        error: the failure for the analyst, in Chinese with the remedy; ``""`` where there is none.
        code: the provider's own error code.
        tokens_in: prompt tokens by the provider's count; ``None`` where it does not say.
        tokens_out: answer tokens, likewise.
        seconds: wall time with waits and retries.
        attempts: how often the model was asked.
        model: what answered, as the provider names it.
        prompt_sha256: of the first rendered messages, ``""`` if they could not be rendered.
        calls: every call in order, with what was asked and answered.
        left_out: what the cleaning steps left out (:func:`core.domain.cleaning.left_out_report`).
        windows: the parts of a chat over the model's budget, ``{"number", "messages", "characters", "repeated"}``
            with message numbers from 1; empty where it was shown in one piece.
        alternatives: values that a vote or the merging of windows did not take, ``{"customer", "name", "field",
            "taken", "others", "from"}``, ``from`` being ``vote`` or ``windows``; of a vote also how many
            of the ``answers`` gave each of the others (``votes``).
        form: reference of the form that ``forms`` are of; ``""`` where nobody says.
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
    calls: tuple[Call, ...] = ()
    left_out: tuple[dict[str, Any], ...] = ()
    windows: tuple[dict[str, Any], ...] = ()
    alternatives: tuple[dict[str, Any], ...] = ()
    form: str = ""


def cause_of(error: ShiyaoError) -> Cause:
    """Why a chat failed without its model having been asked: settings that are missing, or what the run is made of."""
    if isinstance(error, ProviderError):
        return error.cause
    return Cause.CONFIG if isinstance(error, SettingsError) else Cause.SETUP
