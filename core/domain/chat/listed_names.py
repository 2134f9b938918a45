"""Speakers in a chat written as a list: ``1. 林小满：你好``, ``- 林小满：你好``, ``**林小满**：你好``."""

import re
from collections import Counter
from collections.abc import Sequence
from typing import Final

from core.domain.chat.header_patterns import HeaderStyle, first_filled
from core.domain.chat.message_headers import Header, Headers
from core.domain.chat.name_patterns import name_shape
from core.domain.chat.speaker_lines import MAX_NAME, Line
from core.domain.chat.speakers import is_talk
from core.domain.chat.spoken_roles import is_role

_WORDS = r"(?P<name>[^\s:：*“”\"「」](?:[^:：\n*“”\"「」]{0,38}[^\s:：*“”\"「」])?)"
_COLON = r"\s?(?:(?<!\d)[:：]|[:：](?!\d))(?!//)"
_LISTS: Final = (
    re.compile(rf"\s{{0,8}}[(（【\[]?(?P<number>\d{{1,6}})(?:[.．、)）】\]]\s{{0,4}}|\s{{1,4}}){_WORDS}{_COLON}"),
    re.compile(rf"\s{{0,8}}[-–—*•·●○▪◆■>]\s{{1,4}}{_WORDS}{_COLON}"),
    re.compile(rf"\s{{0,8}}[①-⑳]\s{{0,4}}{_WORDS}{_COLON}"),
    re.compile(rf"\s{{0,8}}(?:[-*]\s{{1,4}})?\*\*{_WORDS}(?:\*\*{_COLON}|{_COLON}\*\*)"),
    re.compile(rf"\s{{0,8}}[“\"「]{_WORDS}[”\"」]{_COLON}"),
)
_CELLS: Final = (
    re.compile(
        rf"\s{{0,4}}(?P<name>[^\s:：|｜](?:[^\t:：|｜\n]{{0,{MAX_NAME - 2}}}[^\s:：|｜])?)(?:\t| ?[|｜] ?)"
        r"(?P<words>[^\t|｜]*)"
    ),
    re.compile(
        rf"\s{{0,4}}[\[【](?P<name>[^\s:：\[\]【】][^:：\n\[\]【】]{{0,{MAX_NAME - 1}}})[\]】]"
        r"(?!\s{0,4}[:：])\s{0,4}(?P<words>.*)"
    ),
)
_NAMED: Final = re.compile(r"[^:：\n]{1,20}[:：](?!\d)")
_BEFORE_WORDS: Final = ' \t*：:|｜”"」'
_A_PERSON: Final = 0.5
"""Shape of what may be somebody, and is no label."""


def find_listed_names(lines: Sequence[Line]) -> Headers | None:
    """The lines that open messages in a chat written as a list; ``None`` where the text is written otherwise.

    A list of fields looks the same: the first line must open a message, and several people come back, or all look like
    people; numbers count on.

    Args:
        lines: of the conversation.
    """
    first = first_filled(lines)
    if first == len(lines):
        return None
    opening = lines[first]
    for pattern in _LISTS:
        if not pattern.match(opening.text):
            continue
        matches = {number: match for number, line in enumerate(lines) if (match := pattern.match(line.text))}
        if _is_counted(list(matches.values())) and _are_people(list(matches.values())):
            headers = {
                number: Header(
                    number,
                    match["name"],
                    lines[number].start + match.start("name"),
                    lines[number].start + match.end(),
                )
                for number, match in matches.items()
                if len(match["name"]) <= MAX_NAME
            }
            return Headers(HeaderStyle.LISTED_NAME_COLON, headers, frozenset())
    return None


def find_named_cells(lines: Sequence[Line]) -> Headers | None:
    """The lines of a chat in two columns, name and words parted by a tab or a bar, or with names in brackets.

    Any table of two columns looks the same: each line has both, somebody comes back, and all are people.

    Args:
        lines: of the conversation.

    Returns:
        ``None`` where the text is written otherwise.
    """
    filled = {number: line for number, line in enumerate(lines) if line.text.strip()}
    for pattern in _CELLS:
        matches = {number: match for number, line in filled.items() if (match := pattern.fullmatch(line.text))}
        uses = Counter(match["name"] for match in matches.values())
        if len(matches) < max(3, len(filled)) or not 1 < len(uses) < len(matches):
            continue
        titled = sum(_NAMED.match(match["words"]) is not None for match in matches.values())  # 「[店长]王：你好」
        if min(_shapes(list(matches.values())).values()) > 0 and 2 * titled < len(matches):
            headers = {
                number: Header(
                    number,
                    match["name"],
                    lines[number].start + match.start("name"),
                    lines[number].start + match.start("words"),
                )
                for number, match in matches.items()
            }
            return Headers(HeaderStyle.NAME_CELL, headers, frozenset())
    return None


def _is_counted(matches: Sequence[re.Match[str]]) -> bool:
    if "number" not in matches[0].re.groupindex:
        return True
    numbers = [int(match["number"]) for match in matches]
    return all(after == before + 1 for before, after in zip(numbers, numbers[1:], strict=False))


def _are_people(matches: Sequence[re.Match[str]]) -> bool:
    uses = Counter(match["name"] for match in matches)
    shapes = _shapes(matches).values()
    if len(matches) < 2 or min(shapes) <= -3:
        return False
    come_back = 1 < len(uses) and len(uses) * 3 <= len(matches) * 2
    return come_back or all(shape > 0 for shape in shapes)


def _shapes(matches: Sequence[re.Match[str]]) -> dict[str, float]:
    """How much each name looks like a person's; 「客户」 does where it talks, and is a label elsewhere."""
    shapes = {match["name"]: name_shape(match["name"]) for match in matches}
    for match in matches:
        if is_role(match["name"]) and is_talk(match.string[match.end("name") :].strip(_BEFORE_WORDS)):
            shapes[match["name"]] = max(_A_PERSON, shapes[match["name"]])
    return shapes
