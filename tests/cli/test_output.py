"""Where results go and names come from: a full disk, a stream that is closed, an encoding without Chinese."""

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from core import cli
from core.adapters.store import open_store
from core.errors import InputError
from core.places import ROOT


@pytest.mark.parametrize("arguments", [["--version"], ["--help"], ["sample", "--json"]])
def test_results_that_cannot_be_written_are_said(
    db: str, arguments: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with Path("/dev/full").open("w", encoding="utf-8") as full, monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", full)
        code = cli.main(["--db", db, *arguments])
    assert code == 1
    assert capsys.readouterr().err.startswith("结果写不出去（磁盘已满）")


def test_names_are_read_where_python_was_told_to_know_ascii_alone(db: str) -> None:
    open_store(db).close()
    environment = os.environ | {"PYTHONUTF8": "0", "LC_ALL": "C"}
    done = subprocess.run(
        [sys.executable, "-m", "core", "--db", db, "status", "--run", "示例"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        check=False,
    )
    assert "没有抽取任务「示例」" in done.stderr.decode()


def test_text_that_is_none_is_not_called_a_number(db: str) -> None:
    store = open_store(db)
    try:
        with pytest.raises(InputError, match="文字里有") as told, store.read() as session:
            session.connection().exec_driver_sql("SELECT ?", ("\udce7",))
        assert "数字" not in str(told.value)
        with pytest.raises(InputError, match="数字太大") as told, store.read() as session:
            session.connection().exec_driver_sql("SELECT ?", (2**70,))
        assert "文字" not in str(told.value)
    finally:
        store.close()


def in_shell(script: str, db: str, **variables: str) -> tuple[str, str]:
    """Standard output and error of a shell's script, in which ``$SHIYAO`` and ``$VERSION`` are commands."""
    command = f"{shlex.quote(sys.executable)} -m core --db {shlex.quote(db)}"
    done = subprocess.run(
        ["bash", "-c", script],
        cwd=ROOT,
        env=os.environ | {"SHIYAO": command, "VERSION": f"{command} --version", **variables},
        capture_output=True,
        check=False,
    )
    return done.stdout.decode(), done.stderr.decode()


CLOSED = "结果写不出去（标准输出是关着的）"


@pytest.mark.parametrize(
    ("script", "out", "err"),
    [
        ("$VERSION >&-; echo $?", "1\n", CLOSED),
        ("$SHIYAO form check data/forms/repair_ticket.toml --json >&-; echo $?", "1\n", CLOSED),
        ("$VERSION >&- <&-; echo $?", "1\n", CLOSED),
        ("LC_ALL=C PYTHONUTF8=0 PYTHONCOERCECLOCALE=0 $VERSION >&-; echo $?", "1\n", CLOSED),
        ("$VERSION >&- 2>&-; echo $?", "1\n", ""),
        ("$SHIYAO nothing 2>&-; echo $?", "2\n", ""),
        ("$SHIYAO nothing 2>/dev/full; echo $?", "2\n", ""),
        ("$SHIYAO user add 何苗 <&-; echo $?", "1\n", "没有读到密码"),
        ("($VERSION; echo $? >&2) | true", "", "1\n"),
        ("($VERSION 2>&1; echo $? >&3) 3>&2 | true", "", "1\n"),
    ],
)
def test_a_stream_that_is_closed_is_no_success_and_no_trace(db: str, script: str, out: str, err: str) -> None:
    told, failed = in_shell(script, db)
    assert told == out
    assert failed.startswith(err) if err else not failed
    assert failed.count("\n") <= 1


def test_a_database_never_lies_where_standard_output_was(db: str, tmp_path: Path) -> None:
    in_shell("$SHIYAO sample >&-", db)
    assert (tmp_path / "cli.db").read_bytes().startswith(b"SQLite format 3\0")


@pytest.mark.parametrize("encoding", ["cp1252", "ascii", "latin-1:strict", "utf-8"])
def test_an_encoding_without_chinese_gives_way_to_utf_8(db: str, encoding: str) -> None:
    told, failed = in_shell("$SHIYAO sample; $SHIYAO status --run 无", db, PYTHONIOENCODING=encoding)
    assert "数据集「示例群聊」" in told
    assert "没有抽取任务「无」" in failed


def test_an_encoding_with_chinese_stays_and_writes_what_it_lacks_as_an_escape(db: str) -> None:
    command = [sys.executable, "-m", "core", "--db", db, "status", "--run", "无😀"]
    open_store(db).close()
    environment = os.environ | {"PYTHONIOENCODING": "gbk"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, check=False)
    assert "\\U0001f600" in done.stderr.decode("gbk")
    done = subprocess.run(
        [*command[:5], "sample", "--json"], cwd=ROOT, env=environment, capture_output=True, check=True
    )
    assert json.loads(done.stdout.decode("ascii"))["chats"]["dataset"] == "示例群聊"
