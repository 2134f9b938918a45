"""Rows of CSV messages whose text was cut at separators without quotes: ``小满,你好,在吗,10:21`` below three columns.

Where only one way to put the cells together again fits the other columns, the text is read whole, and said to be so.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from core.domain.chat.parsed_chat import Role
from core.domain.chat.plain_dates import DateOrder
from core.services.datasets.message_columns import MessageColumns
from core.services.datasets.message_table import side_of
from core.services.datasets.message_times import time_of, why_unread
from core.services.datasets.reading_report import ReadingReport, line_places
from core.services.datasets.table_row import TableRow

_ANY_ORDER: Final = DateOrder(day_first=True)
_MOST_KNOWN: Final = 10_000
_RECURRING: Final = ("sender", "sender_id", "room", "session", "side", "kind", "staff", "customer", "to")
"""Columns whose values come back from row to row."""


class SplitTexts:
    """Puts texts together that a reader of CSV has cut, by the other columns of their rows.

    Args:
        names: of the columns.
        layout: which column is which.
        report: says what separates cells, and gets the note.
        first: the first rows, whose values are known from the beginning.
    """

    def __init__(
        self, names: Sequence[str], layout: MessageColumns, report: ReadingReport, first: Iterable[TableRow] = ()
    ) -> None:
        self._names, self._layout, self._report = names, layout, report
        self._text_at = names.index(layout.text)
        self._places = {part: names.index(name) for part, name in layout.as_dict().items() if name in names}
        self._known: Mapping[str, set[str]] = {part: set() for part in _RECURRING if part in self._places}
        self._lines: list[int] = []
        for row in first:
            if not self._is_wide(row):
                self._remember(row.cells)

    def whole(self, row: TableRow) -> TableRow:
        """The row with its text put together; the same row where it is not too wide, or nothing tells how."""
        width, cells = len(self._names), row.cells
        if not self._is_wide(row):
            self._remember(cells)
            return row
        if not self._report.separator or len(set(self._names)) < width:
            return row
        candidates = {at: self._joined_at(at, cells) for at in range(width)}
        fitting = {at: self._agreement(one) for at, one in candidates.items() if self._fits(one)}
        best = max(fitting.values(), default=0)
        if fitting.get(self._text_at) != best or not self._is_told():
            return row
        self._lines.append(row.line)
        return row._replace(cells=candidates[self._text_at])

    def finish(self) -> None:
        """Enter the note into the report, after the last row."""
        self._report.note(
            f"有 {{}} 行的文字里有没加引号的分隔符，按其余各列把「{self._layout.text[:20]}」接成了一格，"
            f"请核对{line_places(self._lines)}",
            len(self._lines),
        )

    def _is_wide(self, row: TableRow) -> bool:
        return not row.problem and any(cell not in ("", None) for cell in row.cells[len(self._names) :])

    def _remember(self, cells: Sequence[Any]) -> None:
        for part, values in self._known.items():
            at = self._places[part]
            if at < len(cells) and cells[at] and len(values) < _MOST_KNOWN:
                values.add(str(cells[at]).strip())

    def _joined_at(self, at: int, cells: Sequence[Any]) -> list[Any]:
        end = at + 1 + len(cells) - len(self._names)
        return [*cells[:at], self._report.separator.join(str(cell) for cell in cells[at:end]), *cells[end:]]

    def _is_told(self) -> bool:
        """Whether what stands behind the text shows where it ends: nothing, or a column that can be checked."""
        behind = [part for part, at in self._places.items() if at > self._text_at]
        return self._text_at == len(self._names) - 1 or any(
            part in ("time", "date") or self._known.get(part) for part in behind
        )

    def _fits(self, cells: Sequence[Any]) -> bool:
        """Whether times and sides stand where they should."""
        for part in ("time", "date"):
            value = cells[self._places[part]] if part in self._places else ""
            if value and not time_of(value, _ANY_ORDER) and not why_unread(str(value).strip()):
                return False
        side = str(cells[self._places["side"]]).strip() if "side" in self._places else ""
        return not side or side_of(side) is not Role.UNKNOWN or side in self._known["side"]

    def _agreement(self, cells: Sequence[Any]) -> int:
        """How many cells hold what stands in their columns elsewhere."""
        return sum(str(cells[self._places[part]]).strip() in values for part, values in self._known.items())
