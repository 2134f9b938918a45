"""Packages whose exported names are imported when they are used."""

import subprocess
import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

from core.lazy_packages import hand_on_when_used
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


OPENAI = """
import ast, sys
from pathlib import Path
from types import ModuleType
from core.adapters.llm.openai_package import _TYPES, openai
client = openai.OpenAI(api_key="none", base_url="http://127.0.0.1:9")
client.chat.completions
assert not {"aiohttp", "openai.types.responses.response", "openai.types.eval_create_params"} & set(sys.modules)
for part in _TYPES:
    package = sys.modules[f"openai.{part}"]
    for node in ast.parse(Path(package.__file__).read_text("utf-8")).body:
        for one in node.names if node.module != "__future__" else ():
            value = getattr(package, one.name)
            assert value is getattr(sys.modules[f"openai.{part}.{node.module}"], one.name)
            assert not isinstance(value, ModuleType)
assert openai.types.batch.Batch is openai.types.Batch and openai.types.chat is sys.modules["openai.types.chat"]
"""


def test_openai_has_all_its_types_but_imports_few_for_a_chat_completion() -> None:
    subprocess.run([sys.executable, "-c", OPENAI], check=True, timeout=60)


@pytest.mark.parametrize(
    ("contents", "lazy"),
    [
        ("from __future__ import annotations\nfrom .part import VALUE as VALUE\n", True),
        ("from .part import VALUE\nprint(VALUE)\n", False),
        ("from .part import *\n", False),
        ("from .part import VALUE as OTHER\n", False),
        ("from . import part\n", False),
    ],
)
def test_a_package_of_others_is_lazy_only_where_it_hands_on_names_and_nothing_else(
    contents: str, lazy: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for folder in ("others", "others/types"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "__init__.py").write_text(contents if folder != "others" else "")
    (tmp_path / "others" / "types" / "part.py").write_text("VALUE = 1\n")
    monkeypatch.syspath_prepend(tmp_path)
    for name in ("others", "others.types", "others.types.part"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    hand_on_when_used("others.types")
    hand_on_when_used("others.missing")
    assert ("others.types" in sys.modules, "others.types.part" in sys.modules) == (lazy, False)
    package = import_module("others.types")
    assert ("others.types.part" in sys.modules) is not lazy
    names = [name for name in ("VALUE", "OTHER") if name in contents]
    assert [getattr(package, name) for name in names[-1:]] == [1] * len(names[-1:])
    assert package.part.VALUE == 1
    with pytest.raises(AttributeError, match="nothing"):
        _ = package.nothing
    for name in ("others", "others.types", "others.types.part"):
        sys.modules.pop(name, None)
