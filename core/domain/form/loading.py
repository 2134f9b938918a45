"""Reading a form file: TOML in, validated form out, every error with its line."""

import re
import tomllib
from functools import lru_cache
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from core.domain.form.model import Form
from core.errors import FormError

FORMS_DIR = Path(__file__).resolve().parents[3] / "data" / "forms"
DEFAULT_FORM = "role_elements"

_REASONS = {
    "missing": "缺少这一项",
    "extra_forbidden": "不认识这一项，可能是拼写错误",
    "enum": "不是允许的值",
    "string_type": "应为文本",
    "float_type": "应为数字",
    "float_parsing": "应为数字",
    "int_type": "应为整数",
    "int_parsing": "应为整数",
    "bool_type": "应为 true 或 false",
    "bool_parsing": "应为 true 或 false",
    "tuple_type": "应为列表",
}


def form_path(name: str) -> Path:
    """Where the form of this name is kept."""
    return FORMS_DIR / f"{name}.toml"


@lru_cache(maxsize=16)
def load_named_form(name: str = DEFAULT_FORM) -> Form:
    """The form of this name, read once per process.

    Raises:
        FormError: no such file, or it cannot be used.
    """
    return load_form(form_path(name))


def load_form(path: Path) -> Form:
    """Read and validate a form file.

    Raises:
        FormError: names the file, the line and the reason.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise FormError(f"找不到表单文件 {path.name}", f"请把它放到 {path.parent.name}/ 目录下") from error
    except OSError as error:
        raise FormError(f"无法读取表单文件 {path.name}（{error.strerror}）", "请检查文件权限") from error
    try:
        source = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise FormError(f"表单文件 {path.name} 第 {line} 行不是 UTF-8 编码", "请另存为 UTF-8 后重试") from error
    return parse_form(source, path.name)


def parse_form(source: str, name: str) -> Form:
    """Validate the text of a form file.

    Args:
        source: TOML text.
        name: the file's name, for messages.

    Raises:
        FormError: names the file, the line and the reason.
    """
    try:
        raw = tomllib.loads(source)
    except tomllib.TOMLDecodeError as error:
        place = re.search(r"at line (\d+)", str(error))
        line = int(place[1]) if place else source.count("\n") + 1
        raise FormError(f"表单文件 {name} 第 {line} 行不是合法的 TOML（{error}）", "请改正这一行") from error
    if "fields" in raw:  # an easy slip, and our own name for the list
        line = _line_of(source, ("fields",))
        raise FormError(f"表单文件 {name} 第 {line} 行：不认识 fields", "每个字段写成一段 [[field]]")
    raw["fields"] = raw.pop("field", [])
    try:
        return Form.model_validate(raw)
    except ValidationError as error:
        first = error.errors()[0]
        loc = (*first["loc"], *first.get("ctx", {}).get("place", ()))
        line = _line_of(source, loc)
        raise FormError(f"表单文件 {name} 第 {line} 行：{_reason(first)}", "请改正后重新打开") from error


def _reason(error: Any) -> str:
    if error["type"] == "refused":
        return str(error["ctx"]["reason"])
    where = "、".join(str(part) for part in error["loc"] if not isinstance(part, int) and part != "fields")
    text = _REASONS.get(error["type"], error["msg"])
    if error["type"] == "enum":
        text += f"（可以是 {error['ctx']['expected']}）"
    return f"{where} {text}" if where else f"[[field]] {text}"


_HEADER = re.compile(r"\s*\[\[?\s*[\"']?fields?[\"']?\s*\]")
_TABLE = re.compile(r"\s*\[\[?[^\[\],]+\]\]?\s*(#.*)?$")


def _line_of(source: str, loc: tuple[int | str, ...]) -> int:
    """The line (from 1) that an error's location points at: the key's own, else its table's."""
    lines = source.splitlines()
    start, key = 0, loc[0] if loc else None
    if loc and loc[0] == "fields":
        headers = [number for number, line in enumerate(lines) if _HEADER.match(line)]
        index = loc[1] if len(loc) > 1 else 0
        if not isinstance(index, int) or index >= len(headers):
            inline = [number for number, line in enumerate(lines) if re.match(r"\s*fields?\s*=", line)]
            return (headers or inline or [0])[0] + 1
        start, key = headers[index], loc[2] if len(loc) > 2 else None
    for number in range(start, len(lines)):
        if number > start and _TABLE.match(lines[number]):
            break
        if key is not None and re.match(rf"\s*[\"']?{re.escape(str(key))}[\"']?\s*=", lines[number]):
            return number + 1
    return start + 1
