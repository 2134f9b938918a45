"""Parses a chat text into residue, quotes, speakers and messages; entry point :func:`parse_seen`."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace

from core.domain.chat.addressed_names import speaking_names
from core.domain.chat.header_patterns import ON_LINE, HeaderStyle
from core.domain.chat.listed_names import find_listed_names, find_named_cells
from core.domain.chat.message_headers import Header, Headers, find_headers, is_date_line
from core.domain.chat.message_kinds import (
    SYSTEM_NAMES,
    Mentions,
    is_heading_line,
    is_rule,
    is_system_line,
    is_title_line,
    kind_of,
    without_company,
)
from core.domain.chat.name_patterns import name_shape
from core.domain.chat.named_blocks import find_named_blocks
from core.domain.chat.numbered_times import find_numbered_times
from core.domain.chat.odd_names import whole_names
from core.domain.chat.one_line_headers import find_one_line_headers
from core.domain.chat.parsed_chat import Message, MessageKind, ParsedChat, Quote, Role, Span
from core.domain.chat.plain_dates import with_plain_dates
from core.domain.chat.quotes import QuoteBlock, find_quotes, quoted_name
from core.domain.chat.residue import find_residue
from core.domain.chat.speaker_lines import FULL_COLON, HALF_COLON, Line, Opening, opening_of, split_lines
from core.domain.chat.speaker_openings import find_addressed, find_openings, may_be_name
from core.domain.chat.stacked_headers import find_stacked_headers
from core.domain.chat.subtitle_headers import find_subtitle_headers
from core.domain.chat.whatsapp_headers import find_whatsapp_headers

_APPLICATION = frozenset(("系统", "system"))
_TWO = 2
_NEAR = 14
"""Lines that are looked at behind what may be titles."""
_A_LABEL = -3
"""Shape of a name that is surely none."""
_LONGEST_TITLE, _TITLE_HEAD = 8, 20
_ON_ONE_LINE = ON_LINE | {HeaderStyle.LISTED_NAME_COLON}
_NAME_BEFORE_COLON = _ON_ONE_LINE - {HeaderStyle.NAME_TIME_COLON, HeaderStyle.NAME_CLOCK_COLON}


def parse_seen(text: str) -> ParsedChat:
    """Parse a chat text as :func:`core.domain.chat.parse_chat` does; characters that nobody sees part names here."""
    residue = find_residue(text)
    end = residue.start if residue else len(text)
    lines = split_lines(text, end)
    blocks = find_quotes(lines)
    inside = {number for block in blocks for number in range(block.first + 1, block.last + 1)}
    dated = with_plain_dates(lines)
    headers = (
        find_whatsapp_headers(lines)
        or find_subtitle_headers(lines)
        or find_stacked_headers(dated)
        or find_numbered_times(lines)
        or find_one_line_headers(dated)
        or find_headers(dated)
        or find_listed_names(lines)
        or find_named_cells(lines)
        or find_named_blocks(lines)
    )
    if headers is not None and not _opens_otherwise(lines, headers):
        if headers.style in _NAME_BEFORE_COLON:
            headers = _with_whole_names(lines, headers)
        return _export(text, end, lines, blocks, inside, headers, residue)
    titles = _titles(lines)
    openings, speakers, quoted = find_addressed(lines, inside | titles) or find_openings(
        text, end, lines, blocks, inside, titles
    )
    openings, speakers = _without_marks(openings, speakers)
    known = Mentions(speakers)
    others = {name for name in quoted if len(name) > 1 and not known.known(name, 0)}
    names = _Names(known, Mentions(speakers | others), speakers)
    quotes = {block.start: block for block in blocks}
    starts = list(_starts(lines, openings, speakers, inside, titles))
    messages = tuple(
        _message(index, text, span, opening, quotes, names)
        for index, (span, opening) in enumerate(_spans(text, end, starts))
    )
    return ParsedChat(text, messages, (residue,) if residue else ())


def _without_marks(openings: dict[int, Opening], speakers: frozenset[str]) -> tuple[dict[int, Opening], frozenset[str]]:
    """Openings and speakers by their names alone, without 说 or an arrow to somebody else."""
    plain = speaking_names([opening.name for opening in openings.values() if opening.name in speakers])
    if not plain:
        return openings, speakers
    renamed = {
        number: opening._replace(name=plain[opening.name]) if opening.name in plain else opening
        for number, opening in openings.items()
    }
    return renamed, frozenset(plain.get(name, name) for name in speakers)


def _opens_otherwise(lines: list[Line], headers: Headers) -> bool:
    """Whether somebody else speaks before a colon, again and again, in a text whose headers only fit a few names."""
    if headers.style not in _ON_ONE_LINE:
        return False
    names: Counter[str] = Counter()
    for number, line in enumerate(lines):
        if number in headers.headers:
            continue
        opening = opening_of(number, line, FULL_COLON) or opening_of(number, line, HALF_COLON)
        if opening and opening.name and opening.first and name_shape(opening.name) > 0:
            names[opening.name] += 1
    # 「> 张三：」 once, and 「张三：」 below: these lines are quoted, and make no list.
    listed = {header.name for header in headers.headers.values()} if headers.style not in ON_LINE else set()
    again = sum(count for name, count in names.items() if count > 1 or name in listed)
    return 3 * again >= 2 * len(headers.headers)


def _with_whole_names(lines: list[Line], headers: Headers) -> Headers:
    """Headers whose names were cut at a colon of their own (``A:小满: 你好``), with the whole names."""
    openings = {number: (header.name, header.body_start) for number, header in headers.headers.items()}
    whole = {
        number: replace(headers.headers[number], name=name, body_start=body_start)
        for number, (name, body_start) in whole_names(lines, openings).items()
    }
    return replace(headers, headers=headers.headers | whole) if whole else headers


def _export(
    text: str,
    end: int,
    lines: list[Line],
    blocks: list[QuoteBlock],
    inside: set[int],
    headers: Headers,
    residue: Span | None,
) -> ParsedChat:
    """An exported chat, whose header lines say who spoke and when; titles and date lines are nobody's."""
    openings = {
        number: Opening(number, header.name, header.name_start, header.body_start, "")
        for number, header in headers.headers.items()
        if number not in inside and header.name not in SYSTEM_NAMES
    }
    # Between two, 「系统」 answers; among more people it is the application, unless its lines are numbered as messages.
    if headers.style is not HeaderStyle.NUMBER_NAME and len({opening.name for opening in openings.values()}) > _TWO:
        openings = {number: one for number, one in openings.items() if one.name.casefold() not in _APPLICATION}
    openings, speakers = _without_marks(openings, frozenset(opening.name for opening in openings.values()))
    known = Mentions(speakers)
    names = _Names(known, known, speakers)
    quotes = {block.start: block for block in blocks}
    starts: list[tuple[int, Opening | None]] = []
    after_notice = False
    for number, line in enumerate(lines):
        unspoken = number in headers.headers and number not in openings
        is_notice = number in headers.dividers or unspoken or is_system_line(line.text.strip())
        if number in openings:
            starts.append((line.start, openings[number]))
        elif number not in inside and (is_notice or after_notice and line.text.strip()):
            starts.append((line.start, None))
        after_notice = is_notice or after_notice and not line.text.strip()
    messages: list[Message] = []
    for index, (span, opening) in enumerate(_spans(text, end, starts)):
        header = headers.headers.get(opening.line) if opening else None
        message = _message(index, text, span, opening, quotes, names, header)
        messages.append(message if header else replace(message, kind=MessageKind.SYSTEM))
    return ParsedChat(text, tuple(messages), (residue,) if residue else ())


