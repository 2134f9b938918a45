"""Header lines of WhatsApp's exports: ``12/31/25, 9:15 PM - Name: words``, ``[31.12.25, 21:15:03] Name: words``.

Most dates end with the year, and whether day or month comes first depends on the phone: the whole text tells. Phones
in Chinese write ``2025/12/31 下午9:15 - Name: words``.
"""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from core.domain.chat.header_patterns import HeaderStyle, first_filled
from core.domain.chat.message_headers import Header, Headers
from core.domain.chat.speaker_lines import MAX_NAME, Line

_CLOCK: Final = (
    r"(?P<half>凌晨|清晨|早上|上午|中午|下午|傍晚|晚上)?\s?(?P<hour>\d{1,2})[:.](?P<minute>\d{2})"
    r"(?:[:.](?P<seconds>\d{2}))?(?:\s?(?P<after>[AaPp])\.?\s?[Mm]\.?)?"
)
_HEAD: Final = re.compile(
    r"\s{0,3}\[?(?P<first>\d{1,2})(?P<between>[./-])(?P<second>\d{1,2})[./-](?P<year>\d{4}|\d{2}),?\s{1,3}"
    rf"{_CLOCK}(?:\]\s{{1,2}}|\s{{1,2}}[-–]\s{{1,2}})"
)
_YEAR_FIRST: Final = re.compile(
    r"\s{0,3}(?P<year>\d{4})(?P<between>[./-])(?P<first>\d{1,2})(?P=between)(?P<second>\d{1,2}),?\s{1,3}"
    rf"{_CLOCK}\s{{1,2}}[-–]\s{{1,2}}"
)
_NAME: Final = re.compile(r"(?:~[\s\u202f])?(?P<name>[^\s:：](?:[^\n]{0,60}?[^\s:：])??)[:：](?:\s|$)")
"""A blank stands behind the colon, and behind no colon of the name; ``~`` before one whom the phone does not know."""
_OTHER_NAME: Final = re.compile(r"[^:：\n]{1,40}[:：]\S")
"""Another program writes words right behind the colon."""
_AFTERNOON: Final = ("下午", "傍晚", "晚上", "p")
_MORNING: Final = ("凌晨", "清晨", "早上", "上午", "a")
_CENTURY: Final = 2000


def find_whatsapp_headers(lines: Sequence[Line]) -> Headers | None:
    """The headers of a chat exported from WhatsApp; ``None`` where the text does not begin as one.

    Lines with a time and without a name are what the application says; they part messages as dates do.
    """
    first = first_filled(lines)
    pattern = next((one for one in (_HEAD, _YEAR_FIRST) if first < len(lines) and one.match(lines[first].text)), None)
    if pattern is None:
        return None
    heads = {number: match for number, line in enumerate(lines) if (match := pattern.match(line.text))}
    day_first = pattern is _HEAD and _is_day_first(list(heads.values()))
    headers: dict[int, Header] = {}
    for number, match in heads.items():
        line = lines[number]
        name = _NAME.match(line.text, match.end())
        if name and len(name["name"]) <= MAX_NAME:
            headers[number] = Header(
                number,
                name["name"],
                line.start + name.start("name"),
                line.start + name.end("name") + 1,
                _time(match, day_first=day_first),
            )
    others = sum(
        _OTHER_NAME.match(lines[number].text, heads[number].end()) is not None
        for number in heads.keys() - headers.keys()
    )
    if not headers or len(heads) < 2 or others > len(headers):
        return None
    return Headers(HeaderStyle.TIME_NAME_COLON, headers, frozenset(heads.keys() - headers.keys()))


def _is_day_first(heads: Sequence[re.Match[str]]) -> bool:
    """Whether dates begin with the day: by numbers over 12, else by the order of the messages, else by their look."""
    if any(int(head["first"]) > 12 for head in heads):
        return True
    if any(int(head["second"]) > 12 for head in heads):
        return False
    rising = [_rises([_time(head, day_first=order) for head in heads]) for order in (True, False)]
    if rising[0] != rising[1]:
        return rising[0]
    return heads[0]["between"] != "/" or heads[0]["after"] is None


def _rises(times: Sequence[str]) -> bool:
    return all(before[:10] <= after[:10] for before, after in zip(times, times[1:], strict=False))


def _time(head: re.Match[str], *, day_first: bool) -> str:
    """A head's time as ISO 8601; ``""`` where there is no such day."""
    day, month = int(head["first"]), int(head["second"])
    if not day_first:
        day, month = month, day
    year, hour = int(head["year"]), int(head["hour"])
    half = (head["half"] or head["after"] or "").lower()
    if half in _AFTERNOON and hour < 12 or half == "中午" and hour < 3:
        hour += 12
    elif half in _MORNING and hour == 12:
        hour = 0
    try:
        moment = datetime(  # noqa: DTZ001 (the file says no zone)
            year if year >= _CENTURY else _CENTURY + year,
            month,
            day,
            hour,
            int(head["minute"]),
            int(head["seconds"] or 0),
        )
    except ValueError:
        return ""
    return moment.isoformat(timespec="seconds" if head["seconds"] else "minutes")
