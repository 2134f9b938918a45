"""Finds quoted messages before speakers are found, so that quoted lines are never parsed as messages.

Three shapes occur:

* an announcement ``这是一条引用/回复消息：``, then ``"名字: 原文"`` (often over several lines), a line of dashes,
  the reply;
* ``「名字：原文」``, a line of spaced dashes, the reply (how WeChat itself copies a reply);
* the same with ``"…"`` or ``“…”``.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from core.domain.chat.parsed_chat import Span
from core.domain.chat.speaker_lines import MAX_NAME, Line

_ANNOUNCEMENT = re.compile(r"(?:这是一条(?:引用|回复|引用/回复)(?:的)?消息|This is a quote/reply)[：:]?\s*$")
# Here and below: what may begin with any white space is looked for at the beginning of it only, else a long run of it
# would be walked through from each of its characters.
_DASHES = re.compile(r"(?<!\s)\s*+[-—–－]{4,}+\s*+")
_SPACED_DASHES = re.compile(r"(?<!\s)\s*+(?:[-—–－][ \u00a0]){3,}+[-—–－]?+\s*+")
_MARKS: Final = {"「": "」", "“": "”", '"': '"'}
# A quotation without announcement opens a message (after its colon) or stands at the beginning of a line.
_BARE_OPEN = re.compile(r"(?:[^\n]{0,60}?[：:])?\s{0,4}([「“\"])")
_OPEN_MARK = re.compile(r"(?<!\s)\s*+(?:[\"“]{1,2}|「)")
_CLOSE_MARK = re.compile(r"(?:[\"”]{1,2}|」)\s*$")
_NAME_COLON = re.compile(r"([^\n：:「」]{1,40}?(?:\d{1,2}:\d\d[^\n：:]{0,20}){0,2})(?:：|:(?!//|\d))")
_CLOSING: Final = frozenset('"”')
_NESTED_LINES: Final = 30
"""Most lines between the closing dashes of an inner quote and those of the outer one."""

_MAX_LINES: Final = 400
"""Most lines in a quote; an end mark farther away is taken to belong to something else."""


@dataclass(frozen=True, slots=True)
class QuoteBlock:
    """A block of lines that forms a quote.

    Attributes:
        first: number of the line that it begins on (which may open a message before the quotation).
        last: number of its last line: the dashes, or the quoted words where there are none.
        start: offset of the announcement or of the opening mark.
        inner: the quoted words with the quoted name, without marks.
        end: offset after the dashes.
    """

    first: int
    last: int
    start: int
    inner: Span
    end: int


def find_quotes(lines: list[Line]) -> list[QuoteBlock]:
    """All quotes in order, without overlaps; linear in the number of lines."""
    announced = [number for number, line in enumerate(lines) if _ANNOUNCEMENT.search(line.text[-30:])]
    blocks: list[QuoteBlock] = []
    covered = -1
    for position, number in enumerate(announced):
        if number <= covered:
            continue
        limit = announced[position + 1] if position + 1 < len(announced) else len(lines)
        block = _announced(lines, number, min(limit, number + _MAX_LINES))
        blocks.append(block)
        covered = block.last
    blocks += _bare(lines, blocks)
    return sorted(blocks, key=lambda block: block.first)


def quoted_name(text: str, inner: Span, is_name: Callable[[str], bool]) -> tuple[str, Span]:
    """Split ``名字：原文`` into name and text.

    Args:
        text: the original text.
        inner: the quoted words with the name.
        is_name: whether words may be a person, for a first line may also be part of what was said.

    Returns:
        The name (``""`` where there is none) and the range of the quoted words.
    """
    first, _, rest = inner.of(text).partition("\n")
    match = _NAME_COLON.match(first)
    if match and is_name(match.group(1).strip()):
        return match.group(1).strip(), _trim(text, Span(inner.start + match.end(), inner.end))
    alone = first.strip()
    if rest.strip() and len(alone) <= MAX_NAME and is_name(alone):
        return alone, _trim(text, Span(inner.start + len(first), inner.end))
    return "", inner


def _announced(lines: list[Line], number: int, limit: int) -> QuoteBlock:
    """The quotation that line ``number`` announces, looking no further than line ``limit``."""
    announcement = _ANNOUNCEMENT.search(lines[number].text)
    start = lines[number].start + (announcement.start() if announcement else 0)
    first = lines[number + 1].text if number + 1 < limit else ""
    opening = _OPEN_MARK.match(first)
    close = _MARKS[opening.group().strip()[0]] if opening else ""
    at = _dashes_of(lines, number + 1, limit, close)
    if at:
        return QuoteBlock(number, at, start, _inner(lines, number + 1, at), lines[at].end)
    # No dashes: the quotation ends at the first closing mark, provided that it was opened.
    if opening:
        for at in range(number + 1, limit):
            stripped = lines[at].text.rstrip()
            if stripped[-1:] in _CLOSING and (at > number + 1 or len(stripped) > 1):
                return QuoteBlock(number, at, start, _inner(lines, number + 1, at + 1), lines[at].end)
    return QuoteBlock(number, number, start, Span(lines[number].end, lines[number].end), lines[number].end)


def _dashes_of(lines: list[Line], first: int, limit: int, close: str) -> int:
    """The line of dashes that ends an announced quotation; 0 where there is none.

    A quoted reply holds a quotation with dashes of its own, so dashes right behind the outer closing mark come first,
    then plain dashes, then spaced ones behind any closing mark.
    """
    plain = spaced = 0
    for at in range(first, limit):
        line = lines[at].text
        before = lines[at - 1].text.rstrip()[-1:]
        if _DASHES.fullmatch(line):
            if not close or (before == close and at > first):
                return at
            plain = plain or at
        elif not spaced and before in _CLOSING and at > first and _SPACED_DASHES.fullmatch(line):
            spaced = at
        if plain and at - plain > _NESTED_LINES:
            break
    return plain or spaced


def _bare(lines: list[Line], announced: list[QuoteBlock]) -> list[QuoteBlock]:
    """Quotations without announcement: opened by a mark, closed by it right before a line of dashes."""
    taken = {number for block in announced for number in range(block.first, block.last + 1)}
    opened: dict[str, tuple[int, int]] = {}  # closing mark -> line and column of the nearest opening one
    blocks: list[QuoteBlock] = []
    for number, line in enumerate(lines):
        if number in taken:
            opened.clear()
            continue
        if number and (_SPACED_DASHES.fullmatch(line.text) or _DASHES.fullmatch(line.text)):
            before = lines[number - 1].text.rstrip()
            origin = opened.get(before[-1:])
            opened.clear()
            if origin and number - origin[0] <= _MAX_LINES:
                first, column = origin
                start = lines[first].start + column
                inner = Span(start + 1, lines[number - 1].start + len(before) - 1)
                if inner.start <= inner.end:
                    blocks.append(QuoteBlock(first, number, start, inner, line.end))
            continue
        match = _BARE_OPEN.match(line.text)
        if match:
            opened[_MARKS[match.group(1)]] = (number, match.start(1))
    return blocks


def _inner(lines: list[Line], first: int, stop: int) -> Span:
    """The quoted words on lines ``first`` to ``stop`` (exclusive) without their marks."""
    if first >= stop:
        at = lines[first - 1].end
        return Span(at, at)
    start, last = lines[first].start, lines[stop - 1]
    opening = _OPEN_MARK.match(lines[first].text)
    if opening:
        start += opening.end()
    end = last.start + len(last.text)
    closing = _CLOSE_MARK.search(last.text) if opening else None
    if closing:
        end = last.start + closing.start()
    return Span(start, max(start, end))


def _trim(text: str, span: Span) -> Span:
    """The range without white space at its ends."""
    words = text[span.start : span.end]
    leading = len(words) - len(words.lstrip())
    return Span(span.start + leading, span.start + max(leading, len(words.rstrip())))