@dataclass(frozen=True, slots=True)
class _Names:
    """Speakers and people who are only quoted, and how to find them behind an ``@`` or in a quotation."""

    known: Mentions
    mentions: Mentions
    speakers: frozenset[str]

    def may_be(self, words: str) -> bool:
        """Whether quoted words are a speaker or look like somebody's name."""
        return words in self.speakers or may_be_name(words)

    def quoted(self, name: str) -> str:
        """A quoted name as the speaker calls himself: quotations often add ``(全名 公司)``."""
        known = self.known.known(name, 0)
        return known if known and not name[len(known) : len(known) + 1].isalnum() else without_company(name)


def _titles(lines: list[Line]) -> set[int]:
    """Lines above the chat that name the group or the export, and are said by nobody."""
    titles: set[int] = set()
    for number, line in enumerate(lines[:_LONGEST_TITLE]):
        words = line.text.strip()
        if words and not is_title_line(words) and not is_heading_line(words):
            break
        if words:
            titles.add(number)
    if _goes_on_as_list(lines, titles):
        titles = {number for number in titles if is_title_line(lines[number].text.strip())}
    # 「会话：」 that comes back is what somebody is called.
    heads = {lines[number].text.strip()[:_TITLE_HEAD].replace(":", "：").partition("：")[0] for number in titles}
    later = (line.text.strip()[:_TITLE_HEAD].replace(":", "：").partition("：") for line in lines[len(titles) :])
    return set() if any(colon and head in heads for head, colon, _ in later) else titles


