"""Header lines whose name holds a colon (``2024-01-02 10:21 A:小满``), and which look like headers before words."""

import re
from collections import Counter
from collections.abc import Container, Mapping, Sequence

from core.domain.chat.header_names import split_name
from core.domain.chat.header_patterns import ENDS_LINE, LONGEST_HEADER, ON_LINE, HeaderStyle, header_match, is_possible
from core.domain.chat.header_times import time_of_header
from core.domain.chat.name_patterns import name_shape
from core.domain.chat.odd_names import DatedName, believed_with_colon, has_letter_before, may_hold_colon
from core.domain.chat.speaker_lines import Line
from core.domain.chat.speakers import is_talk

_SAMPLE = 200
_LEAST_SHARE = 4


def match_of(line: Line, style: HeaderStyle) -> re.Match[str] | None:
    """A line's parts as a style of headers names them."""
    return header_match(line.text.strip()[:LONGEST_HEADER], style)


def may_head_with_colon(words: str) -> bool:
    """Whether a line could be a header that is all of its line and whose name holds a colon."""
    if len(words) > LONGEST_HEADER or not (":" in words or "：" in words):
        return False
    matches = (header_match(words, style) for style in ENDS_LINE)
    return any(match and is_possible(match) and may_hold_colon(match["name"]) for match in matches)


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

    They count where what was said stands below nearly all of them, and they are most of those lines. Where no other
    line is of that style, all of them must give an id, or a name that comes back.
    """
    numbers = matches[style]
    on_line = [number for one in ON_LINE for number in matches[one]]
    alike = len(on_line)
    # In a huge chat, to look at all lines takes seconds.
    sample = [lines[number] for number in on_line[:_SAMPLE]]
    first = with_colons(sample, style, ())
    if _LEAST_SHARE * len(first) < len(sample) or not numbers and sample and not _are_all_names(first, first):
        return set()
    whole = {number for one in ENDS_LINE for number in matches[one]}
    coloned = with_colons(lines, style, whole)
    if not coloned:
        return set()
    names = {number: split_name(match["name"])[0] for number, match in coloned.items()}
    candidates = {number: DatedName(names[number], time_of_header(match, "")) for number, match in coloned.items()}
    certain = {
        number: DatedName(match["name"], time_of_header(match, ""))
        for number in numbers
        if (match := match_of(lines[number], style))
    }
    believed = believed_with_colon(candidates, certain)
    if not numbers and not _are_all_names(coloned, believed):
        return set()
    headers = {*numbers, *believed}
    below = sum(_is_said_below(lines, number, headers) for number in headers)
    return believed if 2 * len(believed) >= alike and 10 * below >= 9 * len(headers) else set()


def _are_all_names(coloned: Mapping[int, re.Match[str]], believed: Container[int]) -> bool:
    """Whether all lines that only names with colons make headers are such: with ids, or names that come back."""
    parts = {number: split_name(match["name"]) for number, match in coloned.items()}
    names = Counter(name for name, *_ in parts.values())
    if len(names) < 2 or any(
        number not in believed or is_talk(_behind_colon(name)) for number, (name, *_) in parts.items()
    ):
        return False
    return (
        all(sender_id for _, sender_id, *_ in parts.values())
        or len(names) < len(parts)
        and all(count > 1 or _is_person(name) for name, count in names.items())
    )


def _is_person(name: str) -> bool:
    return name_shape(_behind_colon(name)) > 0 or has_letter_before(name)


def _behind_colon(name: str) -> str:
    return re.split("[:：]", name)[-1].strip()


def _is_said_below(lines: Sequence[Line], number: int, headers: Container[int]) -> bool:
    """Whether the next line that is not blank is no header."""
    below = next((at for at in range(number + 1, len(lines)) if lines[at].text.strip()), len(lines))
    return below < len(lines) and below not in headers
