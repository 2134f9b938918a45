"""Packages that import a module of theirs only when a name of it is used.

``python -m core status`` needs a few functions of packages that together import for more than a second.
"""

import ast
import sys
from importlib import import_module
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import module_from_spec
from pathlib import Path
from types import ModuleType
from typing import Any


class _LazyPackage(ModuleType):
    """A package whose exported names, and modules that it would have imported, are imported when first used."""

    _modules: dict[str, str]

    def __getattr__(self, name: str) -> Any:
        # Found in the class's place of an instance's attribute, so only where the package itself lacks the name.
        modules: dict[str, str] = self.__dict__.get("_modules", {})
        module = modules.get(name)
        if module is None:
            if (own := f"{self.__name__}.{name}") in modules.values():
                return import_module(own)
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}", name=name, obj=self)
        value = getattr(import_module(module), name)
        super().__setattr__(name, value)
        return value

    def __setattr__(self, name: str, value: Any) -> None:
        # A module is put into its package once it is imported; an exported function of the same name goes before it.
        if not (isinstance(value, ModuleType) and name in self._modules):
            super().__setattr__(name, value)

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *self._modules})


def import_when_used(package: str) -> None:
    """Have a package import what stands under ``if TYPE_CHECKING:`` in its ``__init__.py`` when it is used.

    There it is read by type checkers as well, so that every name stands once.

    Args:
        package: its dotted name, which is being imported.
    """
    module = sys.modules[package]
    exported: dict[str, str] = {}
    for node in _statements(str(module.__file__)):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            imports = [statement for statement in node.body if isinstance(statement, ast.ImportFrom)]
            exported |= {alias.name: str(statement.module) for statement in imports for alias in statement.names}
    module.__dict__["_modules"] = exported
    module.__class__ = _LazyPackage


def hand_on_when_used(package: str) -> None:
    """Have a package of others that only hands on names of its modules import each when it is used.

    Its own ``__init__`` is not run then. Call it before anybody imports the package, and for packages around it first.
    One that is imported already, that is not there or that does more than hand on is left alone.

    Args:
        package: its dotted name.
    """
    spec = _spec_of(package)
    if package in sys.modules or spec is None or spec.origin is None:
        return
    exported: dict[str, str] = {}
    for node in _statements(spec.origin):
        if not isinstance(node, ast.ImportFrom) or any(one.asname not in (None, one.name) for one in node.names):
            return
        if node.module == "__future__":
            continue
        if node.level != 1 or node.module is None or any(one.name == "*" for one in node.names):
            return
        exported |= {one.name: f"{package}.{node.module}" for one in node.names}
    module = module_from_spec(spec)
    module.__dict__["_modules"] = exported
    module.__class__ = _LazyPackage
    sys.modules[package] = module
    parent, _, name = package.rpartition(".")
    if parent in sys.modules:
        setattr(sys.modules[parent], name, module)


def _statements(file: str) -> list[ast.stmt]:
    return ast.parse(Path(file).read_text("utf-8")).body


def _spec_of(package: str) -> ModuleSpec | None:
    """Where a package lies, looked for without importing those around it; ``None`` for one that is not there."""
    spec: ModuleSpec | None = None
    for end in [at for at, sign in enumerate(f"{package}.") if sign == "."]:
        spec = PathFinder.find_spec(package[:end], spec.submodule_search_locations if spec is not None else None)
        if spec is None or spec.submodule_search_locations is None:
            return None
    return spec
