"""A message in front of a rerun is kept for the next run; of the run that ends, a busy browser shows nothing."""

import ast
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def lost_messages(source: str) -> list[int]:
    """Lines of ``st.toast`` behind which the same block ends in ``st.rerun``."""
    lines = []
    for node in ast.walk(ast.parse(source)):
        for block in (getattr(node, "body", None), getattr(node, "orelse", None)):
            if not isinstance(block, list):
                continue
            calls = [
                (ast.unparse(statement.value.func), statement.lineno)
                for statement in block
                if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call)
            ]
            for place, (name, line) in enumerate(calls):
                if name == "st.toast" and any(later == "st.rerun" for later, _ in calls[place:]):
                    lines.append(line)
    return lines


def test_no_message_is_given_to_a_run_that_ends() -> None:
    places = [
        f"{path.relative_to(ROOT)}:{line}"
        for folder in ("core/ui", "pages")
        for path in sorted((ROOT / folder).rglob("*.py"))
        for line in lost_messages(path.read_text(encoding="utf-8"))
    ]
    assert places == []


def test_the_rule_sees_what_it_is_for() -> None:
    assert lost_messages("if x:\n    st.toast('a')\n    y = 1\n    st.rerun()") == [2]
    assert lost_messages("if x:\n    st.toast('a')\nelse:\n    st.rerun()") == []
