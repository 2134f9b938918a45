"""Times of messages in the forms in which exports write them, as ISO 8601 without a zone."""

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

from core.domain.chat.plain_dates import DateOrder, with_plain_date

_STAMP = re.compile(
    r"(\d{4})\s?[-/.年]\s?(\d{1,2})\s?[-/.月]\s?(\d{1,2})\s?日?(?:\s?[（(]?(?:星期|周)[一二三四五六日天][)）]?)?[\sT,，]{0,3}"
    r"(凌晨|清晨|早上|上午|中午|下午|傍晚|晚上|[AaPp][Mm])?\s?"
    r"(?:(\d{1,2})[:：时](\d{1,2})(?:[:：分](\d{1,2})(?:[.,]\d{1,9})?)?秒?\s?([AaPp][Mm])?)?"
    r"\s?(Z|[+-]\d{2}:?\d{2})?"
)
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})[\sT]?(\d{2}):?(\d{2}):?(\d{2})")
_EPOCH = re.compile(r"(\d{10})(\d{3}(?:\d{3})?)?(?:\.\d+)?")
_SERIAL = re.compile(r"[3-5]\d{4}(?:\.\d+)?")
_WITH_YEAR_LAST = re.compile(r"[A-Z][a-z]{2} ([A-Z][a-z]{2} \d{2}) (\d{2}:\d{2}:\d{2})(?: CST)? (\d{4})")
_OPEN = DateOrder(None)
_REST = r"(?:[\s,，].{0,20})?"
_ODD = {
    "不知道从哪天算起": re.compile(
        r"(?:今天|昨天|前天|刚刚|(?:星期|周)[一二三四五六日天]|Today|Yesterday|\d{1,3}\s?(?:秒|分钟|小时|天)前).{0,20}"
    ),
    "只有钟点，没有日期": re.compile(r"\D{0,4}\d{1,2}[:：]\d{2}(?:[:：]\d{2})?\s?(?:[AaPp][Mm])?"),
    "没有年份": re.compile(rf"\d{{1,2}}[-/.月]\d{{1,2}}日?{_REST}"),
    "年份只有两位": re.compile(rf"\d{{1,2}}([-/.])\d{{1,2}}\1\d{{1,2}}{_REST}"),
    "数字被 Excel 改短了": re.compile(r"\d(?:\.\d+)?[Ee]\+\d+"),
    "分不清日和月": re.compile(rf"\d{{1,2}}([-/.])\d{{1,2}}\1\d{{4}}{_REST}"),
}
"""Why a time cannot be read, a Chinese clause, and how such times look."""
_AFTERNOON = frozenset({"下午", "傍晚", "晚上", "pm"})
_SHANGHAI = timedelta(hours=8)
_EXCEL_ZERO = datetime(1899, 12, 30)  # noqa: DTZ001 (tables have no zone)


def time_of(value: Any, order: DateOrder = _OPEN) -> str:
    """A time as ISO 8601 without a zone; ``""`` where it is none.

    Args:
        value: a date, seconds or milliseconds since 1970 or text with a zone (shown in the time of Shanghai), a day
            number of Excel, or text in a usual form.
        order: of day and month in dates like ``01/02/2024``, which are none without it.
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
    if match := _WITH_YEAR_LAST.fullmatch(text):
        text = f"{match[1]}, {match[3]} {match[2]}"
    text = with_plain_date(text, order)
    if _SERIAL.fullmatch(text):
        return (_EXCEL_ZERO + timedelta(seconds=round(float(text) * 86_400))).isoformat()
    if match := _COMPACT.fullmatch(text):
        return _iso([int(part) for part in match.groups()])
    if match := _STAMP.match(text):
        return _of_stamp(match)
    return ""


def why_unread(written: str) -> str:
    """Why a time cannot be read, a Chinese clause; ``""`` where it is no usual form at all."""
    return next((why for why, pattern in _ODD.items() if pattern.fullmatch(written)), "")


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
