"""The words for what a person did with a cell stand in one enum; a copy of one would go its own way."""

import ast
from pathlib import Path

from core.adapters.store.models import Confirmation

ROOT = Path(__file__).resolve().parents[4]


def test_no_module_writes_a_confirmation_out() -> None:
    words = {str(word) for word in Confirmation}
    copies = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in sorted([*ROOT.glob("core/**/*.py"), *ROOT.glob("pages/**/*.py")])
        if path.name != "confirmations.py"
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Constant) and node.value in words
    ]
    assert copies == []
