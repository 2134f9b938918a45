"""A page's script reads state, calls and draws by calling: what it draws with lives in core/ui."""

import ast
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_pages_define_nothing() -> None:
    defined = [
        f"{path.relative_to(ROOT)}:{node.lineno} {node.name}"
        for path in sorted((ROOT / "pages").rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
    ]
    assert defined == []
