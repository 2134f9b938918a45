"""Commands on a full disk: it is called full, in one line, and nothing is left half written."""

import gc
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from core.adapters.store import open_store
from core.services.datasets import load_sample
from tests.cli.calling import run
from tests.small_disk import fill, small_disk


@pytest.fixture
def disk() -> Iterator[Path]:
    with small_disk() as place:
        fill(place)
        yield place


@pytest.mark.parametrize(
    "arguments",
    [
        ["export", "submission", "--source", "run:示例抽取", "--out", "s.json"],
        ["export", "table", "--source", "run:示例抽取", "--out", "s.xlsx"],
        ["export", "table", "--source", "run:示例抽取", "--out", "s.csv"],
        ["export", "report", "--source", "run:示例抽取", "--out", "s.html"],
        ["export", "dataset", "--source", "run:示例抽取", "--out", "s.json"],
        ["export", "dataset", "--source", "run:示例抽取", "--format", "hf", "--out", "hf"],
        ["export", "training", "--source", "labels", "--out", "set"],
        ["form", "export", "repair_ticket", "--out", "form.toml"],
        ["backup", "x.db"],
    ],
)
def test_what_is_written_says_that_the_disk_is_full(
    arguments: list[str],
    disk: Path,
    db: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    store = open_store(db)
    load_sample(store)
    store.close()
    monkeypatch.chdir(disk)
    complaints: list[Any] = []
    monkeypatch.setattr(sys, "unraisablehook", complaints.append)
    of = ["--dataset", "示例群聊"] if arguments[0] == "export" else []
    code, _, err = run(capsys, *arguments, *of, "--db", db)
    gc.collect()
    assert code == 1
    assert "磁盘已满" in err and "磁盘空间" in err and err.count("\n") == 1, err
    assert [path.name for path in disk.rglob("*") if path.is_file()] == ["full"]
    assert not complaints
