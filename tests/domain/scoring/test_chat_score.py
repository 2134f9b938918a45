"""The official rules: cell by cell, customer by customer, and over a run."""

from itertools import permutations
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.domain.form import FormValues, load_named_form
from core.domain.scoring import LCS, Scorer, measure_named
from core.domain.scoring.chat_score import score_chat
from core.domain.scoring.measures import EXACT
from core.errors import NotFoundError

FORM = load_named_form()
CALM = settings(derandomize=True, deadline=None, max_examples=50)
NAME, PHONE, AGE = "基本信息-姓名", "基本信息-手机号码", "基本信息-年龄"
KINDS, PRODUCT, STAFF = "咨询类型", "意向产品", "下一步跟进计划-参与人"
BUDGET, TODO = "客户预算-预算明细", "下一步跟进计划-具体事项"


def form(**changes: Any) -> FormValues:
    return {**FORM.empty(), **changes}


def lost(pred: FormValues, gold: FormValues) -> float:
    """Points that a single form lost."""
    return pytest.approx(36 - score_chat(FORM, [pred], [gold]).score)  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("key", "pred", "gold", "cost"),
    [
        (NAME, "林舟3", "林舟3", 0),
        (NAME, " 林舟3\n", "林舟3", 0),
        (NAME, "林舟", "林舟3", 1),
        (NAME, "", "林舟3", 1),
        (NAME, "林舟3", "", 1),
        (KINDS, ["询价", "答疑"], ["答疑", "询价"], 0),
        (KINDS, ["询价、答疑"], ["答疑", "询价"], 0),
        (KINDS, ["询价，答疑, 吐槽"], ["吐槽", "询价、答疑"], 0),
        (KINDS, ["询价", "询价"], ["询价"], 0),
        (KINDS, ["、"], [], 0),
        (KINDS, ["询价"], ["询价", "答疑"], 2),
        (PRODUCT, ["CRM"], ["crm"], 3),
        (TODO, "发送报价单", "发送报价单", 0),
        (TODO, "发送报价", "发送报价单", 3 * (1 - 8 / 9)),
        (TODO, "ab", "ba", 1.5),
        (TODO, "天", "地", 3),
        (TODO, "", "地", 3),
        (BUDGET, "每年 3 万", "", 3),
    ],
)
def test_cells(key: str, pred: Any, gold: Any, cost: float) -> None:
    assert lost(form(**{key: pred}), form(**{key: gold})) == cost
    assert lost(form(**{key: gold}), form(**{key: pred})) == cost


def test_missing_keys_and_odd_types_count_as_what_they_hold() -> None:
    assert score_chat(FORM, [{KINDS: "询价、答疑"}], [form(**{KINDS: ["询价", "答疑"]})]).score == 36
    assert score_chat(FORM, [{NAME: ["林舟3"]}], [form(**{NAME: "林舟3"})]).score == 36


def test_no_forms() -> None:
    assert score_chat(FORM, [], []).score == 36
    assert score_chat(FORM, [], []).points == tuple(field.points for field in FORM.fields)
    assert score_chat(FORM, [form()], []).score == 0
    assert score_chat(FORM, [], [form()]).score == 0


def test_missing_and_invented_customers_both_cost() -> None:
    one, two = form(**{NAME: "林舟3"}), form(**{NAME: "周遥1"})
    assert score_chat(FORM, [one], [one, two]).score == 18
    assert score_chat(FORM, [one, two], [one]).score == 18
    assert score_chat(FORM, [two, one], [one, two]).pairs[0][:2] == (0, 1)


def test_ties_go_to_equal_names_and_then_to_position() -> None:
    # Each loses three points whichever way: the equal names decide.
    a, b = form(**{NAME: "林舟3"}), form(**{NAME: "周遥1"})
    x = form(**{NAME: "林舟3", AGE: "30"})
    y = form(**{NAME: "周遥1", AGE: "40"})
    assert [pair[:2] for pair in score_chat(FORM, [a, b], [y, x]).pairs] == [(0, 1), (1, 0)]
    name_or_age = score_chat(FORM, [form(**{NAME: "林舟3", AGE: "1"})], [form(**{AGE: "1"}), form(**{NAME: "林舟3"})])
    assert name_or_age.pairs[0][:2] == (0, 1)
    same = [form(**{NAME: "林舟3"})] * 3
    assert [pair[:2] for pair in score_chat(FORM, same, same).pairs] == [(0, 0), (1, 1), (2, 2)]
    assert [pair[:2] for pair in score_chat(FORM, same[:2], same).pairs] == [(0, 0), (1, 1)]
    assert score_chat(FORM, same[:1], [form(**{AGE: str(age)}) for age in range(5)]).pairs[0][:2] == (0, 0)


