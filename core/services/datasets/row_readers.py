"""Readers of raw rows, one per format; a broken line is one rejected row, a broken file an error.

Every reader yields :class:`RawRow` with the position from 1. Nothing is judged here beyond what the format itself
demands: that is :mod:`core.services.datasets.row_validation`.
"""

import json
from collections.abc import Iterator
from typing import TextIO

from core.domain.chat.chat_parts import split_chats
from core.domain.form import Form
from core.domain.form.raw_values import clean_keys
from core.domain.json_text import describe_json_error
from core.services.datasets.import_types import BY_NAME, FileFormat, RawRow, TableColumns
from core.services.datasets.json_reader import read_values
from core.services.datasets.json_shapes import shaped_rows, with_text_key
from core.services.datasets.json_values import NotingDecoder
from core.services.datasets.message_rows import join_messages
from core.services.datasets.reading_limits import MAX_ROW_CHARACTERS
from core.services.datasets.reading_report import ReadingReport
from core.services.datasets.row_validation import MAX_CHAT_BYTES, ROW_KEYS, TOO_LONG
from core.services.datasets.source_file import SourceFile
from core.services.datasets.table_reader import read_table
from core.services.datasets.zip_reader import read_zip

# UTF-32 takes four bytes for a character that UTF-8 has in one; smaller files are counted exactly, as rows are.
_MAX_TEXT_BYTES = 2 * MAX_CHAT_BYTES


_COMMA = "行末多了一个逗号，已去掉"


def read_rows(
    source: SourceFile, form: Form, columns: TableColumns = BY_NAME, report: ReadingReport | None = None
) -> Iterator[RawRow]:
    """Read the rows of a file.

    Args:
        source: an open file.
        form: tells which columns of a table are labels.
        columns: for tables, and for objects that are messages.
        report: gets what was read as messages, and what a person should know.

    Raises:
        InputError: the file as a whole cannot be read; names the place.
    """
    if source.format is FileFormat.ZIP:
        return read_zip(
            source, lambda member, inner: read_rows(member, form, columns, inner), report or ReadingReport()
        )
    if source.format in (FileFormat.JSON, FileFormat.JSONL):
        report = report or ReadingReport()
        read = read_values(source, report) if source.format is FileFormat.JSON else _json_lines(source)
        shaped = shaped_rows(_with_plain_keys(read), source, form, columns, report)
        return with_text_key(join_messages(shaped, columns, report), columns, report)
    if source.format is FileFormat.TEXT:
        return _text(source, report or ReadingReport())
    return read_table(source, form, columns, report)


def _with_plain_keys(rows: Iterator[RawRow]) -> Iterator[RawRow]:
    """The rows; names of fields that are read lose what nobody sees in them."""
    for row in rows:
        if isinstance(row.value, dict) and not row.value.keys() <= ROW_KEYS:
            row = row._replace(value=dict(clean_keys(row.value, ROW_KEYS)[0]))
        yield row


def _json_lines(source: SourceFile) -> Iterator[RawRow]:
    # Only "\n" ends a line: others may stand inside strings.
    decoder = NotingDecoder()
    position = number = 0
    with source.text(newline="\n") as stream:
        while line := stream.readline(MAX_ROW_CHARACTERS):
            number += 1
            line = line.lstrip("\ufeff").replace("\0", "\\u0000")  # files joined end to end keep their marks
            if not line.strip():
                continue
            position += 1
            if len(line) == MAX_ROW_CHARACTERS and not line.endswith("\n"):
                _skip_line(stream)
                yield RawRow(position, None, number, f"超过 {MAX_ROW_CHARACTERS:,} 字的上限，不是一条群聊")
                continue
            try:
                yield RawRow(position, decoder.decode(line), number, notes=decoder.take_notes(), outermost=True)
            except json.JSONDecodeError as error:
                if error.msg.startswith("Extra data") and line[error.pos :].strip() == ",":
                    notes = decoder.take_notes()
                    yield RawRow(position, decoder.decode(line[: error.pos]), number, notes=(*notes, _COMMA))
                    continue
                yield RawRow(
                    position, None, number, f"第 {error.colno} 列不是合法的 JSON：{describe_json_error(error.msg)}"
                )
            except (ValueError, RecursionError):  # a number of thousands of digits; nested thousands deep
                yield RawRow(position, None, number, "数字太长或嵌套太深，不是群聊数据")


def _skip_line(stream: TextIO) -> None:
    while (rest := stream.readline(1 << 20)) and not rest.endswith("\n"):
        pass


def _text(source: SourceFile, report: ReadingReport) -> Iterator[RawRow]:
    if source.size > _MAX_TEXT_BYTES:
        yield RawRow(1, None, None, f"文字有 {source.size / 1e6:,.0f} MB，{TOO_LONG}")
        return
    with source.text(newline=None) as stream:
        text = stream.read()
    if (size := len(text.encode("utf-8", "replace"))) >= MAX_CHAT_BYTES:
        yield RawRow(1, None, None, f"文字有 {size / 1e6:.1f} MB，{TOO_LONG}")
        return
    chats = split_chats(text)
    if len(chats) > 1:
        report.note(f"文字里有 {len(chats):,} 个「消息对象」，已拆成 {len(chats):,} 条群聊")
    for position, chat in enumerate(chats, start=1):
        yield RawRow(position, {"chat_text": chat})
