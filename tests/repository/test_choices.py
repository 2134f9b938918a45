"""A choice whose titles are put together (a name and a count) keeps its value when they change."""

import ast
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CHOICES = ("selectbox", "radio", "segmented_control", "pills", "select_slider")
KEYS = ("held_choice", "widget_key")


def is_put_together(titles: ast.expr | None) -> bool:
    """Whether titles are made with numbers or words that may change between two runs of a page."""
    return isinstance(titles, ast.Lambda) and any(isinstance(node, ast.JoinedStr) for node in ast.walk(titles.body))


def unheld(source: str) -> list[int]:
    """Lines of choices with such titles and a key of their own."""
    lines = []
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute) or node.func.attr not in CHOICES:
            continue
        given = {keyword.arg: keyword.value for keyword in node.keywords}
        key = given.get("key")
        held = isinstance(key, ast.Call) and isinstance(key.func, ast.Name) and key.func.id in KEYS
        many = "selection_mode" in given
        if key is not None and not held and not many and is_put_together(given.get("format_func")):
            lines.append(node.lineno)
    return lines


def test_choices_with_titles_that_change_hold_their_value() -> None:
    # The dataset's box is chosen by the address, which the page reads before it.
    places = [
        f"{path.relative_to(ROOT)}:{line}"
        for folder in ("core/ui", "pages")
        for path in sorted((ROOT / folder).rglob("*.py"))
        for line in unheld(path.read_text(encoding="utf-8"))
        if path.name != "state.py"
    ]
    assert places == []


def test_the_rule_finds_what_it_is_about() -> None:
    drawn = "st.selectbox('x', ids, format_func=lambda i: f'{n[i]} · {c[i]}', key="
    assert unheld(drawn + "'k')") == [1]
    assert unheld(drawn + "held_choice('k', ids))") == []
    assert unheld("st.selectbox('x', ids, format_func=names.__getitem__, key='k')") == []
