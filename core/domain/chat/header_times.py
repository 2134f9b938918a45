"""Times of header lines as ISO 8601, without a zone: those with one are shown in the time of Shanghai."""

import re
from datetime import datetime, timedelta
from typing import Final

_AFTERNOON: Final = frozenset({"下午", "傍晚", "晚上", "오후", "pm"})
_CHINESE: Final = ("CST", "北京时间")
_SHANGHAI: Final = timedelta(hours=8)


def date_of(match: re.Match[str]) -> str:
    """The date of a header or divider, ``2024-01-02``."""
    year, month, day = int(match["year"]), int(match["month"]), int(match["day"])
    return f"{year:04}-{month:02}-{day:02}"


def time_of_header(match: re.Match[str], date: str) -> str:
    """The time that a header gives, to the minute or second; ``""`` where it has none.

    Args:
        match: of one of the patterns of headers.
        date: of the line above; counts where the header has only a clock.
    """
    groups = match.groupdict()
    prefix = "c_" if groups.get("hour") is None and groups.get("c_hour") is not None else ""
    if groups.get(f"{prefix}hour") is None:
        return ""
    if not prefix and groups.get("year") is not None:
        date = date_of(match)
    elif groups.get(f"{prefix}near"):
        date = ""  # 昨天 is counted from a day that the text does not say
    hour, minute = int(groups[f"{prefix}hour"]), int(groups[f"{prefix}minute"])
    half = (groups.get(f"{prefix}half") or groups.get(f"{prefix}half_after") or "").lower()
    if half in _AFTERNOON and hour < 12 or half == "中午" and hour < 3:
        hour += 12
    elif half in ("凌晨", "오전", "am") and hour == 12:
        hour = 0
    second = groups.get(f"{prefix}second")
    clock = f"{hour % 24:02}:{minute:02}" + (f":{int(second):02}" if second else "")
    if not date:
        return clock
    try:
        moment = datetime.fromisoformat(f"{date}T{clock}")
        zone = (groups.get(f"{prefix}zone") or "").strip(" ()（）")
        if zone and zone not in _CHINESE:
            moment += _SHANGHAI - _offset(zone.removeprefix("UTC").removeprefix("GMT"))
    except (ValueError, OverflowError):  # the 31st of a month that has 30 days
        return clock
    return moment.isoformat(timespec="seconds" if second else "minutes")


def _offset(zone: str) -> timedelta:
    if zone in ("Z", ""):
        return timedelta()
    offset = timedelta(hours=int(zone[1:3]), minutes=int(zone[-2:]) if len(zone) > 3 else 0)
    return -offset if zone[0] == "-" else offset
