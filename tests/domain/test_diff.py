"""Differences: nothing lost, nothing invented, readable, and safe as HTML."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.domain import diff as module
from core.domain.diff import DiffPart, Op, diff_lists, diff_text, diff_values
from core.ui.diff import list_html, text_html, value_html

CALM = settings(derandomize=True, deadline=None, max_examples=80)
TEXTS = st.text("甲乙丙丁，。\n ab😀", max_size=40)


def side(found: tuple[DiffPart, ...], other: Op) -> str:
    return "".join(piece.text for piece in found if piece.op is not other)


@given(TEXTS, TEXTS)
@CALM
def test_both_texts_can_be_read_off(a: str, b: str) -> None:
    found = diff_text(a, b)
    assert side(found, Op.IN) == a
    assert side(found, Op.OUT) == b
    assert all(piece.text for piece in found)


@given(TEXTS, TEXTS)
@CALM
def test_long_texts_too(a: str, b: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_EXACT_CELLS", -1)
        found = diff_text(a, b)
    assert (side(found, Op.IN), side(found, Op.OUT)) == (a, b)


def test_accidental_matches_are_joined() -> None:
    assert diff_text("周三下午给客户发报价单", "周五上午给客户发合同") == (
        (Op.SAME, "周"),
        (Op.OUT, "三下"),
        (Op.IN, "五上"),
        (Op.SAME, "午给客户发"),
        (Op.OUT, "报价单"),
        (Op.IN, "合同"),
    )
    found = diff_text("安排技术演示并确认需求", "下周二之前发送正式合同给法务")
    assert [piece.op for piece in found] == [Op.OUT, Op.IN]


def test_equal_and_empty() -> None:
    assert diff_text("", "") == ()
    assert diff_text("甲", "甲") == ((Op.SAME, "甲"),)
    assert diff_text("", "甲") == ((Op.IN, "甲"),)
    assert diff_lists([], []) == ()


def test_lists_are_sets_of_split_items() -> None:
    assert diff_lists(["询价、答疑"], ["答疑", "吐槽", " 答疑 "]) == (
        (Op.OUT, "询价"),
        (Op.SAME, "答疑"),
        (Op.IN, "吐槽"),
    )
    assert diff_values("询价", ["询价"]) == ((Op.SAME, "询价"),)
    assert diff_values("询价、答疑", "询价，答疑") != ()


def test_html_is_escaped_and_says_empty() -> None:
    html = value_html("<b>报价</b>&", "<script>alert(1)</script>")
    assert "<b>" not in html and "<script" not in html and "&amp;" in html
    assert "<i>" not in list_html(diff_lists(["<i>"], ["<u>"]))
    assert "（空）" in text_html(()) and "（空）" in list_html(())


def test_html_sides() -> None:
    found = diff_text("报价单", "报价")
    assert "del" in text_html(found, "left") and "del" not in text_html(found, "right")
    assert "（空）" in text_html(diff_text("", "甲"), "left")
