"""Header lines of exported chats: ``2024-01-02 10:21:00 林小满3``, ``林小满3  10:21``, ``[10:21] 林小满3: 你好``.

WeChat, QQ, forwarded mails and desktop clients write who spoke and when on a line of its own (what was said stands
below), or before a colon. Which style a text uses is decided for the whole text.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum, auto
from typing import Final

from core.domain.chat.message_kinds import is_system_line
from core.domain.chat.name_patterns import name_shape
from core.domain.chat.parsed_chat import Role
from core.domain.chat.speaker_lines import MAX_NAME, Line

_LONGEST_HEADER: Final = 160
_LONGEST_PREAMBLE: Final = 20
"""Most lines before the first header that are not headers: titles and notices of the program that exported the chat."""

_LONGEST_TITLE: Final = 3
"""Most lines of a title that no notice tells from what somebody said."""

_DATE = r"(?P<year>\d{4})\s?[-/.年]\s?(?P<month>\d{1,2})\s?[-/.月]\s?(?P<day>\d{1,2})(?!\d)\s?日?"
_WEEKDAY = r"(?:\s{0,2}[（(]?(?:星期|周)[一二三四五六日天][)）]?)?"
_CLOCK = (
    r"(?P<half>凌晨|清晨|早上|上午|中午|下午|傍晚|晚上|AM|PM|am|pm)?\s?"
    r"(?P<hour>\d{1,2})[:：](?P<minute>\d{2})(?:[:：](?P<second>\d{2})(?:[.,]\d{1,6})?)?(?![\d:：])(?:\s?(?P<half_after>[AaPp][Mm])\b)?"
)
_NEAR_DAY = r"(?:(?:今天|昨天|前天|(?:星期|周)[一二三四五六日天]|\d{1,2}[月/\-.]\d{1,2}日?)\s{0,2})?"
_STAMP = rf"{_DATE}{_WEEKDAY}[\sT,，]{{1,3}}{_CLOCK}"
_NAME = r"(?P<name>(?!> )\S(?:[^\n]{0,70}?\S)??)"


class HeaderStyle(Enum):
    """How a text writes who spoke and when."""

    TIME_NAME = auto()
    NAME_TIME = auto()
    NAME_CLOCK = auto()
    """The date stands on a line of its own above."""
    TIME_NAME_COLON = auto()
    NAME_TIME_COLON = auto()
    NAME_COLON = auto()
    """``林小满3:`` alone on its line, as copied from a desktop client."""
    NAME_ABOVE_TIME = auto()
    """The name on one line, the time alone on the next, as copied from 飞书 and DingTalk."""
    TIME_NAME_CELLS = auto()
    """Time, name and words on one line, parted by tabs or bars."""
    NUMBER_NAME = auto()
    """``#12 林小满3``: written by our own import where a table has no times."""


