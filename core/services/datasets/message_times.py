"""Times of messages in the forms in which exports write them, as ISO 8601 without a zone."""

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

_STAMP = re.compile(
    r"(\d{4})\s?[-/.年]\s?(\d{1,2})\s?[-/.月]\s?(\d{1,2})\s?日?(?:\s?[（(]?(?:星期|周)[一二三四五六日天][)）]?)?[\sT,，]{0,3}"
    r"(凌晨|清晨|早上|上午|中午|下午|傍晚|晚上|[AaPp][Mm])?\s?"
    r"(?:(\d{1,2})[:：时](\d{1,2})(?:[:：分](\d{1,2})(?:[.,]\d{1,9})?)?秒?\s?([AaPp][Mm])?)?"
    r"\s?(Z|[+-]\d{2}:?\d{2})?"
)
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})[\sT]?(\d{2}):?(\d{2}):?(\d{2})")
_EPOCH = re.compile(r"(\d{10})(\d{3}(?:\d{3})?)?(?:\.\d+)?")
_SERIAL = re.compile(r"([2-6]\d{4})\.\d+")
_AFTERNOON = frozenset({"下午", "傍晚", "晚上", "pm"})
_SHANGHAI = timedelta(hours=8)
_EXCEL_ZERO = datetime(1899, 12, 30)  # noqa: DTZ001 (tables have no zone)


def time_of(value: Any) -> str:
    """A time as ISO 8601 without a zone; ``""`` where it is none.

    Args:
        value: a date, seconds or milliseconds since 1970 or text with a zone (shown in the time of Shanghai), a day
            number of Excel, or text in a usual form.
    """
    if isinstance(value, datetime):
        moment = value if value.tzinfo is None else value.astimezone(UTC) + _SHANGHAI
        return str(moment.replace(tzinfo=None, microsecond=0).isoformat())
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day).isoformat()  # noqa: DTZ001 (the file says no zone)
    text = "" if value is None or isinstance(value, bool) else str(value).strip()
    if match := _EPOCH.fullmatch(text):
        moment = datetime.fromtimestamp(int(match[1]), UTC) + _SHANGHAI
        return moment.replace(tzinfo=None).isoformat()
    if _SERIAL.fullmatch(text):
        return (_EXCEL_ZERO + timedelta(seconds=round(float(text) * 86_400))).isoformat()
    if match := _COMPACT.fullmatch(text):
        return _iso([int(part) for part in match.groups()])
    if match := _STAMP.match(text):
        return _of_stamp(match)
    return ""


def _of_stamp(match: re.Match[str]) -> str:
    year, month, day, half, hour, minute, second, half_after, zone = match.groups()
    part, hours = (half or half_after or "").lower(), int(hour or 0)
    if part in _AFTERNOON and hours < 12 or part == "中午" and hours < 3:
        hours += 12
    elif part in ("凌晨", "am") and hours == 12:
        hours = 0
    written = _iso([int(year), int(month), int(day), hours, int(minute or 0), int(second or 0)])
    if not written or not zone or not hour:
        return written
    offset = timedelta() if zone == "Z" else timedelta(hours=int(zone[1:3]), minutes=int(zone[-2:]))
    try:
        moment = datetime.fromisoformat(written) - (-offset if zone[0] == "-" else offset) + _SHANGHAI
    except OverflowError:
        return ""
    return moment.isoformat()


def _iso(numbers: list[int]) -> str:
    try:
        return datetime(*numbers).isoformat()  # type: ignore[arg-type]  # noqa: DTZ001 (the file says no zone)
    except ValueError:
        return ""
