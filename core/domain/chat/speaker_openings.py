"""Finds who speaks in a chat of lines ``名：话``, and which lines they open."""

import re
from collections import Counter

from core.domain.chat.addressed_names import may_be_addressed, speaking_names
from core.domain.chat.message_kinds import is_rule, is_said_by_system, without_company
from core.domain.chat.name_patterns import name_shape
from core.domain.chat.quotes import QuoteBlock, quoted_name
from core.domain.chat.speaker_lines import FULL_COLON, HALF_COLON, Line, Opening, opening_of
from core.domain.chat.speakers import find_speakers
from core.domain.chat.spoken_roles import with_roles, with_those_left

_LONGEST_FIRST = 8
"""Most characters of a name that nothing but its place tells."""
_A_PERSON = 1
"""Shape of a name that is one beyond doubt."""
_DECORATION = re.compile(r"^(?:[@＠<《「“\"#]+|\d{1,3}[.、])\s?|(?<![>》」”\"])[>》」”\"]+$")


def find_openings(
    text: str, end: int, lines: list[Line], blocks: list[QuoteBlock], inside: set[int], titles: set[int]
) -> tuple[dict[int, Opening], frozenset[str], set[str]]:
    """Openings, speakers and quoted names; both colons are judged, the full-width one first."""
    beginnings = _beginnings(lines, inside, titles)
    inside = inside | titles
    quoted: set[str] = set()
    continued: set[str] = set()
    for block in blocks:
        name, words = quoted_name(text, block.inner, may_be_name)
        quoted.add(without_company(name))
        continued.update(line.strip() for line in words.of(text).split("\n")[1:])
    conversation = text[:end]
    speakers: frozenset[str] = frozenset()
    openings: dict[int, Opening] = {}
    for colon in (FULL_COLON, HALF_COLON):
        possible = {
            number: opening
            for number, line in enumerate(lines)
            if number not in inside
            and not is_said_by_system(line.text.strip())
            and not (number in openings and openings[number].name in speakers)
            and colon in line.text
            and (opening := opening_of(number, line, colon))
        }
        spoken = sum(opening.name in speakers for opening in openings.values())
        few = len(possible) <= spoken  # not enough to outweigh the full-width colon, whoever they are
        people = speakers if few else find_speakers(conversation, lines, possible, quoted, continued, beginnings)
        openings, speakers = _joined(openings, speakers, possible, people)
    openings, speakers = with_roles(lines, inside, openings, speakers)
    openings, speakers = with_those_left(lines, inside, openings, speakers)
    if not speakers:
        openings, speakers = _by_return(lines, inside)
    if not speakers:
        openings, speakers = _first_two(lines, inside)
    return openings, speakers, quoted


def find_addressed(lines: list[Line], inside: set[int]) -> tuple[dict[int, Opening], frozenset[str], set[str]] | None:
    """As :func:`find_openings`, where names say that they speak or to whom: ``小满说：``, ``小满 -> 小王：``.

    Returns:
        ``None`` where names are written otherwise; they must open three of four lines.
    """
    filled = [number for number, line in enumerate(lines) if line.text.strip() and number not in inside]
    if not filled or not (opening := _first_opening(filled[0], lines[filled[0]])) or not may_be_addressed(opening.name):
        return None
    openings = {
        number: opening
        for number in filled
        if (opening := _first_opening(number, lines[number])) and may_be_addressed(opening.name)
    }
    bare = speaking_names([opening.name for opening in openings.values()])
    if not bare or 4 * len(openings) < 3 * len(filled):
        return None
    return (
        {number: opening._replace(name=bare.get(opening.name, opening.name)) for number, opening in openings.items()},
        frozenset(bare.get(opening.name, opening.name) for opening in openings.values()),
        set(),
    )


