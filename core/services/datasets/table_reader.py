"""Reader of tables (CSV and Excel): finds the columns of chat, index and labels; one row per chat."""

import re
from collections.abc import Iterator, Sequence
from itertools import chain, islice
from typing import Any

from core.domain.form import Form
from core.errors import InputError
from core.services.datasets.csv_reader import read_csv
from core.services.datasets.customer_rows import joined_customers
from core.services.datasets.formula_cells import count_comments, uncalculated_cells
from core.services.datasets.import_types import BY_POSITION, ColumnError, FileFormat, RawRow, TableColumns
from core.services.datasets.json_values import NotingDecoder
from core.services.datasets.message_rows import PEEK, find_table_columns, table_chats
from core.services.datasets.reading_limits import MAX_CELLS, MAX_COLUMNS
from core.services.datasets.reading_report import ReadingReport, line_places, listed
from core.services.datasets.sheet_reader import read_sheet
from core.services.datasets.simplified import simplified
from core.services.datasets.source_file import SourceFile
from core.services.datasets.spreadsheet_cells import list_items
from core.services.datasets.table_header import (
    INDEX_COLUMNS,
    INFOS,
    TEXT_COLUMNS,
    HeaderNames,
    header_place,
    last_filled,
    require_foreign,
    split_header,
    twins_of,
)
from core.services.datasets.table_notes import TableNotes
from core.services.datasets.table_row import TableRow

_EXCEL_CELL = 32_767
_INDEX_DIGITS = 20
_NUMERIC = re.compile(r"[+-]?[0-9]+(?:\.[0-9]*)?")
_PAIR = 2
"""Cells in a row of a cover sheet: what and how much."""
_NAME_LENGTH = 12


def read_table(
    source: SourceFile, form: Form, columns: TableColumns, report: ReadingReport | None = None
) -> Iterator[RawRow]:
    """Read the rows below the header, each as the object that it would be in JSON.

    Args:
        source: an open CSV or Excel file.
        form: tells which columns are labels; those that are missing count as empty, and are noted.
        columns: which sheet and columns to use.
        report: gets what is read as messages, and what is left out.

    Raises:
        ColumnError: a column that is needed is not there.
        InputError: the file cannot be read.
    """
    report = report or ReadingReport()
    try:
        yield from _read_chosen_sheet(source, form, columns, report)
    except ColumnError as error:
        raise _naming_sheets(error, report) from error


def _naming_sheets(error: ColumnError, report: ReadingReport) -> ColumnError:
    """The same error; where the file has other sheets, it says so, for the columns may be there."""
    others = [name for name in report.sheets if name != report.sheet]
    if not others:
        return error
    remedy = (
        f"{error.remedy}。这是工作表「{report.sheet[:40]}」，还有 {len(others):,} 个工作表：{listed(others)}；"
        "群聊不在这一个里，就选别的工作表（命令行用 --sheet）"
    )
    return ColumnError(error.message, remedy, error.columns, sheet=report.sheet, sheets=report.sheets)


def _read_chosen_sheet(
    source: SourceFile, form: Form, columns: TableColumns, report: ReadingReport
) -> Iterator[RawRow]:
    """The rows of a CSV file or of one sheet; arguments as for :func:`read_table`."""
    known = HeaderNames(form, columns)
    names, rows = split_header(_noting_formulas(_table(source, columns, known, report), source, report), known, report)
    require_foreign(names, form, source.name)
    head = list(islice(rows, PEEK))
    rows = chain(head, rows)
    if messages := find_table_columns(names, head, columns, report):
        yield from table_chats(names, rows, messages, columns, report)
        return
    yield from _Chats(source, form, columns, names, head, report).read(rows, report)


def _noting_formulas(rows: Iterator[TableRow], source: SourceFile, report: ReadingReport) -> Iterator[TableRow]:
    """The rows; of an Excel file, formulas without a result and errors are noted at the end, for they read as empty."""
    if source.format is not FileFormat.EXCEL:
        yield from rows
        return
    by_line: dict[int, list[int]] | None = None
    for row in rows:
        if by_line is None:  # the sheet is known by now
            by_line = uncalculated_cells(source, report.sheet)
        yield row
    report.note("有 {} 条批注写在格子旁边，没有导入", count_comments(source))
    places = by_line or {}
    report.note(
        f"有 {{}} 格是没有结果的公式或错误值（如 #N/A），按空处理{line_places(sorted(places))}；"
        "要导入它们，请在 Excel 里改成值后另存",
        sum(map(len, places.values())),
    )


