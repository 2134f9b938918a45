"""Reads JSON that a person typed: whatever is wrong with it becomes a sentence."""

import json
from typing import Any, NoReturn

from core.errors import SettingsError

_MOST_CHARACTERS = 20_000
_MAX_DEPTH = 20
_MAX_NUMBER = 2**63
"""What databases and services take; larger numbers are typing mistakes."""
_EXAMPLE = '应为一个对象，例如 {"temperature": 0.1}'


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


def describe_json_error(message: str) -> str:
    """Translate the message of a :class:`json.JSONDecodeError` into a Chinese clause.

    Args:
        message: its ``msg``, without the place.
    """
    return next((fault for words, fault in _FAULTS.items() if message.startswith(words)), "写法不对")


def json_error(error: ValueError) -> str:
    """Where a text is no JSON and why, as a Chinese clause without what it is called.

    Args:
        error: of :func:`json.loads`; one that is no :class:`json.JSONDecodeError` is about a number of too many digits.
    """
    if isinstance(error, json.JSONDecodeError):
        return f"第 {error.lineno} 行第 {error.colno} 列不是合法的 JSON：{describe_json_error(error.msg)}"
    return "里有一个数字太长，或不是数字"


def parse_json_object(text: str, title: str) -> dict[str, Any]:
    """Read a JSON object; ``{}`` for nothing but white space.

    Args:
        text: as it was typed.
        title: what it is, for the sentence.

    Raises:
        SettingsError: no JSON, no object, too long, too deep, or a number that is too large or none.
    """
    if not text.strip():
        return {}
    if len(text) > _MOST_CHARACTERS:
        raise SettingsError(f"{title}有 {len(text):,} 字，太长", f"最多 {_MOST_CHARACTERS:,} 字")
    try:
        parsed = json.loads(text, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        raise SettingsError(f"{title}{json_error(error)}", _EXAMPLE) from error
    except RecursionError as error:
        raise SettingsError(f"{title}嵌套太深", _EXAMPLE) from error
    except ValueError as error:  # an integer of thousands of digits, or Infinity
        raise SettingsError(f"{title}里有一个数字太大，或不是数字", _EXAMPLE) from error
    if not isinstance(parsed, dict):
        raise SettingsError(f"{title}不是 JSON 对象", '应为 {"名称": 值} 的形式')
    _check(parsed, title, 0)
    return parsed


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(name)


def _check(value: Any, title: str, depth: int) -> None:
    if depth > _MAX_DEPTH:
        raise SettingsError(f"{title}嵌套太深", _EXAMPLE)
    if isinstance(value, int | float) and not -_MAX_NUMBER <= value < _MAX_NUMBER:  # 1e999 is infinite
        raise SettingsError(f"{title}里有一个数字太大", _EXAMPLE)
    if isinstance(value, str) and any(character == "\0" or "\ud800" <= character <= "\udfff" for character in value):
        raise SettingsError(f"{title}里有无法保存的字符", "请删去后再保存")
    if isinstance(value, dict):
        for key, inner in value.items():
            _check(key, title, depth + 1)
            _check(inner, title, depth + 1)
    elif isinstance(value, list):
        for inner in value:
            _check(inner, title, depth + 1)
