"""Patterns of header lines in exported chats: dates, clocks, marks such as 已读, and the styles made of them."""

import re
from collections.abc import Sequence
from enum import Enum, auto
from typing import Final

from core.domain.chat.header_names import MARKS, is_header_name
from core.domain.chat.speaker_lines import Line

LONGEST_HEADER: Final = 160

DATE: Final = r"(?P<year>\d{4})\s?[-/.年년]\s?(?P<month>\d{1,2})\s?[-/.月월]\s?(?P<day>\d{1,2})(?!\d)\s?[日일]?"
WEEKDAY: Final = (
    r"(?:\s{0,2}(?:[（(]?(?:星期|周|週)[一二三四五六日天][)）]?|[（(][一二三四五六日天][)）]|[월화수목금토일]요일))?"
)
CLOCK: Final = (
    r"(?P<half>凌晨|清晨|早上|上午|中午|下午|傍晚|晚上|오전|오후|AM|PM|am|pm)?\s?"
    r"(?P<hour>\d{1,2})(?:[:：](?=\d\d)|[时点])(?P<minute>\d{1,2})"
    r"(?:(?:[:：](?=\d\d)|分)(?P<second>\d{1,2})(?:[.,]\d{1,9})?)?[分秒]?(?!\d|[:：]\d)"
    r"(?:\s?(?P<half_after>[AaPp][Mm])\b)?(?P<zone>Z\b|\s?(?:UTC|GMT)?[+-]\d{2}:?\d{2}(?![\d:])"
    r"|\s?[(（]?(?:UTC|GMT)(?:[+-]\d{1,2}(?![\d:]))?[)）]?|\s?[(（]?(?:CST|北京时间)[)）]?)?"
)
NEAR_DAY: Final = (
    r"(?:(?P<near>今天|昨天|前天|(?:星期|周)[一二三四五六日天]|\d{1,2}[月/\-.]\d{1,2}日?|(?:Today|Yesterday)(?: at)?)"
    r"[,，]?\s{0,2})?"
)
STAMP: Final = rf"{DATE}{WEEKDAY}(?:[\sT,，]{{1,12}}|(?<=日)|(?=[凌清早上中下傍晚오]))" + CLOCK
NAME: Final = r"(?P<name>(?!> )\S(?:[^\n]{0,70}?\S)??)"
_SPACE: Final = r"(?:\s|&nbsp;)"
_OPEN: Final = r"[\[(（【]?"
_CLOSE: Final = r"(?:\s?[(（]?(?:已编辑|已读|未读|edited)[)）]?)?[\])）】]?"
_AFTER_NAME: Final = (
    rf"(?:{_SPACE}{{1,4}}(?:[-–—|｜/~·]\s{{1,3}})?|(?<=[】\])）]),?\s{{0,3}}"
    r"|[,，]\s{1,3}(?=[\[(（])|[,，]\s{0,3}(?=\d{4}[-/.年]))"
)
_BEFORE_NAME: Final = rf"(?:{_SPACE}{{1,4}}(?:[-–—|｜]\s{{1,3}})?|(?<=[】\])）])\s{{0,3}})"
_NO_ZONE: Final = r"(?![+-]\d{2}:?\d{2}(?!\d))"
_NO_CLOCK: Final = r"(?!(?:(?<=\s\d)|(?<=\s\d\d))[:：]\d\d(?:[:：]\d\d)?(?:[\s\])）]|$))"
"""A colon that is no colon of a clock: ``12:30阿青  09:22`` is a name and its time."""
_COLON_INSIDE: Final = r"(?:[:：][^\s:：\[\](（]{1,30}(?=\s{0,3}[\[(（][^\n\])）]{6,40}[\])）]\s?[:：]))?"
"""``旗舰店:小王 (2024-3-1 9:01:00):``; a colon stands behind the time."""
_CELL_END: Final = r"(?:\t|\s?[|｜]\s?)"


