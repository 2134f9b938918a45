"""Takes the plain value out of what a model wrote for a field: an object with evidence, JSON in a string, true."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from core.domain.form import Field
from core.domain.replies.json_fragments import strict_value

_VALUE_KEYS = ("value", "values", "val", "answer", "值", "取值", "答案", "内容")
_NEGATIONS = ("不", "无", "没", "未", "非", "否")
_TRUTH = {"true": True, "false": False}


def plain_value(field: Field, raw: Any, notes: list[str]) -> Any:
    """The value that a field is meant to hold.

    Args:
        field: the field.
        raw: what was written for it.
        notes: gets one Chinese sentence for each change.
    """
    if isinstance(raw, Mapping):
        key = next((key for key in raw if str(key).strip().lower() in _VALUE_KEYS), None)
        if key is not None:
            notes.append(f"「{field.key}」带着依据等内容，只取了值")
            return plain_value(field, raw[key], notes)
        return raw
    if isinstance(raw, list):
        return [plain_value(field, item, notes) if isinstance(item, Mapping) else item for item in raw]
    if isinstance(raw, str) and raw.strip()[:1] in ("[", "{"):
        inner = strict_value(raw.strip())
        if isinstance(inner, list | dict):
            notes.append(f"「{field.key}」的 JSON 写在了字符串里，已展开")
            return plain_value(field, inner, notes)
        return raw
    truth = _TRUTH.get(raw.strip().lower()) if isinstance(raw, str) and field.values else raw
    if is_truth_number(field, truth):
        truth = truth == 1
    if isinstance(truth, bool) and field.values:
        return _choice(field, truth, notes)
    return raw


def is_truth_number(field: Field, raw: Any) -> bool:
    """Whether a value is 0 or 1 for a field of two opposite values (有意向, 无意向), where it says which one."""
    is_number = isinstance(raw, Decimal | int | float) and not isinstance(raw, bool)
    return is_number and raw in (0, 1) and _negative(field) is not None


def _negative(field: Field) -> str | None:
    """Which of a field's two values negates the other; ``None`` where none does."""
    negative = [value for value in field.values if value.startswith(_NEGATIONS)]
    return negative[0] if len(field.values) == 2 and len(negative) == 1 else None


def _choice(field: Field, truth: bool, notes: list[str]) -> Any:
    """Which of two values, one the negation of the other (有意向, 无意向), a truth value means; empty where none is."""
    negative = _negative(field)
    if negative is not None:
        value = next(value for value in field.values if (value != negative) is truth)
        notes.append(f"「{field.key}」收到是非值，已按表单改为“{value}”")
        return [value] if field.is_list else value
    notes.append(f"「{field.key}」收到是非值，表单没有对应的值，已留空")
    return field.empty
