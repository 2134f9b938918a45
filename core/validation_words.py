"""What pydantic says of a value that it refuses, as Chinese clauses.

The kinds of errors are listed at https://docs.pydantic.dev/latest/errors/validation_errors/.
"""

from typing import Any

REASONS = {
    "missing": "缺少这一项",
    "missing_argument": "缺少这一项",
    "extra_forbidden": "不认识这一项，可能是拼写错误",
    "string_type": "应为文本",
    "string_unicode": "有不能保存的字符",
    "string_pattern_mismatch": "写法不对",
    "json_invalid": "不是合法的 JSON",
    "json_type": "不是合法的 JSON",
    "float_type": "应为数字",
    "float_parsing": "应为数字",
    "finite_number": "应为有限的数字",
    "int_type": "应为整数",
    "int_parsing": "应为整数",
    "int_parsing_size": "数字太大",
    "int_from_float": "应为整数",
    "bool_type": "应为 true 或 false",
    "bool_parsing": "应为 true 或 false",
    "list_type": "应为列表",
    "tuple_type": "应为列表",
    "set_type": "应为列表",
    "dict_type": "应为对象",
    "model_type": "应为对象",
    "model_attributes_type": "应为对象",
    "none_required": "应为空",
    "enum": "不是允许的值",
    "literal_error": "不是允许的值",
    "union_tag_invalid": "不是允许的值",
    "union_tag_not_found": "缺少种类",
    "path_type": "应为路径",
    "url_parsing": "不是网址",
    "url_scheme": "不是允许的网址",
}
"""Clauses by the kind of error, where they need nothing of its context."""

_DATES = ("date", "time", "datetime", "timezone")
_BOUNDS = {
    "greater_than": ("gt", "应大于 {}"),
    "greater_than_equal": ("ge", "不能小于 {}"),
    "less_than": ("lt", "应小于 {}"),
    "less_than_equal": ("le", "不能大于 {}"),
    "multiple_of": ("multiple_of", "应是 {} 的倍数"),
    "string_too_short": ("min_length", "至少要有 {} 个字"),
    "string_too_long": ("max_length", "最多 {} 个字"),
    "bytes_too_long": ("max_length", "最多 {} 个字节"),
    "too_short": ("min_length", "至少要有 {} 项"),
    "too_long": ("max_length", "最多 {} 项"),
}


def why_refused(error: Any) -> str:
    """Why a value was refused, a Chinese clause that neither says where nor repeats the value.

    Args:
        error: one of ``ValidationError.errors()``.
    """
    kind, context = str(error["type"]), error.get("ctx") or {}
    if kind == "value_error":  # raised by a validator of ours, in Chinese
        return str(context.get("error") or error["msg"])
    if kind in _BOUNDS:
        name, clause = _BOUNDS[kind]
        return clause.format(_number(context.get(name)))
    if kind in ("enum", "literal_error", "union_tag_invalid"):
        allowed = str(context.get("expected") or context.get("expected_tags") or "")
        return f"{REASONS[kind]}，可以是 {_listed(allowed)}"
    if kind.startswith(_DATES):
        return "不是日期或时间"
    return REASONS.get(kind, "不是可用的值")


def _number(bound: Any) -> str:
    if isinstance(bound, float) and bound.is_integer():
        bound = int(bound)
    return f"{bound:,}" if isinstance(bound, int) and bound < 10**15 else f"{bound}"


def _listed(allowed: str) -> str:
    return allowed.replace("'", "").replace(" or ", "、").replace(", ", "、")