def _beginnings(lines: list[Line], inside: set[int], titles: set[int]) -> set[int]:
    """Lines that begin a conversation: behind titles, notices and rules (``---``)."""
    beginnings: set[int] = set()
    behind = True
    for number, line in enumerate(lines):
        words = line.text.strip()
        if not words:
            continue
        if number in titles or number not in inside and (is_rule(words) or behind and is_said_by_system(words)):
            behind = True
            continue
        if behind:
            beginnings.add(number)
        behind = False
    return beginnings


def _by_return(lines: list[Line], inside: set[int]) -> tuple[dict[int, Opening], frozenset[str]]:
    """Openings and speakers of a chat whose people have decorated names (``@小满``, ``<小满>``, ``1.小满``).

    Where nobody was recognised, those who come back before nearly every line are believed, if one of them is surely a
    person and none is a label; so are people who open every line, if somebody of them comes back.
    """
    for colon in (FULL_COLON, HALF_COLON):
        possible = {
            number: opening
            for number, line in enumerate(lines)
            if number not in inside and colon in line.text and (opening := opening_of(number, line, colon))
        }
        uses = Counter(opening.name for opening in possible.values())
        names = frozenset(name for name, count in uses.items() if count > 1)
        filled = sum(bool(line.text.strip()) for line in lines)
        shapes = [name_shape(plain) for name in names if (plain := _plain(name))]
        covered = sum(uses[name] for name in names)
        if (
            len(names) > 1
            and covered * 4 >= filled * 3
            and len(shapes) == len(names)
            and max(shapes) > 0
            and min(shapes) > -1
        ):
            return possible, names
        people = all((plain := _plain(name)) and name_shape(plain) > 0 for name in uses)
        if 1 < len(uses) < len(possible) == filled and people:
            return possible, frozenset(uses)
    return {}, frozenset()


def _first_two(lines: list[Line], inside: set[int]) -> tuple[dict[int, Opening], frozenset[str]]:
    """Openings and speakers of a chat that opens with a short name, and then with one that surely is somebody's."""
    top = [number for number, line in enumerate(lines) if line.text.strip() and number not in inside][:2]
    opened = [opening for number in top if (opening := _first_opening(number, lines[number]))]
    if len(opened) < 2:
        return {}, frozenset()
    first, second = opened
    if not first.first or second.name == first.name:
        return {}, frozenset()
    plain = _plain(first.name)
    if not plain or len(plain) > _LONGEST_FIRST or name_shape(plain) < 0 or name_shape(second.name) < _A_PERSON:
        return {}, frozenset()
    both = frozenset((first.name, second.name))
    openings = {
        number: opening
        for number, line in enumerate(lines)
        if number not in inside and (opening := _first_opening(number, line)) and opening.name in both
    }
    return openings, both


def _first_opening(number: int, line: Line) -> Opening | None:
    """What stands before the first colon of a line, of either width."""
    both = [opening for colon in (FULL_COLON, HALF_COLON) if (opening := opening_of(number, line, colon))]
    return min(both, key=lambda one: one.body_start, default=None)


def _plain(name: str) -> str:
    """A name without what decorates it: ``（小满）``, ``<小满>``, ``1.小满``."""
    if name[:1] in "(（[【" and name[-1:] in ")）]】" and len(name) > 2:
        return name[1:-1].strip()
    return _DECORATION.sub("", name)


def _joined(
    openings: dict[int, Opening], speakers: frozenset[str], half: dict[int, Opening], people: frozenset[str]
) -> tuple[dict[int, Opening], frozenset[str]]:
    """Openings before both colons.

    Behind a half-width colon stand labels more often than names: where the full-width one opens most messages, only its
    speakers count there too.
    """
    spoken = [opening for opening in openings.values() if opening.name in speakers]
    half_spoken = [opening for opening in half.values() if opening.name in people]
    if len(half_spoken) <= len(spoken):
        half_spoken = [opening for opening in half.values() if opening.name in speakers]
    added = {opening.line: opening for opening in half_spoken}
    return openings | added, speakers | {opening.name for opening in half_spoken}


def may_be_name(words: str) -> bool:
    """Whether quoted words before a colon may be a person's name."""
    return bool(words) and name_shape(words) > -2
