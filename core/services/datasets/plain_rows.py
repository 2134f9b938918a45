"""The rows of a table as they stand in the file, for the process that reads it."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any

from core.domain.form import Form
from core.errors import InputError
from core.services.datasets.formula_cells import uncalculated_cells
from core.services.datasets.import_types import FileFormat, TableColumns
from core.services.datasets.reader_messages import PlainRow, TableRows
from core.services.datasets.reading_report import ReadingReport
from core.services.datasets.source_file import SourceFile
from core.services.datasets.table_reader import table_lines

_BATCH = 200


def batches_of_rows(
    source: SourceFile, form: Form, columns: TableColumns, report: ReadingReport
) -> Iterator[TableRows]:
    """The rows of an open table that hold anything, in batches.

    Raises:
        InputError: it is no table.
    """
    if source.format not in (FileFormat.CSV, FileFormat.EXCEL):
        raise InputError(f"文件 {source.name} 不是表格", "请选择导出的表格（CSV 或 XLSX）")
    rows: list[PlainRow] = []
    uncalculated: dict[int, list[int]] | None = None
    for row in table_lines(source, form, columns, report):
        if uncalculated is None:  # the sheet is known by now
            uncalculated = uncalculated_cells(source, report.sheet) if source.format is FileFormat.EXCEL else {}
        texts = [_text(cell) for cell in row.cells]
        if any(texts) or row.problem or row.line in uncalculated:
            dates = [at for at, cell in enumerate(row.cells) if isinstance(cell, date | datetime | time | timedelta)]
            rows.append(PlainRow(row.line, texts, dates, uncalculated.get(row.line, []), row.problem))
        if len(rows) >= _BATCH:
            yield TableRows(rows)
            rows = []
    yield TableRows(rows)


def _text(cell: Any) -> str:
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return "" if cell is None else str(cell).replace("\r\n", "\n").replace("\r", "\n")
