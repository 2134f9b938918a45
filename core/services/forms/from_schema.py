"""A form from a JSON Schema of what should come out: enum → suggested values, array → list, description, required."""

import json
from collections.abc import Iterator, Mapping
from itertools import count
from typing import Any
from urllib.parse import unquote

from jsonschema import SchemaError, validators

from core.domain.form import Kind
from core.domain.form.raw_values import as_text
from core.domain.json_text import json_error
from core.errors import InputError
from core.services.forms.checking import LARGEST_TEXT, MOST_FIELDS
from core.services.forms.form_text import Tables, new_field, new_tables
from core.services.forms.from_sample import WITHOUT_GROUP
from core.services.forms.kind_guess import guessed_kind, key_parts

_FORMATS = {"email": Kind.EMAIL, "idn-email": Kind.EMAIL, "date": Kind.DATE, "date-time": Kind.DATE, "time": Kind.DATE}
_DEEPEST = 8
_MOST_VISITED = 10 * MOST_FIELDS
"""Properties that are looked at: references can repeat a few lines a million times without one field."""
_REQUIRED = "必填"


def form_from_schema(data: bytes, *, name: str, title: str = "") -> Tables:
    """Tables of a form whose fields are the properties of a schema.

    Objects inside become groups; references to the schema's own parts are followed.

    Args:
        data: the file.
        name: of the form.
        title: of the form; the schema's own where empty.

    Raises:
        InputError: it is no JSON Schema, or has no properties.
    """
    schema = _checked(data)
    fields: dict[str, dict[str, Any]] = {}
    try:
        for number, (key, described, required) in enumerate(_properties(schema, schema, "", 0, count(1)), 1):
            if number > MOST_FIELDS:
                raise InputError(f"JSON Schema 有 {MOST_FIELDS} 个以上的属性", f"一个表单最多 {MOST_FIELDS} 个字段")
            if key in fields:
                raise InputError(f"JSON Schema 里有两个属性都叫「{key[:60]}」", "请给其中一个改名后重试")
            fields[key] = _field(key, described, required, schema)
    except RecursionError as error:
        raise InputError("JSON Schema 里的引用绕成了圈，或嵌套太深", "请改正引用后重试") from error
    if not fields:
        raise InputError("JSON Schema 里没有 properties", '请给描述一个对象的 Schema，例如 {"properties": {…}}')
    if all(field["type"] != "str" for field in fields.values()):
        raise InputError("JSON Schema 的属性全是数组，没有能写名字的文本属性", "请加上客户的名字")
    groups = list(dict.fromkeys(field["group"] for field in fields.values()))
    called = title or str(schema.get("title") or "").strip() or name
    return new_tables(name, called, list(fields.values()), groups)


def _checked(data: bytes) -> Mapping[str, Any]:
    if len(data) > LARGEST_TEXT:
        raise InputError(f"JSON Schema 有 {len(data):,} 字节，最多 {LARGEST_TEXT:,} 字节", "请检查是不是选错了文件")
    try:
        schema = json.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise InputError("JSON Schema 不是 UTF-8 编码", "请另存为 UTF-8 后重试") from error
    except RecursionError as error:
        raise InputError("JSON Schema 嵌套太深", "请检查是不是选错了文件") from error
    except ValueError as error:
        raise InputError(f"JSON Schema {json_error(error)}", "请改正后重试") from error
    if not isinstance(schema, Mapping):
        raise InputError("JSON Schema 应是一个对象", "请检查是不是选错了文件")
    if not isinstance(schema.get("$schema", ""), str):
        raise InputError("JSON Schema 的 /$schema 应为文本", "请改正后重试")
    try:
        validators.validator_for(schema).check_schema(schema)
    except SchemaError as error:
        where = "/" + "/".join(str(part) for part in error.absolute_path)
        raise InputError(f"JSON Schema 的 {where} {_reason(error)}"[:300], "请改正后重试") from error
    except RecursionError as error:
        raise InputError("JSON Schema 嵌套太深", "请检查是不是选错了文件") from error
    return schema


def _reason(error: SchemaError) -> str:
    """What is wrong at the place of an error, as a Chinese clause."""
    match error.validator:
        case "type":
            kinds = [error.validator_value] if isinstance(error.validator_value, str) else error.validator_value
            return f"应为 {'、'.join(kinds)}"
        case "enum":
            return f"不是允许的值（可以是 {'、'.join(map(str, error.validator_value))}）"
        case "format":
            return f"不是合法的 {error.validator_value}"
    return f"不合 JSON Schema 的规定（{error.validator}）"


