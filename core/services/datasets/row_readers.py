"""Readers of raw rows, one per format; a broken line is one rejected row, a broken file an error.

Every reader yields :class:`RawRow` with the position from 1. Nothing is judged here beyond what the format itself
demands: that is :mod:`core.services.datasets.row_validation`.
"""

import json
from collections.abc import Iterator

from core.domain.form import Form
from core.services.datasets.import_types import BY_NAME, FileFormat, RawRow, TableColumns
from core.services.datasets.json_reader import describe_json_error, read_array
from core.services.datasets.source_file import SourceFile
from core.services.datasets.table_reader import read_table


def read_rows(source: SourceFile, form: Form, columns: TableColumns = BY_NAME) -> Iterator[RawRow]:
    """Read the rows of a file.

    Args:
        source: an open file.
        form: tells which columns of a table are labels.
        columns: for tables.

    Raises:
        InputError: the file as a whole cannot be read; names the place.
    """
    if source.format is FileFormat.JSON:
        return read_array(source)
    if source.format is FileFormat.JSONL:
        return _json_lines(source)
    if source.format is FileFormat.TEXT:
        return _text(source)
    return read_table(source, form, columns)


def _json_lines(source: SourceFile) -> Iterator[RawRow]:
    # Only "\n" ends a line: others may stand inside strings.
    position = 0
    with source.text(newline="\n") as stream:
        for number, line in enumerate(stream, start=1):
            if not line.strip():
                continue
            position += 1
            try:
                yield RawRow(position, json.loads(line), number)
            except json.JSONDecodeError as error:
                yield RawRow(
                    position, None, number, f"第 {error.colno} 列不是合法的 JSON：{describe_json_error(error)}"
                )
            except (ValueError, RecursionError):  # a number of thousands of digits; nested thousands deep
                yield RawRow(position, None, number, "数字太长或嵌套太深，不是群聊数据")


def _text(source: SourceFile) -> Iterator[RawRow]:
    with source.text(newline=None) as stream:
        yield RawRow(1, {"chat_text": stream.read()})
