"""The export verbs: exit codes, one line of error, reports as JSON."""

import json
from pathlib import Path

import pytest

from core.adapters.store import Store
from core.adapters.store.models import RecordStatus
from core.cli import main
from tests.factories.exports import fill


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


def test_training_sets_from_choices_to_comparison(
    store: Store, db: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fill(store, statuses={1: RecordStatus.CONFIRMED})
    export = [*db, "export", "training", "--dataset", "四条", "--min-rows", "0"]
    assert main([*export, "--cutoff-len", "100", "--out", str(tmp_path / "x")]) == 1
    refused = capsys.readouterr().err
    assert main([*export, "--dry-run", "--cutoff-len", "100", "--json"]) == 1, "as the real one ends"
    printed = capsys.readouterr()
    assert printed.err == refused
    foretold = json.loads(printed.out)
    assert [over["place"] for over in foretold["over"]] == [f"四条 第 {index} 条" for index in range(1, 5)]
    assert "第 1 条" in foretold["refusal"]
    assert main([*export, "--dry-run"]) == 0
    capsys.readouterr()
    assert main([*export, "--dry-run", "--cutoff-len", "100"]) == 1
    assert "超长 四条 第 1 条" in capsys.readouterr().out
    assert main(export) == 1
    assert "--out" in capsys.readouterr().err
    first = ["--name", "一号", "--task", "form", "--task", "customers", "--duplicates", "exact", "--balance", "0.1"]
    assert main([*export, *first, "--reviewer-name", "小王", "--out", str(tmp_path / "a")]) == 0
    second = [
        "--filled",
        "基本信息-姓名",
        "--target",
        "spark-8k",
        "--over-budget",
        "skip",
        "--val",
        "0.3",
        "--seed",
        "2",
    ]
    assert main([*export, *second, "--out", str(tmp_path / "b")]) == 0
    capsys.readouterr()
    assert main([*db, "training", "list", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert [(one["number"], one["name"], one["who"]) for one in listed] == [(2, "b", ""), (1, "一号", "小王")]
    assert main([*db, "training", "list"]) == 0
    assert capsys.readouterr().out.count("\n") == 2
    assert main([*db, "training", "rebuild", "1", "--out", str(tmp_path / "again")]) == 0
    assert (tmp_path / "again" / "train.jsonl").read_bytes() == (tmp_path / "a" / "train.jsonl").read_bytes()
    capsys.readouterr()
    assert main([*db, "training", "changes", "1", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == []
    assert main([*db, "training", "compare", "1", "2", "--json"]) == 0
    compared = json.loads(capsys.readouterr().out)
    assert compared["parameters"]["target"] == ["", "spark-8k"]
    assert len(compared["only_first"]) == 5
    assert main([*db, "training", "compare", "1", "2"]) == 0
    assert "只在前一个 5 行" in capsys.readouterr().out
    assert main([*db, "training", "summaries", "--run", "模型"]) == 0
    assert "已保存 0 条摘要" in capsys.readouterr().out
    assert main([*db, "training", "changes", "7"]) == 1


def test_recipes_pairs_and_checks_of_files(
    store: Store, db: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fill(store)
    export = [*db, "export", "training", "--dataset", "四条", "--min-rows", "0"]
    assert main([*export, "--recipe", "two-steps", "--out", str(tmp_path / "steps")]) == 0
    assert {path.name for path in (tmp_path / "steps").iterdir()} == {"customers", "one-customer"}
    assert main([*export, "--piece", "客户购买阶段", "--out", str(tmp_path / "x")]) == 1
    assert "--piece 只用于做法 two-models" in capsys.readouterr().err
    pairs = ["--format", "dpo-openai", "--rejected-run", "模型", "--platform", "openai"]
    assert main([*export, *pairs, "--out", str(tmp_path / "pairs")]) == 0
    capsys.readouterr()
    assert main(["check", "training", str(tmp_path / "pairs"), "--platform", "openai", "--json"]) == 1
    (report,) = json.loads(capsys.readouterr().out)
    assert (report["format"], report["rows"], report["bad"]) == ("dpo-openai", 2, 1)
    assert "至少要 10 行" in report["problems"][0]["reason"]
    (tmp_path / "pairs" / "train.jsonl").write_text('{"a": 1}\n', encoding="utf-8")
    assert main(["check", "training", str(tmp_path / "pairs" / "train.jsonl"), "--platform", "openai"]) == 1
    assert "第 1 行：缺少 messages" in capsys.readouterr().out
    assert main(["check", "training", str(tmp_path / "pairs"), "--platform", "x"]) == 1
