"""Reading a save as it came from the browser: what is too large or no save at all is refused with a sentence."""

import re
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from core.adapters.store.save_ids import NOT_ON_DESK, begins_with
from core.domain.form import UNSTORABLE
from core.errors import InputError
from core.services.review.records.save_types import MOST_CUSTOMERS, MOST_NOTE, MOST_REASON, Save

MOST_TEXT = 20_000
"""Characters of one value."""
MOST_ITEMS = 500
"""Items of one list, and entries of one mapping."""
MOST_DEPTH = 8
"""Levels of lists and mappings inside one another; what the browser sends has five."""
MOST_CHARACTERS = 2_000_000
"""Characters of a whole save."""
MOST_PARTS = 50_000
"""Values, keys, lists and mappings of a whole save."""
MOST_NUMBER = 2**63

_ID = re.compile(r"[\x21-\x7e]{1,200}")
_KEEP = "内容还在本机，请改好后再保存"


def save_id_of(raw: Any) -> str:
    """The id that a save can be answered by; ``""`` where it has none that may travel."""
    save_id = raw.get("save_id") if isinstance(raw, Mapping) else None
    return save_id if isinstance(save_id, str) and _ID.fullmatch(save_id) else ""


def read_save(raw: Any) -> tuple[Save, str]:
    """A save, and what was left out of it (one Chinese sentence; ``""`` where nothing was).

    Raises:
        InputError: it is too large, or not what a browser sends.
    """
    _refuse_too_much(raw)
    try:
        save = Save.model_validate(raw)
    except ValidationError as error:
        raise _refusal(error) from error
    if begins_with(save.save_id, NOT_ON_DESK):
        raise InputError("这次保存的编号不能用", "请刷新页面后再试")
    left_out = "已去掉无法保存的字符（空字符或残缺的表情符号）。" if _has_unstorable(raw) else ""
    return save, left_out


def _refuse_too_much(raw: Any) -> None:
    """Walk over everything once, without recursion, before anything else reads it."""
    if not isinstance(raw, Mapping):
        raise InputError("这次保存不是一份完整的内容", "请刷新页面后再试")
    customers = raw.get("customers")
    if isinstance(customers, list) and len(customers) > MOST_CUSTOMERS:
        raise InputError(f"一条群聊最多 {MOST_CUSTOMERS} 位客户，现在有 {len(customers):,} 位", _KEEP)
    characters = parts = 0
    todo: list[tuple[Any, int]] = [(raw, 0)]
    while todo:
        value, depth = todo.pop()
        parts += 1
        if isinstance(value, str):
            characters += len(value)
            if len(value) > MOST_TEXT:
                raise InputError(f"一个值最多 {MOST_TEXT:,} 个字，现在有 {len(value):,} 个字", _KEEP)
        elif isinstance(value, int | float) and not isinstance(value, bool):
            if depth > 1 and not -MOST_NUMBER <= value < MOST_NUMBER:
                raise InputError("有一个数字太大，无法保存", _KEEP)
        elif isinstance(value, Mapping | list | tuple):
            if depth >= MOST_DEPTH:
                raise InputError("这次保存的内容嵌套得太深", "请刷新页面后再试")
            if len(value) > MOST_ITEMS:
                raise InputError(f"一个列表最多 {MOST_ITEMS} 项，现在有 {len(value):,} 项", _KEEP)
            inside = [*value.keys(), *value.values()] if isinstance(value, Mapping) else value
            todo += [(part, depth + 1) for part in inside]
        if parts > MOST_PARTS or characters > MOST_CHARACTERS:
            raise InputError(f"一次保存最多 {MOST_CHARACTERS:,} 个字、{MOST_PARTS:,} 个值", _KEEP)


_FIELDS = {
    "save_id": "编号",
    "after_save_id": "上一次保存的编号",
    "chat": "群聊序号",
    "reviewer": "审阅人",
    "base_version": "版本",
    "record_id": "记录",
    "review": "哪一种审阅",
    "base_run_id": "抽取任务",
    "customers": "客户",
    "status": "状态",
    "note": "备注",
    "reason": "原因",
    "seconds": "用时",
    "field_seconds": "各字段用时",
    "folded": "折起的字段",
    "undo": "撤销",
}


def _refusal(error: ValidationError) -> InputError:
    """The sentence for a pydantic validation error; its own would print what was typed."""
    places = {str(detail["loc"][0]) for detail in error.errors(include_input=False) if detail["loc"]}
    too_long = {str(detail["loc"][0]) for detail in error.errors(include_input=False) if "too_long" in detail["type"]}
    if "note" in too_long:
        return InputError(f"备注最多 {MOST_NOTE:,} 个字", _KEEP)
    if "reason" in too_long:
        return InputError(f"原因最多 {MOST_REASON} 个字", _KEEP)
    if "reviewer" in too_long:
        return InputError("审阅人的名字最多 60 个字", "请换一个短些的名字")
    names = "、".join(sorted(_FIELDS.get(place, "其他") for place in places))
    return InputError(f"这次保存的内容不完整或不对（{names}）", "请刷新页面后再试")


def _has_unstorable(raw: Mapping[str, Any]) -> bool:
    todo: list[Any] = [raw.get("customers"), raw.get("note"), raw.get("reason")]
    while todo:
        value = todo.pop()
        if isinstance(value, str):
            if UNSTORABLE.search(value):
                return True
        elif isinstance(value, Mapping):
            todo += value.values()
        elif isinstance(value, list | tuple):
            todo += value
    return False