_CELL_END = r"(?:\t|\s?[|｜]\s?)"
_PATTERNS: Final = {
    HeaderStyle.TIME_NAME_CELLS: re.compile(
        rf"{_STAMP}{_CELL_END}(?P<name>[^\s|｜](?:[^\t|｜\n]{{0,60}}?\S)??){_CELL_END}"
    ),
    HeaderStyle.TIME_NAME_COLON: re.compile(
        rf"[\[(（【]?(?:{_STAMP}|{_CLOCK.replace('?P<', '?P<c_')})[\])）】]?\s{{0,3}}[-–—]?\s{{0,3}}"
        r"(?P<name>[^\s:：\[\]](?:[^:：\n]{0,60}[^\s:：])?)\s?[:：](?!//)"
    ),
    HeaderStyle.NAME_TIME_COLON: re.compile(
        rf"(?P<name>[^>\s:：\[\](（](?:[^:：\n\[\](（]{{0,60}}[^\s:：\[\](（])?)\s{{0,3}}[\[(（]{_STAMP}[\])）]\s?[:：]?"
    ),
    HeaderStyle.TIME_NAME: re.compile(rf"{_STAMP}\s{{1,4}}{_NAME}$"),
    HeaderStyle.NAME_TIME: re.compile(rf"{_NAME}\s{{1,4}}{_STAMP}$"),
    HeaderStyle.NAME_CLOCK: re.compile(rf"{_NAME}\s{{1,4}}{_NEAR_DAY}{_CLOCK}$"),
    HeaderStyle.NAME_COLON: re.compile(r"(?P<name>[^:：\n]{1,60})[:：]$"),
    HeaderStyle.NUMBER_NAME: re.compile(rf"#(?P<number>\d{{1,7}}) (?:{_STAMP} )?{_NAME}$"),
}
_TIME_ALONE = re.compile(rf"{_STAMP}$")
_ON_LINE: Final = frozenset((HeaderStyle.TIME_NAME_COLON, HeaderStyle.NAME_TIME_COLON, HeaderStyle.TIME_NAME_CELLS))
_DIVIDER = re.compile(rf"[—–\-=─━*#\s]{{0,40}}{_DATE}{_WEEKDAY}(?:[\sT,，]{{1,3}}{_CLOCK})?[—–\-=─━*#\s]{{0,40}}$")
# Quickly tells most lines from headers: all have a clock, a whole date or a number behind "#".
_MAY_HEAD = re.compile(r"\d[:：]\d|\d{4}\s?[-/.年]|^#\d")
_SPOKEN = re.compile(r"[：:]|[，。？！?!]$")
_SAID_ON_LINE = re.compile(r"[^:：\n]{1,40}[:：]\s{0,4}\S")
_ID = re.compile(r"\s?(?:[(（](?P<number>\d{5,20}|wxid_\w{3,40})[)）]|<(?P<address>[^<>\s]{3,80})>)$")
_SIDE = re.compile(r"\s?[（(](?P<side>我方|对方)[)）]$")
_LEADING_TITLE = re.compile(r"【[^】\n]{1,12}】(?=\S)")
_SIDES: Final = {"我方": Role.STAFF, "对方": Role.CUSTOMER}
_AFTERNOON: Final = frozenset({"下午", "傍晚", "晚上", "pm"})
_NOTICES: Final = re.compile(r"消息记录|聊天记录|消息分组|消息对象|导出|Dear|={5,}|[—─━\-*]{5,}|^#\s")


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
    if above := _times_below_names(lines):
        return above
    matches: dict[HeaderStyle, list[int]] = {style: [] for style in _PATTERNS}
    dividers: list[int] = []
    others = 0
    began = noticed = False
    for number, line in enumerate(lines):
        words = line.text.strip()
        if not words:
            continue
        whole = len(words) <= _LONGEST_HEADER
        words = words[:_LONGEST_HEADER]
        if words[0] in "—–-=─━*#0123456789" and _DIVIDER.match(words):
            dividers.append(number)
        elif not began and is_system_line(words):
            continue  # nobody says it
        elif styles := _styles_of(words, whole=whole):
            for style in styles:
                matches[style].append(number)
            began = True
        elif not began:
            noticed = noticed or _NOTICES.search(words) is not None
            others += 1
            # No export: they begin with a header, behind a few lines that nobody says.
            if others > _LONGEST_PREAMBLE or not noticed and _SAID_ON_LINE.match(words):
                return None
    best = max(matches, key=lambda style: (len(matches[style]), -list(_PATTERNS).index(style)))
    numbers = matches[best]
    if not numbers or not _opens(lines, numbers, dividers, best):
        return None
    return _read(lines, best, numbers, dividers)


def is_header_line(line: str) -> bool:
    """Whether a line alone would be read as the header of a message or as a date between messages."""
    words = line.strip()
    if not words or len(words) > _LONGEST_HEADER or not _MAY_HEAD.search(words):
        return False
    styles = set(_styles_of(words, whole=True)) - {HeaderStyle.NAME_COLON, HeaderStyle.NAME_CLOCK}
    return bool(styles) or _DIVIDER.match(words) is not None


def is_date_line(line: str) -> bool:
    """Whether a line is nothing but a date, with its time or without, as programs write it between messages."""
    words = line.strip()
    return 0 < len(words) <= _LONGEST_HEADER and words[0] in "—–-=─━*#0123456789" and _DIVIDER.match(words) is not None


def is_plain_name(name: str) -> bool:
    """Whether a name can stand in a header behind a time: short, on one line, without a colon."""
    return _is_name(name)


def has_suffix(name: str) -> bool:
    """Whether a name ends with what a header would be read to say about it: an id or a side in brackets."""
    return _SIDE.search(name) is not None or _ID.search(name) is not None or _LEADING_TITLE.match(name) is not None


