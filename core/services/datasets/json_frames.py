"""Tables that programs write as JSON otherwise than row by row: pandas in each of its orients, exports of databases.

Each gives the rows that the table had. A number that a program has for a row, from 0, is no index of a chat.
"""

from collections.abc import Iterator, Sequence
from itertools import chain, islice
from typing import Any

from core.errors import InputError
from core.services.datasets.import_types import FileFormat, RawRow, TableColumns
from core.services.datasets.json_values import is_whole
from core.services.datasets.message_rows import PEEK, find_columns
from core.services.datasets.message_times import time_of
from core.services.datasets.reading_report import ReadingReport
from core.services.datasets.simplified import simplified
from core.services.datasets.source_file import SourceFile
from core.services.datasets.table_header import TEXT_COLUMNS

_CHAT_KEYS = frozenset(("chat_text", "infos"))
_FRAME_KEYS = frozenset(("columns", "index", "data", "index_names", "column_names"))
_HIT = "_source"
"""Where Elasticsearch keeps a document."""
_DEEPEST = 6
_DATABASE_TYPES = frozenset("$oid $date $numberLong $numberInt $numberDouble $numberDecimal $uuid".split())
"""MongoDB writes ``{"$date": …}`` for a value."""


def framed_rows(
    rows: Iterator[RawRow], source: SourceFile, columns: TableColumns, report: ReadingReport
) -> Iterator[RawRow]:
    """The rows of a JSON file; where it holds a table by columns, by number or with its names apart, the table's.

    Args:
        rows: as read.
        source: of the rows.
        columns: that were pointed at.
        report: gets what was put together anew.

    Raises:
        InputError: rows of cells without the names of their columns.
    """
    head = list(islice(rows, PEEK))
    stream: Iterator[RawRow] = chain(head, rows)
    values = [row.value for row in head if not row.problem]
    if len(head) == 1 and head[0].outermost and isinstance(head[0].value, dict):
        table = _table_in(head[0].value, columns, report)
        if table is not None:
            stream = (head[0]._replace(position=number, value=row) for number, row in enumerate(table, start=1))
    elif values and all(isinstance(value, list) for value in values):
        stream = _with_names(stream, values, source, columns, report)
    return _plain_rows(stream, report)


def _table_in(value: dict[str, Any], columns: TableColumns, report: ReadingReport) -> list[Any] | None:
    """The rows of a table in the only object of a file; ``None`` where there is none."""
    names, cells = value.get("columns"), value.get("data")
    if isinstance(names, list) and _are_names(names) and isinstance(cells, list) and value.keys() <= _FRAME_KEYS:
        if all(isinstance(row, list) and len(row) == len(names) for row in cells):
            report.note("文件是列名和值分开写的表（pandas 的 split），已还原成 {} 行", len(cells))
            return [dict(zip(names, row, strict=True)) for row in cells]
    schema = value.get("schema")
    if isinstance(schema, dict) and "pandas_version" in schema and isinstance(cells, list):
        key = schema.get("primaryKey")
        dropped = {str(name) for name in key} if isinstance(key, list) else set()
        report.note("文件是 pandas 的 table，读的是里面的 {} 行；行号不当作编号", len(cells))
        return [{name: one for name, one in row.items() if name not in dropped} for row in cells if type(row) is dict]
    hits = value.get("hits")
    if isinstance(hits, dict) and isinstance(hits.get("hits"), list):
        return list(hits["hits"])
    return _by_column(value, columns, report) or _by_number(value, columns, report)


def _by_column(value: dict[str, Any], columns: TableColumns, report: ReadingReport) -> list[Any] | None:
    """Rows of a table with an object, or a list of one length, for each column."""
    kept = list(value.values())
    if len(kept) < 1 or not kept[0]:
        return None
    if all(isinstance(one, dict) for one in kept):
        numbers = list(kept[0])
        if not all(map(is_whole, numbers)) or any(list(one) != numbers for one in kept):
            return None
        rows = [{name: one[number] for name, one in value.items()} for number in numbers]
    elif all(isinstance(one, list) for one in kept) and len(kept) > 1:
        if len({len(one) for one in kept}) > 1:
            return None
        rows = [dict(zip(value, row, strict=True)) for row in zip(*kept, strict=True)]
    else:
        return None
    if not _are_known(rows, columns):
        return None
    report.note("文件是按列存的表（pandas 的 columns），已还原成 {} 行", len(rows))
    return rows


