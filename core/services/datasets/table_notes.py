"""What of a table is not read: columns without a use, cells beyond the header, rows that are too short."""

from core.services.datasets.reading_report import ReadingReport, line_places, listed
from core.services.datasets.table_row import TableRow

_EXACT_DIGITS = 15
_TOO_LONG = "格数比表头多，文字里可能有没加引号的分隔符"


class TableNotes:
    """Looks at each row of a table, and notes in the report what is left out.

    Args:
        names: of the columns.
        read: places of those that are read.
        report: gets the notes.
        exact: those of them whose numbers must be whole; all by default.
    """

    def __init__(
        self, names: list[str], read: set[int | None], report: ReadingReport, exact: set[int] | None = None
    ) -> None:
        self._names, self._report = names, report
        self._unnamed = [at for at, name in enumerate(names) if not name]
        self._unread = [at for at, name in enumerate(names) if name and at not in read]
        self._read = [at for at in (read if exact is None else exact) if at is not None]
        self._filled: dict[int, int] = dict.fromkeys(self._unread, 0)
        self._unnamed_lines: list[int] = []
        self._short_lines: list[int] = []
        self._rounded_lines: list[int] = []

    def look_at(self, row: TableRow) -> str:
        """Note what of a row is not read; gives why it must not be read at all, or ``""``."""
        cells = row.cells
        if any(cell not in ("", None) for cell in cells[len(self._names) :]):
            return _TOO_LONG
        width = len(cells)
        if width < len(self._names) and any(self._names[at] for at in range(width, len(self._names))):
            self._short_lines.append(row.line)
        if any(at < width and cells[at] not in ("", None) for at in self._unnamed):
            self._unnamed_lines.append(row.line)
        for at in self._unread:
            self._filled[at] += at < width and cells[at] not in ("", None)
        # A spreadsheet keeps 15 digits of a number: of an ID card the last three are gone.
        if any(at < width and isinstance(cells[at], float) and cells[at] >= 10**_EXACT_DIGITS for at in self._read):
            self._rounded_lines.append(row.line)
        return ""

    def finish(self) -> None:
        """Enter the notes into the report, after the last row."""
        report = self._report
        unread = [f"{self._names[at][:20]}（{count:,} 行有内容）" for at, count in self._filled.items() if count]
        empty = [self._names[at] for at, count in self._filled.items() if not count]
        report.note(f"有 {{}} 列没有用到，内容不导入：{listed(unread, characters=40)}", len(unread))
        report.note(f"有 {{}} 列没有用到，里面是空的：{listed(empty)}", len(empty))
        report.note(
            f"有 {{}} 行在没有列名的列里写了内容，没有导入{line_places(self._unnamed_lines)}", len(self._unnamed_lines)
        )
        report.note(f"有 {{}} 行的格数比表头少，缺的按空处理{line_places(self._short_lines)}", len(self._short_lines))
        report.note(
            f"有 {{}} 行有超过 15 位的数字，Excel 已把后几位变成 0，请对照原表改正{line_places(self._rounded_lines)}",
            len(self._rounded_lines),
        )
