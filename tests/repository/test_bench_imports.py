"""What the benchmarks import within their functions is there: nobody runs all of them with every change."""

import ast
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from tests.repository.syntax import tree_of

BENCH = Path(__file__).parents[2] / "bench"


def test_everything_that_benchmarks_import_is_there() -> None:
    names = [
        (str(node.module), alias.name)
        for path in sorted(BENCH.rglob("*.py"))
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(("core.", "bench."))
        for alias in node.names
    ]
    assert len(names) > 100
    missing = [
        f"{module}.{name}"
        for module, name in names
        if not hasattr(import_module(module), name) and not find_spec(f"{module}.{name}")
    ]
    assert missing == []
