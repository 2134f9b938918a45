"""Reads amounts, dates and times of day in folded text: 下午一点半 is 13:30, 晚上12点 is midnight."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from core.domain.chat.parsed_chat import Span
from core.domain.entities.number_chains import Amount, amounts_in

__all__ = ["Amount", "Moment", "amounts_in", "moments_in"]

_DIGITS = "零〇一二两三四五六七八九"
_FIRST_LATE = {
    **dict.fromkeys(("凌晨", "清晨", "早晨", "早上", "早", "上午"), 24),
    **dict.fromkeys(("夜里", "夜晚", "深夜", "半夜", "午夜"), 7),
    **dict.fromkeys(("晚上", "晚间", "晚"), 5),
    **dict.fromkeys(("中午", "下午", "午后", "傍晚"), 0),
}
"""The first hour that is one of the afternoon or evening: 晚上8点 is 20:00, 晚上1点 is 1:00."""
_MIDNIGHT_IS_TWELVE = frozenset({"凌晨", "夜里", "夜晚", "深夜", "半夜", "午夜", "晚上", "晚间", "晚"})
_LAST_OF_NOON = 5
_HALF = "|".join(sorted(_FIRST_LATE, key=len, reverse=True))
_SMALL = rf"\d{{1,2}}|[{_DIGITS}十]{{1,3}}"
_MOMENT = re.compile(
    rf"(?=[\d{_DIGITS}十凌清早上夜深半午中下傍晚])(?:(?P<half>{_HALF})?\s?"
    rf"(?:(?<!\d)(?P<h>\d{{1,2}}):(?P<m>\d{{2}})(?!\d)|(?P<hour>{_SMALL})[点时](?!间)"
    rf"(?P<minute>半|一刻|三刻|\d{{2}}(?!\d)|(?:{_SMALL})(?=分)|[二三四五]?十[{_DIGITS}]?)?分?)"
    rf"|(?<!\d)(?:(?P<year>\d{{4}}|\d{{2}})年\s?)?(?P<month>{_SMALL})月(?:份|(?P<day>{_SMALL})[日号]?)?"
    rf"|(?<!\d)(?P<y>\d{{4}})[-/.](?P<mo>\d{{1,2}})[-/.](?P<d>\d{{1,2}})(?!\d)"
    rf"|(?<![\d.])(?P<mm>1[0-2]|0?[1-9])[-/.](?P<dd>3[01]|[12]\d|0?[1-9])(?![\d.万千元%]))"
)


class Moment(NamedTuple):
    """A date or a time of day, and its offsets.

    Attributes:
        readings: what it may mean: ``("time", hour, minute)`` or ``("date", month, day)`` (day 0: the whole month).
            An hour without 上午 or 下午 has two.
        year: of a date that says one, else 0.
        span: where it stands.
    """

    readings: frozenset[tuple[str, int, int]]
    year: int
    span: Span

    def same(self, other: "Moment") -> bool:
        """Whether both may mean the same date or time."""
        years = self.year == other.year or not (self.year and other.year)
        return years and not self.readings.isdisjoint(other.readings)


def moments_in(text: str, start: int = 0, end: int | None = None) -> Iterator[Moment]:
    """Dates and times of day in folded text, in order."""
    for match in _MOMENT.finditer(text, start, len(text) if end is None else end):
        readings = _readings(match)
        if readings:
            year = int(match["year"] or match["y"] or 0)
            yield Moment(readings, year + 2000 if 0 < year < 100 else year, Span(*match.span()))


def _readings(match: re.Match[str]) -> frozenset[tuple[str, int, int]]:
    month = match["month"] or match["mo"] or match["mm"]
    if month:
        day = match["day"] or match["d"] or match["dd"]
        date = ("date", _small(month), _small(day) if day else 0)
        return frozenset([date]) if 1 <= date[1] <= 12 and 0 <= date[2] <= 31 else frozenset()
    hour = _small(match["h"] or match["hour"])
    minute = {"半": 30, "一刻": 15, "三刻": 45}.get(match["minute"] or "", -1)
    if minute < 0:
        minute = _small(match["m"] or match["minute"] or "0")
    if not (0 <= hour <= 24 and 0 <= minute < 60):
        return frozenset()
    if half := match["half"]:
        return frozenset([("time", _hour(half, hour), minute)])
    # 14:00 says which half of the day it is, and so do 09:00, 0点 and 12:00; 两点, 2:00 and 12点 do not.
    sure = hour > 12 or hour == 0 or (match["h"] or "").startswith(("0", "12"))
    return frozenset({("time", hour % 24, minute)} | (set() if sure else {("time", (hour + 12) % 24, minute)}))


def _hour(half: str, hour: int) -> int:
    """The hour (0 to 23) of an hour of a part of the day: 晚上12点 is 0, 中午12点 is 12."""
    if hour == 12:
        return 0 if half in _MIDNIGHT_IS_TWELVE else 12
    late = hour >= _FIRST_LATE[half] and (half != "中午" or hour <= _LAST_OF_NOON)
    return (hour + 12 if late and hour < 12 else hour) % 24


def _small(words: str) -> int:
    """A number below 100; -1 if it is none."""
    if words.isdecimal():
        return int(words)
    number = _chinese(words)
    return int(number) if number is not None else -1


def _chinese(words: str) -> float | None:
    import cn2an

    try:
        return float(cn2an.cn2an(words.replace("〇", "零"), "smart"))
    except ValueError:
        return None