def table_lines(source: SourceFile, form: Form, columns: TableColumns, report: ReadingReport) -> Iterator[TableRow]:
    """The rows of a table as they stand in the file, the header among them; ``columns`` tell the sheet."""
    return _table(source, columns, HeaderNames(form, columns), report)


def _table(source: SourceFile, columns: TableColumns, known: HeaderNames, report: ReadingReport) -> Iterator[TableRow]:
    """The rows of a table with their line, up to the limits of what a table may hold."""

    def holds_data(head: list[TableRow]) -> bool:
        place = header_place(head, known)
        return place is not None and known.count(head[place].cells) > 0 and not _is_list_of_names(head, known)

    is_csv = source.format is FileFormat.CSV
    cells = 0
    for row in (
        read_csv(source, known.count, report) if is_csv else read_sheet(source, columns.sheet, holds_data, report)
    ):
        cells += len(row.cells)
        if len(row.cells) > MAX_COLUMNS:
            raise InputError(
                f"文件 {source.name} 第 {row.line} 行有 {len(row.cells):,} 列，超过 {MAX_COLUMNS:,} 列的上限",
                "请只留下聊天文本、编号和标注的列后重试",
            )
        if cells > MAX_CELLS:
            raise InputError(
                f"文件 {source.name} 超过 {MAX_CELLS:,} 格的上限", "请删去多余的列，或拆成几个文件后分别导入"
            )
        yield row


def _is_list_of_names(head: Sequence[TableRow], known: HeaderNames) -> bool:
    """Whether rows say something about the file, a name and a value in each, and are no table: 群聊 | 装修群."""
    filled = [[cell for cell in row.cells if cell not in ("", None)] for row in head]
    pairs = [cells for cells in filled if cells]
    names = [str(cells[0]) for cells in pairs]
    return (
        1 < len(names) == len(set(names))
        and all(len(cells) <= _PAIR for cells in pairs)
        and all(len(name) <= _NAME_LENGTH for name in names)
        and known.count(pairs[0]) == 1
    )


class _Chats:
    """Rows of a table with one chat, or the answer to one, in each."""

    def __init__(
        self,
        source: SourceFile,
        form: Form,
        columns: TableColumns,
        names: list[str],
        head: Sequence[TableRow],
        report: ReadingReport,
    ) -> None:
        self._source, self._form, self._names = source, form, names
        self._index_at = _index_column(source, names, columns.index)
        self._infos_at = names.index(INFOS) if INFOS in names else None
        self._labels_at = {key: names.index(key) for key in form.keys if key in names}
        answers = self._index_at is not None and (self._infos_at is not None or bool(self._labels_at))
        self._text_at = _text_column(source, names, columns.text, optional=answers)
        if self._text_at is not None and not columns.index:
            self._index_at = _without_codes(names, self._index_at, head, report)
        if self._text_at is not None and not columns.text:
            _require_texts(source, names, self._text_at, head)
        used = (("text", self._text_at), ("index", self._index_at), (INFOS, self._infos_at))
        report.columns = {part: names[at] for part, at in used if at is not None}
        read = {self._text_at, self._index_at, self._infos_at}
        if self._infos_at is None:
            read |= set(self._labels_at.values())
            missing = [key for key in form.keys if key not in names] if self._labels_at else []
            report.note(f"缺少 {{}} 个标注列，按空处理：{listed(missing)}", len(missing))
        self._twins = twins_of(names, read)
        read |= {place for places in self._twins.values() for place in places}
        self._notes = TableNotes(names, read, report)
        self._decoder = NotingDecoder()

    def read(self, rows: Iterator[TableRow], report: ReadingReport) -> Iterator[RawRow]:
        """The rows as objects; blank ones are left out, those of further customers put into the first one's."""
        one_form_a_row = self._infos_at is None and bool(self._labels_at)
        return joined_customers(self._rows(rows), report) if one_form_a_row else self._rows(rows)

    def _rows(self, rows: Iterator[TableRow]) -> Iterator[RawRow]:
        position = 0
        for row in rows:
            if row.is_blank:
                continue
            position += 1
            value, problem = None, row.problem or self._notes.look_at(row)
            if not problem:
                value, problem = self._value([*row.cells, *[""] * (len(self._names) - len(row.cells))])
            yield RawRow(position, None if problem else value, row.line, problem, self._decoder.take_notes())
        self._notes.finish()

    def _value(self, cells: list[Any]) -> tuple[dict[str, Any], str]:
        """The object that a row stands for, and what is wrong with it."""
        value: dict[str, Any] = {}
        problem = ""
        for first, places in self._twins.items():
            cells[first] = last_filled(cells, places)
        if self._text_at is not None:
            value["chat_text"] = _text_cell(cells[self._text_at])
        if self._index_at is not None:
            value["index"] = _number(cells[self._index_at])
        if self._infos_at is not None:
            written = _cell(cells[self._infos_at]) or "[]"
            try:
                value[INFOS] = self._decoder.decode(written)
            except (ValueError, RecursionError):
                value[INFOS] = written  # may be a list as Python shows it
                if not written.startswith(("[", "{")) or "'" not in written:
                    problem = "infos 列不是合法的 JSON"
        elif self._labels_at:
            at = self._labels_at
            value[INFOS] = [
                {key: self._label(key, _cell(cells[at[key]]) if key in at else "") for key in self._form.keys}
            ]
        is_excel = self._source.format is FileFormat.EXCEL
        if is_excel and any(len(cell) >= _EXCEL_CELL for cell in cells if isinstance(cell, str)):
            problem = "文字满了 Excel 单元格的上限（32,767 字），可能已被截断，请改用 JSON 或 CSV"
        return value, problem

    def _label(self, key: str, cell: str) -> str | list[str]:
        if not self._form.field(key).is_list:
            return cell
        return (list_items(cell) or [cell]) if cell else []


