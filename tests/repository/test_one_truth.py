"""What is written twice disagrees one day: a pattern stands in one module, a word for an empty cell in one."""

import ast
from collections import defaultdict
from pathlib import Path

from tests.repository.syntax import tree_of

CORE = Path(__file__).resolve().parents[2] / "core"
TRIVIAL = 8
"""Patterns up to so many characters (``\\d+``) are no truth."""
TWICE = {
    r"at line (\d+)": "the line of a TOML error: core/secrets.py stands below core/domain",
}
"""Patterns that stand twice on purpose, each with its reason."""


def calls(name: str) -> list[tuple[str, ast.Call]]:
    return [
        (f"{path.relative_to(CORE)}:{node.lineno}", node)
        for path in sorted(CORE.rglob("*.py"))
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Call) and ast.unparse(node.func).startswith(name)
    ]


def test_a_pattern_stands_in_one_place() -> None:
    places: dict[str, list[str]] = defaultdict(list)
    for place, call in calls("re."):
        pattern = call.args[0] if call.args else None
        if isinstance(pattern, ast.Constant) and isinstance(pattern.value, str) and len(pattern.value) > TRIVIAL:
            places[pattern.value].append(place)
    assert {key: where for key, where in places.items() if len(where) > 1 and key not in TWICE} == {}


def test_an_empty_cell_has_one_word() -> None:
    own = [
        place
        for place, call in calls("text_of")
        for keyword in call.keywords
        if keyword.arg == "empty" and isinstance(keyword.value, ast.Constant) and "空" in str(keyword.value.value)
    ]
    assert own == []
