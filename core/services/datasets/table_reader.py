"""Reader of tables (CSV and Excel): finds the columns of chat, index and labels; one row per chat."""

import csv
from collections.abc import Iterable, Iterator
from itertools import chain, islice
from typing import Any

from core.domain.form import Form
from core.errors import InputError
from core.services.datasets.import_types import BY_POSITION, ColumnError, FileFormat, RawRow, TableColumns
from core.services.datasets.json_values import NotingDecoder
from core.services.datasets.message_rows import PEEK, find_table_columns, table_chats
from core.services.datasets.reading_limits import MAX_CELLS, MAX_COLUMN_NAME, MAX_COLUMNS, MAX_FIELD_CHARACTERS
from core.services.datasets.reading_report import ReadingReport
from core.services.datasets.sheet_reader import read_sheet
from core.services.datasets.source_file import SourceFile

# A cell may hold a whole chat; the csv module refuses more than 131,072 characters otherwise.
csv.field_size_limit(MAX_FIELD_CHARACTERS)

TEXT_COLUMNS = (
    "chat_text",
    "text",
    "chat",
    "content",
    "conversation",
    "群聊",
    "群聊内容",
    "群聊文本",
    "群聊记录",
    "聊天记录",
    "聊天内容",
    "对话",
    "对话内容",
    "内容",
    "文本",
)
INDEX_COLUMNS = ("index", "序号", "编号")
_EXCEL_CELL = 32_767
_FIRST_LINE_CHARACTERS = 1 << 20
_NAMES_SHOWN = 12
_INDEX_DIGITS = 20

Table = Iterable[tuple[int, list[Any]]]


def read_table(
    source: SourceFile, form: Form, columns: TableColumns, report: ReadingReport | None = None
) -> Iterator[RawRow]:
    """Read the rows below the header, each as the object that it would be in JSON.

    Args:
        source: an open CSV or Excel file.
        form: tells which columns are labels; they count only if all are there.
        columns: which columns to use.
        report: gets what is read as messages.

    Raises:
        ColumnError: a column that is needed is not there.
        InputError: the file cannot be read.
    """
    return _table_rows(source, _table(source), form, columns, report or ReadingReport())


def table_header(source: SourceFile) -> tuple[str, ...]:
    """The column names of a table; empty for other formats."""
    if source.format not in (FileFormat.CSV, FileFormat.EXCEL):
        return ()
    _, first = next(iter(_table(source)), (0, []))
    return tuple(_column_name(cell) for cell in first)


def _table(source: SourceFile) -> Iterator[tuple[int, list[Any]]]:
    """The rows of a table with their line, up to the limits of what a table may hold."""
    cells = 0
    for line, row in _csv_table(source) if source.format is FileFormat.CSV else read_sheet(source):
        cells += len(row)
        if len(row) > MAX_COLUMNS:
            raise InputError(
                f"文件 {source.name} 第 {line} 行有 {len(row):,} 列，超过 {MAX_COLUMNS:,} 列的上限",
                "请只留下聊天文本、编号和标注的列后重试",
            )
        if cells > MAX_CELLS:
            raise InputError(
                f"文件 {source.name} 超过 {MAX_CELLS:,} 格的上限", "请删去多余的列，或拆成几个文件后分别导入"
            )
        yield line, row


def _csv_table(source: SourceFile) -> Table:
    with source.text() as stream:
        first = stream.readline(_FIRST_LINE_CHARACTERS)
        delimiter = max(",\t;", key=first.count)
        stream.seek(0)
        reader = csv.reader(stream, delimiter=delimiter)
        start = 1
        while True:
            try:
                row = next(reader, None)
            except csv.Error as error:
                if "field limit" in str(error):
                    raise InputError(
                        f"文件 {source.name} 从第 {start} 行起有一格超过 {MAX_FIELD_CHARACTERS:,} 字的上限",
                        "可能少了一个双引号，请用 Excel 另存为 CSV 后重试",
                    ) from error
                raise InputError(
                    f"文件 {source.name} 第 {reader.line_num} 行不是合法的 CSV（{error}）",
                    "请用 Excel 另存为 CSV 后重试",
                ) from error
            if row is None:
                return
            yield start, row
            start = reader.line_num + 1


