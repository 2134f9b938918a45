"""Search index of one chat: built once, searched for every field of every customer.

Two views of the conversation without residue: *folded*, which has the original's length (so offsets are the same)
with width and case made equal, and *compact*, without white space and punctuation, with a way back to offsets.
"""

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from enum import IntEnum
from functools import cached_property, lru_cache
from operator import add
from typing import NamedTuple, TypeVar

from core.domain.chat.parsed_chat import ParsedChat, RoleGuess, Span
from core.domain.entities.folding import fold
from core.domain.evidence.evidence_types import EvidenceStatus
from core.domain.evidence.exchanges import exchanges
from core.domain.evidence.quantities import Amount, Moment, amounts_in, moments_in

_PUNCTUATION = r"、,;:!?\"'()\[\]<>{}《》【】「」~\-_·。…|*"
_KEPT = re.compile(rf"(?:[^\s{_PUNCTUATION}]|(?<=\d)[,:;\-~](?=\d))+")
"""Characters that are compared: 3:00 stays different from 300."""
_Said = TypeVar("_Said", Amount, Moment)
_BREAK = "\0"
_JOINTS = ".@_"
_MAX_HITS = 200
"""Most occurrences of one value that are ranked."""


class MessagePart(IntEnum):
    """The part of a message that a region lies in, best evidence first."""

    BODY = 0
    NAME = 1
    QUOTE = 2


class Region(NamedTuple):
    """A searchable range of the original text, and the same range in the compact text.

    Attributes:
        start: offset in the original text.
        end: behind the last character.
        message: index of the message.
        part: see :class:`MessagePart`.
        compact_start: offset in the compact view.
        compact_end: behind its last character there.
    """

    start: int
    end: int
    message: int
    part: MessagePart
    compact_start: int
    compact_end: int


class Hit(NamedTuple):
    """One occurrence of a value in the chat."""

    span: Span
    region: Region


@lru_cache(maxsize=1024)
def compact(text: str) -> str:
    """Fold a text and remove white space and punctuation (kept between digits)."""
    return "".join(_KEPT.findall(fold(text)))


