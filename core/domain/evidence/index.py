"""Search index of one chat: built once, searched for every field of every customer.

Two views of the conversation without residue: *folded*, which has the original's length (so offsets are the same)
with width and case made equal, and *compact*, without white space and punctuation, with a way back to offsets.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import IntEnum
from functools import cache, cached_property, lru_cache
from typing import NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from core.domain.chat.parsed_chat import ParsedChat, RoleGuess, Span
from core.domain.entities.folding import fold
from core.domain.evidence.evidence_types import EvidenceStatus
from core.domain.evidence.exchanges import exchanges
from core.domain.evidence.quantities import Amount, Moment, amounts_in, moments_in

_PUNCTUATION = r"、,;:!?\"'()\[\]<>{}《》【】「」~\-_·。…|*"
_KEPT = re.compile(rf"(?:[^\s{_PUNCTUATION}]|(?<=\d)[,:;\-~](?=\d))+")
"""Characters that are compared: 3:00 stays different from 300."""
_LEFT_OUT = re.compile(rf"[\s{_PUNCTUATION}]")
_JOINTS_OF_DIGITS = frozenset(",:;-~")
_CHARACTERS = 0x110000
_Said = TypeVar("_Said", Amount, Moment)
_BREAK = "\0"
_JOINTS = ".@_"
_MAX_HITS = 200
"""Most occurrences of one value that are ranked."""


class _KindOf(IntEnum):
    """What :data:`_KEPT` says of a single character."""

    WORD = 0
    DIGIT = 1
    LEFT_OUT = 2
    JOINT = 3  # kept between digits


@cache
def _kind_of(character: str) -> _KindOf:
    if _LEFT_OUT.match(character):
        return _KindOf.JOINT if character in _JOINTS_OF_DIGITS else _KindOf.LEFT_OUT
    return _KindOf.DIGIT if character.isdecimal() else _KindOf.WORD


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
        ranges = sorted(self._ranges())
        self._starts = [one[0] for one in ranges]
        edges = np.array([one[:2] for one in ranges], np.int64).reshape(-1, 2)
        self.compact, self._text_at, compact_edges = _compacted(self.folded, edges)
        self.regions = [
            Region(*one, *compact_edge) for one, compact_edge in zip(ranges, compact_edges.tolist(), strict=True)
        ]
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
    def _near(self) -> dict[str, list[tuple[int, int]]]:
        near: dict[str, list[tuple[int, int]]] = {}
        for number, people in enumerate(self.exchanges):
            for place, person in enumerate(people):
                near.setdefault(person, []).append((number, min(place, 1)))
        return near

    def messages_near(self, person: str) -> Sequence[tuple[int, int]]:
        """Messages that a speaker is part of, by their index: 0 where from him, 1 where to him."""
        return self._near.get(person, ())

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
    def _body_edges(self) -> npt.NDArray[np.int64]:
        """Where the bodies begin and end in the compact view."""
        return np.array([(body.compact_start, body.compact_end) for body in self.bodies], np.int64).reshape(-1, 2)

    @cached_property
    def _pairs(self) -> npt.NDArray[np.uint64]:
        """The pairs of neighbouring characters of the compact view, as numbers."""
        return _pairs_of(self.compact)

    def bodies_with_common_pairs(self, wanted: str, least: float) -> list[Region]:
        """Message bodies that contain at least this share of the character pairs of a compact text."""
        if not self.bodies:
            return []
        pairs = np.unique(_pairs_of(wanted))
        places = np.flatnonzero(np.isin(self._pairs, pairs))
        bodies = np.searchsorted(self._body_edges[:, 0], places, side="right") - 1
        inside = (bodies >= 0) & (places + 1 < self._body_edges[bodies, 1])
        # Each pair counts once in each body.
        kinds = np.searchsorted(pairs, self._pairs[places[inside]])
        held = np.unique(bodies[inside] * max(1, len(pairs)) + kinds) // max(1, len(pairs))
        numbers, counts = np.unique(held, return_counts=True)
        return [self.bodies[number] for number in numbers[counts >= least * len(pairs)].tolist()]

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
        return Span(int(self._text_at[start]), int(self._text_at[end - 1]) + 1)


def _compacted(folded: str, edges: npt.NDArray[np.int64]) -> tuple[str, npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Ranges of a folded text, of each what :data:`_KEPT` keeps, and a break behind it.

    Args:
        folded: the text.
        edges: where the ranges begin and end, in order.

    Returns:
        The compact text, for each of its characters the offset in the text, and the ranges' edges in it.
    """
    codes = np.frombuffer(folded.encode("utf-32-le", "surrogatepass"), np.uint32)
    kinds = np.zeros(_CHARACTERS, np.uint8)
    for character in set(folded):
        kinds[ord(character)] = _kind_of(character)
    kind = kinds[codes]
    digit = np.concatenate(([False], kind == _KindOf.DIGIT, [False]))
    kept = (kind < _KindOf.LEFT_OUT) | ((kind == _KindOf.JOINT) & digit[:-2] & digit[2:])
    last = edges[:, 1] - 1
    kept[last[kind[last] >= _KindOf.LEFT_OUT]] = False  # a joint needs a digit of its own range behind it
    before = np.concatenate(([0], np.cumsum(kept)))
    sizes = before[edges[:, 1]] - before[edges[:, 0]]
    ends = np.cumsum(sizes + 1) - 1
    compact_edges = np.stack((ends - sizes, ends), axis=1)
    inside = np.zeros(len(codes) + 1, np.int64)
    np.add.at(inside, edges[:, 0], 1)
    np.add.at(inside, edges[:, 1], -1)
    places = np.flatnonzero(kept & (np.cumsum(inside[:-1]) > 0))
    text_at = np.insert(places, np.cumsum(sizes), edges[:, 1])
    compact_codes = np.insert(codes[places], np.cumsum(sizes), ord(_BREAK))
    return compact_codes.tobytes().decode("utf-32-le", "surrogatepass"), text_at, compact_edges


def _pairs_of(text: str) -> npt.NDArray[np.uint64]:
    """Pairs of neighbouring characters as numbers."""
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32).astype(np.uint64)
    return (codes[:-1] << np.uint64(21)) | codes[1:]


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
