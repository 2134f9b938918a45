"""The one source of the workbench that Streamlit gets."""

import shutil
import subprocess
from pathlib import Path

import pytest

from core.ui.forms.desk_preview import preview_source
from core.ui.workbench import HERE, MODULES, workbench_source

NODE = shutil.which("node")
needs_node = pytest.mark.skipif(NODE is None, reason="node is not installed: the workbench's modules cannot be tested")


@needs_node
def test_joined_source_is_one_valid_module(tmp_path: Path) -> None:
    joined = tmp_path / "joined.mjs"
    joined.write_text(workbench_source(), "utf-8")
    done = subprocess.run([str(NODE), "--check", str(joined)], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr


@needs_node
def test_joined_preview_is_one_valid_module(tmp_path: Path) -> None:
    joined = tmp_path / "joined.mjs"
    joined.write_text(preview_source(), "utf-8")
    done = subprocess.run([str(NODE), "--check", str(joined)], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr


def test_every_module_is_joined_and_nothing_of_the_module_syntax_is_left() -> None:
    assert sorted(MODULES) == sorted(path.stem for path in (HERE / "js").glob("*.js"))
    left = [line for line in workbench_source().splitlines() if line.startswith(("import ", "export "))]
    assert left == ["export default function workbench(component) {"]


def test_no_html_is_ever_parsed() -> None:
    text = workbench_source()
    assert not [word for word in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write") if word in text]
