"""Streams of raw rows out of an open file, one reader per format; a broken line costs its row, a broken file all.

Every reader yields :class:`RawRow` with the position from 1. Nothing is judged here beyond what the format itself
demands: that is :mod:`core.ingest.rows`.
"""

import codecs
import csv
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import ijson
from ijson.common import JSONError

from core.errors import InputError
from core.form import Form
from core.ingest.model import ColumnError, FileFormat
from core.ingest.source import Source

# A cell may hold a whole chat; the csv module refuses more than 131,072 characters otherwise.
csv.field_size_limit(1 << 30)

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
BY_POSITION = "-"
"""Stands for: no index column, rows are counted."""

_EXCEL_CELL = 32_767


class RawRow(NamedTuple):
    """One row as it was read.

    Attributes:
        position: from 1, blank lines not counted.
        value: what stands there; ``None`` if ``problem`` says why it could not be read.
        line: line in the file, from 1, for formats of lines.
        problem: one Chinese clause, or ``""``.
    """

    position: int
    value: Any
    line: int | None = None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Columns:
    """Which columns of a table mean what; ``""``: find it by its name."""

    text: str = ""
    index: str = ""


BY_NAME = Columns()


def read_rows(source: Source, form: Form, columns: Columns = BY_NAME) -> Iterator[RawRow]:
    """The rows of a file.

    Args:
        source: an open file.
        form: tells which columns of a table are labels.
        columns: for tables.

    Raises:
        InputError: the file as a whole cannot be read; names the place.
    """
    if source.format is FileFormat.JSON:
        return _json(source)
    if source.format is FileFormat.JSONL:
        return _json_lines(source)
    if source.format is FileFormat.TEXT:
        return _text(source)
    table = _csv_table(source) if source.format is FileFormat.CSV else _excel_table(source)
    return _table_rows(source, table, form, columns)


def header(source: Source) -> tuple[str, ...]:
    """The columns of a table; empty for other formats."""
    if source.format is FileFormat.CSV:
        table = _csv_table(source)
    elif source.format is FileFormat.EXCEL:
        table = _excel_table(source)
    else:
        return ()
    _, first = next(iter(table), (0, []))
    return tuple(_cell(cell) for cell in first)


def _json(source: Source) -> Iterator[RawRow]:
    # The parser turns half surrogate pairs (no text at all) into "?".
    stream = source.text()
    start = next((char for char in iter(lambda: stream.read(1), "") if not char.isspace()), "")
    stream.detach()
    source.file.seek(0)
    if start not in ("[", "{"):
        raise InputError(f"文件 {source.name} 不是 JSON", "请检查文件；聊天原文请存为 .txt 后导入")
    if start == "{":
        # Valid or not: what it lacks is the array around it, unless it is broken as well.
        _locate(source)
        raise InputError(f"文件 {source.name} 的最外层是对象，应为数组", '请存为 [{"chat_text": …, "infos": […]}, …]')
    position = 0
    try:
        for value in ijson.items(_utf8(source), "item", use_float=True):
            position += 1
            yield RawRow(position, value)
    except JSONError as error:
        _locate(source, error)
        raise InputError(
            f"文件 {source.name} 的第 {position + 1} 条不是合法的 JSON", "请用编辑器检查后重新导出"
        ) from error


def _utf8(source: Source) -> Any:
    source.file.seek(0)
    if source.encoding == "utf-8":
        return source.file
    return codecs.EncodedFile(source.file, "utf-8", source.encoding)


def _locate(source: Source, cause: Exception | None = None) -> None:
    """Say where a JSON file breaks. Only for files that are broken: it takes the whole file into memory."""
    stream = source.text()
    try:
        json.loads(stream.read())
    except json.JSONDecodeError as error:
        if error.pos >= len(error.doc.rstrip()):
            raise InputError(
                f"文件 {source.name} 在第 {error.lineno} 行中断，没有写完", "文件可能下载或复制不完整，请重新取得"
            ) from error
        raise InputError(
            f"文件 {source.name} 第 {error.lineno} 行第 {error.colno} 列不是合法的 JSON（{error.msg}）",
            "请改正这里后重试",
        ) from (cause or error)
    except RecursionError as error:
        raise InputError(f"文件 {source.name} 嵌套太深，不是群聊数据", "请检查文件") from error
    finally:
        stream.detach()


def _json_lines(source: Source) -> Iterator[RawRow]:
    # Only "\n" ends a line: others may stand inside strings.
    stream = source.text(newline="\n")
    position = 0
    try:
        for number, line in enumerate(stream, start=1):
            if not line.strip():
                continue
            position += 1
            try:
                yield RawRow(position, json.loads(line), number)
            except json.JSONDecodeError as error:
                yield RawRow(position, None, number, f"第 {error.colno} 列不是合法的 JSON（{error.msg}）")
            except (ValueError, RecursionError):  # a number of thousands of digits; nested thousands deep
                yield RawRow(position, None, number, "数字太长或嵌套太深，不是群聊数据")
    finally:
        stream.detach()


