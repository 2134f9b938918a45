"""Reads a TOML file into a pydantic model; every error names the file and the line."""

import re
import tomllib
from collections.abc import Collection, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import PydanticCustomError

from core.errors import FormError
from core.system_errors import system_reason
from core.validation_words import why_refused

_Model = TypeVar("_Model", bound=BaseModel)

FORM_FILE = "表单文件"
"""What messages call a file where its reader does not say."""

_REASONS = {
    "missing": "缺少这一项",
    "extra_forbidden": "不认识这一项，可能是拼写错误",
    "enum": "不是允许的值",
    "literal_error": "不是允许的值",
    "string_type": "应为文本",
    "string_too_short": "不能为空",
    "float_type": "应为数字",
    "float_parsing": "应为数字",
    "int_type": "应为整数",
    "int_parsing": "应为整数",
    "bool_type": "应为 true 或 false",
    "bool_parsing": "应为 true 或 false",
    "tuple_type": "应为列表",
    "int_from_float": "应为整数",
    "model_type": "应写成一段",
    "dict_type": "应写成一段",
    "finite_number": "应为数字",
    "too_long": "太多",
    "too_short": "太少",
    "string_too_long": "太长",
    "string_unicode": "有不能保存的字符",
    "union_tag_invalid": "不是允许的值",
    "union_tag_not_found": "缺少 step",
}
_SYNTAX = {
    "Invalid statement": "看不懂这一行",
    "Invalid value": "值写得不对，文字要加引号",
    "Invalid initial character for a key part": "这里该写一个名字",
    "Expected '=' after a key": "名字后面少了 =",
    "Expected newline or end of document": "值的后面多了东西",
    "Cannot overwrite a value": "这一项写了两次",
    "Cannot declare": "这一段写了两次",
    "Cannot mutate immutable namespace": "这一项写了两次",
    "Cannot redefine namespace": "这一项写了两次",
    "Cannot overwrite": "这一项写了两次",
    "Duplicate inline table key": "这一项写了两次",
    "Unclosed array": "方括号没有收尾",
    "Unclosed inline table": "花括号没有收尾",
    "Unterminated string": "引号没有收尾",
    "Expected": "引号、括号或内容没有收尾",
    "Illegal character": "有不能出现的字符，或引号没有收尾",
    "Found invalid character": "有不能出现的字符，或引号没有收尾",
    "Unescaped": "反斜杠写错了，一个 \\ 要写成两个",
    "Invalid hex value": "反斜杠写错了，一个 \\ 要写成两个",
    "Invalid date or datetime": "日期写得不对",
}
"""Beginnings of what the reader of TOML says, the longer ones first where two fit."""


_DOTTED = re.compile(r"[\w\-.]+")
_MOST_DOTS = 100
"""Dots in one name: the time that ``tomllib`` takes for a name grows with their square."""


def refusal(reason: str, *place: int | str) -> PydanticCustomError:
    """An error for a whole-model validator that keeps the place it refers to.

    Args:
        reason: one Chinese clause.
        place: path below the model that refuses, such as ``"fields", 3, "group"``.
    """
    return PydanticCustomError("refused", "{reason}", {"reason": reason, "place": place})