def _styles_of(words: str, *, whole: bool) -> list[HeaderStyle]:
    """The styles that a line could be a header of; ``whole``: the line is not longer than what is looked at."""
    if words[0] == "#":
        return [HeaderStyle.NUMBER_NAME] if whole and _PATTERNS[HeaderStyle.NUMBER_NAME].match(words) else []
    if words[-1] in ":：" and whole and _PATTERNS[HeaderStyle.NAME_COLON].match(words):
        return [HeaderStyle.NAME_COLON]
    if not any(character.isdigit() for character in words):
        return []
    styles = []
    for style, pattern in _PATTERNS.items():
        ends_line = style in (HeaderStyle.TIME_NAME, HeaderStyle.NAME_TIME, HeaderStyle.NAME_CLOCK)
        if ends_line and not whole:
            continue
        if (match := pattern.match(words)) and _is_possible(match) and (not ends_line or _is_name(match["name"])):
            styles.append(style)
            break
    return styles


def _is_name(name: str) -> bool:
    plain = _split_name(name)[0]
    return 0 < len(plain) <= MAX_NAME and not _SPOKEN.search(plain)


def _is_possible(match: re.Match[str]) -> bool:
    """Whether month, day and time exist."""
    groups = match.groupdict()
    hour = groups.get("hour") or groups.get("c_hour")
    minute = groups.get("minute") or groups.get("c_minute")
    if hour is not None and (int(hour) > 24 or int(minute or 0) > 59):
        return False
    return groups.get("month") is None or (1 <= int(groups["month"]) <= 12 and 1 <= int(groups["day"]) <= 31)


def _opens(lines: Sequence[Line], numbers: list[int], dividers: list[int], style: HeaderStyle) -> bool:
    """Whether headers of this style make up the text."""
    parted = set(dividers)
    before = [
        number
        for number in range(numbers[0])
        if (words := lines[number].text.strip()) and number not in parted and not is_system_line(words)
    ]
    noticed = any(_NOTICES.search(lines[number].text[:_LONGEST_HEADER]) for number in before)
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
        return True
    if len(numbers) == 1 and any(_SAID_ON_LINE.match(line.text) for line in lines[numbers[0] + 1 :]):
        return False  # a title with its date above an ordinary chat
    if style is HeaderStyle.NAME_CLOCK:
        # 「改到 10:30」 ends many a sentence: names come back, or the dates stand between them.
        names = Counter(_name_of(lines[number], style) for number in numbers)
        return bool(dividers) or len(numbers) >= 2 and len(names) < len(numbers)
    return True


def _times_below_names(lines: Sequence[Line]) -> Headers | None:
    """Headers of two lines, the name and below it the time alone; ``None`` where the text does not open with one."""
    filled = [number for number, line in enumerate(lines) if line.text.strip()]
    if len(filled) < 3 or not _TIME_ALONE.match(lines[filled[1]].text.strip()[:_LONGEST_HEADER]):
        return None
    headers: dict[int, Header] = {}
    for number in range(1, len(lines)):
        words, above = lines[number].text.strip(), lines[number - 1]
        match = _TIME_ALONE.match(words) if len(words) <= _LONGEST_HEADER else None
        name = above.text.strip()
        if match is None or not _is_possible(match) or number - 1 in headers or not name or not _is_name(name):
            continue
        if len(name) > _LONGEST_HEADER or _styles_of(name, whole=True):
            continue
        plain, sender_id, side, skip = _split_name(name)
        start = above.start + len(above.text) - len(above.text.lstrip()) + skip
        headers[number - 1] = Header(number - 1, plain, start, lines[number].end, _time(match, ""), sender_id, side)
    if filled[0] not in headers or len(headers) < 2:
        return None
    return Headers(HeaderStyle.NAME_ABOVE_TIME, _told_apart(headers), frozenset())


def _are_speakers(lines: Sequence[Line], numbers: list[int]) -> bool:
    """Whether lines that hold nothing but words and a colon name people: they come back, and all look like names."""
    if sum(_SAID_ON_LINE.match(line.text) is not None for line in lines) >= len(numbers):
        return False  # what was said stands behind the colons: an ordinary chat with a few long messages
    names = Counter(_name_of(lines[number], HeaderStyle.NAME_COLON) for number in numbers)
    return 1 < len(names) < len(numbers) or len(numbers) > 1 and all(name_shape(name) > 0 for name in names)


