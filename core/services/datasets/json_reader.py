"""A JSON array of any size, element by element; what is broken is named with its line and column."""

import codecs
import json
from collections.abc import Iterator
from typing import Any

import ijson
from ijson.common import JSONError, ObjectBuilder

from core.errors import InputError
from core.services.datasets.import_types import RawRow
from core.services.datasets.source_file import SourceFile

_MAX_DEPTH = 50
_FAULTS = {
    "Expecting property name": "这里应是双引号里的字段名，或者上一项多了逗号",
    "Expecting value": "这里缺少一个值，或者值没有加双引号",
    "Expecting ',' delimiter": "这里应是逗号或结束的括号，也可能是前面的文字里有没转义的双引号",
    "Expecting ':' delimiter": "字段名后面应是英文冒号",
    "Illegal trailing comma": "括号前多了一个逗号",
    "Unterminated string": "从这里开始的文字没有用双引号结束",
    "Invalid control character": "文字里有没转义的换行或制表符",
    "Invalid \\": "反斜杠后面的写法不对",
    "Extra data": "数据到这里已经结束，后面还有多余的内容",
}
"""First words of the standard parser's message → the same in Chinese."""


def describe_json_error(error: json.JSONDecodeError) -> str:
    """What is wrong at the position of a JSON error, in Chinese."""
    return next((fault for words, fault in _FAULTS.items() if error.msg.startswith(words)), "写法不对")


def read_array(source: SourceFile) -> Iterator[RawRow]:
    """Read the elements of a JSON array, one by one.

    Raises:
        InputError: no array, or broken; names the place.
    """
    # The parser turns half surrogate pairs (no text at all) into "?".
    with source.text() as stream:
        start = next((char for char in iter(lambda: stream.read(1), "") if not char.isspace()), "")
    if start not in ("[", "{"):
        raise InputError(f"文件 {source.name} 不是 JSON", "请检查文件；聊天原文请存为 .txt 后导入")
    if start == "{":
        # Valid or not: what it lacks is the array around it, unless it is broken as well.
        _locate(source)
        raise InputError(f"文件 {source.name} 的最外层是对象，应为数组", '请存为 [{"chat_text": …, "infos": […]}, …]')
    position = 0
    try:
        for value in _items(source):
            position += 1
            yield RawRow(position, value)
    except JSONError as error:
        _locate(source, error)
        raise InputError(
            f"文件 {source.name} 的第 {position + 1} 条不是合法的 JSON", "请用编辑器检查后重新导出"
        ) from error


def _items(source: SourceFile) -> Iterator[Any]:
    """The elements of the outermost array.

    Not ``ijson.items``: it keeps the path of every event, so 100 KB of ``[`` would take gigabytes.
    """
    depth = 0
    builder = ObjectBuilder()
    for event, value in ijson.basic_parse(_utf8(source), use_float=True):
        if event in ("end_map", "end_array"):
            depth -= 1
            if depth == 0:
                continue
        elif event in ("start_map", "start_array"):
            depth += 1
            if depth == 1:
                continue
            if depth > _MAX_DEPTH:
                raise InputError(f"文件 {source.name} 嵌套太深，不是群聊数据", "请检查文件")
        builder.event(event, value)
        if depth == 1:
            yield builder.value
            builder = ObjectBuilder()


class _Utf8:
    """A file of another encoding, read as UTF-8 (``codecs.EncodedFile`` loses its place on an empty read)."""

    def __init__(self, source: SourceFile) -> None:
        self._file = source.file
        self._decoder = codecs.getincrementaldecoder(source.encoding)()

    def read(self, size: int) -> bytes:
        """Some bytes for at most ``size`` read; ``b""`` only at the end, or for size 0."""
        while size and (chunk := self._file.read(size)):
            if text := self._decoder.decode(chunk):
                return text.encode("utf-8")
        return b""


def _utf8(source: SourceFile) -> Any:
    source.file.seek(0)
    return source.file if source.encoding == "utf-8" else _Utf8(source)


def _locate(source: SourceFile, cause: Exception | None = None) -> None:
    """Say where a JSON file breaks. Only for files that are broken: it takes the whole file into memory."""
    try:
        with source.text() as stream:
            json.loads(stream.read())
    except json.JSONDecodeError as error:
        if error.pos >= len(error.doc.rstrip()):
            raise InputError(
                f"文件 {source.name} 在第 {error.lineno} 行中断，没有写完", "文件可能下载或复制不完整，请重新取得"
            ) from error
        raise InputError(
            f"文件 {source.name} 第 {error.lineno} 行第 {error.colno} 列不是合法的 JSON：{describe_json_error(error)}",
            "请改正这里后重试",
        ) from (cause or error)
    except RecursionError as error:
        raise InputError(f"文件 {source.name} 嵌套太深，不是群聊数据", "请检查文件") from error
