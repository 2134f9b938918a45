"""Turns whatever a file, a model or a browser gives for a field into the field's value; every change is noted."""

import math
import re
from collections.abc import Collection, Iterable, Mapping
from itertools import repeat
from numbers import Number
from typing import TYPE_CHECKING, Any, Final

from core.domain.form.values import UNSTORABLE, Value
from core.domain.unseen_characters import NO_SHAPE, UNSEEN, is_blank, without_invisible

if TYPE_CHECKING:
    from core.domain.form.form_definition import Field

PROGRAM_WORDS: Final = frozenset("nan null none nat <na> inf -inf infinity -infinity undefined".split())
"""What programs write for nothing; compared without case."""
MODEL_WORDS: Final = PROGRAM_WORDS | frozenset(
    "na n/a 无 暂无 没有 空 未知 不详 不明 未提及 未提供 未说明 未明确 未填写 未涉及 未给出 "
    "无法判断 无法确定 不确定 无相关信息 - -- / 、".split()
)
"""What models and people write into a field that they leave open."""
_DROPPED = re.compile(f"{UNSTORABLE.pattern}|{UNSEEN.pattern}")
_FLOAT_TEXT = re.compile(r"(\d{5,20})\.0{1,3}")
_SCIENTIFIC = re.compile(r"\d(?:\.\d{1,6})?[eE]\+\d{1,2}")
_STARTS_UNSEEN = re.compile(rf"[\s{NO_SHAPE}]")


def clean_keys(raw: Mapping[Any, Any], known: Collection[str]) -> tuple[Mapping[Any, Any], list[str]]:
    """Keys without invisible characters and white space around them, where they are only so known.

    Args:
        raw: values by key.
        known: keys of the form.

    Returns:
        The values, and the keys that were mended. A key that is known as it stands goes first.
    """
    if all(map(known.__contains__, raw)):
        return raw, []
    cleaned = dict(raw)
    mended: list[str] = []
    for key in raw:
        plain = without_invisible(str(key)).strip().replace("－", "-")
        if key not in known and plain in known and not cleaned.get(plain):
            cleaned[plain] = cleaned.pop(key)
            mended.append(plain)
    return cleaned, mended


def is_settled(value: object, empty_words: Collection[str] = ()) -> bool:
    """Whether a value is a text that :func:`coerce_value` leaves as it is, told at a glance.

    Nearly all values of a form are; false is no judgement, but asks for the closer look. Fields of telephone numbers
    always want that one, for what a spreadsheet did to them is noted.

    Args:
        value: whatever was given.
        empty_words: as for :func:`coerce_value`.
    """
    return (
        type(value) is str
        # Of what can be printed only a blank is white space. So nothing is dropped, and nothing stripped.
        and value.isprintable()
        and value[-1:] != " "
        and value != ""
        and _STARTS_UNSEEN.match(value) is None
        and not (empty_words and (value[-1] == "0" or value.casefold() in empty_words))
    )


def coerce_value(field: "Field", raw: Any, notes: list[str], empty_words: Collection[str] = ()) -> Value:
    """A field's value.

    Args:
        field: the field.
        raw: whatever was given; ``None`` for nothing.
        notes: gets one Chinese sentence for each change that a person should know.
        empty_words: words that stand for nothing, lower case; what the field itself lists is a value all the same.
            Empty where a person typed the value: then nothing is read into it.
    """
    if raw == "" or raw is None:  # most cells are empty
        return field.empty
    if field.is_list:
        if isinstance(raw, list) and field.kind != "phone" and all(map(is_settled, raw, repeat(empty_words))):
            return raw.copy()
        return [text for item in _items(field, raw, notes) if (text := _settled(field, item, notes, empty_words))]
    if not isinstance(raw, str):
        notes.append(f"「{field.key}」应为文本，收到{_called(raw)}，已转成文本")
    return _settled(field, as_text(raw), notes, empty_words)


def _items(field: "Field", raw: Any, notes: list[str]) -> list[str]:
    if isinstance(raw, str):
        notes.append(f"「{field.key}」应为列表，收到文本，已改为列表")
        return [as_text(raw)]
    if isinstance(raw, Mapping) or not isinstance(raw, Iterable):
        notes.append(f"「{field.key}」应为列表，收到{_called(raw)}，已改为列表")
        return [as_text(raw)]
    items = list(raw)
    if any(not isinstance(item, str) and item is not None for item in items):
        notes.append(f"「{field.key}」的列表里有不是文本的值，已转成文本")
    return [as_text(item) for item in items]


def means_nothing(field: "Field", text: str, words: Collection[str] = MODEL_WORDS) -> bool:
    """Whether a text is a word for nothing, such as 未提及; what the field itself lists is a value all the same."""
    return text.casefold() in words and text not in field.values


def _settled(field: "Field", text: str, notes: list[str], empty_words: Collection[str]) -> str:
    """A text without what spreadsheets and models leave in it."""
    if not text:
        return ""
    if empty_words and text.endswith("0") and (match := _FLOAT_TEXT.fullmatch(text)):
        notes.append(f"「{field.key}」末尾的“.0”是表格软件加的，已去掉")
        return match[1]
    if field.kind == "phone" and _SCIENTIFIC.fullmatch(text):
        notes.append(f"「{field.key}」的“{text}”在 Excel 里丢了位数，找不回来了，请对照原表改正")
    if means_nothing(field, text, empty_words):
        notes.append(f"「{field.key}」写的是“{text}”，按空处理")
        return ""
    return text


def _called(raw: Any) -> str:
    """What a person calls a value of this type."""
    if isinstance(raw, bool):
        return "是非值"
    if isinstance(raw, float) and not math.isfinite(raw):
        return " NaN 或无穷大（没有这样的值，按空处理）"
    if isinstance(raw, Number):
        return "数字"
    return "对象" if isinstance(raw, Mapping) else "列表"


def as_text(raw: Any) -> str:
    """A value as text: lists joined with ``、``, whole numbers without a point, nothing that cannot be stored.

    What is nested hundreds deep is no value of a form, and nothing.
    """
    if isinstance(raw, str):  # most are: none of the others' ways around it
        return _plain_text(raw)
    try:
        return _as_text(raw)
    except RecursionError:
        return ""


def _plain_text(raw: str) -> str:
    # Models cut escaped emoji in half; neither half of one nor NUL can be stored or exported.
    # None of that can be printed, and to ask for it costs less than to look for it.
    text = (raw if raw.isprintable() else _DROPPED.sub("", raw)).strip()
    return "" if is_blank(text) else text


def _as_text(raw: Any) -> str:
    if raw is None or isinstance(raw, float) and not math.isfinite(raw):
        return ""
    if isinstance(raw, str):
        return _plain_text(raw)
    if isinstance(raw, bool):
        return "是" if raw else "否"
    if isinstance(raw, Mapping):
        pairs = ((_as_text(str(key)), _as_text(value)) for key, value in raw.items())
        return "，".join(f"{key}：{text}" if key else text for key, text in pairs if text)
    if isinstance(raw, Iterable):
        return "、".join(text for item in raw if (text := _as_text(item)))
    return str(int(raw)) if isinstance(raw, float) and raw.is_integer() else str(raw)
