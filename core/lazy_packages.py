"""Packages that import a module of theirs only when a name of it is used.

``python -m core status`` needs a few functions of packages that together import for more than a second.
"""

import ast
import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any


class _LazyPackage(ModuleType):
    """A package whose exported names are imported when they are first used."""

    _modules: dict[str, str]

    def __getattr__(self, name: str) -> Any:
        # Found in the class's place of an instance's attribute, so only where the package itself lacks the name.
        module = self.__dict__.get("_modules", {}).get(name)
        if module is None:
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
    for node in ast.parse(Path(str(module.__file__)).read_text("utf-8")).body:
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            imports = [statement for statement in node.body if isinstance(statement, ast.ImportFrom)]
            exported |= {alias.name: str(statement.module) for statement in imports for alias in statement.names}
    module.__dict__["_modules"] = exported
    module.__class__ = _LazyPackage
