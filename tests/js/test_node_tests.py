"""Each test of a Node file is a test here: the file runs once, and its report says what became of each."""

import re
import shutil
import subprocess
from functools import cache
from pathlib import Path

import pytest

NODE = shutil.which("node")
FOLDER = Path(__file__).parent
FILES = sorted(path.name for path in FOLDER.glob("*.test.mjs"))
_TEST = re.compile(r'^test\(\s*"((?:[^"\\]|\\.)*)"', re.MULTILINE)
_RESULT = re.compile(r"^ *(ok|not ok) \d+ - (.*?)(?: # .*)?$", re.MULTILINE)


def names_in(file: str) -> list[str]:
    """Names of the tests of a file, as they stand in its source."""
    return [name.replace('\\"', '"') for name in _TEST.findall((FOLDER / file).read_text("utf-8"))]


@cache
def report(file: str) -> tuple[dict[str, bool], str]:
    """Whether each test of a file passed, and all that node said."""
    command = [str(NODE), "--test-reporter=tap", str(FOLDER / file)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    told = done.stdout + done.stderr
    return {name: state == "ok" for state, name in _RESULT.findall(done.stdout)}, told


@pytest.mark.skipif(NODE is None, reason="node is not installed: the JavaScript cannot be tested")
@pytest.mark.parametrize(("file", "name"), [(file, name) for file in FILES for name in names_in(file)])
def test_node(file: str, name: str) -> None:
    passed, told = report(file)
    assert passed.get(name), told[-6000:]


@pytest.mark.skipif(NODE is None, reason="node is not installed: the JavaScript cannot be tested")
@pytest.mark.parametrize("file", FILES)
def test_every_test_of_the_file_is_listed(file: str) -> None:
    assert sorted(report(file)[0]) == sorted(names_in(file))