def _require_texts(source: SourceFile, names: list[str], at: int, head: Sequence[TableRow]) -> None:
    """Refuse a column of chats that holds nothing but numbers.

    Raises:
        ColumnError: it does.
    """
    cells = [_cell(row.cells[at]) for row in head if len(row.cells) > at]
    if len(filled := [cell for cell in cells if cell]) and all(cell.isdigit() for cell in filled):
        raise ColumnError(
            f"文件 {source.name} 的「{names[at][:20]}」列里都是数字，不是聊天文本",
            f"请指明聊天文本是哪一列；已有的列：{listed(names)}",
            tuple(name for name in names if name),
        )


def _without_codes(names: list[str], at: int | None, head: Sequence[TableRow], report: ReadingReport) -> int | None:
    """The column of numbers; ``None`` where it is empty, or holds more codes of other programs than numbers (noted)."""
    codes = [cell for row in head if at is not None and at < len(row.cells) and (cell := _cell(row.cells[at]))]
    if at is None or not head:
        return at
    other = [code for code in codes if not _NUMERIC.fullmatch(code)]
    if codes and 2 * len(other) <= len(codes):
        return at
    if codes:
        report.note(f"「{names[at][:20]}」列里不是数字（如 {other[0][:20]}），群聊按在文件里的位置编号，从 1 开始")
    return None


def _text_column(source: SourceFile, names: list[str], chosen: str, *, optional: bool) -> int | None:
    known = tuple(name for name in names if name)
    if chosen:
        return _chosen_column(source, names, chosen)
    lowered = [simplified(name.casefold()) for name in names]
    for name in TEXT_COLUMNS:
        if name in lowered:
            return lowered.index(name)
    if optional:
        return None
    raise ColumnError(
        f"文件 {source.name} 里找不到聊天文本列（如 chat_text、群聊）",
        f"请指明是哪一列；已有的列：{listed(known)}",
        known,
    )


def _index_column(source: SourceFile, names: list[str], chosen: str) -> int | None:
    if chosen == BY_POSITION:
        return None
    if chosen:
        return _chosen_column(source, names, chosen)
    lowered = [simplified(name.casefold()) for name in names]
    return next((lowered.index(name) for name in INDEX_COLUMNS if name in lowered), None)


def _chosen_column(source: SourceFile, names: list[str], chosen: str) -> int:
    if chosen in names:
        return names.index(chosen)
    known = tuple(name for name in names if name)
    raise ColumnError(f"文件 {source.name} 没有「{chosen}」列", f"已有的列：{listed(known)}", known)


def _cell(cell: Any) -> str:
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return "" if cell is None else str(cell).strip()


def _text_cell(cell: Any) -> Any:
    # Line ends belong to the file's format, not to the chat.
    return cell.replace("\r\n", "\n").replace("\r", "\n") if isinstance(cell, str) else cell


def _number(cell: Any) -> Any:
    text = _cell(cell)
    whole, _, zeros = text.partition(".")
    text = whole if zeros and not zeros.strip("0") else text  # pandas writes 1.0
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _INDEX_DIGITS else text
