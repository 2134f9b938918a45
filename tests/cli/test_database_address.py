"""A mistyped address of a database: said in Chinese, and nothing is made at it."""

import os
from pathlib import Path

import pytest

from core import cli
from core.adapters.store import open_store
from core.settings import settings
from tests.cli.calling import run
from tests.cli.every_verb import VERBS, arguments_for

CREATING = {"import", "sample", "serve", "form import", "user add", "token add", "webhook add"}
"""Verbs that make sense before there is a database: what they write is the first of it."""
WITHOUT_DATABASE = {"check training", "form check", "restore"}
FURTHER = {
    "export dataset": ["--out", "out.json"],
    "export runs": ["--yes"],
    "export training": ["--dry-run"],
    "form migrate": ["--dry-run"],
    "form undo": ["--who", "小何"],
    "import-table": ["--undo", "1"],
    "imports": ["--dataset", "d"],
    "learn": ["--from", "d", "--evaluate"],
}
"""What some are asked for before they look at a database."""
NEEDING = sorted({*VERBS, "worker"} - CREATING - WITHOUT_DATABASE)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder that commands are called in; the log is elsewhere."""
    monkeypatch.setenv("SHIYAO_LOG_FILE", str(tmp_path / "log"))
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    monkeypatch.setattr(os, "execve", lambda *_: None)  # a server would take the place of this process
    settings.cache_clear()
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    return tmp_path / "here"


@pytest.mark.parametrize("verb", NEEDING)
def test_a_verb_that_needs_a_database_makes_none(
    verb: str, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = arguments_for(verb, tmp_path) if verb in VERBS else [verb]
    code, out, err = run(capsys, *arguments, *FURTHER.get(verb, []), "--db", "sqlite:///typo.db")
    assert list(folder.iterdir()) == []
    assert (code, out) == (1, "")
    assert err.startswith(f"{folder / 'typo.db'} 没有数据库。请检查 --db"), err


def test_an_empty_file_is_no_database(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "notes.txt").touch()
    code, _, err = run(capsys, "user", "list", "--db", "sqlite:///notes.txt")
    assert code == 1 and "没有数据库" in err
    assert (folder / "notes.txt").stat().st_size == 0


def test_a_first_import_can_be_looked_at_and_then_makes_the_database(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    chats = tmp_path / "chats.txt"
    chats.write_text("何苗：在吗\n客服小李：在的", encoding="utf-8")
    arguments = ("import", chats, "--dataset", "d", "--db", "sqlite:///new.db")
    code, out, err = run(capsys, *arguments, "--dry-run")
    assert code == 0 and "新增 1" in out, err
    assert list(folder.iterdir()) == []
    code, out, err = run(capsys, *arguments)
    assert code == 0 and "新增 1" in out, err
    assert (folder / "new.db").is_file()


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("sqlite:///x.db?mode=zz", "不能写选项（mode）"),
        ("sqlite:///x.db?uri=true&mode=ro", "不能写选项（mode、uri）"),
        ("sqlite:///x.db?timeout=abc", "不能写选项（timeout）"),
        ("sqlite:///x.db?detect_types=9999999999999", "不能写选项（detect_types）"),
        ("sqlite:///", "没有写是哪个文件"),
        ("sqlite://", "没有写是哪个文件"),
        ("sqlite://x.db", "没有写是哪个文件"),
        ("sqlite:///x%00.db", "写法不对"),
        ("sqlite+nothing:///x.db", "不能用驱动 nothing"),
        ("postgresql+nothing://127.0.0.1:9/x", "不能用驱动 nothing"),
        ("postgresql://127.0.0.1:9/x?nothing=1", "? 后面的选项不对"),
        ("postgresql://127.0.0.1:9/x?connect_timeout=abc", "? 后面的选项不对"),
        ("postgresql://127.0.0.1:9/x?connect_timeout=1&connect_timeout=2", "? 后面的选项不对"),
        ("postgresql://127.0.0.1:9/x?plugin=nothing", "? 后面的选项不对"),
        ("postgresql://127.0.0.1:9/%00", "写法不对"),
    ],
)
@pytest.mark.parametrize("verb", [["user", "list"], ["sample"]])
def test_an_address_that_cannot_be_is_said_in_chinese(
    url: str, sentence: str, verb: list[str], folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = run(capsys, *verb, "--db", url)
    assert list(folder.iterdir()) == []
    assert (code, out) == (1, "")
    assert err.startswith("数据库地址不能用：") and sentence in err and err.count("\n") == 1, err


def test_a_file_whose_name_has_a_question_mark(folder: Path) -> None:
    store = open_store("sqlite:///a%3Fb.db")
    store.close()
    assert (folder / "a?b.db").is_file()


def test_every_verb_is_one_of_them() -> None:
    assert CREATING | WITHOUT_DATABASE <= set(VERBS)
    assert cli.main(["--version"]) == 0
