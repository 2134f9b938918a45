"""Processes of their own for heavy work."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from core.settings import ROOT

STARTED = [
    path.relative_to(ROOT).with_suffix("").as_posix().replace("/", ".")
    for path in sorted((ROOT / "core" / "services").rglob("*.py"))
    if "give_way" in (text := path.read_text("utf-8")) and "__main__" in text
]


def test_there_are_processes_that_do_heavy_work() -> None:
    starters = [path for path in (ROOT / "core").rglob("*.py") if "start_own_process(" in path.read_text("utf-8")]
    assert len(STARTED) == len(starters) - 1  # what defines it starts none


@pytest.mark.parametrize("module", STARTED)
def test_heavy_work_gives_way_before_anything_else_but_imports(module: str) -> None:
    tree = ast.parse(Path(ROOT, *module.split(".")).with_suffix(".py").read_text("utf-8"))
    (main,) = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == "_main"]
    first = next(node for node in main.body if not isinstance(node, ast.ImportFrom))
    assert ast.unparse(first) == "give_way()"


def test_a_process_that_gives_way_has_a_lower_priority() -> None:
    code = "import os; from core.services.jobs.own_process import give_way; a = os.nice(0); give_way()"
    code += "; print(min(19, a + 10) == os.nice(0))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "True"
