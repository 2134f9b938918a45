"""Parses amounts, dates and times of day in folded text: 36万 is 360000, 下午一点半 is 13:30."""

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import NamedTuple

import cn2an

from core.domain.chat.parsed_chat import Span

_DIGITS = "零〇一二两三四五六七八九"
_UNITS = {"": 1, "十": 10, "百": 100, "k": 1_000, "千": 1_000, "w": 10_000, "万": 10_000, "亿": 100_000_000}
_AMOUNT = re.compile(
    rf"(?P<number>\d{{1,3}}(?:,\d{{3}})+(?:\.\d+)?|\d{{1,12}}(?:\.\d+)?)\s?(?P<unit>[十百千万亿kw]?)(?![a-z])"
    rf"|(?P<words>[{_DIGITS}十][{_DIGITS}十百千万亿]{{1,15}})"
)
_LATE = {"凌晨": 0, "早上": 0, "上午": 0, "中午": 1, "下午": 1, "傍晚": 1, "晚上": 1, "晚": 1}
_SMALL = rf"\d{{1,2}}|[{_DIGITS}十]{{1,3}}"
_MOMENT = re.compile(
    rf"(?=[\d{_DIGITS}十凌早上中下傍晚])(?:(?P<half>凌晨|早上|上午|中午|下午|傍晚|晚上|晚)?\s?"
    rf"(?:(?<!\d)(?P<h>\d{{1,2}}):(?P<m>\d{{2}})(?!\d)|(?P<hour>{_SMALL})[点时](?!间)"
    rf"(?P<minute>半|一刻|三刻|\d{{2}}(?!\d)|(?:{_SMALL})(?=分)|[二三四五]?十[{_DIGITS}]?)?分?)"
    rf"|(?<!\d)(?:(?P<year>\d{{4}}|\d{{2}})年\s?)?(?P<month>{_SMALL})月(?:份|(?P<day>{_SMALL})[日号]?)?"
    rf"|(?<!\d)(?P<y>\d{{4}})[-/.](?P<mo>\d{{1,2}})[-/.](?P<d>\d{{1,2}})(?!\d)"
    rf"|(?<![\d.])(?P<mm>1[0-2]|0?[1-9])[-/.](?P<dd>3[01]|[12]\d|0?[1-9])(?![\d.万千元%]))"
)


class Amount(NamedTuple):
    """An amount with its unit applied, and its offsets."""

    value: Decimal
    span: Span


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


def amounts_in(text: str, start: int = 0, end: int | None = None) -> Iterator[Amount]:
    """Amounts in folded text, in order."""
    for match in _AMOUNT.finditer(text, start, len(text) if end is None else end):
        if match["words"]:
            number = _chinese(match["words"])
            if number is None:
                continue
            value = Decimal(str(number))
        else:
            value = Decimal(match["number"].replace(",", "")) * _UNITS[match["unit"]]
        yield Amount(value, Span(*match.span()))


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
    half = match["half"]
    if half:
        later = 12 if hour < (11 if half == "中午" else 12) else 0
        return frozenset([("time", (hour + later * _LATE[half]) % 24, minute)])
    # 14:00 says which half of the day it is, and so does 09:00; 两点 and 2:00 do not.
    sure = hour > 12 or (match["h"] or "").startswith("0")
    return frozenset({("time", hour % 24, minute)} | (set() if sure else {("time", (hour + 12) % 24, minute)}))


def _small(words: str) -> int:
    """A number below 100; -1 if it is none."""
    if words.isdecimal():
        return int(words)
    number = _chinese(words)
    return int(number) if number is not None else -1


def _chinese(words: str) -> float | None:
    try:
        return float(cn2an.cn2an(words.replace("〇", "零"), "smart"))
    except ValueError:
        return None
