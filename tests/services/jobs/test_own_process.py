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


def test_a_process_ends_with_the_one_that_started_it() -> None:
    waits = "import os, sys, time; from core.services.jobs.own_process import end_with_parent"
    waits += "; print(os.getpid(), flush=True); end_with_parent(int(sys.argv[1])); time.sleep(600)"
    starts = f"import os, subprocess, sys; subprocess.Popen([sys.executable, '-c', {waits!r}, str(os.getpid())])"
    starts += "; sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", starts], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as parent:
        assert parent.stdin is not None and parent.stdout is not None
        assert parent.stdout.readline()
        parent.stdin.close()
        # Its end of the pipe is closed once it has ended.
        assert parent.stdout.read() == b""