def _text(source: Source) -> Iterator[RawRow]:
    stream = source.text(newline=None)
    try:
        yield RawRow(1, {"chat_text": stream.read()})
    finally:
        stream.detach()


Table = Iterable[tuple[int, list[Any]]]


def _csv_table(source: Source) -> Table:
    stream = source.text()
    try:
        first = stream.readline()
        delimiter = max(",\t;", key=first.count)
        stream.seek(0)
        reader = csv.reader(stream, delimiter=delimiter)
        start = 1
        while True:
            try:
                row = next(reader, None)
            except csv.Error as error:
                raise InputError(
                    f"文件 {source.name} 第 {reader.line_num} 行不是合法的 CSV（{error}）",
                    "请用 Excel 另存为 CSV 后重试",
                ) from error
            if row is None:
                return
            yield start, row
            start = reader.line_num + 1
    finally:
        stream.detach()


def _excel_table(source: Source) -> Table:
    # Loaded late: only Excel files need it.
    from python_calamine import CalamineError, CalamineWorkbook, PasswordError

    source.file.seek(0)
    try:
        workbook = CalamineWorkbook.from_filelike(source.file)
        sheet = next((s for s in map(workbook.get_sheet_by_name, workbook.sheet_names) if s.height), None)
    except PasswordError as error:
        raise InputError(f"Excel 文件 {source.name} 有密码", "请去掉密码后重试") from error
    except (CalamineError, OSError) as error:
        raise InputError(f"文件 {source.name} 不是可读的 Excel 文件", "请用 Excel 另存为 .xlsx 后重试") from error
    if sheet is None:
        raise InputError(f"Excel 文件 {source.name} 里没有内容", "请检查工作表")
    yield from enumerate(sheet.iter_rows(), start=1)


def _table_rows(source: Source, table: Table, form: Form, columns: Columns) -> Iterator[RawRow]:
    rows = iter(table)
    names: list[str] = []
    for _, first in rows:
        names = [_cell(cell) for cell in first]
        if any(names):
            break
    text_at = _text_column(source, names, columns.text)
    index_at = _index_column(source, names, columns.index)
    infos_at = names.index("infos") if "infos" in names else None
    labels_at = {key: names.index(key) for key in form.keys if key in names}
    # A form with columns missing would score as empty there: all or none.
    complete = len(labels_at) == len(form.keys)
    position = 0
    for line, cells in rows:
        if not any(cell not in ("", None) for cell in cells):
            continue
        position += 1
        padded = [*cells, *[""] * (len(names) - len(cells))]
        value: dict[str, Any] = {"chat_text": _text_cell(padded[text_at])}
        problem = ""
        if index_at is not None:
            value["index"] = _number(padded[index_at])
        if infos_at is not None:
            try:
                value["infos"] = json.loads(_cell(padded[infos_at]) or "[]")
            except (ValueError, RecursionError):
                problem = "infos 列不是合法的 JSON"
        elif complete:
            value["infos"] = [
                {key: [cell] if form.field(key).is_list else cell}
                for key, cell in ((key, _cell(padded[at])) for key, at in labels_at.items())
            ]
        if source.format is FileFormat.EXCEL and len(value["chat_text"] or "") >= _EXCEL_CELL:
            problem = "文字满了 Excel 单元格的上限（32,767 字），可能已被截断，请改用 JSON 或 CSV"
        yield RawRow(position, None if problem else value, line, problem)


def _text_column(source: Source, names: list[str], wanted: str) -> int:
    known = tuple(name for name in names if name)
    if wanted:
        if wanted in names:
            return names.index(wanted)
        raise ColumnError(f"文件 {source.name} 没有「{wanted}」列", f"已有的列：{'、'.join(known)}", known)
    lowered = [name.casefold() for name in names]
    for name in TEXT_COLUMNS:
        if name in lowered:
            return lowered.index(name)
    raise ColumnError(
        f"文件 {source.name} 里找不到聊天文本列（如 chat_text、群聊）",
        f"请指明是哪一列；已有的列：{'、'.join(known[:12])}",
        known,
    )


def _index_column(source: Source, names: list[str], wanted: str) -> int | None:
    if wanted == BY_POSITION:
        return None
    if wanted:
        if wanted in names:
            return names.index(wanted)
        known = tuple(name for name in names if name)
        raise ColumnError(f"文件 {source.name} 没有「{wanted}」列", f"已有的列：{'、'.join(known)}", known)
    lowered = [name.casefold() for name in names]
    return next((lowered.index(name) for name in INDEX_COLUMNS if name in lowered), None)


def _cell(cell: Any) -> str:
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return "" if cell is None else str(cell).strip()


def _text_cell(cell: Any) -> Any:
    # Line ends belong to the file's format, not to the chat.
    return cell.replace("\r\n", "\n").replace("\r", "\n") if isinstance(cell, str) else cell


def _number(cell: Any) -> Any:
    text = _cell(cell)
    return int(text) if text.isascii() and text.isdigit() else text
