"""A table as it stands in a file, row by row, read by another process within its limits."""

from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from core.domain.form import Form
from core.errors import InputError
from core.services.datasets.import_types import FileFormat, TableColumns
from core.services.datasets.parent_file_reader import read_file
from core.services.datasets.reader_jobs import ReadJob
from core.services.datasets.reader_messages import Done, Opened, PlainRow, TableRows


@dataclass(frozen=True, slots=True)
class PlainTable:
    """The rows of a table, the header among them; ``sha256`` of the file's bytes, ``notes`` about sheets left out."""

    name: str
    sha256: str
    format: FileFormat
    rows: list[PlainRow]
    notes: tuple[str, ...] = ()


def read_plain_table(source: Path | BinaryIO, filename: str, form: Form, *, sheet: str = "") -> PlainTable:
    """Read a CSV or Excel table; ``sheet`` names one of several, ``""`` is the first that holds data.

    Raises:
        InputError: it is another file, cannot be read, or is too much.
    """
    rows: list[PlainRow] = []
    notes: tuple[str, ...] = ()
    opened: Opened | None = None
    with read_file(source, ReadJob("table", filename, form, TableColumns(sheet=sheet))) as messages:
        for message in messages:
            if isinstance(message, Opened):
                opened = message
            elif isinstance(message, TableRows):
                rows += message.rows
            elif isinstance(message, Done):
                notes = message.notes
    if opened is None or not rows:
        raise InputError(f"文件 {filename} 里没有表格", "请选择导出的表格（CSV 或 XLSX）")
    return PlainTable(filename, opened.sha256, opened.format, rows, notes)