def _table_rows(
    source: SourceFile, table: Table, form: Form, columns: TableColumns, report: ReadingReport
) -> Iterator[RawRow]:
    rows = iter(table)
    names: list[str] = []
    for _, first in rows:
        names = [_column_name(cell) for cell in first]
        if any(names):
            break
    head = list(islice(rows, PEEK))
    rows = chain(head, rows)
    if found := find_table_columns(names, head, columns, report):
        yield from table_chats(names, rows, found, columns, report)
        return
    text_at = _text_column(source, names, columns.text)
    index_at = _index_column(source, names, columns.index)
    report.columns = {"text": names[text_at]} | ({"index": names[index_at]} if index_at is not None else {})
    infos_at = names.index("infos") if "infos" in names else None
    labels_at = {key: names.index(key) for key in form.keys if key in names}
    # A form with columns missing would score as empty there: all or none.
    complete = len(labels_at) == len(form.keys)
    decoder = NotingDecoder()
    position = 0
    for line, row in rows:
        if not any(cell not in ("", None) for cell in row):
            continue
        position += 1
        padded = [*row, *[""] * (len(names) - len(row))]
        value: dict[str, Any] = {"chat_text": _text_cell(padded[text_at])}
        problem = ""
        if index_at is not None:
            value["index"] = _number(padded[index_at])
        if infos_at is not None:
            try:
                value["infos"] = decoder.decode(_cell(padded[infos_at]) or "[]")
            except (ValueError, RecursionError):
                problem = "infos 列不是合法的 JSON"
        elif complete:
            cells = {key: _cell(padded[at]) for key, at in labels_at.items()}
            value["infos"] = [{key: [cell] if form.field(key).is_list else cell for key, cell in cells.items()}]
        if source.format is FileFormat.EXCEL and len(_cell(padded[text_at])) >= _EXCEL_CELL:
            problem = "文字满了 Excel 单元格的上限（32,767 字），可能已被截断，请改用 JSON 或 CSV"
        yield RawRow(position, None if problem else value, line, problem, decoder.take_notes())


def _text_column(source: SourceFile, names: list[str], chosen: str) -> int:
    columns = tuple(name for name in names if name)
    if chosen:
        if chosen in names:
            return names.index(chosen)
        raise ColumnError(f"文件 {source.name} 没有「{chosen}」列", f"已有的列：{_listed(columns)}", columns)
    lowered = [name.casefold() for name in names]
    for name in TEXT_COLUMNS:
        if name in lowered:
            return lowered.index(name)
    raise ColumnError(
        f"文件 {source.name} 里找不到聊天文本列（如 chat_text、群聊）",
        f"请指明是哪一列；已有的列：{_listed(columns)}",
        columns,
    )


def _index_column(source: SourceFile, names: list[str], chosen: str) -> int | None:
    if chosen == BY_POSITION:
        return None
    if chosen:
        if chosen in names:
            return names.index(chosen)
        columns = tuple(name for name in names if name)
        raise ColumnError(f"文件 {source.name} 没有「{chosen}」列", f"已有的列：{_listed(columns)}", columns)
    lowered = [name.casefold() for name in names]
    return next((lowered.index(name) for name in INDEX_COLUMNS if name in lowered), None)


def _column_name(cell: Any) -> str:
    return _cell(cell)[:MAX_COLUMN_NAME]


def _listed(names: tuple[str, ...]) -> str:
    return "、".join(name[:20] for name in names[:_NAMES_SHOWN]) + ("……" if len(names) > _NAMES_SHOWN else "")


def _cell(cell: Any) -> str:
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return "" if cell is None else str(cell).strip()


def _text_cell(cell: Any) -> Any:
    # Line ends belong to the file's format, not to the chat.
    return cell.replace("\r\n", "\n").replace("\r", "\n") if isinstance(cell, str) else cell


def _number(cell: Any) -> Any:
    text = _cell(cell)
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _INDEX_DIGITS else text
