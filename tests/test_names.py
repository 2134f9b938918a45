"""A public class or function name has one meaning in the whole program, and a local name says what it holds."""

import ast
from collections import defaultdict
from pathlib import Path

from tests.repository.syntax import tree_of

CORE = Path(__file__).resolve().parents[1] / "core"
PAGES = CORE.parent / "pages"
BROWSER = CORE / "services/review/workbench/contract.py"
"""The workbench's contract: its types are named as the browser names them."""
VAGUE = {"asked", "found", "lies", "said", "wanted"}
"""Names that say how a value was come by, where a noun would say what it is."""

SHARED_NAMES = {
    "main": "entry point of a process of its own",
    "delete": "called with its package's name: model_catalog.delete, run_service.delete",
}
"""Function names that several modules have on purpose, each with its reason."""


def test_a_class_name_has_one_meaning() -> None:
    places: dict[str, list[str]] = defaultdict(list)
    for path in sorted(CORE.rglob("*.py")):
        if path == BROWSER:
            continue
        for node in tree_of(path).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                places[node.name].append(str(path.relative_to(CORE)))
    assert {name: modules for name, modules in places.items() if len(modules) > 1} == {}


def test_local_names_say_what_they_hold() -> None:
    assigned = [
        f"{path.relative_to(CORE.parent)}:{node.lineno} {node.id}"
        for folder in (CORE, PAGES)
        for path in sorted(folder.rglob("*.py"))
        for node in _names_in_functions(tree_of(path))
        if isinstance(node.ctx, ast.Store) and node.id in VAGUE
    ]
    assert assigned == []


def _names_in_functions(tree: ast.Module) -> list[ast.Name]:
    """Names used in functions; class attributes are no locals (``ChatScore.wanted`` is half of a recall)."""
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    return [node for function in functions for node in ast.walk(function) if isinstance(node, ast.Name)]


def test_a_public_function_has_one_meaning() -> None:
    places: dict[str, list[str]] = defaultdict(list)
    for path in sorted(CORE.rglob("*.py")):
        # Commands are named as they are typed; a migration has two functions, always the same.
        if path.is_relative_to(CORE / "cli") or "migrations" in path.parts:
            continue
        for node in tree_of(path).body:
            if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
                places[node.name].append(str(path.relative_to(CORE)))
    assert {name: modules for name, modules in places.items() if len(modules) > 1 and name not in SHARED_NAMES} == {}