def read_source(path: Path, kind: str = FORM_FILE) -> str:
    """Read the text of a file.

    Args:
        path: of the file.
        kind: what it is, for messages.

    Raises:
        FormError: there is none, it cannot be read, or it is not UTF-8 (names the line).
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise FormError(f"找不到{kind} {path.name}", f"请把它放到 {path.parent.name}/ 目录下") from error
    except OSError as error:
        raise FormError(f"无法读取{kind} {path.name}（{system_reason(error)}）", "请检查文件权限") from error
    return decode_source(data, path.name, kind)


def decode_source(data: bytes, name: str, kind: str = FORM_FILE) -> str:
    """The text of a file's bytes.

    Args:
        data: the whole file.
        name: the file's name, for messages.
        kind: what it is, for messages.

    Raises:
        FormError: it is not UTF-8; names the line.
    """
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise FormError(f"{kind} {name} 第 {line} 行不是 UTF-8 编码", "请另存为 UTF-8 后重试") from error


def parse_toml(
    source: str,
    name: str,
    model: type[_Model],
    tables: Mapping[str, str],
    context: object = None,
    *,
    others: Collection[str] = (),
    kind: str = FORM_FILE,
) -> _Model:
    """Validate TOML text as a model.

    Args:
        source: TOML text.
        name: the file's name, for messages.
        model: what it should hold.
        tables: the model's list attributes by the singular name of the table that is written in the file, so that
            ``{"field": "fields"}`` reads every ``[[field]]`` into ``fields``.
        context: for the model's validators.
        others: names at the top of the file that are somebody else's.
        kind: what the file is, for messages.

    Raises:
        FormError: names the file, the line and the reason.
    """
    raw = {key: value for key, value in parse_tables(source, name, kind).items() if key not in others}
    for table, attribute in tables.items():
        if attribute in raw:  # an easy slip, and our own name for the list
            line = line_of_place(source, (attribute,), tables)
            raise FormError(f"{kind} {name} 第 {line} 行：不认识 {attribute}", f"每一项写成一段 [[{table}]]")
        raw[attribute] = raw.pop(table, [])
    try:
        return model.model_validate(raw, context=context)
    except ValidationError as error:
        first = error.errors()[0]
        loc = (*first["loc"], *first.get("ctx", {}).get("place", ()))
        line = line_of_place(source, loc, tables)
        raise FormError(f"{kind} {name} 第 {line} 行：{clause_of(first, tables)}", "请改正后重新打开") from error


def parse_tables(source: str, name: str, kind: str = FORM_FILE) -> dict[str, Any]:
    """Parse TOML text.

    Raises:
        FormError: names the file, the line and the reason.
    """
    for match in _DOTTED.finditer(source):
        if ".." not in (part := match[0]) and part.count(".") > _MOST_DOTS:
            line = source.count("\n", 0, match.start()) + 1
            raise FormError(f"{kind} {name} 第 {line} 行的名字嵌套太深，有 {part.count('.'):,} 个点", "请改正这一行")
    try:
        return tomllib.loads(source)
    except tomllib.TOMLDecodeError as error:
        place = re.search(r"at line (\d+)", str(error))
        line = int(place[1]) if place else source.count("\n") + 1
        raise FormError(f"{kind} {name} 第 {line} 行不是合法的 TOML：{_syntax(error)}", "请改正这一行") from error
    except (ValueError, RecursionError) as error:  # an integer of thousands of digits; brackets thousands deep
        raise FormError(f"{kind} {name} 里有一个数字太长，或嵌套太深", "请改正后重新打开") from error


def _syntax(error: tomllib.TOMLDecodeError) -> str:
    told = re.sub(r" \(at .*", "", str(error))
    return next((reason for start, reason in _SYNTAX.items() if told.startswith(start)), told)


def line_of_key(source: str, key: str) -> int:
    """The line (from 1) on which a key at the top of a file is written."""
    return line_of_place(source, (key,), {})


def refused_because(error: Any) -> str:
    """One of pydantic's errors as a Chinese clause that does not say where."""
    if error["type"] == "refused":
        return str(error["ctx"]["reason"])
    return _REASONS.get(error["type"]) or why_refused(error)


def clause_of(error: Any, tables: Mapping[str, str]) -> str:
    """One of pydantic's errors as a Chinese clause; ``tables`` as in :func:`parse_toml`."""
    text = refused_because(error)
    if error["type"] == "refused":
        return text
    where = "、".join(str(part) for part in error["loc"] if not isinstance(part, int) and part not in tables.values())
    if error["type"] in ("enum", "literal_error"):
        text += f"（可以是 {error['ctx']['expected']}）"
    table = next((table for table, attribute in tables.items() if attribute in error["loc"]), next(iter(tables)))
    return f"{where} {text}" if where else f"[[{table}]] {text}"


_TABLE = re.compile(r"(?<!\s)\s*+\[\[?[^\[\],]+\]\]?\s*+(#.*)?$")


@lru_cache(maxsize=8)
def _headers(source: str, names: str) -> list[int]:
    """Numbers, from 0, of lines that begin a table of these names; kept: each of many problems asks for them."""
    lines = enumerate(source.splitlines())
    return [number for number, line in lines if re.match(rf"(?<!\s)\s*+\[\[?\s*[\"']?{names}[\"']?\s*\]", line)]


@lru_cache(maxsize=8)
def _assignments(source: str, names: str) -> list[int]:
    """The same of lines that give one of these names its value."""
    lines = enumerate(source.splitlines())
    return [number for number, line in lines if re.match(rf"(?<!\s)\s*+{names}\s*=", line)]


def line_of_place(source: str, loc: tuple[int | str, ...], tables: Mapping[str, str]) -> int:
    """The line (from 1) that an error's location points at: the key's own, else its table's."""
    lines = source.splitlines()
    start, key = 0, loc[0] if loc else None
    table = next((table for table, attribute in tables.items() if loc and loc[0] == attribute), None)
    if table is not None:
        names = rf"(?:{re.escape(table)}|{re.escape(tables[table])})"
        headers = _headers(source, names)
        index = loc[1] if len(loc) > 1 else 0
        if not isinstance(index, int) or index >= len(headers):
            inline = _assignments(source, names)
            return (headers or inline or [0])[0] + 1
        start, key = headers[index], loc[2] if len(loc) > 2 else None
    for number in range(start, len(lines)):
        if number > start and _TABLE.match(lines[number]):
            break
        if key is not None and re.match(rf"(?<!\s)\s*+[\"']?{re.escape(str(key))}[\"']?\s*=", lines[number]):
            return number + 1
    return start + 1
