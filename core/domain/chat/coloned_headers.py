"""Header lines whose name holds a colon (``2024-01-02 10:21 A:小满``), and which look like headers before words."""

import re
from collections.abc import Container, Mapping, Sequence

from core.domain.chat.header_names import split_name
from core.domain.chat.header_patterns import LONGEST_HEADER, ON_LINE, HeaderStyle, header_match, is_possible
from core.domain.chat.header_times import time_of_header
from core.domain.chat.odd_names import DatedName, believed_with_colon, may_hold_colon
from core.domain.chat.speaker_lines import Line


def match_of(line: Line, style: HeaderStyle) -> re.Match[str] | None:
    """A line's parts as a style of headers names them."""
    return header_match(line.text.strip()[:LONGEST_HEADER], style)


def with_colons(lines: Sequence[Line], style: HeaderStyle, headers: Container[int]) -> dict[int, re.Match[str]]:
    """Other lines of a style, whose name holds a colon; which of them are headers, their times will say."""
    matches: dict[int, re.Match[str]] = {}
    for number, line in enumerate(lines):
        words = line.text.strip()
        if (
            number not in headers
            and len(words) <= LONGEST_HEADER
            and (":" in words or "：" in words)
            and (match := match_of(line, style))
            and is_possible(match)
            and may_hold_colon(match["name"])
        ):
            matches[number] = match
    return matches


def coloned_headers(lines: Sequence[Line], style: HeaderStyle, matches: Mapping[HeaderStyle, list[int]]) -> set[int]:
    """Lines of a style whose name holds a colon, and which look like headers before words (``10:21 A:小满``).

    They count where what was said stands below nearly all of them, and they are most of those lines.
    """
    numbers = matches[style]
    alike = sum(len(matches[one]) for one in ON_LINE)
    if len(numbers) > 1 and not alike:
        return set()  # without them the style is as sure
    candidates = {
        number: DatedName(split_name(match["name"])[0], time_of_header(match, ""))
        for number, match in with_colons(lines, style, set(numbers)).items()
    }
    certain = {
        number: DatedName(match["name"], time_of_header(match, ""))
        for number in numbers
        if (match := match_of(lines[number], style))
    }
    believed = believed_with_colon(candidates, certain)
    headers = {*numbers, *believed}
    below = sum(_is_said_below(lines, number, headers) for number in headers)
    return believed if 2 * len(believed) >= alike and 10 * below >= 9 * len(headers) else set()


def _is_said_below(lines: Sequence[Line], number: int, headers: Container[int]) -> bool:
    """Whether the next line that is not blank is no header."""
    below = next((at for at in range(number + 1, len(lines)) if lines[at].text.strip()), len(lines))
    return below < len(lines) and below not in headers
