"""A page's script reads state, calls and draws by calling: what it draws with lives in core/ui."""

import ast
from pathlib import Path

from tests.repository.syntax import tree_of

ROOT = Path(__file__).resolve().parents[2]


def test_pages_define_nothing() -> None:
    defined = [
        f"{path.relative_to(ROOT)}:{node.lineno} {node.name}"
        for path in sorted((ROOT / "pages").rglob("*.py"))
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
    ]
    assert defined == []
