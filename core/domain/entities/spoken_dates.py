"""The date of words like 下周二, 后天 or 月底, counted from the day on which they were said. Pure."""

import re
from calendar import monthrange
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Final, NamedTuple

_DIGITS: Final = dict(zip("零〇一二两三四五六七八九", (0, 0, 1, 2, 2, 3, 4, 5, 6, 7, 8, 9), strict=True))
_NUMBER: Final = r"(\d{1,3}|[一二两三四五六七八九十]{1,3}|半)"
_WEEK: Final = r"(?:周|星期|礼拜)"
_DAYS: Final = {"今": 0, "明": 1, "后": 2, "大后": 3, "当": 0, "次": 1}
_WEEKDAYS: Final = "一二三四五六日"


class SpokenDate(NamedTuple):
    """The days that words stand for; ``first`` and ``last`` are the same for one day."""

    first: date
    last: date

    def __str__(self) -> str:
        """As a person reads it: ``2024-01-09 周二``, ``2024-01-08 周一 至 01-14 周日``."""
        first = f"{self.first.isoformat()} 周{_WEEKDAYS[self.first.weekday()]}"
        if self.first == self.last:
            return first
        return f"{first} 至 {self.last:%m-%d} 周{_WEEKDAYS[self.last.weekday()]}"


def spoken_date(words: str, said_at: str) -> SpokenDate | None:
    """The date that words mean; ``None`` where they name none, or a month and a day, which need no counting.

    Weeks begin on Monday. 周二 without more is the next one from the day on (that day included), 下周二 that of the
    next week, 5 号 the next to come.

    Args:
        words: a value such as 下周二上午.
        said_at: when they were said, ISO 8601 with a date.
    """
    try:
        day = datetime.fromisoformat(said_at).date() if len(said_at) >= 10 else None
    except ValueError:
        day = None
    if day is None or _WHOLE.search(words):
        return None
    for pattern, days_of in _RULES:
        if match := pattern.search(words):
            try:
                return days_of(match, day)
            except (ValueError, OverflowError):
                return None
    return None


def _one(day: date) -> SpokenDate:
    return SpokenDate(day, day)


def _near_day(match: re.Match[str], day: date) -> SpokenDate:
    return _one(day + timedelta(days=_DAYS[match[1]]))


def _weekday(match: re.Match[str], day: date) -> SpokenDate:
    which, name = match[1] or "", match[2]
    number = "一二三四五六".find(name) if name in "一二三四五六" else 5 if name == "末" else 6
    nearest = day - timedelta(days=day.weekday()) + timedelta(days=number + 7 * which.count("下"))
    if not which and nearest < day:
        nearest += timedelta(days=7)
    return _one(nearest)


def _week(match: re.Match[str], day: date) -> SpokenDate:
    monday = day - timedelta(days=day.weekday()) + timedelta(days=7 * match[1].count("下"))
    first = max(monday, day)
    last = monday + timedelta(days=6)
    return SpokenDate(first, last)


def _after(match: re.Match[str], day: date) -> SpokenDate:
    half = match[1] == "半"
    count = 0 if half else _number(match[1])
    unit = match[2]
    if unit == "天":
        return _one(day + timedelta(days=count))
    if unit != "个月":
        return _one(day + timedelta(days=7 * count))
    if half:
        return _one(day + timedelta(days=15))
    year, month = _month(day, count)
    return _one(date(year, month, min(day.day, monthrange(year, month)[1])))


def _month_part(match: re.Match[str], day: date) -> SpokenDate:
    year, month = _month(day, (match[1] or "").count("下"))
    end = monthrange(year, month)[1]
    first, last = {"底": (end, end), "末": (end, end), "初": (1, 10), "中": (11, 20), "": (1, end)}[match[2] or ""]
    if match[2] in ("底", "末"):
        return _one(date(year, month, end))
    return SpokenDate(date(year, month, first), date(year, month, last))


def _day_of_month(match: re.Match[str], day: date) -> SpokenDate:
    which, number = match[1] or "", _number(match[2])
    year, month = _month(day, which.count("下"))
    nearest = date(year, month, number)
    if not which and nearest < day:
        nearest = date(*_month(day, 1), number)
    return _one(nearest)


def _year_end(_: re.Match[str], day: date) -> SpokenDate:
    return _one(date(day.year, 12, 31))


def _month(day: date, later: int) -> tuple[int, int]:
    months = day.year * 12 + day.month - 1 + later
    return months // 12, months % 12 + 1


def _number(words: str) -> int:
    """A number up to 99 in digits or Chinese numerals."""
    if words.isdigit():
        return int(words)
    tens, ten, ones = words.rpartition("十")
    if not ten:
        return _DIGITS[words]
    return (_DIGITS[tens] if tens else 1) * 10 + (_DIGITS[ones] if ones else 0)


_DAY_NUMBER: Final = r"(\d{1,2}|[一二三四五六七八九十]{1,3})"
_NOT_PAST: Final = r"(?<![上每])(?<!上个)"
_WHOLE: Final = re.compile(rf"\d{{4}}\s?[-/.年]|{_DAY_NUMBER}\s?(?:月|/)\s?{_DAY_NUMBER}")
_RULES: Final[tuple[tuple[re.Pattern[str], Callable[[re.Match[str], date], SpokenDate]], ...]] = (
    (re.compile(rf"{_NOT_PAST}((?:下{{1,2}}|这|本)个?)?{_WEEK}([一二三四五六日天末])"), _weekday),
    (re.compile(rf"{_NUMBER}\s?(天|周|个?星期|个?礼拜|个月)(?:之?后|以后|内|之内|以内)"), _after),
    (re.compile(rf"(下{{1,2}}|这|本)个?{_WEEK}"), _week),
    (re.compile(rf"((?:下{{1,2}}个?|这个?|本|当)月)?{_DAY_NUMBER}\s?[号日](?![\d码楼线机店])"), _day_of_month),
    (
        re.compile(rf"{_NOT_PAST}(?<![\d一二三四五六七八九十])((?:下{{1,2}}个?|这个?|本|当)?)月([底末初中])"),
        _month_part,
    ),
    (re.compile(r"((?:下{1,2}个?|这个|本))月()"), _month_part),
    (re.compile(r"(大后|后|明|次|今|当)(?:天|日|早|晚|晨)"), _near_day),
    (re.compile(r"(?<![明后去前])年[底末]"), _year_end),
)
