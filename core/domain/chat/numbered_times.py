"""Headers whose time is a number: seconds since 1970 (``1699999999 小满``), days of Excel (``45231.5 小满: 你好``)."""

import re
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from core.domain.chat.header_names import is_header_name
from core.domain.chat.header_patterns import NAME, ON_LINE, HeaderStyle, first_filled
from core.domain.chat.message_headers import Header, Headers, header_of, told_apart
from core.domain.chat.name_patterns import name_shape
from core.domain.chat.speaker_lines import Line

_NUMBER: Final = r"[\[(（]?(?<![\d.])(?P<stamp>1\d{9}(?:\d{3}|\.\d{1,9})?|[34]\d{4}\.\d{1,12})(?![\d.])[\])）]?"
_AFTER: Final = r"(?:\s{1,4}|\s?[,，|｜]\s?|(?<=[\])）]))"
_PATTERNS: Final = {
    HeaderStyle.TIME_NAME_COLON: re.compile(
        rf"{_NUMBER}{_AFTER}(?P<name>[^\s:：\d](?:[^:：\n]{{0,38}}[^\s:：])?)\s?[:：](?!//)"
    ),
    HeaderStyle.TIME_NAME: re.compile(rf"{_NUMBER}{_AFTER}{NAME}$"),
    HeaderStyle.NAME_TIME: re.compile(rf"{NAME}\s{{1,4}}{_NUMBER}$"),
}
_LONGEST: Final = 160
_DIGITS_OF_SECONDS: Final = 10
_SHANGHAI: Final = timedelta(hours=8)
_EPOCH: Final = datetime.fromisoformat("1970-01-01")
_EXCEL: Final = datetime.fromisoformat("1899-12-30")


def find_numbered_times(lines: Sequence[Line]) -> Headers | None:
    """Headers with numbers for times; ``None`` where the text does not open with one.

    Numbers of members and orders look the same: times never fall, and speakers come back.

    Args:
        lines: of the conversation.
    """
    first = first_filled(lines)
    if first == len(lines):
        return None
    for style, pattern in _PATTERNS.items():
        if not pattern.match(lines[first].text.strip()[:_LONGEST]):
            continue
        headers: dict[int, Header] = {}
        for number, line in enumerate(lines):
            words = line.text.strip()
            match = pattern.match(words[:_LONGEST]) if style in ON_LINE or len(words) <= _LONGEST else None
            if match and is_header_name(match["name"]):
                header = header_of(number, line, match, _time(match["stamp"]), style)
                if header is not None:
                    headers[number] = header
        if first in headers and _are_times([header.time for header in headers.values()]) and _speak(headers):
            return Headers(style, told_apart(lines, headers), frozenset())
    return None


def _time(stamp: str) -> str:
    """``2023-11-15T06:13:19``, in the time of Shanghai."""
    whole, _, _ = stamp.partition(".")
    if len(whole) < _DIGITS_OF_SECONDS:
        moment = _EXCEL + timedelta(days=float(stamp))
    else:
        moment = _EPOCH + _SHANGHAI + timedelta(seconds=int(whole[:_DIGITS_OF_SECONDS]))
    return (moment + timedelta(microseconds=500_000)).isoformat(timespec="seconds")


def _are_times(times: Sequence[str]) -> bool:
    return len(times) > 1 and list(times) == sorted(times)


def _speak(headers: dict[int, Header]) -> bool:
    """Whether speakers come back, or all of a few look like people."""
    names = Counter(header.name for header in headers.values())
    return 1 < len(names) < len(headers) or all(name_shape(name) > 0 for name in names) and len(headers) <= 3
