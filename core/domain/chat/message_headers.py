"""Header lines of exported chats: ``2024-01-02 10:21:00 林小满3``, ``林小满3  10:21``, ``[10:21] 林小满3: 你好``.

WeChat, QQ, forwarded mails and desktop clients write who spoke and when on a line of its own (what was said stands
below), or before a colon. Which style a text uses is decided for the whole text.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from core.domain.chat.coloned_headers import coloned_headers, match_of, may_head_with_colon, with_colons
from core.domain.chat.header_names import (
    MARKS,
    bare_name,
    is_header_name,
    parted_from_time,
    shared_names,
    split_name,
)
from core.domain.chat.header_patterns import (
    DIVIDER,
    ENDS_LINE,
    LONGEST_HEADER,
    MAIL_HEADER,
    NAME,
    NAME_FIRST,
    ON_LINE,
    PATTERNS,
    STAMP,
    UNDATED,
    HeaderStyle,
    header_match,
    is_possible,
    styles_of,
)
from core.domain.chat.header_times import date_of, time_of_header
from core.domain.chat.message_kinds import is_system_line, is_title_line
from core.domain.chat.name_patterns import name_shape
from core.domain.chat.odd_names import DatedName, believed_with_colon, doubtful_names, may_hold_colon, out_of_order
from core.domain.chat.parsed_chat import Role
from core.domain.chat.plain_dates import DateOrder, with_plain_date
from core.domain.chat.speaker_lines import MAX_NAME, Line

_LONGEST_PREAMBLE: Final = 20
"""Most lines before the first header that are not headers: titles and notices of the program that exported the chat."""

_LONGEST_TITLE: Final = 3
"""Most lines of a title that no notice tells from what somebody said."""

# Quickly tells most lines from headers: all have a clock, a whole date or a number behind "#".
_MAY_HEAD = re.compile(r"\d[:：]\d|\d[时点]\d|\d{4}\s?[-/.年]|^#\d")
_MAY_BE_DATED = re.compile(r"\d{4}\s?[-/.年]")
_SAID_ON_LINE = re.compile(r"[^:：\n]{1,40}[:：]\s{0,4}\S")
_BEGINS_DATE: Final = frozenset("—–-=─━*#0123456789日")
_NOTICES: Final = re.compile(r"\[LINE\]|카카오톡|消息记录|聊天记录|消息分组|消息对象|导出|Dear|={5,}|[—─━\-*]{5,}|^#\s")
_COMPANIONS: Final = {
    HeaderStyle.NAME_TIME: HeaderStyle.NAME_CLOCK,
    HeaderStyle.NAME_CLOCK: HeaderStyle.NAME_TIME,
    HeaderStyle.TIME_NAME: HeaderStyle.CLOCK_NAME,
    HeaderStyle.CLOCK_NAME: HeaderStyle.TIME_NAME,
}
"""Programs write 昨天 18:20 for the last days and whole dates for those before."""
_PARTED: Final = NAME_FIRST | {HeaderStyle.NAME_TIME_COLON, HeaderStyle.NAME_CLOCK_COLON}
"""A time stands behind the name."""
_A_LABEL: Final = -3
"""Shape of a name that is surely none: 明天."""
_DASHES: Final = ("- ", "– ", "— ", "| ", "｜ ")
_TAIL: Final = re.compile(rf"{NAME}\s{{1,4}}{STAMP}\s{{1,4}}\S{{1,12}}$")
"""A header with a mark behind the time that we do not know."""


@dataclass(frozen=True, slots=True)
class Header:
    """Who spoke and when, as a header line says.

    Attributes:
        line: number of the line in the list of lines.
        name: the speaker; with his id behind it where two speakers share a name.
        name_start: offset of the name in the text.
        body_start: offset where what was said begins: behind a colon, else the next line.
        time: ISO 8601, to the minute or second; only ``10:21`` where no date is known; ``""`` without a time.
        sender_id: number or address that the program gives the speaker, or ``""``.
        side: where the file says on whose side the speaker is.
    """

    line: int
    name: str
    name_start: int
    body_start: int
    time: str = ""
    sender_id: str = ""
    side: Role = Role.UNKNOWN


@dataclass(frozen=True, slots=True)
class Headers:
    """The headers of a text and the date lines between them, by number of the line."""

    style: HeaderStyle
    headers: dict[int, Header]
    dividers: frozenset[int]


def find_headers(lines: Sequence[Line]) -> Headers | None:
    """The header lines of an exported chat; ``None`` where a text is written otherwise.

    One time before a sentence makes no export: a style counts where it opens the text (behind titles and notices) and
    comes back, or opens it and is all there is.

    Args:
        lines: of the conversation.
    """
    matches: dict[HeaderStyle, list[int]] = {style: [] for style in PATTERNS}
    dividers: list[int] = []
    others = 0
    began = noticed = False
    for number, line in enumerate(lines):
        words = line.text.strip()
        if not words:
            continue
        whole = len(words) <= LONGEST_HEADER
        words = words[:LONGEST_HEADER]
        if words[0] in _BEGINS_DATE and DIVIDER.match(words):
            dividers.append(number)
        elif not began and is_system_line(words):
            continue  # nobody says it
        elif not began and MAIL_HEADER.match(words):
            noticed = True
        elif styles := styles_of(words, whole=whole):
            for style in styles:
                matches[style].append(number)
            began = True
        elif not began and may_head_with_colon(words):
            began = True
        elif not began:
            noticed = noticed or _NOTICES.search(words) is not None or is_title_line(words)
            others += 1
            # No export: they begin with a header, behind a few lines that nobody says.
            if others > _LONGEST_PREAMBLE or not noticed and _SAID_ON_LINE.match(words):
                return None
    ranked = sorted(PATTERNS, key=lambda style: -len(matches[style]))  # the order of the patterns counts among equals
    possible = [style for style in ENDS_LINE if matches[style]] or ENDS_LINE
    coloned = {style: coloned_headers(lines, style, matches) for style in possible}
    ranked.sort(key=lambda style: not coloned.get(style))
    for style in ranked:
        numbers = matches[style]
        other = matches.get(_COMPANIONS.get(style, style), []) if style in _COMPANIONS else []
        alike = sorted({*numbers, *coloned.get(style, ())})
        if alike and _opens(lines, min(alike + other), alike, dividers, style):
            return _read(lines, _with_companions(lines, style, numbers, other), style, dividers)
    return None


def _with_companions(
    lines: Sequence[Line], style: HeaderStyle, numbers: list[int], other: list[int]
) -> dict[int, re.Match[str]]:
    """The headers of a style and those of the same program that give their time otherwise."""
    headers = {number: match for number in numbers if (match := match_of(lines[number], style))}
    companion = _COMPANIONS.get(style)
    if companion is None:
        return headers
    headers |= with_colons(lines, style, headers)
    names = Counter(match["name"] for match in headers.values())
    others = {number: match for number in other if (match := match_of(lines[number], companion))}
    names.update(match["name"] for match in others.values())
    for number, match in others.items():
        # 「改到 昨天 18:20」 is said by somebody: without a whole date the name must be known, or look like a person's.
        known = names[match["name"]] > 1 and name_shape(match["name"]) > _A_LABEL or companion not in UNDATED
        if known or match["near"] and name_shape(match["name"]) > 0:
            if companion is HeaderStyle.CLOCK_NAME and not match["near"]:
                continue
            headers[number] = match
    if style in NAME_FIRST:
        known_names = {match["name"] for match in headers.values()}
        for number, line in enumerate(lines):
            words = line.text.strip()
            if number not in headers and len(words) <= LONGEST_HEADER and _MAY_BE_DATED.search(words):
                tail = _TAIL.match(words)
                if tail and tail["name"] in known_names and is_possible(tail):
                    headers[number] = tail
    return dict(sorted(headers.items()))


def is_header_line(line: str) -> bool:
    """Whether a line alone would be read as the header of a message or as a date between messages."""
    words = with_plain_date(line.strip()[: LONGEST_HEADER + 1], DateOrder(day_first=True))
    if not words or len(words) > LONGEST_HEADER or not _MAY_HEAD.search(words):
        return False
    styles = set(styles_of(words, whole=True)) - {HeaderStyle.NAME_COLON, *UNDATED}
    if not styles and (match := header_match(words, HeaderStyle.CLOCK_NAME)) and match["near"]:
        return True
    return bool(styles) or DIVIDER.match(words) is not None


def is_date_line(line: str) -> bool:
    """Whether a line is nothing but a date, with its time or without, as programs write it between messages."""
    words = line.strip()
    return 0 < len(words) <= LONGEST_HEADER and words[0] in _BEGINS_DATE and DIVIDER.match(words) is not None


def is_plain_name(name: str) -> bool:
    """Whether a name can stand in a header behind a time: short, on one line, without a colon or a mark."""
    return is_header_name(name) and not MARKS.search(name) and not name.startswith(_DASHES)


def _opens(lines: Sequence[Line], first: int, numbers: list[int], dividers: list[int], style: HeaderStyle) -> bool:
    """Whether headers of this style, of which some kind stands first on a line, make up the text."""
    parted = set(dividers)
    before = [
        number
        for number in range(first)
        if (words := lines[number].text.strip()) and number not in parted and not is_system_line(words)
    ]
    openings = [lines[number].text.strip()[:LONGEST_HEADER] for number in before]
    noticed = any(_NOTICES.search(words) or MAIL_HEADER.match(words) or is_title_line(words) for words in openings)
    if style is HeaderStyle.NAME_COLON:
        return not before and _are_speakers(lines, numbers)
    if len(before) > _LONGEST_PREAMBLE:
        return False
    if before and not noticed:
        # A title that nobody announces: believed before full dates that come back.
        dated = style in (HeaderStyle.TIME_NAME, HeaderStyle.NAME_TIME) and len(numbers) > 1
        spoken = any("：" in lines[number].text or ":" in lines[number].text for number in before)
        return dated and not spoken and len(before) <= _LONGEST_TITLE
    if style is HeaderStyle.NUMBER_NAME:
        return _count_on([int(match["number"]) for number in numbers if (match := match_of(lines[number], style))])
    if len(numbers) == 1 and any(_SAID_ON_LINE.match(line.text) for line in lines[numbers[0] + 1 :]):
        return False  # a title with its date above an ordinary chat
    if style in UNDATED:
        # 「改到 10:30」 ends many a sentence: names come back, or the dates stand between them.
        names = Counter(_name_of(lines[number], style) for number in numbers)
        dated = (
            bool(dividers)
            and style is HeaderStyle.NAME_CLOCK
            or first < numbers[0]
            or _are_stamped(lines, numbers, style)
        )
        return dated or len(numbers) >= 2 and (len(names) < len(numbers) or all(name_shape(name) > 0 for name in names))
    return True


def _are_stamped(lines: Sequence[Line], numbers: list[int], style: HeaderStyle) -> bool:
    """Whether all headers have month, day and seconds, which programs write and people do not: ``3/1 09:00:11``."""
    matches = [match for number in numbers if (match := match_of(lines[number], style))]
    return len(matches) > 1 and all(_part(match, "second") and _part(match, "near")[:1].isdigit() for match in matches)


def _part(match: re.Match[str], name: str) -> str:
    groups = match.groupdict()
    return groups.get(name) or groups.get(f"c_{name}") or ""


def _count_on(numbers: Sequence[int]) -> bool:
    """Whether each number is greater than the one before it."""
    return all(before < after for before, after in zip(numbers, numbers[1:], strict=False))


def _are_speakers(lines: Sequence[Line], numbers: list[int]) -> bool:
    """Whether lines that hold nothing but words and a colon name people: they come back, and all look like names."""
    if sum(_SAID_ON_LINE.match(line.text) is not None for line in lines) >= len(numbers):
        return False  # what was said stands behind the colons: an ordinary chat with a few long messages
    names = Counter(_name_of(lines[number], HeaderStyle.NAME_COLON) for number in numbers)
    return 1 < len(names) < len(numbers) or len(numbers) > 1 and all(name_shape(name) > 0 for name in names)


def _name_of(line: Line, style: HeaderStyle) -> str:
    match = match_of(line, style)
    return split_name(match["name"])[0] if match else ""


def _read(lines: Sequence[Line], matches: dict[int, re.Match[str]], style: HeaderStyle, dividers: list[int]) -> Headers:
    headers: dict[int, Header] = {}
    upcoming = iter([*dividers, len(lines)])
    divider, date, stamp = next(upcoming), "", ""
    for number, match in matches.items():
        while divider < number:
            if parted := DIVIDER.match(lines[divider].text.strip()):
                date, stamp = date_of(parted), time_of_header(parted, "")
            divider = next(upcoming)
        time = time_of_header(match, date) or stamp
        if header := header_of(number, lines[number], match, time, style):
            headers[number] = header
    for number in _strays(headers, matches, style) if style in ENDS_LINE | ON_LINE else ():
        del headers[number]
    if style in _PARTED:
        names = parted_from_time([header.name for header in headers.values()])
        headers = {
            number: replace(header, name=name) for (number, header), name in zip(headers.items(), names, strict=True)
        }
    return Headers(style, told_apart(lines, headers), _believed(lines, dividers, headers))


def _strays(headers: dict[int, Header], matches: dict[int, re.Match[str]], style: HeaderStyle) -> set[int]:
    """Lines that look like headers and are what somebody says: a date or a clock of its own, a few words."""
    dated = {number: DatedName(header.name, header.time) for number, header in headers.items()}
    coloned = {number: one for number, one in dated.items() if style in ENDS_LINE and may_hold_colon(one.name)}
    doubtful = doubtful_names({number: one for number, one in dated.items() if number not in coloned})
    certain = {number: one for number, one in dated.items() if number not in coloned and number not in doubtful}
    strays = out_of_order(doubtful, certain) | (coloned.keys() - believed_with_colon(coloned, certain))
    whole = sum("T" in one.time for one in certain.values())
    if style in ON_LINE and whole > 1 and whole * 3 >= len(headers) * 2:
        # 「10:30 开会：都来」 among headers with whole dates.
        uses = Counter(one.name for one in dated.values())
        strays.update(
            number
            for number, one in dated.items()
            if "T" not in one.time
            and not matches[number].groupdict().get("c_near")
            and uses[one.name] == 1
            and name_shape(one.name) <= 0
        )
    return strays


def _believed(lines: Sequence[Line], dividers: list[int], headers: dict[int, Header]) -> frozenset[int]:
    """Date lines that part messages: a bare date in the middle of a message is what somebody wrote."""
    first = min(headers, default=len(lines))
    believed: set[int] = set()
    following = True  # whether what comes next begins a message, or the text ends
    parted = set(dividers)
    for number in range(len(lines) - 1, -1, -1):
        words = lines[number].text.strip()
        if number in parted:
            following = following or number < first or not words[0].isdigit() or not words[-1].isdigit()
            if following:
                believed.add(number)
        elif words:
            following = number in headers or is_system_line(words)
    return frozenset(believed)


def header_of(number: int, line: Line, match: re.Match[str], time: str, style: HeaderStyle) -> Header | None:
    """What a line says as a header; ``None`` where its name is none."""
    indent = len(line.text) - len(line.text.lstrip())
    name, sender_id, side, skip = split_name(match["name"])
    if style in NAME_FIRST:
        name, before = bare_name(name)
        skip += before
    if not name or len(name) > MAX_NAME:
        return None
    start = line.start + indent + match.start("name") + skip
    goes_on = style in ON_LINE or style is HeaderStyle.ONE_LINE
    body_start = line.start + indent + match.end() if goes_on else line.end
    return Header(number, name, start, body_start, time, sender_id, side)


def told_apart(lines: Sequence[Line], headers: dict[int, Header]) -> dict[int, Header]:
    """Speakers who share a name get their ids behind it, as the text writes them; one without an id stays as he is."""
    shared = shared_names([(header.name, header.sender_id) for header in headers.values()])
    return {
        number: replace(header, name=_with_id(lines[number], header))
        if header.name in shared and header.sender_id
        else header
        for number, header in headers.items()
    }


def _with_id(line: Line, header: Header) -> str:
    words = line.text[header.name_start - line.start :]
    return words[: words.index(header.sender_id, len(header.name)) + len(header.sender_id) + 1]
