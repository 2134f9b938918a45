"""Dates that do not begin with the year: ``Jan 2, 2024``, ``2-Jan-2024``, ``01/02/2024``, ``02.01.2024``.

Whether day or month comes first in numbers is nowhere written: all dates of a file or text decide together.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import islice
from typing import Final

from core.domain.chat.speaker_lines import Line

_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH: Final = (
    r"(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sept?(?:ember)?|Oct(?:ober)?"
    r"|Nov(?:ember)?|Dec(?:ember)?)\b\.?"
)
_DAY: Final = r"\d{1,2}(?:st|nd|rd|th)?"
_WEEKDAY: Final = r"(?:\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]{0,6},?\s)?"
_WRITTEN: Final = re.compile(
    rf"(?<![\d/.\-])(?:{_WEEKDAY}(?:(?P<month>{_MONTH})\s(?P<day>{_DAY}),?\s(?P<year>\d{{4}})"
    rf"|(?P<day_before>{_DAY})[\s\-](?P<month_after>{_MONTH}),?[\s\-](?P<year_after>\d{{4}}))"
    r"|(?P<first>\d{1,2})(?P<between>[/.\-])(?P<second>\d{1,2})(?P=between)(?P<late>\d{4}))(?![\d/.\-])(?:,?\sat\b)?",
    re.IGNORECASE,
)
_CLOCK_BEHIND: Final = re.compile(r"[,，\sT]{0,3}(?:上午|下午|早上|晚上|中午|凌晨)?\s?\d{1,2}[:：]\d{2}")
_HALF_DAY: Final = re.compile(r"\d\s?[AaPp]\.?\s?[Mm]\b")
_MAY_HOLD: Final = re.compile(r"[/.\- ]\d{4}")
_MOST_LOOKED_AT: Final = 160
_MOST_MONTHS: Final = 12


@dataclass(frozen=True, slots=True)
class WrittenDate:
    """A date in a text.

    Attributes:
        start: where it begins.
        end: where it ends.
        year: of four digits.
        first: the first number: the day or the month; the day where ``between`` is ``""``.
        second: the other one.
        between: what parts the numbers; ``""`` where the month is a word.
    """

    start: int
    end: int
    year: int
    first: int
    second: int
    between: str

    @property
    def is_open(self) -> bool:
        """Whether it reads as two different days."""
        return bool(self.between) and max(self.first, self.second) <= _MOST_MONTHS and self.first != self.second

    def plain(self, order: "DateOrder") -> str:
        """``2024-01-02``; ``""`` where there is no such day, or nobody knows which it is."""
        if self.is_open and order.day_first is None:
            return ""
        day_first = not self.between or self.first > _MOST_MONTHS or self.second <= _MOST_MONTHS and order.day_first
        day, month = (self.first, self.second) if day_first else (self.second, self.first)
        try:
            return date(self.year, month, day).isoformat()
        except ValueError:
            return ""


@dataclass(frozen=True, slots=True)
class DateOrder:
    """Whether the day comes before the month; ``None``: some dates say yes, others no.

    ``example`` is a date as it is written where nothing in the text decides, and the usual order of its kind was taken.
    """

    day_first: bool | None
    example: str = ""

    @property
    def sentence(self) -> str:
        """How the dates were read that nothing decides, in Chinese."""
        return f"按{'先日后月' if self.day_first else '先月后日'}读；读反了请改成 2024-01-02 的写法再导入"


def written_dates(text: str) -> Iterator[WrittenDate]:
    """The dates in a text that do not begin with the year, in order."""
    if not _MAY_HOLD.search(text):
        return
    for match in _WRITTEN.finditer(text):
        if match["between"]:
            first, second, year = int(match["first"]), int(match["second"]), int(match["late"])
        else:
            first = int((match["day"] or match["day_before"]).rstrip("stndrhSTNDRH"))
            second = _MONTHS.index((match["month"] or match["month_after"])[:3].lower()) + 1
            year = int(match["year"] or match["year_after"])
        yield WrittenDate(*match.span(), year, first, second, match["between"] or "")


def date_order(texts: Iterable[str]) -> DateOrder:
    """Whether the first dates of some texts (cells, lines; in order) begin with the day.

    Numbers over 12 decide; else the order in which no date lies before an earlier one; else the month comes first
    where strokes and AM or PM stand, as Americans write.
    """
    dates = [(text, one) for text in texts for one in islice(written_dates(text), 1) if one.between]
    day_first = any(one.first > _MOST_MONTHS for _, one in dates)
    month_first = any(one.second > _MOST_MONTHS for _, one in dates)
    if day_first and month_first:
        return DateOrder(None)
    example = next((text[one.start : one.end] for text, one in dates if one.is_open), "")
    if day_first or month_first or not example:
        return DateOrder(day_first)
    rising = [_rises([one.plain(DateOrder(order)) for _, one in dates]) for order in (True, False)]
    if rising[0] != rising[1]:
        return DateOrder(rising[0])
    text, one = dates[0]
    return DateOrder(one.between != "/" or not _HALF_DAY.search(text, one.end), example)


def _rises(days: Sequence[str]) -> bool:
    return all(before <= after for before, after in zip(days, days[1:], strict=False))


def with_plain_date(text: str, order: DateOrder) -> str:
    """A text whose first such date is written ``2024-01-02``; the same text where it has none."""
    for one in written_dates(text):
        if plain := one.plain(order):
            return f"{text[: one.start]}{plain}{text[one.end :]}"
        break
    return text


def with_plain_dates(lines: Sequence[Line]) -> Sequence[Line]:
    """Lines in which dates with a clock behind them begin with the year; each line keeps its length."""
    dated = {
        number: one
        for number, line in enumerate(lines)
        for one in written_dates(line.text[:_MOST_LOOKED_AT])
        if _CLOCK_BEHIND.match(line.text, one.end)
    }
    if not dated:
        return lines
    order = date_order(lines[number].text[one.start : _MOST_LOOKED_AT] for number, one in dated.items())
    plain = list(lines)
    for number, one in dated.items():
        if day := one.plain(order):
            if one.end - one.start < len(day):
                year, month, monthday = day.split("-")
                day = f"{year}-{int(month)}-{int(monthday)}"
            text = lines[number].text
            filled = day.ljust(one.end - one.start)
            if len(filled) == one.end - one.start:
                plain[number] = lines[number]._replace(text=text[: one.start] + filled + text[one.end :])
    return plain


def undecided_order(text: str) -> DateOrder | None:
    """How the dates in a chat's headers were read where nothing in it decides; ``None`` where all are certain."""
    if not _MAY_HOLD.search(text):
        return None
    lines = (line[:_MOST_LOOKED_AT] for line in text.split("\n"))
    starts = ((line, one) for line in lines for one in islice(written_dates(line), 1))
    order = date_order(line[one.start :] for line, one in starts if _CLOCK_BEHIND.match(line, one.end))
    return order if order.example else None