def test_credits_are_kept_by_pair() -> None:
    one, two = form(**{NAME: "林舟3", TODO: "发送报价"}), form(**{NAME: "周遥1"})
    score = score_chat(FORM, [two, one], [form(**{NAME: "林舟3", TODO: "发送报价单"}), two, form(**{AGE: "3"})])
    assert (score.preds, score.golds) == (2, 3)
    assert [pair[:2] for pair in score.pairs] == [(0, 1), (1, 0)]
    assert score.pairs[1].credits[FORM.keys.index(TODO)] == pytest.approx(8 / 9)
    assert score.points[0] == pytest.approx(2 / 3)
    assert sum(score.points) == pytest.approx(score.score)
    assert (score.predicted[0], score.wanted[0], score.credit[0]) == (2, 2, 2)
    age = FORM.keys.index(AGE)
    assert (score.predicted[age], score.wanted[age], score.credit[age]) == (0, 1, 0)


def test_measures_have_names() -> None:
    assert measure_named("lcs") is LCS
    assert measure_named("exact") is EXACT
    pred, gold = form(**{TODO: "发送报价"}), form(**{TODO: "发送报价单"})
    assert score_chat(FORM, [pred], [gold], EXACT).score == 33
    with pytest.raises(NotFoundError, match="lcs"):
        measure_named("bleu")


def plain_lcs(a: str, b: str) -> int:
    """Longest common subsequence by the textbook."""
    row = [0] * (len(b) + 1)
    for x in a:
        last = 0
        for j, y in enumerate(b, 1):
            last, row[j] = row[j], last + 1 if x == y else max(row[j], row[j - 1])
    return row[-1]


@given(st.text("甲乙丙丁ab😀", min_size=1, max_size=30), st.text("甲乙丙丁ab😀", min_size=1, max_size=30))
@CALM
def test_similarity_is_the_formula(a: str, b: str) -> None:
    assert LCS.similarity(a, b) == pytest.approx(2 * plain_lcs(a, b) / (len(a) + len(b)))
    assert LCS.similarity(a, b) == LCS.similarity(b, a)


# Few values, so that equal cells, ties and near misses are common.
VALUES = {
    NAME: st.sampled_from(["", "林舟3", "周遥1"]),
    AGE: st.sampled_from(["", "30", "40"]),
    KINDS: st.lists(st.sampled_from(["询价", "答疑", "询价、答疑"]), max_size=2),
    STAFF: st.lists(st.sampled_from(["何晴2"]), max_size=1),
    BUDGET: st.text("甲乙丙", max_size=4),
    TODO: st.text("甲乙丙", max_size=4),
}
FORMS = st.lists(st.fixed_dictionaries(VALUES).map(lambda values: form(**values)), max_size=4)


@given(FORMS, FORMS, st.randoms(use_true_random=False))
@CALM
def test_bounds_symmetry_and_order(preds: list[FormValues], golds: list[FormValues], random: Random) -> None:
    score = score_chat(FORM, preds, golds)
    assert 0 <= score.score <= 36 + 1e-9
    assert sum(score.points) == pytest.approx(score.score)
    assert score_chat(FORM, golds, preds).score == pytest.approx(score.score)
    assert score == score_chat(FORM, preds, golds)
    random.shuffle(preds)
    random.shuffle(golds)
    assert score_chat(FORM, preds, golds).score == pytest.approx(score.score)
    for credit, predicted, wanted in zip(score.credit, score.predicted, score.wanted, strict=True):
        assert credit <= min(predicted, wanted) + 1e-9


@given(FORMS.filter(bool), st.fixed_dictionaries(VALUES))
@CALM
def test_perfect_is_full_and_one_more_costs(golds: list[FormValues], extra: dict[str, Any]) -> None:
    assert score_chat(FORM, golds, golds).score == pytest.approx(36)
    count = len(golds)
    assert score_chat(FORM, [*golds, form(**extra)], golds).score == pytest.approx(36 * count / (count + 1))


@given(FORMS.filter(bool), FORMS.filter(bool))
@CALM
def test_matching_agrees_with_trying_everything(preds: list[FormValues], golds: list[FormValues]) -> None:
    scorer = Scorer(FORM)
    table = [[score_chat(FORM, [pred], [gold]).score for gold in golds] for pred in preds]
    if len(preds) > len(golds):
        table = [list(column) for column in zip(*table, strict=True)]
    best = max(
        sum(table[i][j] for i, j in enumerate(chosen)) for chosen in permutations(range(len(table[0])), len(table))
    )
    ours = scorer.chat([scorer.prepare(p) for p in preds], [scorer.prepare(g) for g in golds])
    assert ours.score == pytest.approx(best / max(len(preds), len(golds)))


@given(FORMS)
@CALM
def test_floor_is_one_empty_form(golds: list[FormValues]) -> None:
    scorer = Scorer(FORM)
    prepared = [scorer.prepare(values) for values in golds]
    assert scorer.floor(prepared) == pytest.approx(score_chat(FORM, [FORM.empty()], golds).score)
