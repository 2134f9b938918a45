"""The verbs score and compare: the figures of the pages as JSON, and one line for what cannot be done."""

import json
from typing import Any

import pytest

from core.adapters.store import Store
from core.cli import main
from core.services.quality import compare_runs, dispute, score
from tests.factories.quality import NAME, add_run, quality_dataset


@pytest.fixture
def db(store: Store) -> str:
    quality_dataset(store)
    return store.engine.url.render_as_string(hide_password=False)


def as_json(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    assert main([*arguments, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_compare_prints_what_the_page_shows(store: Store, db: str, capsys: pytest.CaptureFixture[str]) -> None:
    said = as_json(capsys, "compare", "--dataset", "d", "--run", "甲", "--run", "乙", "--db", db)
    assert said == json.loads(json.dumps(compare_runs(store, dataset="d", run_a="甲", run_b="乙").as_json()))
    assert list(said) == [
        "a",
        "b",
        "delta",
        "interval",
        "distinguishable",
        "measure",
        "right_from",
        "left_out",
        "missing",
        "fields",
    ]
    assert said["missing"] == {"a": [8], "b": []}
    assert (said["measure"], said["right_from"], said["left_out"]) == ("lcs", 0.8, 0)
    assert said["fields"][NAME]["broken"] == 2
    back = as_json(capsys, "compare", "--dataset", "d", "--run", "乙", "--run", "甲", "--db", db)
    assert back["delta"] == pytest.approx(-said["delta"])
    assert back["distinguishable"] == said["distinguishable"]


def test_compare_in_words(db: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", "--dataset", "d", "--run", "乙", "--run", "乙", "--db", db]) == 0
    out = capsys.readouterr().out
    assert "不能区分" in out and "最长公共子序列" in out and "0.8" in out and "下限" in out


def test_compare_names_the_chats_that_a_run_lacks(store: Store, db: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", "--dataset", "d", "--run", "乙", "--run", "甲", "--db", db]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if "缺少" in line] == ["B「甲」缺少 1 条，按 0 分计：8"]
    dataset = quality_dataset(store, 30, "e")
    add_run(store, dataset, "少", {1: []})
    assert main(["compare", "--dataset", "e", "--run", "少", "--run", "甲", "--db", db]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[2:4] == [
        "A「少」缺少 29 条，按 0 分计：2、3、4、5、6、7、8、9、10、11……",
        "B「甲」缺少 1 条，按 0 分计：30",
    ]


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ([], "收到 1 个"),
        (["--run", "没有"], "没有抽取任务「没有」"),
        (["--run", "乙", "--against", "records"], "还没有已确认的记录"),
        (["--run", "乙", "--measure", "bleu"], "没有名为「bleu」的相似度"),
    ],
)
def test_what_cannot_be_compared_is_one_line(
    db: str, capsys: pytest.CaptureFixture[str], more: list[str], says: str
) -> None:
    assert main(["compare", "--dataset", "d", "--run", "甲", "--db", db, *more]) != 0
    err = capsys.readouterr().err.strip()
    assert says in err and len(err.splitlines()) == 1


def test_score_by_measure_and_without_disputes(store: Store, db: str, capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["score", "--dataset", "d", "--run", "甲", "--db", db]
    plain, strict = as_json(capsys, *asked), as_json(capsys, *asked, "--measure", "exact")
    assert strict["score"] < plain["score"]
    assert (plain["measure"], strict["measure"], plain["left_out"]) == ("lcs", "exact", 0)
    dispute(store, dataset="d", chat=1, customer=0, field=NAME, reason="x", who="小林")
    without = as_json(capsys, "score", "--dataset", "d", "--run", "乙", "--db", db, "--without-disputed")
    assert without["score"] == pytest.approx(score(store, dataset="d", run="乙", without_disputed=True).score)
    assert without["left_out"] == 1
    assert main([*asked, "--without-disputed"]) == 0
    assert "有争议的 1 格" in capsys.readouterr().out
