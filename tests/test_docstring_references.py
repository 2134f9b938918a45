"""Every ``:func:``, ``:class:`` … in a docstring of ``core`` names something that exists."""

import ast
import importlib
import re
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[1]
_REFERENCE = re.compile(r":(?:func|class|mod|meth|data|attr|exc):`~?([\w.]+)`")


def _resolves(name: str, module: ModuleType, owners: list[str]) -> bool:
    """Whether a name is found in the module, in one of its classes, or by its full path."""
    parts = name.split(".")
    starts: list[tuple[object, list[str]]] = [(module, parts)]
    starts += [(getattr(module, owner), parts) for owner in owners if hasattr(module, owner)]
    for length in range(len(parts), 0, -1):
        try:
            starts.append((importlib.import_module(".".join(parts[:length])), parts[length:]))
        except ImportError:
            continue
        break
    return any(_reaches(start, path) for start, path in starts)


def _reaches(start: object, path: list[str]) -> bool:
    for part in path:
        if not hasattr(start, part):
            return part in getattr(start, "__annotations__", {})
        start = getattr(start, part)
    return True


def _modules() -> list[str]:
    return [
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        for path in sorted((ROOT / "core").rglob("*.py"))
        if ":`" in path.read_text(encoding="utf-8") and path.name not in ("env.py", "__main__.py")
    ]


@pytest.mark.parametrize("name", _modules())
def test_references_in_docstrings_resolve(name: str) -> None:
    module = importlib.import_module(name)
    tree = ast.parse(Path(str(module.__file__)).read_text(encoding="utf-8"))
    owners = [node.name for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    text = [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and ":`" in node.value
    ]
    references = {reference for part in text for reference in _REFERENCE.findall(part)}
    assert [reference for reference in sorted(references) if not _resolves(reference, module, owners)] == []
