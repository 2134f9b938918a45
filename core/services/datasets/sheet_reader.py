"""Reader of Excel files: one sheet with chats or messages, row by row, if its content fits what a person can have.

calamine gives a sheet as the rectangle from its first to its outermost cell, full or not, so a file of 1.5 KB can ask
for 17 billion cells. What a sheet would take is therefore looked up in the file first: unpacked sizes in its table of
contents, places of cells in the sheets themselves. Both can lie; then the limits of the reading process hold.
"""

import lzma
import posixpath
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import IO, TYPE_CHECKING, Any
from xml.etree import ElementTree

from core.errors import InputError
from core.services.datasets.reading_limits import MAX_CELLS, MAX_COLUMNS, MAX_UNPACKED_MB
from core.services.datasets.reading_report import ReadingReport, listed
from core.services.datasets.source_file import SourceFile
from core.services.datasets.table_row import TableRow

if TYPE_CHECKING:
    from python_calamine import CalamineSheet, CalamineWorkbook

# A cell with something in it (not only a format), with its column and row; lengths are bounded, so it stays linear.
_CELL = re.compile(
    rb"""<(?:\w{1,20}:)?c\s[^<>]{0,200}?\br=["']([A-Za-z]{1,3})(\d{1,7})["'][^<>]{0,200}(?<!/)>\s{0,9}<(?!/)"""
)
_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    ElementTree.ParseError,
    LookupError,
    NotImplementedError,
    RuntimeError,
    ValueError,
    EOFError,
    OSError,
)
_SMALLER = "请只留下聊天文本、编号和标注的列，或拆成几个文件、另存为 CSV 后重试"
_CHUNK, _OVERLAP = 1 << 20, 1 << 10
_PEEK, _NAMED = 30, 12


@dataclass(frozen=True, slots=True)
class _Extent:
    """How far a sheet goes: its last row with content (0: none), and why it cannot be read if it is too big."""

    rows: int
    misfit: InputError | None = None


def read_sheet(
    source: SourceFile, wanted: str, holds_data: Callable[[list[TableRow]], bool], report: ReadingReport
) -> Iterator[TableRow]:
    """Read the rows of one sheet.

    Args:
        source: an open file.
        wanted: name of the sheet; ``""``: the first whose first rows hold data, else the first that looks like a
            table, else the first that holds anything.
        holds_data: tells by the first rows; a cover sheet has none.
        report: gets the sheets, and a note about each that is left out.

    Raises:
        InputError: no Excel file, protected by a password, empty, too big, or without that sheet.
    """
    # Loaded late: only Excel files need it.
    from python_calamine import CalamineError, CalamineWorkbook, PasswordError

    extents = _extents(source)
    source.file.seek(0)
    try:
        workbook = CalamineWorkbook.from_filelike(source.file)
        if wanted and wanted not in workbook.sheet_names:
            raise InputError(
                f"Excel 文件 {source.name} 没有工作表「{wanted[:40]}」", f"已有的工作表：{listed(workbook.sheet_names)}"
            )
        sheet = _chosen(workbook, wanted, extents, holds_data, report)
    except PasswordError as error:
        raise InputError(f"Excel 文件 {source.name} 有密码", "请去掉密码后重试") from error
    except (CalamineError, OSError) as error:
        raise InputError(f"文件 {source.name} 不是可读的 Excel 文件", "请用 Excel 另存为 .xlsx 后重试") from error
    if sheet is None or sheet.end is None:
        raise InputError(f"Excel 文件 {source.name} 里没有内容", "请检查工作表")
    # Rows before the first cell are given as well, and columns.
    last_row, last_column = sheet.end
    _require_cells(source.name, last_row + 1, last_column + 1)
    merged = sum(bottom > top for (top, _), (bottom, _) in sheet.merged_cell_ranges or ())
    report.note("有 {} 处跨行合并的格子，合并的每一行都按那一格的值读", merged)
    yield from _rows(sheet)


def _chosen(
    workbook: "CalamineWorkbook",
    wanted: str,
    extents: dict[str, _Extent],
    holds_data: Callable[[list[TableRow]], bool],
    report: ReadingReport,
) -> "CalamineSheet | None":
    """The sheet to read; the others are only opened until it is found."""
    chosen: CalamineSheet | None = None
    tables: list[tuple[bool, int, str]] = []
    covers: list[tuple[str, int]] = []
    left_out: list[tuple[str, int]] = []
    for name in workbook.sheet_names:
        extent = extents.get(name)
        if extent and not extent.rows:
            continue
        if chosen is not None or wanted not in ("", name):
            rows = extent.rows if extent else workbook.get_sheet_by_name(name).height
            left_out += [(name, rows)] if rows else []
            continue
        if extent and extent.misfit:
            raise extent.misfit
        sheet = workbook.get_sheet_by_name(name)
        if not sheet.height:
            continue
        head = list(islice(_rows(sheet), _PEEK))
        if wanted or holds_data(head):
            chosen, report.sheet = sheet, name
        else:
            covers.append((name, sheet.height))
            tables += [(_is_table(head, columns=3), sheet.height, name)] if _is_table(head) else []
    report.sheets = (
        *(name for name, _ in covers),
        *((report.sheet,) if chosen else ()),
        *(name for name, _ in left_out),
    )
    if chosen is None and covers:
        # A cover sheet may have two columns, 导出时间 | 2024-01-02: then a wider table, or the longest, is meant.
        likeliest = max(tables, key=lambda table: (table[0], 0 if table[0] else table[1]), default=None)
        report.sheet = likeliest[2] if likeliest else covers[0][0]
        chosen = workbook.get_sheet_by_name(report.sheet)
        left_out, covers = [cover for cover in covers if cover[0] != report.sheet], []
        if tables and left_out:
            report.note(f"没有一个工作表有认得出的列，读的是工作表「{report.sheet[:40]}」")
    for name, rows in covers[:_NAMED]:
        report.note(f"跳过了工作表「{name[:40]}」（{rows:,} 行，没有认得出的列）")
    for name, rows in left_out[:_NAMED]:
        report.note(f"没有导入工作表「{name[:40]}」（{rows:,} 行）；要导入它，请选这个工作表（命令行用 --sheet）")
    report.note("还有 {} 个工作表没有导入", len(covers[_NAMED:]) + len(left_out[_NAMED:]))
    return chosen