class HeaderStyle(Enum):
    """How a text writes who spoke and when."""

    TIME_NAME = auto()
    NAME_TIME = auto()
    NAME_CLOCK = auto()
    """The date stands on a line of its own above, or is 昨天 or 星期三."""
    CLOCK_NAME = auto()
    TIME_NAME_COLON = auto()
    NAME_TIME_COLON = auto()
    NAME_CLOCK_COLON = auto()
    """``林小满3 10:21：你好``; the date may stand before the clock."""
    NAME_COLON = auto()
    """``林小满3:`` alone on its line, as copied from a desktop client."""
    NAME_ABOVE_TIME = auto()
    """The name on one line, the time alone on the next, as copied from 飞书 and DingTalk."""
    TIME_ABOVE_NAME = auto()
    """The time on one line, the name alone on the next."""
    TIME_NAME_CELLS = auto()
    """Time, name and words on one line, parted by tabs or bars."""
    NAME_TIME_CELLS = auto()
    NUMBER_NAME = auto()
    """``#12 林小满3``: written by our own import where a table has no times."""
    LISTED_NAME_COLON = auto()
    """``1. 林小满3：你好``, ``- 林小满3：你好``, ``**林小满3**：你好``."""
    ONE_LINE = auto()
    """Time, name and words on one line without a colon: ``09:00 林小满3 你好``, ``[09:00] <林小满3> 你好``."""
    NAME_CELL = auto()
    """Name and words on one line, parted by a tab or a bar, or the name in brackets: ``[客户] 你好``."""


def _other_groups(pattern: str) -> str:
    """The same pattern with other names of groups, so that two alternatives can stand in one expression."""
    return pattern.replace("(?P<", "(?P<c_")


PATTERNS: Final = {
    HeaderStyle.TIME_NAME_CELLS: re.compile(
        rf"(?:{STAMP}|{_other_groups(CLOCK)}){_CELL_END}(?P<name>[^\s|｜](?:[^\t|｜\n]{{0,60}}?\S)??){_CELL_END}"
    ),
    HeaderStyle.NAME_TIME_CELLS: re.compile(
        rf"(?P<name>[^\s|｜\d](?:[^\t|｜\n]{{0,60}}?[^\s|｜])??){_CELL_END}{STAMP}{_CELL_END}"
    ),
    HeaderStyle.TIME_NAME_COLON: re.compile(
        rf"{_OPEN}(?:{STAMP}|{_other_groups(NEAR_DAY + CLOCK)}){_CLOSE}\s{{0,3}}[-–—,，]?\s{{0,3}}"
        rf"{_NO_ZONE}(?P<name>[^\s:：\[\]](?:[^:：\n]{{0,60}}[^\s:：])?)\s?{_NO_CLOCK}[:：](?!//)"
    ),
    HeaderStyle.NAME_TIME_COLON: re.compile(
        rf"(?P<name>[^>\s:：\[\](（](?:[^:：\n\[\](（]{{0,60}}[^\s:：\[\](（])?{_COLON_INSIDE})"
        rf"\s{{0,3}}[\[(（]{STAMP}[\])）]\s?[:：]?"
    ),
    HeaderStyle.TIME_NAME: re.compile(rf"{_OPEN}{STAMP}{_CLOSE}{_BEFORE_NAME}{NAME}$"),
    HeaderStyle.NAME_TIME: re.compile(rf"{NAME}{_AFTER_NAME}{_OPEN}{STAMP}{_CLOSE}$"),
    HeaderStyle.NAME_CLOCK: re.compile(rf"{NAME}{_AFTER_NAME}{_OPEN}{NEAR_DAY}{CLOCK}{_CLOSE}$"),
    HeaderStyle.NAME_CLOCK_COLON: re.compile(
        rf"(?P<name>[^>\s:：\[\](（\d](?:[^:：\n]{{0,60}}?[^\s:：])??)(?:\s{{1,3}}|(?=[(（])){_OPEN}"
        rf"(?:{STAMP}|{_other_groups(NEAR_DAY + CLOCK)}){_CLOSE}\s?[:：](?!//)"
    ),
    HeaderStyle.CLOCK_NAME: re.compile(rf"{_OPEN}{NEAR_DAY}{CLOCK}{_CLOSE}{_BEFORE_NAME}{NAME}$"),
    HeaderStyle.NAME_COLON: re.compile(r"(?P<name>[^:：\n]{1,60})[:：]$"),
    HeaderStyle.NUMBER_NAME: re.compile(rf"#(?P<number>\d{{1,7}}) (?:{STAMP} )?{NAME}$"),
}
TIME: Final = rf"{_OPEN}(?:{STAMP}|{_other_groups(NEAR_DAY + CLOCK)}){_CLOSE}"
TIME_ALONE: Final = re.compile(rf"{TIME}$")
DIVIDER: Final = re.compile(
    rf"(?:日期[:：]\s{{0,3}}|[—–\-=─━*#\s]{{0,40}}){DATE}{WEEKDAY}(?:[\sT,，]{{1,3}}{CLOCK})?[—–\-=─━*#\s]{{0,40}}$"
)
ENDS_LINE: Final = frozenset(
    (HeaderStyle.TIME_NAME, HeaderStyle.NAME_TIME, HeaderStyle.NAME_CLOCK, HeaderStyle.CLOCK_NAME)
)
"""What was said stands below: the header is all of its line."""
ON_LINE: Final = frozenset(
    (
        HeaderStyle.TIME_NAME_COLON,
        HeaderStyle.NAME_TIME_COLON,
        HeaderStyle.NAME_CLOCK_COLON,
        HeaderStyle.TIME_NAME_CELLS,
        HeaderStyle.NAME_TIME_CELLS,
    )
)
"""What was said goes on behind the header."""
_NEEDED: Final = {
    HeaderStyle.TIME_NAME_CELLS: re.compile(r"[\t|｜]"),
    HeaderStyle.NAME_TIME_CELLS: re.compile(r"[\t|｜]"),
    HeaderStyle.NAME_TIME_COLON: re.compile(r"[\[(（]"),
}
"""What stands in every header of a style, where few lines have it."""
_CLOCK_HINT = re.compile(r"\d[:：时点]\d")
"""Stands in every clock."""
_CLOCK_STYLES: Final = tuple(
    (style, pattern, style in ENDS_LINE, _NEEDED.get(style))
    for style, pattern in PATTERNS.items()
    if style not in (HeaderStyle.NAME_COLON, HeaderStyle.NUMBER_NAME)
)
"""The styles with a clock, in the order that they are tried in: pattern, whether it ends the line, what it needs."""
UNDATED: Final = frozenset((HeaderStyle.NAME_CLOCK, HeaderStyle.CLOCK_NAME, HeaderStyle.NAME_CLOCK_COLON))
NAME_FIRST: Final = frozenset((HeaderStyle.NAME_TIME, HeaderStyle.NAME_CLOCK))

