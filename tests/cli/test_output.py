"""Where results go and names come from: a full disk, and an environment that knows ASCII alone."""

import os
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