class ChatIndex:
    """Search index of a parsed chat; valid as long as the chat's text.

    Args:
        parsed: the chat.
        roles: which side each speaker seems to be on: then staff who name nobody are taken to answer who spoke last.
    """

    def __init__(self, parsed: ParsedChat, roles: Mapping[str, RoleGuess] | None = None) -> None:
        self.parsed = parsed
        self.roles = roles
        self.text = parsed.text
        end = parsed.messages[-1].span.end if parsed.messages else 0
        self.folded = fold(self.text[:end])
        runs: list[str] = []
        self._compact_at: list[int] = []  # of each run: offset in the compact view …
        self._text_at: list[int] = []  # … and in the text
        self.regions: list[Region] = []
        length = 0
        for start, stop, message, part in sorted(self._ranges()):
            compact_start = length
            for run in _KEPT.finditer(self.folded, start, stop):
                runs.append(run[0])
                self._compact_at.append(length)
                self._text_at.append(run.start())
                length += len(run[0])
            self.regions.append(Region(start, stop, message, part, compact_start, length))
            runs.append(_BREAK)
            length += 1
        self.compact = "".join(runs)
        self._starts = [region.start for region in self.regions]
        self.known: dict[tuple[str, str], tuple[EvidenceStatus, list[Hit]]] = {}
        """What was found for a kind and a text: customers share values, and a draft changes one of them."""

    def _ranges(self) -> Iterator[tuple[int, int, int, MessagePart]]:
        for message in self.parsed.messages:
            quote = message.quote.text_span if message.quote else Span(0, 0)
            for span, part in (
                (message.speaker_span, MessagePart.NAME),
                (quote, MessagePart.QUOTE),
                (message.body, MessagePart.BODY),
            ):
                if span.start < span.end:
                    yield span.start, span.end, message.index, part

    @cached_property
    def exchanges(self) -> tuple[tuple[str, ...], ...]:
        """See :func:`core.domain.evidence.exchanges.exchanges`."""
        return exchanges(self.parsed, self.roles)

    @cached_property
    def bodies(self) -> tuple[Region, ...]:
        """Bodies of the messages, without names and quotes."""
        return tuple(region for region in self.regions if region.part is MessagePart.BODY)

    @cached_property
    def amounts(self) -> tuple[tuple[Amount, Region], ...]:
        """Amounts in message bodies."""
        return tuple(self._said(amounts_in(self.folded)))

    @cached_property
    def amount_spans(self) -> tuple[Span, ...]:
        """Where amounts stand in the whole text, in order."""
        return tuple(amount.span for amount in amounts_in(self.folded))

    @cached_property
    def moments(self) -> tuple[tuple[Moment, Region], ...]:
        """Dates and times of day in message bodies."""
        return tuple(self._said(moments_in(self.folded)))

    def _said(self, quantities: Iterable[_Said]) -> Iterator[tuple[_Said, Region]]:
        for one in quantities:
            hit = self.hit(*one.span)
            if hit and hit.region.part is MessagePart.BODY:
                yield one, hit.region

    @cached_property
    def _pairs(self) -> dict[str, list[int]]:
        """For each pair of neighbouring characters of the compact view, the bodies that hold it."""
        pairs: dict[str, list[int]] = {}
        for number, region in enumerate(self.bodies):
            words = self.compact[region.compact_start : region.compact_end]
            for pair in set(map(add, words, words[1:])):
                pairs.setdefault(pair, []).append(number)
        return pairs

    def bodies_with_common_pairs(self, wanted: str, least: float) -> list[Region]:
        """Message bodies that contain at least this share of the character pairs of a compact text."""
        pairs = set(map(add, wanted, wanted[1:]))
        counts: Counter[int] = Counter()
        for pair in pairs:
            counts.update(self._pairs.get(pair, ()))
        return [self.bodies[number] for number, count in sorted(counts.items()) if count >= least * len(pairs)]

    def hit(self, start: int, end: int) -> Hit | None:
        """The occurrence at a range, if it lies within one region and splits no number or Latin word; else ``None``."""
        position = bisect_right(self._starts, start) - 1
        if position < 0:
            return None
        region = self.regions[position]
        if end > region.end or _joined(self.text, start) or _joined(self.text, end):
            return None
        return Hit(Span(start, end), region)

    def find(self, words: str) -> list[Hit]:
        """Exact occurrences of the words."""
        hits: list[Hit] = []
        position = self.text.find(words, 0, len(self.folded)) if words else -1
        while position >= 0 and len(hits) < _MAX_HITS:
            if hit := self.hit(position, position + len(words)):
                hits.append(hit)
            position = self.text.find(words, position + len(words), len(self.folded))
        return hits

    def find_compact(self, words: str) -> list[Hit]:
        """Occurrences of the words, ignoring width, case, white space and punctuation."""
        needle = compact(words)
        hits: list[Hit] = []
        position = self.compact.find(needle) if needle else -1
        while position >= 0 and len(hits) < _MAX_HITS:
            span = self.span_of_compact(position, position + len(needle))
            if hit := self.hit(*span):
                hits.append(hit)
            position = self.compact.find(needle, position + 1)
        return hits

    def span_of_compact(self, start: int, end: int) -> Span:
        """The range of the original text for a non-empty range of the compact text."""
        return Span(self._offset(start), self._offset(end - 1) + 1)

    def _offset(self, position: int) -> int:
        run = bisect_right(self._compact_at, position) - 1
        return self._text_at[run] + position - self._compact_at[run]


def _joined(text: str, edge: int) -> bool:
    """Whether an edge falls inside a number, a Latin word, or what a point, an @ or a line joins (an address, 3.5)."""
    if not 0 < edge < len(text):
        return False
    before, after = text[edge - 1], text[edge]
    if not (before.isascii() and after.isascii()):
        return False
    if before in _JOINTS:
        before = text[edge - 2] if edge > 1 else " "
        return before.isascii() and before.isalnum() and after.isalnum()
    if after in _JOINTS:
        after = text[edge + 1] if edge + 1 < len(text) else " "
        return after.isascii() and before.isalnum() and after.isalnum()
    return (before.isdigit() and after.isdigit()) or (before.isalpha() and after.isalpha())
