"""Lines that look like the header of a message and were read as words of the message before it.

A header in a form that nobody foresaw would hide a message in another; so it is named instead.
"""

import re
from collections.abc import Iterator
from typing import Final

from core.domain.chat.header_names import split_name
from core.domain.chat.header_patterns import (
    CLOCK,
    LONGEST_HEADER,
    NEAR_DAY,
    STAMP,
    UNDATED,
    HeaderStyle,
    header_match,
    is_possible,
    styles_of,
)
from core.domain.chat.message_kinds import is_title_line
from core.domain.chat.name_patterns import name_shape
from core.domain.chat.parsed_chat import Message, ParsedChat
from core.domain.chat.speaker_lines import FULL_COLON, Line, opening_of
from core.domain.chat.spoken_roles import is_role

_MAY_HEAD: Final = re.compile(r"[:：]|\d[时点]\d|刚刚|\d(?:秒|分钟|小时|天)前")
_AGO: Final = re.compile(r"(?P<name>\S.{0,40}?)\s{1,4}(?:刚刚|\d{1,3}\s?(?:秒|分钟|小时|天)前)$")
_SENTENCE: Final = re.compile(r"[，。？！?!；;]|[：:]\D")
_STAMP: Final = re.compile(STAMP)
_NEAR_CLOCK: Final = re.compile(NEAR_DAY + CLOCK)
_OPENING: Final = re.compile(r"(?P<opening>[^:：\n]{1,60}?)\s?[:：]\s{0,4}\S")
_CLOCK_FIRST: Final = re.compile(
    r"[\[(（【]?(?:[A-Z][a-z]{2}\b)?[^\u4e00-\u9fff\n]{0,20}?\d{1,2}[:：]\d{2}(?:[:：]\d{2})?(?:\s?[AaPp][Mm])?[^\u4e00-\u9fffA-Za-z\n]{0,8}"
)
_TIME_LINE: Final = re.compile(r"[^\u4e00-\u9fff\n]{0,20}\d[:：]\d{2}(?:[:：]\d{2})?(?:\s?[AaPp][Mm])?.{0,8}$")
_AROUND: Final = re.compile(r"[\s\[\]()（）【】<>@|｜*·_\-—]")
"""What stands between a name and something else in a header."""
_TO_SOMEBODY: Final = ("@", "回复", "引用", "转发")
_OPENED: Final = re.compile(r"[^：\n]{1,40}：")
_SHORT_NAME: Final = 4
_FEWEST_SPOKEN: Final = 4
"""Messages beside each line that opens with another name, where such lines are nothing to speak of."""
_MOST_AROUND: Final = 12
_MOST_ELSE: Final = 40
"""Characters besides the time that a header may have."""
_MOST_BETWEEN: Final = 16
"""Characters between a name and its time."""
_TIME_IN_NAME: Final = re.compile(r"(?<!\d)\d{1,2}[:：]\d{2}(?![\d:：]|\s?[-~—–至])|\d{4}[-/.]\d{1,2}[-/.]\d{1,2}")
_HOURS: Final = re.compile(r"\d[:：]\d{2}\s{0,2}[-~—–至]\s{0,2}\d")


def unread_headers(parsed: ParsedChat) -> list[int]:
    """Numbers, from 1, of the lines that look like headers and were read as words.

    Args:
        parsed: a chat; lines in quotations do not count.
    """
    names = frozenset(parsed.speakers)
    if not names:
        return []
    exported = any(message.time for message in parsed.messages)
    text = parsed.text
    numbers: list[int] = []
    number = counted = 0
    for message in parsed.messages:
        if not message.speaker:
            continue
        for start, line in _lines(message, text):
            words = line.strip()
            if not 0 < len(words) <= LONGEST_HEADER or not _MAY_HEAD.search(words):
                continue
            beside = exported and _TIME_LINE.match(words) and _is_beside_name(text, start, len(line), names)
            if beside or _looks(words, names, exported=exported):
                number += text.count("\n", counted, start)
                counted = start
                numbers.append(number + 1)
    return numbers


def unspoken_openings(parsed: ParsedChat) -> list[int]:
    """Numbers, from 1, of the lines that open with what may be a name and are not taken for somebody's message.

    A long chat quotes and lists much; lines count where there are many beside what is said.
    """
    names = frozenset(parsed.speakers)
    spoken = sum(bool(message.speaker) for message in parsed.messages)
    if not names or any(message.time for message in parsed.messages):
        return []
    lines = [
        (start, line) for message in parsed.messages for start, line in _lines(message, parsed.text) if line.strip()
    ]
    opened = all(_OPENED.match(line) for _, line in lines)
    starts = [start for start, line in lines if _opens_with_other(line, names, opened=opened)]
    if _FEWEST_SPOKEN * len(starts) < spoken:
        return []
    return [parsed.text.count("\n", 0, start) + 1 for start in starts]


