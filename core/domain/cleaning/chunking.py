"""Splits a conversation that is too long for a model into chunks at message borders, with an overlap."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from core.domain.chat import ParsedChat, Span
from core.domain.cleaning.cleaned_text import Cleaned

OVERLAP = 0.12
"""Largest share of a chunk that may repeat the end of the previous one: enough to see what a reply answers."""
_TOKENS_PER_CHARACTER = 1.25
"""Most tokens that one character may cost by the estimate."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """A part of a cleaned conversation.

    Attributes:
        number: from 1.
        text: what a model is shown: ``prefix`` and then the characters of ``span``.
        prefix: the speaker's name, where the part begins in the middle of what one said; else ``""``.
        span: where it stands in the cleaned text.
        first: number of its first message, from 0.
        last: number of its last message, from 0.
        repeated: how many characters of it the chunk before has too.
    """

    number: int
    text: str
    prefix: str
    span: Span
    first: int
    last: int
    repeated: int


class _Unit(NamedTuple):
    message: int
    span: Span
    size: int
    prefix: str


def single_chunk(cleaned: Cleaned) -> Chunk:
    """The single chunk of a conversation that fits."""
    numbers = [message for message, _ in cleaned.messages] or [0]
    return Chunk(1, cleaned.text, "", Span(0, len(cleaned.text)), numbers[0], numbers[-1], 0)


def split_chunks(
    chat: ParsedChat, cleaned: Cleaned, limit: int, size: Callable[[str], int], overlap: float = OVERLAP
) -> list[Chunk]:
    """Split a cleaned conversation into chunks of at most ``limit``, as measured by ``size``.

    Chunks end where messages end; only a message that is longer than a chunk itself is cut, between its lines if
    it has some. Together they hold every character.

    Args:
        chat: the parsed chat, for the speakers' names.
        cleaned: what is to be shown of it.
        limit: size of a chunk at most, in the measure's unit.
        size: measure of a text, in characters or estimated tokens; that of a whole must not be larger than the
            sum of its parts.
        overlap: share of ``limit`` that may be repeated from the chunk before (0 to 0.5).

    Raises:
        ValueError: ``limit`` is not positive.
    """
    if limit < 1:
        raise ValueError("limit must be positive")
    if size(cleaned.text) <= limit:
        return [single_chunk(cleaned)]
    units = _units(chat, cleaned, limit, size)
    chunks: list[Chunk] = []
    start, done = 0, 0
    while done < len(units):
        end, used = start, size(units[start].prefix)
        while end < len(units) and (end == start or used + units[end].size <= limit):
            used += units[end].size
            end += 1
        span = Span(units[start].span.start, units[end - 1].span.end)
        prefix = units[start].prefix
        chunks.append(
            Chunk(
                len(chunks) + 1,
                prefix + span.of(cleaned.text),
                prefix,
                span,
                units[start].message,
                units[end - 1].message,
                units[done].span.start - span.start,
            )
        )
        start, done = _next_start(units, start, end, limit, overlap, size), end
    return chunks


def _next_start(
    units: Sequence[_Unit], start: int, end: int, limit: int, overlap: float, size: Callable[[str], int]
) -> int:
    """Where the next chunk begins: some units before the end of this one, never so many that it brings nothing new."""
    if end >= len(units):
        return end
    begin, used = end, 0
    room = min(int(limit * overlap), limit - units[end].size)
    while begin - 1 > start and used + units[begin - 1].size + size(units[begin - 1].prefix) <= room:
        begin -= 1
        used += units[begin].size
    return begin


def _units(chat: ParsedChat, cleaned: Cleaned, limit: int, size: Callable[[str], int]) -> list[_Unit]:
    units: list[_Unit] = []
    for number, span in cleaned.messages:
        speaker = chat.messages[number].speaker
        prefix = f"{speaker}：" if speaker else ""
        text = span.of(cleaned.text)
        starts_named = not prefix or text.lstrip().startswith(speaker)
        fits = size(text) <= limit - (0 if starts_named else size(prefix))
        parts = [span] if fits else _parts(span, text, max(1, limit - size(prefix)), size)
        for part in parts:
            words = part.of(cleaned.text)
            named = not prefix or (part is parts[0] and words.lstrip().startswith(speaker))
            units.append(_Unit(number, part, size(words), "" if named else prefix))
    return units


def _parts(span: Span, text: str, limit: int, size: Callable[[str], int]) -> list[Span]:
    """A message in parts: between its lines where they fit, else anywhere."""
    longest = max(1, int(limit / _TOKENS_PER_CHARACTER))
    parts: list[Span] = []
    start = at = 0
    for line in text.splitlines(keepends=True):
        if size(text[start : at + len(line)]) > limit:
            if at > start:
                parts.append(Span(start, at))
            start = at
            while size(text[start : at + len(line)]) > limit:
                parts.append(Span(start, start + longest))
                start += longest
        at += len(line)
    if at > start:
        parts.append(Span(start, at))
    return [Span(span.start + part.start, span.start + part.end) for part in parts]
