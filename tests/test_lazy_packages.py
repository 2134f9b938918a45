"""Packages whose exported names are imported when they are used."""

import subprocess
import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

from tests.test_facades import exported_names

LAZY = [
    package
    for package, folder, _ in exported_names()
    if "import_when_used" in (folder / "__init__.py").read_text("utf-8")
]


def test_there_are_lazy_packages() -> None:
    assert len(LAZY) > 5


@pytest.mark.parametrize("package", LAZY)
def test_every_exported_name_can_be_imported_and_is_no_module(package: str) -> None:
    module = import_module(package)
    exported = {name: getattr(module, name) for name in module.__all__}
    assert [name for name, value in exported.items() if isinstance(value, ModuleType)] == []
    assert set(exported) <= set(dir(module))


def test_a_name_is_the_function_even_where_the_module_of_that_name_was_imported_first() -> None:
    code = """
from core.services.extraction.runs.progress import progress
from core.services.extraction import runs
assert runs.progress is progress
import core.services.quality.default_run as default_run
from core.services.quality import default_run as exported
assert callable(exported) and exported is default_run, default_run
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_what_is_not_exported_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "lazy_one").mkdir()
    (tmp_path / "lazy_one" / "part.py").write_text("VALUE = 1\n")
    (tmp_path / "lazy_one" / "__init__.py").write_text(
        "from typing import TYPE_CHECKING\nfrom core.lazy_packages import import_when_used\n"
        "if TYPE_CHECKING:\n    from lazy_one.part import VALUE\n\nimport_when_used(__name__)\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    package = import_module("lazy_one")
    assert "lazy_one.part" not in sys.modules
    with pytest.raises(AttributeError, match="lazy_one.*has no attribute 'other'"):
        _ = package.other
    assert package.VALUE == 1
    monkeypatch.setattr(package, "VALUE", 2)
    assert package.VALUE == 2
