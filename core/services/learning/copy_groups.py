"""Which chats are copies of one another, so that none is judged by what was learned from its copy.

A chat that went on, and was imported again, holds nearly the same answers. Copies are equal texts, nearly equal ones
(:mod:`core.domain.near_duplicates`), and chats of which one holds nearly all messages of the other.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from hashlib import sha256
from itertools import combinations
from typing import Final

from core.domain.near_duplicates import NearDuplicates

_HELD: Final = 0.8
"""Share of a chat's telling lines from which on another chat is said to hold it."""
_COMMON: Final = 20
"""A line that stands in more chats than this tells nothing: greetings, texts that are sent to everybody."""
MOST_COMPARED: Final = 3_000
"""Texts up to which nearly equal ones are looked for: of more, only equal ones are copies."""
_FEWEST_LINES: Final = 2
"""Telling lines without which a chat is held by no other."""


def copy_groups(texts: Sequence[str]) -> list[int]:
    """The group of each text: equal numbers for copies, in order of first appearance.

    Args:
        texts: chats, one message per line or several lines.
    """
    numbers: dict[str, int] = {}
    of_text = [numbers.setdefault(text, len(numbers)) for text in texts]
    distinct = list(numbers)
    leaders = list(range(len(distinct)))

    def leader(place: int) -> int:
        while leaders[place] != place:
            leaders[place] = leaders[leaders[place]]
            place = leaders[place]
        return place

    for one, other in [*_nearly_equal(distinct), *_holding(distinct)] if len(distinct) <= MOST_COMPARED else ():
        first, second = sorted((leader(one), leader(other)))
        leaders[second] = first
    named: dict[int, int] = {}
    return [named.setdefault(leader(place), len(named)) for place in of_text]


def _nearly_equal(texts: Sequence[str]) -> list[tuple[int, int]]:
    near_duplicates = NearDuplicates()
    place_of: dict[bytes, int] = {}
    for place, text in enumerate(texts):
        digest = sha256(text.encode("utf-8", "surrogatepass")).digest()
        place_of[digest] = place
        near_duplicates.add(digest, text)
    return [(place_of[one], place_of[other]) for one, other in near_duplicates.groups().items() if one != other]


def _holding(texts: Sequence[str]) -> list[tuple[int, int]]:
    """Pairs of which one holds nearly all telling lines of the other."""
    lines = [{stripped for line in text.splitlines() if (stripped := line.strip())} for text in texts]
    standing: dict[str, list[int]] = defaultdict(list)
    for place, own in enumerate(lines):
        for line in own:
            standing[line].append(place)
    telling = [sum(len(standing[line]) <= _COMMON for line in own) for own in lines]
    common: Counter[tuple[int, int]] = Counter()
    for places in standing.values():
        if 1 < len(places) <= _COMMON:
            common.update(combinations(places, 2))
    return [
        pair
        for pair, count in common.items()
        if (fewer := min(telling[pair[0]], telling[pair[1]])) >= _FEWEST_LINES and count >= _HELD * fewer
    ]
