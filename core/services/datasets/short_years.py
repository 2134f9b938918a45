"""Dates of tables whose year has two digits: ``24/1/2``, ``1/13/24``, ``02-Jan-24``.

Which of three numbers is the year is nowhere written: all dates of a file decide together.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

_SHORT: Final = re.compile(
    r"(?P<one>\d{1,2})(?P<between>[-/.])(?P<two>\d{1,2})(?P=between)(?P<three>\d{1,2})(?=$|[\s,，T])"
)
_NAMED: Final = re.compile(r"(?P<before>\d{1,2}[-\s/](?:[A-Z][a-z]{2}|[A-Z]{3})[-\s/])(?P<year>\d{2})(?=$|[\s,，T])")
_CENTURY: Final = 2000
_YEARS: Final = range(10, 40)
"""Of chats that people have: earlier ones are days and months."""


@dataclass(frozen=True, slots=True)
class YearPlace:
    """Where the year of two digits stands: ``first``, ``last``, or ``""`` where nobody knows; with such a date."""

    place: str = ""
    example: str = ""

    @property
    def sentence(self) -> str:
        """How such dates are read, in Chinese."""
        end = "最前" if self.place == "first" else "最后"
        return f"年份只有两位（如「{self.example}」），按年份在{end}、都在 {_CENTURY} 年以后读"


def year_place(texts: Iterable[str]) -> YearPlace:
    """Where the years of two digits of some texts stand: where all can be years, and what is left a day and a month.

    Where both ends could be, the one that changes less from date to date.
    """
    matches = [match for text in texts if (match := _SHORT.match(text.strip()))]
    if not matches:
        return YearPlace()
    dates = [tuple(int(match[name]) for name in ("one", "two", "three")) for match in matches]
    first = all(one in _YEARS and _is_day(two, three) for one, two, three in dates)
    last = all(three in _YEARS and (_is_day(one, two) or _is_day(two, one)) for one, two, three in dates)
    if first and last:
        changes = [len({date[at] for date in dates}) for at in (0, 2)]
        first, last = changes[0] < changes[1], changes[1] < changes[0]
    return YearPlace("first" if first else "last" if last else "", matches[0][0])


def _is_day(month: int, day: int) -> bool:
    return 1 <= month <= 12 and 1 <= day <= 31


def with_whole_year(text: str, place: str) -> str:
    """A text whose date has a year of four digits; the same text where it has no short one that is known."""
    words = text.strip()
    if named := _NAMED.match(words):
        return f"{named['before']}{_CENTURY + int(named['year'])}{words[named.end() :]}"
    match = _SHORT.match(words)
    if match is None or not place:
        return text
    one, two, three, rest = match["one"], match["two"], match["three"], words[match.end() :]
    if place == "first":
        return f"{_CENTURY + int(one)}-{int(two)}-{int(three)}{rest}"
    return f"{one}{match['between']}{two}{match['between']}{_CENTURY + int(three)}{rest}"
