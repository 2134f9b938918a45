"""The shipped sample set: shape, consistent labels, and every trait of real chats present."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from core.domain.form import Nature, load_named_form

SAMPLE = Path(__file__).resolve().parents[3] / "data" / "sample"
FORM = load_named_form()


def _load(name: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads((SAMPLE / name).read_text(encoding="utf-8"))
    return rows


CHATS = _load("chats.json")
RUN = _load("run.json")


def _first_copy(text: str) -> str:
    """The conversation without what a spreadsheet left behind it."""
    return re.split(r'" data-online-sheet-link=', text)[0]


def _forms(rows: list[dict[str, Any]]) -> list[tuple[str, dict[str, Any]]]:
    """Each form with the first copy of its chat."""
    return [
        (_first_copy(chat["chat_text"]), form) for chat, row in zip(CHATS, rows, strict=True) for form in row["infos"]
    ]


@pytest.mark.parametrize("rows", [CHATS, RUN], ids=["chats", "run"])
def test_forms_are_clean(rows: list[dict[str, Any]]) -> None:
    for row in rows:
        assert row["infos"]
        for form in row["infos"]:
            assert list(form) == list(FORM.keys)
            coerced = FORM.coerce(form)
            assert coerced.values == form
            assert not coerced.notes


def test_run_answers_every_chat_in_order() -> None:
    assert [list(row) for row in RUN] == [["infos", "index"]] * len(CHATS)
    assert [row["index"] for row in RUN] == list(range(1, len(CHATS) + 1))


def test_labelled_values_stand_in_the_first_copy() -> None:
    keys = [
        "基本信息-姓名",
        "基本信息-邮箱",
        "基本信息-地区",
        "基本信息-详细地址",
        "客户预算-总体预算金额",
        "下一步跟进计划-时间点",
    ]
    assert all(FORM.field(key).nature is Nature.VERBATIM for key in keys)
    for text, form in _forms(CHATS):
        for key in keys:
            assert form[key] in text, (form["基本信息-姓名"], key)
        assert form["基本信息-手机号码"] in re.sub(r"[ -]", "", text)
        for entry in form["下一步跟进计划-参与人"]:
            assert all(name in text for name in entry.split("、"))
