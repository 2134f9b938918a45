"""Reader of Excel files: the first sheet with content, row by row, within limits of size.

calamine gives a sheet as the rectangle from its first to its outermost cell, full or not, so a file of 1.5 KB can ask
for 17 billion cells. What a sheet would take is therefore looked up in the file first: unpacked sizes in its table of
contents, places of cells in the sheets themselves. Both can lie; then the limits of the reading process hold.
"""

import lzma
import posixpath
import re
import zipfile
import zlib
from collections.abc import Iterator
from typing import IO, Any
from xml.etree import ElementTree

from core.errors import InputError
from core.services.datasets.reading_limits import MAX_CELLS, MAX_COLUMNS, MAX_UNPACKED_MB
from core.services.datasets.source_file import SourceFile

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


def read_sheet(source: SourceFile) -> Iterator[tuple[int, list[Any]]]:
    """Read the rows of the first sheet that holds anything, with their number from 1.

    Raises:
        InputError: no Excel file, protected by a password, empty, or too big.
    """
    # Loaded late: only Excel files need it.
    from python_calamine import CalamineError, CalamineWorkbook, PasswordError

    _require_fitting(source)
    source.file.seek(0)
    try:
        workbook = CalamineWorkbook.from_filelike(source.file)
        sheet = next((s for s in map(workbook.get_sheet_by_name, workbook.sheet_names) if s.height), None)
    except PasswordError as error:
        raise InputError(f"Excel 文件 {source.name} 有密码", "请去掉密码后重试") from error
    except (CalamineError, OSError) as error:
        raise InputError(f"文件 {source.name} 不是可读的 Excel 文件", "请用 Excel 另存为 .xlsx 后重试") from error
    if sheet is None or sheet.end is None:
        raise InputError(f"Excel 文件 {source.name} 里没有内容", "请检查工作表")
    # Rows before the first cell are given as well, and columns.
    last_row, last_column = sheet.end
    _require_cells(source.name, last_row + 1, last_column + 1)
    yield from enumerate(sheet.iter_rows(), start=1)


def _require_fitting(source: SourceFile) -> None:
    """Refuse an .xlsx file that is too large when unpacked, or whose cells lie too far apart.

    Raises:
        InputError: it is; the limit is named.
    """
    source.file.seek(0)
    try:
        with zipfile.ZipFile(source.file) as archive:
            entries = archive.infolist()
            unpacked = sum(entry.file_size for entry in entries) / (1 << 20)
            if unpacked > MAX_UNPACKED_MB:
                raise InputError(
                    f"Excel 文件 {source.name} 解压后有 {unpacked:,.0f} MB，超过 {MAX_UNPACKED_MB} MB 的上限",
                    _SMALLER,
                )
            for part in _sheet_parts(archive):
                with archive.open(part) as sheet:
                    if _require_fitting_sheet(sheet, source.name):
                        return
    except _BROKEN:
        return  # an old .xls, or broken: calamine says what it is


def _sheet_parts(archive: zipfile.ZipFile) -> Iterator[str]:
    """Names of the files of the sheets, in the order of the workbook."""
    relations = ElementTree.fromstring(archive.read("xl/_rels/workbook.xml.rels"))
    targets = {relation.get("Id"): relation.get("Target", "") for relation in relations}
    for sheet in ElementTree.fromstring(archive.read("xl/workbook.xml")).findall(".//{*}sheet"):
        relation_id = next((value for name, value in sheet.attrib.items() if name.endswith("}id")), None)
        yield posixpath.join("xl", targets[relation_id]).removeprefix("/")


def _require_fitting_sheet(sheet: IO[bytes], name: str) -> bool:
    """Refuse a sheet with too many cells, or with cells too far apart; returns whether it has content."""
    last_row = cells = 0
    columns: set[bytes] = set()
    tail = b""
    while chunk := sheet.read(_CHUNK):
        cells += chunk.count(b"<c ") + chunk.count(b"<c>")
        if cells > MAX_CELLS:
            raise InputError(f"Excel 文件 {name} 超过 {MAX_CELLS:,} 格的上限", _SMALLER)
        for column, row in _CELL.findall(tail + chunk):
            last_row = max(last_row, int(row))
            columns.add(column)
        tail = chunk[-_OVERLAP:]
    _require_cells(name, last_row, max(map(_column_number, columns), default=0))
    return cells > 0


def _require_cells(name: str, rows: int, columns: int) -> None:
    if rows * columns > MAX_CELLS or columns > MAX_COLUMNS:
        raise InputError(
            f"Excel 文件 {name} 的表格一直延伸到 {_column_name(columns)}{rows}，共 {rows * columns:,} 格，"
            f"超过 {MAX_CELLS:,} 格的上限",
            "请在 Excel 里按 Ctrl+End 找到最后一格，删去多余的行和列后重试",
        )


def _column_number(letters: bytes) -> int:
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