def _goes_on_as_list(lines: list[Line], titles: set[int]) -> bool:
    """Whether half of the next lines are fields, as those above them are then: no conversation has begun."""
    behind = [line.text.strip() for number, line in enumerate(lines[:_NEAR]) if number not in titles]
    filled = [words for words in behind if words]
    labels = [head for words in filled if (head := words.replace(":", "：").partition("：")[0]) != words]
    return 2 * sum(bool(head) and name_shape(head[:_TITLE_HEAD]) <= _A_LABEL for head in labels) >= len(filled) > 0


def _starts(
    lines: list[Line],
    openings: dict[int, Opening],
    speakers: frozenset[str],
    inside: set[int],
    titles: set[int],
) -> Iterator[tuple[int, Opening | None]]:
    """Offsets where a message begins: a speaker's line, or a line that the application wrote."""
    system = False
    spoken = {number for number, opening in openings.items() if opening.name in speakers}
    dates = _dates_between(lines, spoken)
    for number, line in enumerate(lines):
        opening = openings.get(number)
        if opening and number in spoken:
            system = False
            yield line.start, opening
        elif number in dates or number in titles or number not in inside and is_system_line(line.text.strip()):
            system = True
            yield line.start, None
        elif system and line.text.strip():
            # What follows a system line and has no speaker is nobody's.
            system = False
            yield line.start, None


def _dates_between(lines: list[Line], spoken: set[int]) -> set[int]:
    """Lines that hold nothing but a date and stand right before a speaker's line (blank ones apart)."""
    dates: set[int] = set()
    before = -1
    for number, line in enumerate(lines):
        if number in spoken and before >= 0:
            dates.add(before)
        if line.text.strip():
            parted = is_rule(line.text) and _stands_free(lines, number)
            before = number if parted or is_date_line(line.text) else -1
    return dates


def _stands_free(lines: list[Line], number: int) -> bool:
    """Whether blank lines are above and below a line."""
    return not any(lines[at].text.strip() for at in (number - 1, number + 1) if 0 <= at < len(lines))


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
    index: int,
    text: str,
    span: Span,
    opening: Opening | None,
    quotes: dict[int, QuoteBlock],
    names: _Names,
    header: Header | None = None,
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
    if opening is None and _is_unsaid(body_text):
        kind = MessageKind.SYSTEM
    return Message(
        index,
        span,
        speaker,
        Span(name_start, name_start + len(speaker)),
        body,
        kind,
        quote,
        names.mentions.of(body_text),
        time=header.time if header else "",
        sender_id=header.sender_id if header else "",
        side=header.side if header else Role.UNKNOWN,
    )


def _is_unsaid(words: str) -> bool:
    """Whether words without a speaker are a title, a date, a notice or a rule."""
    return is_date_line(words) or is_title_line(words) or is_heading_line(words) or is_rule(words)


def _trim(text: str, span: Span) -> Span:
    """The range without white space at its ends; empty ones stay where they are."""
    words = text[span.start : span.end]
    leading = len(words) - len(words.lstrip())
    if leading == len(words):
        return Span(span.start, span.start)
    return Span(span.start + leading, span.start + len(words.rstrip()))