def _by_number(value: dict[str, Any], columns: TableColumns, report: ReadingReport) -> list[Any] | None:
    """Rows of a table by their number from 0, or messages by any number; forms and chats from 1 keep theirs."""
    rows = list(value.values())
    if not rows or not all(map(is_whole, value)) or not all(isinstance(row, dict) and row for row in rows):
        return None
    if any(row.keys() != rows[0].keys() for row in rows) or not _are_known(rows, columns):
        return None
    if "chat_text" in rows[0] and [str(key) for key in value] != [str(number) for number in range(len(rows))]:
        return None
    report.note("文件是按行号存的表（pandas 的 index），读的是里面的 {} 行；行号不当作编号", len(rows))
    return rows


def _are_known(rows: Sequence[dict[str, Any]], columns: TableColumns) -> bool:
    """Whether rows are chats with a text, or messages."""
    names = {simplified(str(name).casefold()) for name in rows[0]}
    if "chat_text" in names or columns.text in rows[0]:
        return True
    if names & _CHAT_KEYS:
        return False
    texts = bool(names & set(TEXT_COLUMNS)) and all(isinstance(one, str) for row in rows[:PEEK] for one in row.values())
    return texts or find_columns(rows[:PEEK], columns) is not None


def _are_names(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(one, str) for one in value)


def _with_names(
    rows: Iterator[RawRow],
    sample: Sequence[list[Any]],
    source: SourceFile,
    columns: TableColumns,
    report: ReadingReport,
) -> Iterator[RawRow]:
    """Rows of cells below a row of names; a list of chats, each a list, stays as it is.

    Raises:
        InputError: cells, among them a time in each row, without names.
    """
    names, width = sample[0], len(sample[0])
    if not width or any(len(row) != width for row in sample):
        return rows
    cells = all(one is None or isinstance(one, str | int | float) for row in sample for one in row)
    if not cells:
        return rows
    if _are_names(names) and len(set(names)) == width and len(sample) > 1:
        below = [dict(zip(names, row, strict=True)) for row in sample[1:]]
        if _are_known(below, columns):
            report.note("文件的每行是一列值，第一行是列名")
            return _below(rows, names)
    timed = width > 1 and any(
        all(isinstance(row[at], str) and time_of(row[at]) for row in sample) for at in range(width)
    )
    if timed and len(sample) > 1 and source.format is FileFormat.JSON:
        raise InputError(
            f"文件 {source.name} 的每行是一列值，没有列名，认不出哪一列是发送人、哪一列是内容",
            '请带着列名再导出（pandas 用 orient="records"），或在最前面加一行列名',
        )
    return rows


def _below(rows: Iterator[RawRow], names: Sequence[str]) -> Iterator[RawRow]:
    """The rows below the first one, by its names."""
    next(rows, None)
    for position, row in enumerate(rows, start=1):
        if isinstance(row.value, list) and len(row.value) == len(names):
            yield row._replace(position=position, value=dict(zip(names, row.value, strict=True)))
        elif row.problem:
            yield row._replace(position=position)
        else:
            yield row._replace(position=position, value=None, problem=f"和列名对不上（列名有 {len(names):,} 个）")


def _plain_rows(rows: Iterator[RawRow], report: ReadingReport) -> Iterator[RawRow]:
    """The rows as a database's export has them: documents out of their hits, values out of their types."""
    head = list(islice(rows, PEEK))
    values = [row.value for row in head if not row.problem]
    hits = bool(values) and all(isinstance(one, dict) and isinstance(one.get(_HIT), dict) for one in values)
    typed = any(_has_types(value) for value in values)
    count = 0
    for row in chain(head, rows):
        count += 1
        if hits and isinstance(row.value, dict) and isinstance(row.value.get(_HIT), dict):
            row = row._replace(value=row.value[_HIT])
        yield row._replace(value=_untyped(row.value)) if typed else row
    report.note("文件是 Elasticsearch 导出的，读的是 {} 条里的 _source", count * hits)


def _has_types(value: Any, depth: int = 0) -> bool:
    if isinstance(value, dict):
        return (len(value) == 1 and not value.keys() - _DATABASE_TYPES) or (
            depth < _DEEPEST and any(_has_types(one, depth + 1) for one in value.values())
        )
    return isinstance(value, list) and depth < _DEEPEST and any(_has_types(one, depth + 1) for one in value[:PEEK])


def _untyped(value: Any, depth: int = 0) -> Any:
    if depth > _DEEPEST:
        return value
    if isinstance(value, list):
        return [_untyped(one, depth + 1) for one in value]
    if not isinstance(value, dict):
        return value
    if len(value) == 1 and not value.keys() - _DATABASE_TYPES:
        return _untyped(next(iter(value.values())), depth + 1)
    return {key: _untyped(one, depth + 1) for key, one in value.items()}
