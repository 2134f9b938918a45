"""The export verbs: exit codes, one line of error, reports as JSON."""

import json
from pathlib import Path

import pytest

from core.cli import main
from core.store import Store
from core.store.models import RecordStatus
from tests.core.exporting import fill


@pytest.fixture
def db(store: Store) -> list[str]:
    return ["--db", store.engine.url.render_as_string(hide_password=False)]


def test_every_verb_writes_and_reports(
    store: Store, db: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fill(store, statuses={1: RecordStatus.CONFIRMED})
    common = ["--dataset", "四条", "--json"]
    verbs = {
        "s.json": ["submission", "--source", "records+run:标注"],
        "d.json": ["dataset", "--text", "clean"],
        "set": ["training", "--source", "labels+records", "--format", "alpaca", "--input", "clean", "--seed", "1"],
        "t.csv": ["test-csv"],
        "t.xlsx": ["table", "--source", "labels"],
    }
    for name, arguments in verbs.items():
        assert main([*db, "export", *arguments, *common, "--out", str(tmp_path / name)]) == 0
        report = json.loads(capsys.readouterr().out)
        assert (tmp_path / name).exists()
        assert report["out"] == str(tmp_path / name)
        assert len(report["sha256"]) == 64
    assert (tmp_path / "set" / "train.jsonl").read_bytes().count(b"\n") == 1500


def test_refusals_are_one_line_that_names_the_chats(
    store: Store, db: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fill(store)
    out = tmp_path / "s.json"
    submission = ["export", "submission", "--dataset", "四条", "--source", "run:模型", "--out", str(out)]
    assert main([*db, *submission]) == 1
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "第 3 条" in error
    assert "--fill-missing" in error
    assert not out.exists()
    assert main([*db, *submission, "--fill-missing"]) == 0
    assert "补空 1 条：第 3 条" in capsys.readouterr().err
    assert main([*db, "export", "table", "--dataset", "四条", "--out", str(tmp_path / "t.doc")]) == 1
    assert main([*db, "export", "training", "--dataset", "四条", "--format", "x", "--out", str(out)]) == 2