def _opens_with_other(line: str, names: frozenset[str], *, opened: bool) -> bool:
    opening = opening_of(0, Line(0, line, len(line)), FULL_COLON)
    if opening is None or not opening.first or opening.name in names or is_title_line(line.strip()):
        return False
    shape = name_shape(opening.name)
    return shape > 0 or shape >= 0 and (is_role(opening.name) or opened and len(opening.name) <= _SHORT_NAME)


def names_like_times(parsed: ParsedChat) -> list[str]:
    """Speakers whose names hold a time or a date: part of a header that was not understood."""
    return [name for name in parsed.speakers if _TIME_IN_NAME.search(name) and not _HOURS.search(name)]


def _lines(message: Message, text: str) -> Iterator[tuple[int, str]]:
    """Where lines of a body begin, and the lines; what stands behind a name is none."""
    start = message.body.start
    for line in message.body.of(text).split("\n"):
        if not text[text.rfind("\n", 0, start) + 1 : start].strip():
            yield start, line
        start += len(line) + 1


def _is_beside_name(text: str, start: int, length: int, names: frozenset[str]) -> bool:
    """Whether the line above or below holds nothing but a speaker's name."""
    end = start + length + 1
    above = text[text.rfind("\n", 0, max(0, start - 1)) + 1 : max(0, start - 1)]
    below = text[end : text.find("\n", end) if text.find("\n", end) >= 0 else len(text)]
    return above.strip() in names or below.strip() in names


def _looks(words: str, names: frozenset[str], *, exported: bool) -> bool:
    if (ago := _AGO.match(words)) and ago["name"] in names:
        return True
    for style in styles_of(words, whole=True):
        if style in (HeaderStyle.NAME_COLON, HeaderStyle.NUMBER_NAME):
            continue
        match = header_match(words, style)
        name = split_name(match["name"])[0] if match else ""
        if name in names:
            return True
        if match and name and style not in UNDATED and (exported or name_shape(name) > 0):
            return name_shape(name) > 0 or not _SENTENCE.search(name)
    if _opens_with_name(words, names):
        return True
    if not exported:
        return False
    return _has_stamp(words) or _begins_with_name(words, names) or _names_behind_clock(words, names)


def _opens_with_name(words: str, names: frozenset[str]) -> bool:
    """Whether what stands before a colon is a speaker with something around his name."""
    opening = _OPENING.match(words)
    if opening is None or _SENTENCE.search(opening["opening"]) or opening["opening"].startswith(_TO_SOMEBODY):
        return False
    head = opening["opening"].strip()
    for length in range(max(1, len(head) - _MOST_AROUND), len(head)):
        begins = head[:length] in names and _AROUND.match(head[length])
        if begins or head[-length:] in names and _AROUND.match(head[-length - 1]):
            return True
    for left, right in (("[", "]"), ("【", "】"), ("“", "”"), ("「", "」"), ("*", "*"), ("<", ">")):
        if head.startswith(left) and head.endswith(right) and head.strip(left + right).strip() in names:
            return True
    return False


def _names_behind_clock(words: str, names: frozenset[str]) -> bool:
    """Whether a line begins with a time in whatever form, and a speaker stands right behind it."""
    match = _CLOCK_FIRST.match(words) or _NEAR_CLOCK.match(words)
    rest = words[match.end() :].lstrip(" \t|｜])）】-") if match else ""
    return any(rest[:length] in names for length in range(1, min(len(rest), _MOST_ELSE) + 1))


def _has_stamp(words: str) -> bool:
    """Whether a line is a whole date with its time, and a few words that are no sentence."""
    match = _STAMP.search(words)
    if match is None or not is_possible(match):
        return False
    rest = words[: match.start()] + words[match.end() :]
    return 0 < len(rest.strip()) <= _MOST_ELSE and not _SENTENCE.search(rest)


def _begins_with_name(words: str, names: frozenset[str]) -> bool:
    """Whether a line begins with a speaker and a clock, or with a usual name, 昨天 and a clock."""
    match = _NEAR_CLOCK.search(words)
    if match is None or not is_possible(match) or not match.start():
        return False
    head = words[: match.start()]
    if match["near"] and len(words) - match.end() <= _MOST_BETWEEN and name_shape(head.strip()) > 0:
        return True
    return any(head[:length] in names for length in range(max(1, len(head) - _MOST_BETWEEN), len(head) + 1))
