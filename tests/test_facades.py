"""A package in ``core`` exports only what code outside it imports through it.

Tests and benchmarks are no outside code: what only they or the own modules of a package use is imported from the module
that defines it, and does not stand in ``__all__``.
"""

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from tests.repository.syntax import tree_of

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = ("core", "pages")


def test_packages_export_what_others_import() -> None:
    users = _users()
    unused = {
        package: names
        for package, folder, exported in exported_names()
        if (
            names := [name for name in exported if not any(folder not in path.parents for path in users[package, name])]
        )
    }
    assert unused == {}


def exported_names() -> Iterator[tuple[str, Path, list[str]]]:
    """Packages with an ``__all__``: dotted name, folder, exported names."""
    for path in sorted((ROOT / "core").rglob("__init__.py")):
        for node in tree_of(path).body:
            if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
                package = ".".join(path.parent.relative_to(ROOT).parts)
                yield package, path.parent, ast.literal_eval(node.value)


def _users() -> dict[tuple[str, str], set[Path]]:
    """Files that take a name from a package: ``from package import name``, or ``package.name`` by any alias."""
    users: dict[tuple[str, str], set[Path]] = defaultdict(set)
    files = [path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py")]
    for path in [*files, ROOT / "app.py"]:
        tree = tree_of(path)
        modules: dict[str, str] = {}
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.module:
                for alias in node.names:
                    users[node.module, alias.name].add(path)
                    modules[alias.asname or alias.name] = f"{node.module}.{alias.name}"
            elif isinstance(node, ast.Import):
                modules |= {alias.asname or alias.name: alias.name for alias in node.names}
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name | ast.Attribute):
                value = ast.unparse(node.value)
                users[modules.get(value, value), node.attr].add(path)
    return users
