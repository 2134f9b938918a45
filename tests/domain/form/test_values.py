"""Values as text: one rule for every table, page and export."""

import ast
from pathlib import Path

import pytest

from core.domain.form import items_of, load_named_form, text_of

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("", ""),
        ([], ""),
        (None, ""),
        ("报价", "报价"),
        (["询价", "答疑"], "询价、答疑"),
        (["询价、答疑"], "询价、答疑"),
        ([1, 2], "1、2"),
    ],
)
def test_a_value_as_one_text(value: object, text: str) -> None:
    assert text_of(value) == text
    assert text_of(value, empty="空") == (text or "空")


def test_the_single_items_of_a_value() -> None:
    assert items_of(["询价、 答疑", "询价"]) == ["询价", "答疑"]
    assert items_of(" 十八万，含税 ") == ["十八万，含税"]
    assert items_of("  ") == items_of([]) == []


def test_no_other_place_turns_values_into_text() -> None:
    """Twelve copies disagreed about ``None`` and about what stands for an empty value."""
    own = ROOT / "core/domain/form"
    copies = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for folder in ("core", "pages")
        for path in sorted((ROOT / folder).rglob("*.py"))
        if own not in path.parents
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.IfExp) and "isinstance(" in ast.unparse(node.test) and "'、'.join(" in ast.unparse(node)
    ]
    assert copies == []


def test_the_column_about_whom_a_form_is_called_as_the_form_calls_them() -> None:
    ticket = load_named_form("repair_ticket")
    heading = {
        subject: ticket.model_copy(update={"subject": subject}).subject_heading
        for subject in ("学员", "群聊", ticket.keys[0])
    }
    assert (load_named_form().subject_heading, ticket.subject_heading) == ("客户", "报修人编号")
    assert heading == {"学员": "学员", "群聊": "群聊编号", ticket.keys[0]: f"{ticket.keys[0]}编号"}, (
        "no two columns of one name"
    )
