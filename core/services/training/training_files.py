"""Rows of training files as they lie on the disk, with the line that each begins on: JSONL, a JSON array, or CSV.

What cannot be read is a :class:`BadLine` in the place of its row, and reading goes on behind it.
"""

import csv
import io
import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.domain.json_text import describe_json_error
from core.errors import InputError
from core.system_errors import system_reason

ENDINGS = ("jsonl", "json", "csv")
_NO_ROWS = ("dataset_info.json", "manifest.json", "dataset_infos.json")
_BOM = b"\xef\xbb\xbf"
_VISIBLE = re.compile(r"\S")


@dataclass(frozen=True, slots=True)
class BadLine:
    """Why a line, or what begins there, is no row; a Chinese clause."""

    reason: str


Line = tuple[int, "dict[str, Any] | list[Any] | BadLine"]
"""Number of the line (from 1) and the row that begins there."""


def files_of(place: Path) -> list[Path]:
    """The training files that a path means: the file itself, or those in a folder, sorted by name.

    Raises:
        InputError: there is nothing there, or a folder without such files.
    """
    try:
        if place.is_file():
            return [place]
        if not place.is_dir():
            if place.exists():  # a device, a pipe, a socket
                raise InputError(f"{place.name[:100]} 不是文件，也不是文件夹", "请写训练文件或它所在的文件夹")
            raise InputError(f"找不到 {place.name[:100]}", "请检查路径")
    except (OSError, ValueError) as error:  # too long for a name, or a NUL in it
        raise InputError(f"「{place.name[:100]}」不能是路径", "请检查路径") from error
    try:
        paths = sorted(path for path in place.iterdir() if _may_be_one(path))
    except OSError as error:
        raise InputError(f"读不了 {place.name}（{system_reason(error)}）", "请检查文件夹的权限") from error
    if not (with_rows := [path for path in paths if path.name not in _NO_ROWS]):
        raise InputError(f"{place.name} 里没有训练文件", f"要有 {'、'.join(ENDINGS)} 文件")
    return with_rows


def _may_be_one(path: Path) -> bool:
    """Whether something in a folder has the ending of a training file and is no folder, device or pipe.

    A link that leads nowhere stays, so that it is named instead of passed over.
    """
    return path.suffix.lower().lstrip(".") in ENDINGS and (path.is_file() or not path.exists())


def has_byte_order_mark(path: Path) -> bool:
    """Whether a file begins with the three bytes that some editors put before UTF-8.

    Raises:
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        return file.read(len(_BOM)) == _BOM


def lines_of(path: Path) -> Iterator[Line]:
    """The rows of a file in order; a byte order mark is passed over.

    Raises:
        InputError: its ending is none of :data:`ENDINGS`.
        OSError: it cannot be read.
    """
    ending = path.suffix.lower().lstrip(".")
    if ending not in ENDINGS:
        raise InputError(f"{path.name} 不是训练文件", f"可以是 {'、'.join(ENDINGS)}")
    match ending:
        case "jsonl":
            yield from _lines_of_jsonl(path)
        case "json":
            yield from _lines_of_array(path)
        case _:
            yield from _lines_of_csv(path)


def _lines_of_jsonl(path: Path) -> Iterator[Line]:
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            data = line.removeprefix(_BOM) if number == 1 else line
            if not data.strip():
                yield number, BadLine("是空行")
                continue
            try:
                yield number, _row(data.decode("utf-8"))
            except UnicodeDecodeError as error:
                yield number, BadLine(f"不是 UTF-8 编码（第 {error.start + 1} 个字节）")


def _row(text: str) -> dict[str, Any] | list[Any] | BadLine:
    try:
        value = json.loads(text, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        return BadLine(f"第 {error.colno} 列不是合法的 JSON：{describe_json_error(error.msg)}")
    except (ValueError, RecursionError):
        return BadLine("不是合法的 JSON（有 NaN、Infinity、过长的数字，或嵌套太深）")
    return value if isinstance(value, dict | list) else BadLine("不是一个 JSON 对象")


def _refuse_constant(name: str) -> Any:
    raise ValueError(name)


def _text_of(path: Path) -> str | tuple[int, BadLine]:
    """A whole file without its byte order mark, or the line at which it is no text."""
    data = path.read_bytes().removeprefix(_BOM)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        return data.count(b"\n", 0, error.start) + 1, BadLine("不是 UTF-8 编码")


def _lines_of_array(path: Path) -> Iterator[Line]:
    text = _text_of(path)
    if not isinstance(text, str):
        yield text
        return
    at = _behind_space(text, 0)
    if text[at : at + 1] != "[":
        yield 1, BadLine("不是 JSON 数组：最外层要是 [ … ]，每一项是一行；一行一个对象的文件请命名为 .jsonl")
        return
    decoder = json.JSONDecoder(parse_constant=_refuse_constant)
    at = _behind_space(text, at + 1)
    line, counted = 1, 0
    is_first = True
    while True:
        line, counted = line + text.count("\n", counted, at), at
        if is_first and text[at : at + 1] == "]":
            break
        try:
            value, at = decoder.raw_decode(text, at)
        except json.JSONDecodeError as error:
            yield (
                error.lineno,
                BadLine(f"第 {error.colno} 列不是合法的 JSON：{describe_json_error(error.msg)}；后面的内容没有再读"),
            )
            return
        except (ValueError, RecursionError):
            yield line, BadLine("不是合法的 JSON（有 NaN、Infinity、过长的数字，或嵌套太深），后面的内容没有再读")
            return
        yield line, value if isinstance(value, dict | list) else BadLine("不是一个 JSON 对象")
        is_first, at = False, _behind_space(text, at)
        if text[at : at + 1] == "]":
            break
        if text[at : at + 1] != ",":
            line += text.count("\n", counted, at)
            yield line, BadLine("这里缺少逗号，或数组没有用 ] 结束，后面的内容没有再读")
            return
        at = _behind_space(text, at + 1)
    if text[at + 1 :].strip():
        yield line + text.count("\n", counted, at), BadLine("数组结束之后还有内容")


def _behind_space(text: str, at: int) -> int:
    visible = _VISIBLE.search(text, at)
    return visible.start() if visible else len(text)


def _lines_of_csv(path: Path) -> Iterator[Line]:
    text = _text_of(path)
    if not isinstance(text, str):
        yield text
        return
    csv.field_size_limit(max(csv.field_size_limit(), len(text) + 1))  # a row may be as long as its file
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    head: list[str] | None = None
    begins = 1
    while True:
        begins = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield begins, BadLine(f"不是合法的 CSV（{_csv_reason(str(error))}），后面的内容没有再读")
            return
        if head is None:
            head = cells
            if twice := [name for name, times in Counter(head).items() if times > 1]:
                yield begins, BadLine(f"表头里重复了 {'、'.join(twice)}，读取器只会留下一列；后面的内容没有再读")
                return
        elif not cells:
            yield begins, BadLine("是空行")
        elif len(cells) != len(head):
            yield begins, BadLine(f"有 {len(cells):,} 列，表头有 {len(head):,} 列")
        else:
            yield begins, dict(zip(head, cells, strict=True))


def _csv_reason(message: str) -> str:
    return "引号没有结束" if "unexpected end" in message else "引号的用法不对"
