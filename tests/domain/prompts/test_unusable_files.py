"""A file in prompts/ that cannot be used is named and left out; it stops neither the others nor a command."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.adapters.store import open_store
from core.cli import main
from core.domain.prompts import PROMPTS_DIR, list_prompts, load_prompt, prompt_folder
from core.errors import PromptError

GOOD = (PROMPTS_DIR / "baseline.v1.md").read_text("utf-8")
BAD: dict[str, bytes] = {
    "x.md": GOOD.encode(),
    "README.md": "# 说明".encode(),
    "baseline.v2.md": b"\xff\xfe\x00",
    "baseline.v3.md": GOOD.encode().replace(b"version: 1", b"version: 4"),
    "baseline.v5.md": b"---\nname: [\n---\n",
    "baseline.v6.md": GOOD.encode().replace(b"version: 1", b"version: 6\nsecret: 1"),
    "baseline.v7.md": b"---\n" + b"x" * 5_000_000,
    "baseline.v8.md": b"",
    "baseline.v9.md": GOOD.encode().replace(b"version: 1", b"version: 9").replace(b"{% block user %}", b"{% block %}"),
    "baseline.v10.md": GOOD.encode().replace(b"version: 1", b"version: " + b"9" * 5000),
    f"baseline.v{'1' * 30}.md": GOOD.encode().replace(b"version: 1", b"version: " + b"1" * 30),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "baseline.v1.md").write_text(GOOD, "utf-8")
    for name, content in BAD.items():
        (tmp_path / name).write_bytes(content)
    (tmp_path / "folder.v1.md").mkdir()
    (tmp_path / "gone.v1.md").symlink_to(tmp_path / "nowhere")
    os.mkfifo(tmp_path / "pipe.v1.md")
    return tmp_path


def test_each_is_named_with_a_sentence(folder: Path) -> None:
    assert [prompt.id for prompt in list_prompts(folder)] == ["baseline.v1"]
    unusable = prompt_folder(folder).unusable
    assert unusable.keys() == {*BAD, "folder.v1.md", "gone.v1.md", "pipe.v1.md"}
    for name, error in unusable.items():
        assert name[:40] in str(error) and error.remedy and len(str(error)) < 300
    assert "5.0 MB" in str(unusable["baseline.v7.md"])


def test_the_good_one_is_used_and_a_bad_one_says_why(folder: Path) -> None:
    assert load_prompt("baseline", folder).version == 1
    with pytest.raises(PromptError, match="不是 UTF-8"):
        load_prompt("baseline.v2", folder)
    with pytest.raises(PromptError, match="没有名为"):
        load_prompt("baseline.v20", folder)


def test_a_new_version_takes_no_number_of_a_bad_file(folder: Path) -> None:
    assert prompt_folder(folder).newest_version("baseline") == 10


@pytest.fixture
def bad_file() -> Iterator[Path]:
    """A bad file among the program's own, as somebody leaves it there."""
    path = PROMPTS_DIR / "zz_broken.v1.md"
    path.write_bytes(b"\xff not a prompt")
    prompt_folder.cache_clear()
    try:
        prompt_folder()  # read once per process; other processes' tests must not see the file
    finally:
        path.unlink()
    yield path
    prompt_folder.cache_clear()


def test_the_command_that_checks_names_it(bad_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    address = f"sqlite:///{tmp_path / 'x.db'}"
    open_store(address).close()
    assert main(["check", "--db", address]) == 1
    assert "zz_broken.v1.md 不是 UTF-8" in capsys.readouterr().err