MAIL_HEADER: Final = re.compile(
    r"(?:发件人|寄件人|寄件者|收件人|收件者|抄送|副本|密送|主题|主題|主旨|日期|时间|发送时间|发送日期|附件|"
    r"From|To|Cc|CC|Bcc|Subject|Date|Sent|Reply-To)\s{0,2}[:：]"
)
"""Headers of a mail in which somebody forwards a chat."""


def styles_of(words: str, *, whole: bool) -> list[HeaderStyle]:
    """The styles that a line could be a header of.

    Args:
        words: the beginning of the line, without white space around it.
        whole: the line is not longer than what is looked at.
    """
    if words[0] == "#" and whole and PATTERNS[HeaderStyle.NUMBER_NAME].match(words):
        return [HeaderStyle.NUMBER_NAME]
    if words[-1] in ":：" and whole and PATTERNS[HeaderStyle.NAME_COLON].match(words):
        return [HeaderStyle.NAME_COLON]
    if not _CLOCK_HINT.search(words):
        return []
    unmarked = without_marks(words) if whole else words
    for style, pattern, ends_line, needs in _CLOCK_STYLES:
        if ends_line and not whole or needs and not needs.search(words):
            continue
        match = pattern.match(unmarked if ends_line else words)
        if (
            match
            and is_possible(match)
            and (not ends_line or is_header_name(match["name"], dated=style not in UNDATED))
        ):
            return [style]
    return []


def header_match(words: str, style: HeaderStyle) -> re.Match[str] | None:
    """A header line's parts as its style names them."""
    return PATTERNS[style].match(without_marks(words) if style in ENDS_LINE else words)


def without_marks(words: str) -> str:
    """A line without 已读, (已编辑) and the like at its end."""
    marks = MARKS.search(words, max(0, len(words) - 40))
    return words[: marks.start()] if marks and marks.start() else words


def is_possible(match: re.Match[str]) -> bool:
    """Whether month, day and time of a header exist."""
    groups = match.groupdict()
    hour = groups.get("hour") or groups.get("c_hour")
    minute = groups.get("minute") or groups.get("c_minute")
    if hour is not None and (int(hour) > 24 or int(minute or 0) > 59):
        return False
    return groups.get("month") is None or (1 <= int(groups["month"]) <= 12 and 1 <= int(groups["day"]) <= 31)


def first_filled(lines: Sequence[Line]) -> int:
    """Number of the first line with words that is no header of a mail; of the end where there is none."""
    filled = (number for number, line in enumerate(lines) if line.text.strip())
    return next((number for number in filled if not MAIL_HEADER.match(lines[number].text.strip())), len(lines))