def _resolved(described: Any, schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """A part of the schema, references to its own parts followed; what is beside a reference stands before it."""
    gathered: dict[str, Any] = {}
    for _ in range(_DEEPEST):
        if not isinstance(described, Mapping):
            break
        gathered = {**described, **gathered}
        reference = described.get("$ref")
        if reference is None:
            break
        described = _part(str(reference), schema)
    for choice in ("anyOf", "oneOf", "allOf"):
        options = [
            one for one in _listed(gathered.get(choice)) if isinstance(one, Mapping) and one.get("type") != "null"
        ]
        if len(options) == 1 and not {"type", "enum", "properties", "items"} & set(gathered):
            return {**_resolved(options[0], {**schema, **{choice: None}}), **gathered, choice: None}
    return gathered


def _part(reference: str, schema: Mapping[str, Any]) -> Any:
    """What a reference leads to: a JSON pointer, or the name of an anchor."""
    if not reference.startswith("#"):
        raise InputError(f"JSON Schema 引用了别的文件（{reference[:80]}）", "请把引用的内容放进同一个文件")
    anchor = unquote(reference[1:])
    if anchor and not anchor.startswith("/"):
        part = _anchored(anchor, schema)
        if part is None:
            raise InputError(f"JSON Schema 里没有叫 {anchor[:80]} 的 $anchor", "请改正引用后重试")
        return part
    part = schema
    for name in filter(None, reference[1:].split("/")):
        name = unquote(name).replace("~1", "/").replace("~0", "~")
        if isinstance(part, list):
            part = part[int(name)] if name in map(str, range(len(part))) else None
        else:
            part = part.get(name) if isinstance(part, Mapping) else None
    if part is None:
        raise InputError(f"JSON Schema 里没有 {reference[:80]}", "请改正引用后重试")
    return part


def _anchored(anchor: str, schema: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The part of the schema that an anchor names, the first one in the file's order; ``None`` where none does."""
    todo: list[Any] = [schema]
    while todo:
        part = todo.pop()
        if isinstance(part, Mapping):
            if part.get("$anchor") == anchor or part.get("$id") == f"#{anchor}":  # the latter of draft 7
                return part
            todo += reversed(list(part.values()))
        elif isinstance(part, list):
            todo += reversed(part)
    return None


def _listed(value: Any) -> list[Any]:
    """A list, nothing for what is none: a reference may lead to a place that nobody has checked as a schema."""
    return value if isinstance(value, list) else []


def _properties(
    described: Any, schema: Mapping[str, Any], before: str, depth: int, visits: Iterator[int]
) -> Iterator[tuple[str, Mapping[str, Any], bool]]:
    """Keys of all properties, what describes each, and whether it is required; objects inside become prefixes."""
    resolved = _resolved(described, schema)
    if resolved.get("type") == "array" or ("items" in resolved and "properties" not in resolved):
        resolved = _resolved(resolved.get("items"), schema)
    required = _listed(resolved.get("required"))
    properties = resolved.get("properties")
    for key, inner in (properties if isinstance(properties, Mapping) else {}).items():
        if next(visits) > _MOST_VISITED:
            raise InputError(
                f"JSON Schema 里的引用展开以后有 {_MOST_VISITED:,} 个以上的属性", f"一个表单最多 {MOST_FIELDS} 个字段"
            )
        one = _resolved(inner, schema)
        name = str(key).strip()
        if not name.strip("-"):  # a reference to the whole under such a key would lead on without an end
            raise InputError(f"JSON Schema 里有一个属性没有名字（{json.dumps(key)[:60]}）", "请给它一个名字后重试")
        if isinstance(one.get("properties"), Mapping) and depth < _DEEPEST:
            yield from _properties(one, schema, f"{before}{name}-", depth + 1, visits)
        else:
            yield f"{before}{name}", one, key in required or one.get("required") is True  # of draft 3


def _field(key: str, described: Mapping[str, Any], required: bool, schema: Mapping[str, Any]) -> dict[str, Any]:
    types = described.get("type")
    is_list = types == "array" or (isinstance(types, list) and "array" in types)
    one = _resolved(described.get("items"), schema) if is_list else described
    values = list(dict.fromkeys(filter(None, map(as_text, _choices(one)))))
    group, label = key_parts(key)
    kind = _FORMATS.get(str(one.get("format"))) or guessed_kind(key, ())
    field = new_field(
        key,
        group or WITHOUT_GROUP,
        label=str(described.get("title") or "").strip() or label,
        is_list=is_list,
        kind="choice" if values else str(kind),
    )
    field["values"] = values
    told = " ".join(str(described.get("description") or one.get("description") or "").split())
    field["description"] = "；".join(filter(None, (told, _REQUIRED if required else "")))
    return field


def _choices(described: Mapping[str, Any]) -> list[Any]:
    """What a property may be, where that is listed."""
    if isinstance(described.get("enum"), list):
        return list(described["enum"])
    if "const" in described:
        return [described["const"]]
    for name in ("oneOf", "anyOf"):
        options = described.get(name)
        if (
            isinstance(options, list)
            and options
            and all(isinstance(one, Mapping) and "const" in one for one in options)
        ):
            return [one["const"] for one in options]
    return [True, False] if described.get("type") == "boolean" else []
