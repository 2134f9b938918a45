"""Cuts text at the borders of evidence, so that screens and reports need not count characters."""

from collections.abc import Sequence
from typing import NamedTuple

from core.domain.chat.parsed_chat import Span


class EvidenceSlice(NamedTuple):
    """A range of text with the same evidence throughout.

    Attributes:
        span: offsets in the text.
        evidence: positions, in what was given, of the evidence that covers it; empty where nothing does.
    """

    span: Span
    evidence: tuple[int, ...]


def overlap(a: Span, b: Span) -> bool:
    """Whether two ranges have a character in common."""
    return a.start < b.end and b.start < a.end


def cut_at_evidence(span: Span, evidence: Sequence[Span]) -> list[EvidenceSlice]:
    """Cut a range of text at the borders of evidence.

    Args:
        span: the range, for example a message's body.
        evidence: ranges that may overlap one another and reach beyond ``span``.

    Returns:
        Slices in order that together are ``span``; none for an empty one.
    """
    over = [(number, each) for number, each in enumerate(evidence) if overlap(each, span)]
    borders = sorted(
        {span.start, span.end} | {min(max(edge, span.start), span.end) for _, e in over for edge in (e.start, e.end)}
    )
    return [
        EvidenceSlice(Span(start, end), tuple(number for number, e in over if e.start <= start and end <= e.end))
        for start, end in zip(borders, borders[1:], strict=False)
        if start < end
    ]
