"""Headers of two lines: the name and the time alone, in either order, as copied from 飞书, DingTalk and telephones."""

from collections import Counter
from collections.abc import Sequence

from core.domain.chat.header_names import is_header_name, split_name
from core.domain.chat.header_patterns import (
    LONGEST_HEADER,
    TIME_ALONE,
    HeaderStyle,
    first_filled,
    is_possible,
    styles_of,
    without_marks,
)
from core.domain.chat.header_times import time_of_header
from core.domain.chat.message_headers import Header, Headers, told_apart
from core.domain.chat.message_kinds import is_system_line
from core.domain.chat.name_patterns import name_shape
from core.domain.chat.speaker_lines import Line

_MOST_NAME = 80


def find_stacked_headers(lines: Sequence[Line]) -> Headers | None:
    """Headers of two lines; ``None`` where the text does not open with one.

    Args:
        lines: of the conversation.
    """
    first = first_filled(lines)
    filled = [number for number in range(first, len(lines)) if lines[number].text.strip()]
    if len(filled) < 3:
        return None
    if _time_alone(lines[filled[1]]):
        return _below_names(lines, filled[0])
    return _above_names(lines, filled[0]) if _time_alone(lines[filled[0]]) else None


def _time_alone(line: Line) -> str | None:
    """The time that is all of a line; ``None`` for any other line."""
    words = line.text.strip()
    if not words or len(words) > LONGEST_HEADER or not any(character.isdigit() for character in words):
        return None
    match = TIME_ALONE.match(without_marks(words))
    return time_of_header(match, "") if match and is_possible(match) else None


def _below_names(lines: Sequence[Line], first: int) -> Headers | None:
    headers: dict[int, Header] = {}
    for number in range(1, len(lines)):
        time = _time_alone(lines[number])
        if time is not None and number - 1 not in headers and (header := _name(lines, number - 1, number, time)):
            headers[number - 1] = header
    return _headers(lines, HeaderStyle.NAME_ABOVE_TIME, headers, frozenset()) if first in headers else None


def _above_names(lines: Sequence[Line], first: int) -> Headers | None:
    headers: dict[int, Header] = {}
    times: set[int] = set()
    for number in range(len(lines) - 1):
        time = _time_alone(lines[number])
        if time is None:
            continue
        times.add(number)
        if header := _name(lines, number + 1, number + 1, time):
            headers[number + 1] = header
    if first + 1 not in headers or any(not _says(lines, number) for number in headers):
        return None
    dividers = frozenset(number for number in times if number + 1 in headers)
    if len(dividers) * 4 < len(times) * 3:
        return None  # times between the messages, now and then
    return _headers(lines, HeaderStyle.TIME_ABOVE_NAME, headers, dividers)


def _says(lines: Sequence[Line], number: int) -> bool:
    """Whether something that is no time stands right below a line."""
    below = lines[number + 1] if number + 1 < len(lines) else None
    return below is not None and bool(below.text.strip()) and _time_alone(below) is None


def _name(lines: Sequence[Line], number: int, last: int, time: str) -> Header | None:
    """The header whose name is all of a line.

    Args:
        lines: of the conversation.
        number: of the line with the name.
        last: of the header's last line.
        time: what the other line says.
    """
    line = lines[number]
    name = line.text.strip()
    if not name or len(name) > _MOST_NAME or not is_header_name(name) or styles_of(name, whole=True):
        return None
    if _time_alone(line) is not None or is_system_line(name):
        return None
    plain, sender_id, side, skip = split_name(name)
    start = line.start + len(line.text) - len(line.text.lstrip()) + skip
    return Header(number, plain, start, lines[last].end, time, sender_id, side)


def _headers(
    lines: Sequence[Line], style: HeaderStyle, headers: dict[int, Header], dividers: frozenset[int]
) -> Headers | None:
    """The headers, if names come back or all look like people's, or whole dates stand below them."""
    names = Counter(header.name for header in headers.values())
    come_back = 1 < len(names) < len(headers) or all(name_shape(name) > 0 for name in names)
    dated = style is HeaderStyle.NAME_ABOVE_TIME and all(len(header.time) > 10 for header in headers.values())
    if len(headers) < 2 or not (come_back or dated):
        return None
    return Headers(style, told_apart(lines, headers), dividers)
