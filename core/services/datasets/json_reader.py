"""Streaming reader of JSON arrays of any size; errors are named with line and column.

The standard library's decoder reads one element after the other out of a window that is filled from the file. ijson
scanned a string anew with every buffer that it went on in: 8 MB took seconds, and 50 MB a minute. Here an element
that the window cuts is read again when twice as much is there, so the time stays linear in the size of the file.
"""

import json
import re
from codecs import getincrementaldecoder
from collections.abc import Iterator
from typing import Any

from core.domain.json_text import describe_json_error
from core.errors import InputError
from core.services.datasets.import_types import RawRow
from core.services.datasets.json_shapes import no_list
from core.services.datasets.json_values import NotingDecoder
from core.services.datasets.reading_limits import MAX_ROW_CHARACTERS
from core.services.datasets.reading_report import ReadingReport
from core.services.datasets.source_file import SourceFile

_CHUNK_BYTES = 1 << 17
_LONGEST_TOKEN = 64
_SPACE = re.compile(r"[ \t\r\n]*")


def read_values(source: SourceFile, report: ReadingReport) -> Iterator[RawRow]:
    """Read the elements of a JSON array, one by one; arrays and objects that follow one another are read on.

    Args:
        source: an open file.
        report: gets how many values stood one behind the other.

    Raises:
        InputError: neither array nor object, broken, nested too deeply, or with an element that is too long; names
            the place.
    """
    window = _Window(source)
    position = parts = 0
    while start := window.next_character():
        if start not in "[{":
            if parts:
                raise window.fault("Extra data")
            raise InputError(f"文件 {source.name} 不是 JSON", "请检查文件；聊天原文请存为 .txt 后导入")
        parts += 1
        for value in _elements(window) if start == "[" else _outermost(window):
            position += 1
            yield RawRow(position, value, notes=window.decoder.take_notes(), outermost=start == "{")
        if window.next_character() == ",":
            window.skip(1)  # objects without the array around them
    report.note("文件里有 {} 个数组或对象前后相接，依次都读了", parts if parts > 1 else 0)


def _elements(window: "_Window") -> Iterator[Any]:
    """The elements of the array that begins at the next character."""
    window.skip(1)
    separator = "]" if window.next_character() == "]" else ","
    while separator == ",":
        yield window.read_value()
        separator = window.next_character()
        if separator not in (",", "]"):
            raise window.fault("Expecting ',' delimiter")
        if separator == ",":
            window.skip(1)
    window.skip(1)


def _outermost(window: "_Window") -> Iterator[Any]:
    """The object that begins at the next character.

    Raises:
        InputError: it is broken, or so long that it is no chat: what it lacks is the array around its parts.
    """
    try:
        yield window.read_value()
    except _TooLongError as error:
        raise no_list(window.name) from error


class _TooLongError(InputError):
    """An element longer than the window may become."""


class _Window:
    """A part of a JSON text, filled from its file as far as one value needs.

    Bytes are decoded here, many at a time: a text stream decodes 8 KB after 8 KB and looks at every line end, which
    takes twice as long.

    Attributes:
        name: of the file, for messages.
        decoder: what it reads values with.
    """

    def __init__(self, source: SourceFile) -> None:
        self.name = source.name
        self._file = source.file
        self._file.seek(0)
        self._characters = getincrementaldecoder(source.encoding)()
        self.decoder = NotingDecoder()
        self._text = ""
        self._at = 0
        self._ended = False
        # Of what was dropped before the window: its line ends, and characters after the last one.
        self._lines = 0
        self._column = 0

    def next_character(self) -> str:
        """The next character that is not white space (white space is skipped); ``""`` at the end."""
        while True:
            match = _SPACE.match(self._text, self._at)
            self._at = match.end() if match else self._at
            if self._at < len(self._text):
                return self._text[self._at]
            if self._ended:
                return ""
            self._fill()

    def skip(self, characters: int) -> None:
        """Skip so many characters."""
        self._at += characters

    def read_value(self) -> Any:
        """Read the value that begins at the next character.

        Raises:
            InputError: broken, nested too deeply or too long.
        """
        self.next_character()
        while True:
            try:
                value, end = self.decoder.raw_decode(self._text, self._at)
            except json.JSONDecodeError as error:
                if self._ended or not self._may_be_cut(error):
                    raise self.fault(error.msg, error.pos) from error
            except RecursionError as error:
                raise InputError(f"文件 {self.name} 嵌套太深，不是群聊数据", "请检查文件") from error
            else:
                # A number at the window's end may go on.
                if self._ended or isinstance(value, (dict, list, str)) or end + _LONGEST_TOKEN < len(self._text):
                    self._at = end
                    return value
            self._fill()

    def fault(self, message: str, position: int | None = None) -> InputError:
        """Describe the error at a position of the window (``None``: the next character), with line and column."""
        position = self._at if position is None else position
        before = self._text[:position]
        line = self._lines + before.count("\n") + 1
        if self._ended and position >= len(self._text.rstrip()):
            return InputError(f"文件 {self.name} 在第 {line} 行中断，没有写完", "文件可能下载或复制不完整，请重新取得")
        column = position - before.rfind("\n") if "\n" in before else self._column + position + 1
        return InputError(
            f"文件 {self.name} 第 {line} 行第 {column} 列不是合法的 JSON：{describe_json_error(message)}",
            "请改正这里后重试",
        )

    def _may_be_cut(self, error: json.JSONDecodeError) -> bool:
        """Whether an error may come from the window's end rather than from the text."""
        return error.msg.startswith("Unterminated string") or error.pos + _LONGEST_TOKEN > len(self._text)

    def _fill(self) -> None:
        """Drop what was read, and take in as much as there is left, so that values of any length cost linear time."""
        rest = self._text[self._at :]
        if len(rest) > MAX_ROW_CHARACTERS:
            line = self._lines + self._text.count("\n", 0, self._at) + 1
            raise _TooLongError(
                f"文件 {self.name} 第 {line} 行开始的一条超过 {MAX_ROW_CHARACTERS:,} 字的上限，不是一条群聊",
                "请删去或拆开这一条后重试（也可能少了一个引号或括号）",
            )
        last_end = self._text.rfind("\n", 0, self._at)
        self._lines += self._text.count("\n", 0, self._at)
        self._column = self._at - last_end - 1 if last_end >= 0 else self._column + self._at
        data = self._file.read(max(_CHUNK_BYTES, len(rest)))
        more = self._characters.decode(data, final=not data)
        # A bare NUL, which programs leave behind, reads as an escaped one: that is taken out and named.
        self._text, self._at, self._ended = rest + more.replace("\0", "\\u0000"), 0, not data
