"""Chats with a message per line and no colon: ``09:00 林小满 你好``, ``[09:00] <林小满> 你好``.

Terminals, LINE, KakaoTalk and tables copied as text write them so. Headers that stand alone, with the words below, look
the same: here the next header follows right below most of them, and names come back while whole lines do not.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Final, NamedTuple

from core.domain.chat.header_names import is_header_name
from core.domain.chat.header_patterns import (
    DIVIDER,
    LONGEST_HEADER,
    PATTERNS,
    STAMP,
    TIME,
    HeaderStyle,
    is_possible,
)
from core.domain.chat.header_times import date_of, time_of_header
from core.domain.chat.message_headers import Header, Headers, header_of, is_date_line, told_apart
from core.domain.chat.message_kinds import is_system_line, is_title_line
from core.domain.chat.name_patterns import name_shape
from core.domain.chat.speaker_lines import Line
from core.domain.chat.speakers import is_talk

_WORDS: Final = r"(?=(?P<words>.*))"
_ENCLOSED: Final = (
    r"(?:\[(?=[^\d\]]{1,40}\])|【|<|《|「)\s?"
    r"(?P<name>[^\s\[\]【】<>《》「」](?:[^\[\]【】<>《》「」\n]{0,38}?\S)??)\s?[\]】>》」]"
)
_WORD: Final = r"[^\s:：,，。；;！!？?|｜]"
_CELL: Final = r"(?:\t|\s?[|｜]\s?)"
_CELL_NAME: Final = r"(?P<name>[^\s|｜](?:[^\t|｜\n]{0,60}?\S)??)"


class _Shape(NamedTuple):
    """How a line is written.

    Attributes:
        pattern: with the time, the ``name`` and, looked at ahead, the ``words``.
        marked: whether marks say where the name begins and ends, which blanks do not.
    """

    pattern: re.Pattern[str]
    marked: bool = True


_SHAPES: Final = (
    # Meetings (Zoom): 09:00:01 From 林小满 to Everyone : 你好
    _Shape(
        re.compile(
            rf"{TIME}\s{{1,4}}From\s{{1,4}}(?P<name>[^\s:：](?:[^:：\n]{{0,60}}?[^\s:：])??)\s{{1,4}}[Tt]o\s{{1,4}}"
            rf"[^:：\n]{{1,80}}[:：]\s{{0,3}}{_WORDS}"
        )
    ),
    _Shape(re.compile(rf"{TIME}\s{{0,3}}[-–—]?\s{{0,3}}{_ENCLOSED}\s?[:：]?\s{{0,3}}{_WORDS}")),
    _Shape(re.compile(rf"{_ENCLOSED}\s{{0,3}}(?=[\[(（【<]){TIME}\s?[:：]?\s{{0,3}}{_WORDS}")),
    _Shape(
        re.compile(
            rf"{TIME}\s{{0,3}}(?:\[[A-Za-z]{{3,9}}\]|[A-Z]{{4,9}})\s{{1,3}}"
            rf"(?P<name>[^\s:：\[\]](?:[^:：\n]{{0,60}}?[^\s:：])??)\s?[:：](?!//)\s{{0,3}}{_WORDS}"
        )
    ),
    _Shape(re.compile(rf"(?:[|｜]\s?)?{TIME}{_CELL}{_CELL_NAME}{_CELL}{_WORDS}")),
    _Shape(re.compile(rf"[|｜]\s?{_CELL_NAME}{_CELL}{TIME}{_CELL}{_WORDS}")),
    _Shape(
        re.compile(
            rf"{TIME}\s{{1,3}}[-–—]{{1,2}}\s{{1,3}}(?P<name>[^\s:：][^:：\n]{{0,38}}?)\s{{1,3}}[-–—]{{1,2}}\s{{1,3}}{_WORDS}"
        )
    ),
    _Shape(
        re.compile(
            rf"{TIME}\s?(?P<mark>[,，;；])\s?(?P<name>[^\s,，;；:：][^\n,，;；:：]{{0,38}}?)\s?(?P=mark)\s?{_WORDS}"
        )
    ),
    _Shape(
        re.compile(rf"{TIME}\s{{1,8}}(?P<name>{_WORD}{{1,40}})(?:\s{{1,8}}|[,，]\s{{0,3}})(?=\S){_WORDS}"), marked=False
    ),
    _Shape(
        re.compile(
            rf"(?P<name>{_WORD}{{1,40}}(?:\s{_WORD}{{1,20}}){{0,2}})\s{{1,8}}[\[(（]?{STAMP}[\])）]?\s{{1,8}}(?=\S){_WORDS}"
        ),
        marked=False,
    ),
)
_BEGINS_WITH_TIME: Final = re.compile(rf"[|｜]?\s?{TIME}(?:\s|[,，])")
_COLONED: Final = re.compile(r"[^:：\n]{1,40}[:：](?!//|\d)")
_SAID: Final = re.compile(r"(?P<name>[^:：\n]{1,40})[:：]\s{0,4}\S")
_DATED_LABEL: Final = re.compile(r"\D{1,20}[:：]\s?\d{4}[-/.年]")
"""When a chat was exported, in any language."""
_LONGEST_TITLE: Final = 6
"""Most lines above the first message."""
_A_LABEL: Final = -3
_A_PERSON: Final = 1
"""Shape of a name that is one beyond doubt."""


def find_one_line_headers(lines: Sequence[Line]) -> Headers | None:
    """The headers of a chat with time, name and words on one line; ``None`` where the text is written otherwise.

    Args:
        lines: of the conversation.
    """
    top: list[int] = []
    for number, line in enumerate(lines):
        if line.text.strip():
            top.append(number)
            if len(top) > _LONGEST_TITLE:
                break
    for shape in _SHAPES:
        first = next((number for number in top if _match(lines[number], shape)), None)
        if first is None or not all(_is_above(lines[number]) for number in top if number < first):
            continue
        matches = {number: match for number in range(first, len(lines)) if (match := _match(lines[number], shape))}
        if _are_messages(lines, matches, shape):
            return _headers(lines, matches, shape)
    return None


def _match(line: Line, shape: _Shape) -> re.Match[str] | None:
    match = shape.pattern.match(line.text.strip()[:LONGEST_HEADER])
    return match if match and is_possible(match) and is_header_name(match["name"]) else None


def _is_above(line: Line) -> bool:
    """Whether a line can stand above a chat: nobody says anything in it."""
    words = line.text.strip()
    spoken = _SAID.match(words)
    if spoken is None or is_title_line(words) or is_date_line(words):
        return True
    return name_shape(spoken["name"]) <= _A_LABEL or _DATED_LABEL.match(words) is not None


def _are_messages(lines: Sequence[Line], matches: dict[int, re.Match[str]], shape: _Shape) -> bool:
    """Whether lines of one shape are messages: they follow one another, and their names come back."""
    filled = [number for number in range(min(matches), len(lines)) if lines[number].text.strip()]
    followed = sum(
        number in matches and (after in matches or _is_nobodys(lines[after]))
        for number, after in zip(filled, filled[1:], strict=False)
    )
    count = len(matches)
    if count < 2 or 2 * followed < count - 1:
        return False
    uses = Counter(match["name"] for match in matches.values())
    shapes = {name: name_shape(name) for name in uses}
    if 4 * sum(uses[name] for name, score in shapes.items() if score <= _A_LABEL) > count:
        return False
    come_back = 1 < len(uses) < count
    sure = all(score >= _A_PERSON for score in shapes.values())
    if not come_back and not sure or _are_read_with_colons(lines, matches, len(uses)):
        return False
    if shape.marked:
        return True
    talking = sum(is_talk(match["words"]) for match in matches.values())
    whole = {(match["name"], match["words"]) for match in matches.values()}
    return (max(shapes.values()) > 0 or 3 * talking >= count) and (sure or 4 * len(whole) > 3 * count)


def _are_read_with_colons(lines: Sequence[Line], matches: dict[int, re.Match[str]], names: int) -> bool:
    """Whether a colon ends the names of most lines, which are longer then: ``09:00 Lily Wang: hi``."""
    pattern = PATTERNS[HeaderStyle.TIME_NAME_COLON]
    coloned = [match for number in matches if (match := pattern.match(lines[number].text.strip()[:LONGEST_HEADER]))]
    longer = [match["name"] for match in coloned if not match["name"].startswith(("<", "《", "「", "【"))]
    titled = sum(_COLONED.match(match["words"]) is not None for match in matches.values())
    return 2 * min(len(longer), titled) >= len(matches) and len(set(longer)) <= names


def _is_nobodys(line: Line) -> bool:
    words = line.text.strip()
    return is_date_line(words) or is_system_line(words) or _BEGINS_WITH_TIME.match(words) is not None


def _headers(lines: Sequence[Line], matches: dict[int, re.Match[str]], shape: _Shape) -> Headers:
    more = {} if shape.marked else _second_words(list(matches.values()))
    headers: dict[int, Header] = {}
    dividers: set[int] = set()
    date = ""
    for number, line in enumerate(lines):
        words = line.text.strip()
        match = matches.get(number)
        if match is None:
            if is_date_line(words) and (parted := DIVIDER.match(words)):
                date = date_of(parted)
                dividers.add(number)
            elif words and _BEGINS_WITH_TIME.match(words):  # 「09:05 林小满收回信息」: the application says it
                dividers.add(number)
            continue
        header = header_of(number, line, match, time_of_header(match, date), HeaderStyle.ONE_LINE)
        if header is None:
            continue
        if second := more.get(header.name):
            end = line.text.index(second, header.name_start - line.start + len(header.name)) + len(second)
            name = line.text[header.name_start - line.start : end]
            header = Header(number, name, header.name_start, line.start + end, header.time)
        headers[number] = header
    return Headers(HeaderStyle.ONE_LINE, told_apart(lines, headers), frozenset(dividers))


def _second_words(matches: Sequence[re.Match[str]]) -> dict[str, str]:
    """The second word of names that have one: it stands in every line, and others behind it (``Lily Wang hello``)."""
    behind: dict[str, list[str]] = defaultdict(list)
    for match in matches:
        behind[match["name"]].append(match["words"])
    seconds: dict[str, str] = {}
    for name, words in behind.items():
        second = {word.split(maxsplit=1)[0] for word in words}
        if len(words) > 1 and len(second) == 1 and all(len(word.split(maxsplit=1)) > 1 for word in words):
            (only,) = second
            if not is_talk(only) and is_header_name(only):
                seconds[name] = only
    return seconds
