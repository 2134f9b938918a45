"""A form from a sample of what should come out: one answer, several, or a dataset with infos, as JSON or JSON Lines."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from core.domain.form.raw_values import as_text
from core.domain.json_text import json_error
from core.errors import InputError
from core.services.forms.checking import MOST_FIELDS
from core.services.forms.form_text import Tables, new_field, new_tables
from core.services.forms.kind_guess import guessed_kind, is_free_text, key_parts, suggested_values

LARGEST_SAMPLE = 20_000_000
"""Bytes of a sample."""
WITHOUT_GROUP = "内容"
"""Heading of fields whose keys have no prefix."""
_MOST_ANSWERS = 200_000
_DEEPEST = 4
_INFOS = "infos"
_TEXTS = ("chat_text", "text")


def form_from_sample(data: bytes, *, name: str, title: str) -> Tables:
    """Tables of a form that holds what the sample holds; everything about it can be changed afterwards.

    Types and lists come from the values, groups from prefixes of keys (``甲-乙``) and from objects inside, kinds from
    names and shapes, suggested values from what occurs.

    Args:
        data: the file.
        name: of the form.
        title: of the form.

    Raises:
        InputError: it is no JSON, or holds no answer.
    """
    cells: dict[str, list[Any]] = {}
    answers = 0
    for answer in _answers(_parsed(data)):
        answers += 1
        for key, value in _flat(answer):
            cells.setdefault(key, []).append(value)
        if len(cells) > MOST_FIELDS:
            raise InputError(f"样例里有 {MOST_FIELDS} 个以上的字段", "请检查是不是选错了文件；一个表单最多 200 个字段")
        if answers > _MOST_ANSWERS:
            raise InputError(f"样例里的答案超过 {_MOST_ANSWERS:,d} 个", "请只留一部分")
    if not cells:
        raise InputError(
            "样例里没有可以做成字段的内容", '请给一个像 {"称呼": "…", "标签": ["…"]} 的答案，或带 infos 的数据'
        )
    fields = [_field(key, values) for key, values in cells.items()]
    if all(field["type"] != "str" for field in fields):
        raise InputError("样例里的字段全是列表，没有能写名字的文本字段", "请在样例里加上客户的名字")
    return new_tables(name, title, fields, list(dict.fromkeys(field["group"] for field in fields)))


def _parsed(data: bytes) -> Any:
    if len(data) > LARGEST_SAMPLE:
        raise InputError(f"样例有 {len(data) / 1e6:.0f} MB，最多 20 MB", "请只留一部分")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError("样例不是 UTF-8 编码", "请另存为 UTF-8 后重试") from error
    try:
        return json.loads(text)
    except RecursionError as error:
        raise InputError("样例嵌套太深", "请检查是不是选错了文件") from error
    except ValueError as error:
        lines = [line for line in text.splitlines() if line.strip()]
        try:
            if len(lines) > 1:
                return [json.loads(line) for line in lines]
        except (ValueError, RecursionError):
            pass
        raise InputError(f"样例{json_error(error)}", "请改正后重试") from error


def _answers(parsed: Any) -> Iterator[Mapping[str, Any]]:
    """Every single answer: of a dataset the infos, of lists their objects, an object itself."""
    if isinstance(parsed, list):
        for one in parsed:
            yield from _answers(one)
    elif isinstance(parsed, Mapping):
        if _INFOS in parsed:
            yield from _answers(parsed[_INFOS])
        elif not any(key in parsed for key in _TEXTS[:1]):
            yield parsed


def _flat(answer: Mapping[str, Any], before: str = "", depth: int = 0) -> Iterator[tuple[str, Any]]:
    """Keys and values; objects inside become a prefix."""
    for key, value in answer.items():
        name = f"{before}{str(key).strip()}"
        if isinstance(value, Mapping) and depth < _DEEPEST:
            yield from _flat(value, f"{name}-", depth + 1)
        elif name.strip("-"):
            yield name, value


def _field(key: str, values: list[Any]) -> dict[str, Any]:
    is_list = any(isinstance(value, list) for value in values)
    items = [
        text for value in values for one in (value if isinstance(value, list) else [value]) if (text := as_text(one))
    ]
    group, label = key_parts(key)
    kind = guessed_kind(key, items)
    suggested = suggested_values(items, is_list=is_list) if kind == "text" else []
    field = new_field(
        key, group or WITHOUT_GROUP, label=label, is_list=is_list, kind="choice" if suggested else str(kind)
    )
    field["values"] = suggested
    field["one_right_answer"] = is_list or kind != "text" or not is_free_text(items)
    return field
