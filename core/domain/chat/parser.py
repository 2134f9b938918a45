"""Parses a chat text into residue, quotes, speakers and messages; entry point :func:`parse_chat`."""

from collections.abc import Iterator
from dataclasses import dataclass

from core.domain.chat.message_kinds import Mentions, is_system_line, kind_of, without_company
from core.domain.chat.name_patterns import name_shape
from core.domain.chat.parsed_chat import Message, MessageKind, ParsedChat, Quote, Span
from core.domain.chat.quotes import QuoteBlock, find_quotes, quoted_name
from core.domain.chat.residue import find_residue
from core.domain.chat.speaker_lines import FULL_COLON, HALF_COLON, Line, Opening, opening_of, split_lines
from core.domain.chat.speakers import find_speakers


def parse_chat(text: str) -> ParsedChat:
    """Parse a chat text of any shape; never raises.

    Time is linear in the length of the text.

    Args:
        text: the chat as it was imported; nothing is normalised, so that offsets hold.

    Returns:
        Messages and residue whose spans, joined in order, are the text. A text without any speaker is one message
        with the speaker ``""``; an empty text has no messages.
    """
    residue = find_residue(text)
    end = residue.start if residue else len(text)
    lines = split_lines(text, end)
    blocks = find_quotes(lines)
    inside = {number for block in blocks for number in range(block.first + 1, block.last + 1)}
    openings, speakers, quoted = _speakers(text, end, lines, blocks, inside)
    known = Mentions(speakers)
    others = {name for name in quoted if len(name) > 1 and not known.known(name, 0)}
    names = _Names(known, Mentions(speakers | others), speakers)
    quotes = {block.start: block for block in blocks}
    starts = list(_starts(lines, openings, speakers, inside))
    messages = tuple(
        _message(index, text, span, opening, quotes, names)
        for index, (span, opening) in enumerate(_spans(text, end, starts))
    )
    return ParsedChat(text, messages, (residue,) if residue else ())


@dataclass(frozen=True, slots=True)
class _Names:
    """Speakers and people who are only quoted, and how to find them behind an ``@`` or in a quotation."""

    known: Mentions
    mentions: Mentions
    speakers: frozenset[str]

    def may_be(self, words: str) -> bool:
        """Whether quoted words are a speaker or look like somebody's name."""
        return words in self.speakers or _may_be_name(words)

    def quoted(self, name: str) -> str:
        """A quoted name as the speaker calls himself: quotations often add ``(全名 公司)``."""
        known = self.known.known(name, 0)
        return known if known and not name[len(known) : len(known) + 1].isalnum() else without_company(name)


def _speakers(
    text: str, end: int, lines: list[Line], blocks: list[QuoteBlock], inside: set[int]
) -> tuple[dict[int, Opening], frozenset[str], set[str]]:
    """Openings, speakers and quoted names; the half-width colon counts only where the full-width one finds nobody."""
    quoted: set[str] = set()
    continued: set[str] = set()
    for block in blocks:
        name, words = quoted_name(text, block.inner, _may_be_name)
        quoted.add(without_company(name))
        continued.update(line.strip() for line in words.of(text).split("\n")[1:])
    conversation = text[:end]
    openings: dict[int, Opening] = {}
    speakers: frozenset[str] = frozenset()
    for colon in (FULL_COLON, HALF_COLON):
        openings = {
            number: opening
            for number, line in enumerate(lines)
            if number not in inside and (opening := opening_of(number, line, colon))
        }
        speakers = find_speakers(conversation, lines, openings, quoted, continued)
        if speakers:
            break
    return openings, speakers, quoted


def _may_be_name(words: str) -> bool:
    """Whether quoted words before a colon may be a person's name."""
    return bool(words) and name_shape(words) > -2


def _starts(
    lines: list[Line], openings: dict[int, Opening], speakers: frozenset[str], inside: set[int]
) -> Iterator[tuple[int, Opening | None]]:
    """Offsets where a message begins: a speaker's line, or a line that the application wrote."""
    system = False
    for number, line in enumerate(lines):
        opening = openings.get(number)
        if opening and opening.name in speakers:
            system = False
            yield line.start, opening
        elif number not in inside and is_system_line(line.text.strip()):
            system = True
            yield line.start, None
        elif system and line.text.strip():
            # What follows a system line and has no speaker is nobody's.
            system = False
            yield line.start, None


def _spans(text: str, end: int, starts: list[tuple[int, Opening | None]]) -> Iterator[tuple[Span, Opening | None]]:
    """The ranges of the messages; white space before the first one belongs to it."""
    if end == 0:
        return
    first = starts[0][0] if starts else end
    if text[:first].strip() or not starts:
        yield Span(0, first), None
    elif first > 0:
        starts = [(0, starts[0][1]), *starts[1:]]
    for number, (start, opening) in enumerate(starts):
        stop = starts[number + 1][0] if number + 1 < len(starts) else end
        yield Span(start, stop), opening


def _message(
    index: int, text: str, span: Span, opening: Opening | None, quotes: dict[int, QuoteBlock], names: _Names
) -> Message:
    """One message with its quotation, kind and mentions."""
    speaker = opening.name if opening else ""
    name_start = opening.name_start if opening else span.start
    start = opening.body_start if opening else span.start
    body = _trim(text, Span(start, span.end))
    quote: Quote | None = None
    # A quotation counts only if nothing was said before it.
    block = quotes.get(body.start)
    if block and block.end <= span.end:
        name, words = quoted_name(text, block.inner, names.may_be)
        quote = Quote(Span(block.start, block.end), names.quoted(name), words)
        body = _trim(text, Span(block.end, span.end))
    body_text = body.of(text)
    kind = kind_of(body_text) if quote is None or body_text else MessageKind.TEXT
    return Message(
        index,
        span,
        speaker,
        Span(name_start, name_start + len(speaker)),
        body,
        kind,
        quote,
        names.mentions.of(body_text),
    )


def _trim(text: str, span: Span) -> Span:
    """The range without white space at its ends; empty ones stay where they are."""
    words = text[span.start : span.end]
    left = len(words) - len(words.lstrip())
    if left == len(words):
        return Span(span.start, span.start)
    return Span(span.start + left, span.start + len(words.rstrip()))