def _is_table(head: list[TableRow], columns: int = 2) -> bool:
    """Whether a sheet has columns whatever they are called: a header and a row of so many cells; a cover has none."""
    return sum(sum(cell not in ("", None) for cell in row.cells) >= columns for row in head) > 1


def _rows(sheet: "CalamineSheet") -> Iterator[TableRow]:
    """The rows of a sheet; a cell that spans several rows counts in each of them."""
    tall = [span for span in sheet.merged_cell_ranges or () if span[1][0] > span[0][0]]
    tall.sort(key=lambda span: span[0][0], reverse=True)
    open_spans: list[tuple[int, int, Any]] = []
    for line, cells in enumerate(sheet.iter_rows(), start=1):
        if tall or open_spans:
            row = line - 1
            open_spans = [span for span in open_spans if span[0] >= row]
            for _, column, value in open_spans:
                if column < len(cells) and cells[column] in ("", None):
                    cells[column] = value
            while tall and tall[-1][0][0] <= row:
                (top, column), (bottom, _) = tall.pop()
                if top == row and column < len(cells) and cells[column] not in ("", None):
                    open_spans.append((bottom, column, cells[column]))
        yield TableRow(line, cells)


def _extents(source: SourceFile) -> dict[str, _Extent]:
    """How far the sheets of an .xlsx go, by name; empty for an old .xls and for a broken file.

    Raises:
        InputError: the whole is too big unpacked; the limit is named.
    """
    source.file.seek(0)
    extents: dict[str, _Extent] = {}
    try:
        with zipfile.ZipFile(source.file) as archive:
            unpacked = sum(entry.file_size for entry in archive.infolist()) / (1 << 20)
            if unpacked > MAX_UNPACKED_MB:
                raise InputError(
                    f"Excel 文件 {source.name} 解压后有 {unpacked:,.0f} MB，超过 {MAX_UNPACKED_MB} MB 的上限",
                    _SMALLER,
                )
            for name, part in sheet_parts(archive):
                with archive.open(part) as sheet:
                    extents[name] = _extent(sheet, source.name)
    except _BROKEN:
        return {}  # an old .xls, or broken: calamine says what it is
    return extents


def sheet_parts(archive: zipfile.ZipFile) -> Iterator[tuple[str, str]]:
    """Names of the sheets and of their files, in the order of the workbook."""
    relations = ElementTree.fromstring(archive.read("xl/_rels/workbook.xml.rels"))
    targets = {relation.get("Id"): relation.get("Target", "") for relation in relations}
    for sheet in ElementTree.fromstring(archive.read("xl/workbook.xml")).findall(".//{*}sheet"):
        relation_id = next((value for name, value in sheet.attrib.items() if name.endswith("}id")), None)
        yield sheet.get("name", ""), posixpath.join("xl", targets[relation_id]).removeprefix("/")


def _extent(sheet: IO[bytes], name: str) -> _Extent:
    """How far a sheet goes; too many cells, or cells too far apart, make it a misfit."""
    last_row = cells = 0
    columns: set[bytes] = set()
    tail = b""
    while chunk := sheet.read(_CHUNK):
        cells += chunk.count(b"<c ") + chunk.count(b"<c>")
        if cells > MAX_CELLS:
            return _Extent(MAX_CELLS, InputError(f"Excel 文件 {name} 超过 {MAX_CELLS:,} 格的上限", _SMALLER))
        for column, row in _CELL.findall(tail + chunk):
            last_row = max(last_row, int(row))
            columns.add(column)
        tail = chunk[-_OVERLAP:]
    try:
        _require_cells(name, last_row, max(map(column_number, columns), default=0))
    except InputError as misfit:
        return _Extent(last_row, misfit)
    # A cell without a place is counted, but nobody knows its row.
    return _Extent(max(last_row, min(cells, 1)))


def _require_cells(name: str, rows: int, columns: int) -> None:
    if rows * columns > MAX_CELLS or columns > MAX_COLUMNS:
        raise InputError(
            f"Excel 文件 {name} 的表格一直延伸到 {_column_name(columns)}{rows}，共 {rows * columns:,} 格，"
            f"超过 {MAX_CELLS:,} 格的上限",
            "请在 Excel 里按 Ctrl+End 找到最后一格，删去多余的行和列后重试",
        )


def column_number(letters: bytes) -> int:
    """Number of a column from 1: ``b"A"`` is 1, ``b"XFD"`` is 16,384."""
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - 64
    return number


def _column_name(number: int) -> str:
    """Letters of a column from 1: 1 is ``A``, 16,384 is ``XFD``."""
    letters = ""
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(65 + rest) + letters
    return letters
