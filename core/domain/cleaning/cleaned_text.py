"""Types of a cleaned conversation: ranges kept from the original text, and what was left out and why."""

from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from core.domain.chat import Span


class TextMapping(NamedTuple):
    """A range of the cleaned text and the range of the original text that it comes from.

    Attributes:
        start: where it begins in the cleaned text.
        text: its characters.
        source: where they stand in the original text; ``None`` for what a step put there.
        message: number of the message it belongs to, from 0.
    """

    start: int
    text: str
    source: Span | None
    message: int

    @property
    def end(self) -> int:
        """End of the range in the cleaned text."""
        return self.start + len(self.text)


class LeftOut(NamedTuple):
    """A range of the original text that a cleaning step left out.

    Attributes:
        step: name of the step.
        span: the range.
        message: number of the message, from 0; ``-1`` for what is no message (residue).
        whole: whether the whole message is gone.
    """

    step: str
    span: Span
    message: int
    whole: bool


@dataclass(frozen=True)
class Cleaned:
    """A cleaned conversation with its mapping to the original text.

    Attributes:
        text: what a model is shown.
        pieces: in order; joined they give ``text``.
        left_out: in order of the original text.
        steps: names of the steps that were taken, in the order in which they act.
    """

    text: str
    pieces: tuple[TextMapping, ...]
    left_out: tuple[LeftOut, ...]
    steps: tuple[str, ...]

    @cached_property
    def _starts(self) -> list[int]:
        return [piece.start for piece in self.pieces]

    def original(self, offset: int) -> int | None:
        """Offset in the original text of a cleaned character; ``None`` for one that a step inserted.

        Raises:
            IndexError: outside of the cleaned text.
        """
        if not 0 <= offset < len(self.text):
            raise IndexError(offset)
        piece = self.pieces[bisect_right(self._starts, offset) - 1]
        return None if piece.source is None else piece.source.start + offset - piece.start

    def original_spans(self, span: Span) -> tuple[Span, ...]:
        """Ranges of the original text behind a range of the cleaned text, adjacent ones joined."""
        spans: list[Span] = []
        for piece in self.pieces:
            start, end = max(span.start, piece.start), min(span.end, piece.end)
            if start >= end or piece.source is None:
                continue
            source = Span(piece.source.start + start - piece.start, piece.source.start + end - piece.start)
            if spans and spans[-1].end == source.start:
                spans[-1] = Span(spans[-1].start, source.end)
            else:
                spans.append(source)
        return tuple(spans)

    @cached_property
    def messages(self) -> tuple[tuple[int, Span], ...]:
        """``(message, range of the cleaned text)`` of every message that was kept, in order."""
        spans: list[tuple[int, Span]] = []
        for piece in self.pieces:
            if spans and spans[-1][0] == piece.message:
                spans[-1] = (piece.message, Span(spans[-1][1].start, piece.end))
            else:
                spans.append((piece.message, Span(piece.start, piece.end)))
        return tuple(spans)
