"""Another program has the database: the command says so, waits, and in the end goes on or gives up."""

import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from core import cli
from core.adapters.store import open_store
from core.cli import common, waiting
from core.settings import settings
from tests import postgres as pg


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("SHIYAO_LOG_FILE", str(tmp_path / "log"))
    monkeypatch.setattr("core.adapters.store.db.BUSY_SECONDS", 0.2)
    monkeypatch.setattr(waiting, "_FIRST_NOTE", 0.1)
    settings.cache_clear()
    path = tmp_path / "shiyao.db"
    open_store(f"sqlite:///{path}").close()
    yield path
    settings.cache_clear()


def sample(path: Path) -> int:
    return cli.main(["sample", "--db", f"sqlite:///{path}"])


def test_it_waits_until_the_other_program_is_done(
    path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    told, hint = threading.Event(), common.hint

    def hint_and_tell(text: str) -> None:
        hint(text)
        told.set()

    monkeypatch.setattr(common, "hint", hint_and_tell)
    holder = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    holder.execute("BEGIN IMMEDIATE")

    def let_go() -> None:
        assert told.wait(40)
        holder.execute("ROLLBACK")

    threading.Thread(target=let_go).start()
    assert sample(path) == 0
    out, err = capsys.readouterr()
    assert "新增" in out and "正在等数据库，可能正被别的程序占用" in err
    holder.close()


def test_it_gives_up_with_a_sentence(
    path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "LOCK_SECONDS", 0.5)
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    assert sample(path) == 1
    assert capsys.readouterr().err.splitlines()[-1].startswith("数据库正被别的程序占用。请等它结束")
    # Who only reads has not to wait.
    assert cli.main(["check", "--db", f"sqlite:///{path}"]) == 0
    holder.close()


def test_who_only_tries_an_import_has_not_to_wait(
    path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "LOCK_SECONDS", 0.2)
    chats = tmp_path / "a.json"
    chats.write_text('[{"chat_text": "林木1：你好\\n客服小何：好"}]', "utf-8")
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    database = ["--db", f"sqlite:///{path}"]
    assert cli.main(["import", str(chats), "--dataset", "新", "--dry-run", "--json", *database]) == 0
    out, err = capsys.readouterr()
    assert '"added": 1' in out and "正在等数据库" not in err
    assert cli.main(["imports", "--dataset", "新", *database]) == 1
    holder.execute("ROLLBACK")
    holder.close()


@pytest.mark.parametrize("verb", [["check"], ["sample"], ["status", "--run", "x"], ["backup", "copy.db"]])
@pytest.mark.parametrize("fault", ["no database", "damaged", "newer", "a folder", "below a file"])
def test_a_file_that_is_none_is_a_sentence(
    path: Path, verb: list[str], fault: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(path.parent)
    if fault == "no database":
        path.write_bytes(b"not a database" * 1000)
    elif fault == "damaged":
        content = bytearray(path.read_bytes())
        content[4096:] = b"\xff" * len(content[4096:])
        path.write_bytes(content)
    elif fault == "newer":
        with sqlite3.connect(path) as connection:
            connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.close()
    place = {"a folder": path.parent, "below a file": path / "x.db"}.get(fault, path)
    code = cli.main([*verb, "--db", f"sqlite:///{place}"])
    err = capsys.readouterr().err
    # A busy machine may be slow to open it: then the remark about waiting stands before the sentence.
    sentences = [line for line in err.splitlines() if not line.startswith("正在等数据库")]
    assert code == 1 and len(sentences) == 1 and "程序出错" not in err
    assert not (path.parent / "copy.db").exists()


def test_a_server_that_is_away_or_refuses_is_a_sentence_without_the_password(
    postgres: pg.Postgres, path: Path, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    there = postgres.database()
    name = there.rpartition("/")[2]
    away = "postgresql://shiyao:Geheim123@127.0.0.1:9/x"
    unknown = there.replace("shiyao@", "nobody:Geheim123@")
    absent = there.replace(name, "absent").replace("shiyao@", "shiyao:Geheim123@")
    for address in (away, unknown, absent):
        for verb in (["check"], ["sample"]):
            assert cli.main([*verb, "--db", address]) == 1
            err = capsys.readouterr().err
            assert err.count("\n") == 1 and "程序出错" not in err and "Geheim123" not in err
    assert "Geheim123" not in caplog.text
