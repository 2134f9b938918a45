"""Days and numbers as spreadsheets write them instead of how they were exported: 45296, 1/5/2024, 5-Jan-24."""

import re
import unicodedata
from datetime import date, timedelta

_ISO = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?:[ T]0{1,2}:00(?::00)?)?")
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})")
_YEAR_LAST = re.compile(r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{4}|\d{2})(?: 0{1,2}:00(?::00)?)?")
_SERIAL = re.compile(r"([1-9]\d{4})(?:\.0{1,6})?")
_MONTHS = {name: at for at, name in enumerate("jan feb mar apr may jun jul aug sep oct nov dec".split(), start=1)}
_NAMED = re.compile(r"(\d{1,2})[- ]([A-Za-z]{3})[a-z]{0,6}[-, ]{1,2}(\d{4}|\d{2})")
_NAMED_FIRST = re.compile(r"([A-Za-z]{3})[a-z]{0,6} (\d{1,2}), ?(\d{4})")
_MONTH_YEAR = re.compile(r"([A-Za-z]{3})[a-z]{0,6}[- ](\d{4}|\d{2})")
_DAY_MONTH = re.compile(r"(\d{1,2})[- ]([A-Za-z]{3})[a-z]{0,6}")
_MONTH_DAY = re.compile(r"(\d{1,2})月(\d{1,2})日|(\d{1,2})[-/](\d{1,2})")
_FIRST_SERIAL_DAY = date(1899, 12, 30)
"""Day 0 of Excel's count (1900 system)."""
_BETWEEN_DIGITS = re.compile(r"(?<=\d)[ ,-](?=\d)")
_ZEROS = re.compile(r"(\d)\.0{1,6}")
_DIGITS = re.compile(r"[1-9]\d{0,17}")


def exported_day(text: str) -> date | None:
    """The day that a value is, as we export days; ``None`` where it is something else."""
    match = _ISO.fullmatch(text.strip())
    return _day(match[1], match[2], match[3]) if match else None


def is_same_day(day: date, cell: str) -> bool:
    """Whether a cell may be a day as a spreadsheet shows it, in any order of its parts."""
    text = cell.strip()
    days: list[date | None] = [exported_day(text)]
    if match := _COMPACT.fullmatch(text):
        days.append(_day(match[1], match[2], match[3]))
    if match := _YEAR_LAST.fullmatch(text):
        days += [_day(match[3], match[1], match[2]), _day(match[3], match[2], match[1])]
    if match := _SERIAL.fullmatch(text):
        days.append(_FIRST_SERIAL_DAY + timedelta(days=int(match[1])))
    if match := _NAMED.fullmatch(text):
        days.append(_day(match[3], _month(match[2]), match[1]))
    if match := _NAMED_FIRST.fullmatch(text):
        days.append(_day(match[3], _month(match[1]), match[2]))
    return day in days


def is_part_of_day(day: date, cell: str) -> bool:
    """Whether a cell shows only a part of a day: Jan-24, 5-Jan, 1月5日."""
    text = cell.strip()
    if match := _MONTH_YEAR.fullmatch(text):
        return _month(match[1]) == str(day.month) and day.year % 100 == int(match[2]) % 100
    if match := _DAY_MONTH.fullmatch(text):
        return _month(match[2]) == str(day.month) and day.day == int(match[1])
    if match := _MONTH_DAY.fullmatch(text):
        return (day.month, day.day) == tuple(int(part) for part in match.groups() if part)
    return False


def is_same_number(exported: str, cell: str) -> bool:
    """Whether a cell has the digits of an exported number: full-width, in groups, or with ``.00`` behind them."""
    if not _DIGITS.fullmatch(exported.strip()):
        return False
    plain = _BETWEEN_DIGITS.sub("", unicodedata.normalize("NFKC", cell.strip()))
    return _ZEROS.sub(r"\1", plain) == exported.strip() if len(plain) < 40 else False


def _month(name: str) -> str:
    return str(_MONTHS.get(name.casefold(), 0))


def _day(year: str, month: str, day: str) -> date | None:
    try:
        return date(int(year) + (2000 if len(year) == 2 else 0), int(month), int(day))
    except ValueError:
        return None