def _name_of(line: Line, style: HeaderStyle) -> str:
    match = _PATTERNS[style].match(line.text.strip())
    return match["name"] if match else ""


def _read(lines: Sequence[Line], style: HeaderStyle, numbers: list[int], dividers: list[int]) -> Headers:
    pattern = _PATTERNS[style]
    headers: dict[int, Header] = {}
    upcoming = iter([*dividers, len(lines)])
    divider, date, stamp = next(upcoming), "", ""
    for number in numbers:
        while divider < number:
            match = _DIVIDER.match(lines[divider].text.strip())
            if match:
                date, stamp = _date(match), _time(match, "")
            divider = next(upcoming)
        line = lines[number]
        indent = len(line.text) - len(line.text.lstrip())
        match = pattern.match(line.text.strip()[:_LONGEST_HEADER])
        if match is None:
            continue
        name, sender_id, side, skip = _split_name(match["name"])
        if not name or len(name) > MAX_NAME:
            continue
        on_line = style in _ON_LINE
        headers[number] = Header(
            number,
            name,
            line.start + indent + match.start("name") + skip,
            line.start + indent + match.end() if on_line else line.end,
            _time(match, date) or stamp,
            sender_id,
            side,
        )
    return Headers(style, _told_apart(headers), frozenset(dividers))


def _told_apart(headers: dict[int, Header]) -> dict[int, Header]:
    """Speakers who share a name get their ids behind it; one without an id stays as he is."""
    ids: dict[str, set[str]] = {}
    for header in headers.values():
        ids.setdefault(header.name, set()).add(header.sender_id)
    # Where no id ever comes back, it numbers messages, not people.
    uses = Counter(header.sender_id for header in headers.values() if header.sender_id)
    if not any(count > 1 for count in uses.values()):
        return headers
    shared = {name for name, values in ids.items() if len(values - {""}) > 1}
    return {
        number: replace(header, name=f"{header.name}({header.sender_id})")
        if header.name in shared and header.sender_id
        else header
        for number, header in headers.items()
    }


def _split_name(raw: str) -> tuple[str, str, Role, int]:
    """Name, id, side, and how many characters stand before the name (QQ writes titles: 【管理员】)."""
    name, sender_id, side = raw.strip(), "", Role.UNKNOWN
    if match := _SIDE.search(name[-8:]):
        side = _SIDES[match["side"]]
        name = name[: len(name) - len(match[0])].rstrip()
    if match := _ID.search(name[-90:]):
        sender_id = match["number"] or match["address"]
        name = name[: len(name) - len(match[0])].rstrip()
    if not name and sender_id:  # a member without a name: QQ writes only the number
        return sender_id, sender_id, side, raw.index(sender_id)
    title = _LEADING_TITLE.match(name)
    skip = title.end() if title else 0
    return name[skip:], sender_id, side, skip


def _date(match: re.Match[str]) -> str:
    year, month, day = int(match["year"]), int(match["month"]), int(match["day"])
    return f"{year:04}-{month:02}-{day:02}"


def _time(match: re.Match[str], date: str) -> str:
    groups = match.groupdict()
    prefix = "c_" if groups.get("hour") is None and groups.get("c_hour") is not None else ""
    if groups.get(f"{prefix}hour") is None:
        return ""
    if not prefix and groups.get("year") is not None:
        date = _date(match)
    hour, minute = int(groups[f"{prefix}hour"]), int(groups[f"{prefix}minute"])
    half = (groups.get(f"{prefix}half") or groups.get(f"{prefix}half_after") or "").lower()
    if half in _AFTERNOON and hour < 12 or half == "中午" and hour < 3:
        hour += 12
    elif half in ("凌晨", "am") and hour == 12:
        hour = 0
    second = groups.get(f"{prefix}second")
    clock = f"{hour % 24:02}:{minute:02}" + (f":{second}" if second else "")
    if not date:
        return clock
    try:
        datetime.fromisoformat(f"{date}T{clock}")
    except ValueError:  # the 31st of a month that has 30 days
        return clock
    return f"{date}T{clock}"
