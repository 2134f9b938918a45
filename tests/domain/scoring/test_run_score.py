"""Scores of runs: what is missing, what the floor is, and the two check values of the real data."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.domain.form import FormValues, load_named_form
from core.domain.scoring import score_run
from core.domain.scoring.run_score import Filled

FORM = load_named_form()
CALM = settings(derandomize=True, deadline=None, max_examples=50)
NAME, AGE, TODO = "基本信息-姓名", "基本信息-年龄", "下一步跟进计划-具体事项"


def form(**changes: Any) -> FormValues:
    return {**FORM.empty(), **changes}


ONE, TWO = form(**{NAME: "林舟3", TODO: "甲乙"}), form(**{NAME: "周遥1"})


def test_missing_chats_score_nothing_and_are_named() -> None:
    score = score_run(FORM, {1: [ONE], 9: [TWO]}, {1: [ONE], 2: [TWO], 4: []})
    assert score.missing == (2, 4)
    assert list(score.chats) == [1, 2, 4]
    assert score.score == pytest.approx(12)
    assert score.chats[4].score == 0
    assert (score.filled.credit, score.filled.predicted, score.filled.support) == (2, 2, 3)


def test_floor_is_one_empty_form_per_chat() -> None:
    score = score_run(FORM, {}, {1: [ONE], 2: [ONE, TWO], 3: []})
    assert score.score == 0
    assert score.floor == pytest.approx((32 + 35 / 2 + 0) / 3)


def test_filled_scores_are_micro_averages() -> None:
    preds = {1: [form(**{NAME: "林舟3", AGE: "30", TODO: "甲丙"})], 2: [TWO, TWO]}
    score = score_run(FORM, preds, {1: [ONE], 2: [TWO]})
    assert score.filled == Filled(2.5, 5, 3)
    assert score.filled.precision == pytest.approx(0.5)
    assert score.filled.recall == pytest.approx(2.5 / 3)
    assert score.filled.f1 == pytest.approx(2 * 0.5 * (2.5 / 3) / (0.5 + 2.5 / 3))
    assert score.fields[AGE].filled == Filled(0, 1, 0)
    assert score.fields[AGE].filled.as_json() == {"precision": 0, "recall": 0, "f1": 0}
    assert score.fields[NAME].filled.precision == pytest.approx(2 / 3)


def test_no_reference_is_no_division() -> None:
    score = score_run(FORM, {1: [ONE]}, {})
    assert (score.score, score.floor, len(score.chats)) == (0, 0, 0)
    assert len(score.fields) == 21


def test_json_has_the_shape_of_the_command_line() -> None:
    shown = score_run(FORM, {1: [ONE]}, {1: [ONE], 2: [TWO]}).as_json()
    assert list(shown) == ["score", "max", "floor", "chats", "missing", "measure", "left_out", "filled", "fields"]
    assert (shown["score"], shown["max"], shown["chats"], shown["missing"]) == (18, 36, 2, [2])
    assert list(shown["filled"]) == ["precision", "recall", "f1"]
    assert list(shown["fields"]) == list(FORM.keys)
    assert list(shown["fields"][NAME]) == ["points", "max", "precision", "recall", "f1", "support"]
    assert shown["fields"][NAME] == {
        "points": 0.5,
        "max": 1,
        "precision": 1,
        "recall": 0.5,
        "f1": pytest.approx(2 / 3),
        "support": 2,
    }
    assert json.loads(json.dumps(shown)) == shown


CELLS = st.fixed_dictionaries({NAME: st.sampled_from(["", "林舟3"]), TODO: st.text("甲乙", max_size=3)})
RUNS = st.dictionaries(st.integers(1, 5), st.lists(CELLS.map(lambda cells: form(**cells)), max_size=3))


@given(RUNS, RUNS)
@CALM
def test_fields_sum_to_the_score(preds: dict[int, list[FormValues]], golds: dict[int, list[FormValues]]) -> None:
    score = score_run(FORM, preds, golds)
    assert 0 <= score.score <= 36 + 1e-9
    assert sum(field.points for field in score.fields.values()) == pytest.approx(score.score)
    assert sum(field.filled.support for field in score.fields.values()) == score.filled.support
    assert score.floor == pytest.approx(score_run(FORM, {index: [FORM.empty()] for index in golds}, golds).score)


def real(name: str) -> dict[int, list[FormValues]]:
    folder = os.environ.get("SHIYAO_COMPETITION_DATA")
    if not folder:
        pytest.skip("SHIYAO_COMPETITION_DATA is not set")
    rows = json.loads((Path(folder) / name).read_text("utf-8"))
    return {i: [FORM.coerce(raw).values for raw in row["infos"]] for i, row in enumerate(rows, 1)}


@pytest.mark.competition
def test_all_empty_on_the_training_labels() -> None:
    golds = real("train.json")
    score = score_run(FORM, {index: [FORM.empty()] for index in golds}, golds)
    assert round(score.score, 4) == 24.5979
    assert score.floor == pytest.approx(score.score)
    assert score.filled.recall == 0
    assert score_run(FORM, golds, golds).score == pytest.approx(36)


@pytest.mark.competition
def test_two_submissions_against_each_other() -> None:
    a, b = real("submission_baseline_prompt.json"), real("submission_finetuned_27.86.json")
    assert round(score_run(FORM, a, b).score, 4) == 19.4694
    assert round(score_run(FORM, b, a).score, 4) == 19.4694
