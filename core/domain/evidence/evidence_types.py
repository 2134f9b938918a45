"""Types of evidence: the status and the places of one value."""

from dataclasses import dataclass
from enum import StrEnum

from core.domain.chat.parsed_chat import Span

MAX_SPANS = 6
"""Most places kept for one value; more would colour the whole chat."""


class EvidenceStatus(StrEnum):
    """How well the chat supports a value."""

    VERBATIM = "原文"  # stands there as it is
    NORMALISED = "归一化"  # stands there in another shape
    INFERRED = "推断"  # a judgement without a place in the text
    MISSING = "无依据"  # should stand there and does not: a warning
    NONE = ""  # the field is empty


@dataclass(frozen=True, slots=True)
class FieldEvidence:
    """Where one field's value stands in the chat, and how well it is supported.

    Attributes:
        status: see :class:`EvidenceStatus`.
        spans: places in the original text, best first, at most :data:`MAX_SPANS`, none overlapping another; each lies
            within one message's body, speaker name or quoted words.
        messages: indices of the messages that these lie in, in the same order, each once.
    """

    status: EvidenceStatus
    spans: tuple[Span, ...] = ()
    messages: tuple[int, ...] = ()
