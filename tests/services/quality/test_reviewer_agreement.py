"""Two reviewers: agreement by a measure that fits each field, what is left to settle, pace and change rate."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.adapters.store import Store
from core.adapters.store.models import Pass
from core.domain.form import FormValues
from core.domain.scoring.agreement import AgreementMeasure, agreement, kappa
from core.services.quality import paces, pairwise_agreement
from core.services.review import two_reviews
from core.services.review.adjudication import settled_forms
from tests.factories.datasets import FORM
from tests.factories.quality import AGE, KINDS, NAME, STAGE, TODO, add_record, form
from tests.factories.runs import add_dataset

CALM = settings(derandomize=True, deadline=None, max_examples=40)


def test_kappa_is_the_textbook() -> None:
    # 45 + 25 of 100 agree; by chance 0.6 × 0.5 + 0.4 × 0.5 = 0.5.
    one = ["a"] * 60 + ["b"] * 40
    other = ["a"] * 40 + ["b"] * 20 + ["a"] * 10 + ["b"] * 30
    assert kappa(one, other) == pytest.approx((0.7 - 0.5) / 0.5)
    assert kappa(["a"], ["a"]) is None and kappa([], []) is None
    assert kappa(["a", "b"], ["a", "b"]) == 1


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("abc")), min_size=1, max_size=30))
@CALM
def test_kappa_is_what_scikit_learn_says(pairs: list[tuple[str, str]]) -> None:
    from sklearn.metrics import cohen_kappa_score

    one, other = [a for a, _ in pairs], [b for _, b in pairs]
    ours = kappa(one, other)
    if ours is not None:
        assert ours == pytest.approx(cohen_kappa_score(one, other), abs=1e-12)
    else:
        assert len({*one, *other}) == 1


def test_each_field_by_its_own_measure() -> None:
    pairs = {
        1: (
            [form(**{NAME: "林舟", STAGE: "报价", KINDS: ["询价、答疑"], TODO: "发送报价单"})],
            [form(**{NAME: "林舟", STAGE: "报价", KINDS: ["答疑"], TODO: "发送报价"})],
        ),
        2: ([form(**{NAME: "周遥", STAGE: "赢单"})], [form(**{NAME: "周瑶", STAGE: "报价"})]),
        3: ([form()], [form()]),
    }
    found = agreement(FORM, pairs)
    assert (found.chats, found.customers, found.unmatched) == (3, 3, 0)
    name, kinds, todo, stage = (found.fields[key] for key in (NAME, KINDS, TODO, STAGE))
    assert (name.measure, name.value, name.differing) == (AgreementMeasure.EQUAL, 0.5, 1)
    assert (kinds.measure, kinds.value) == (AgreementMeasure.F1, pytest.approx(2 / 3))
    assert (todo.measure, todo.value) == (AgreementMeasure.SIMILARITY, pytest.approx(8 / 9))
    assert stage.measure is AgreementMeasure.KAPPA
    assert stage.value == pytest.approx((2 / 3 - 3 / 9) / (1 - 3 / 9))
    assert stage.equal_share == pytest.approx(2 / 3)
    assert found.fields[AGE].value is None and found.fields[AGE].equal_share == 1
    assert dict(found.differing) == {1: 2, 2: 2}


def test_a_customer_that_one_of_them_lacks() -> None:
    found = agreement(FORM, {1: ([form(**{STAGE: "报价"}), form()], [form(**{STAGE: "报价"})])})
    assert (found.customers, found.unmatched, dict(found.differing)) == (2, 1, {1: 1})
    assert found.fields[STAGE].differing == 1
    assert agreement(FORM, {}).fields[STAGE].value is None


CELLS = st.fixed_dictionaries(
    {
        STAGE: st.sampled_from(["", "报价", "赢单"]),
        KINDS: st.sampled_from([[], ["询价"]]),
        TODO: st.text("甲乙", max_size=2),
    }
)
# One customer at most: with more, ties may be matched either way.
FORMS = st.lists(CELLS.map(lambda cells: form(**cells)), max_size=1)
PAIRS = st.dictionaries(st.integers(1, 6), st.tuples(FORMS, FORMS))


@given(PAIRS)
@CALM
def test_neither_is_taken_for_right(pairs: dict[int, tuple[list[FormValues], list[FormValues]]]) -> None:
    found = agreement(FORM, pairs)
    back = agreement(FORM, {i: (b, a) for i, (a, b) in pairs.items()})
    assert (found.customers, found.differing) == (back.customers, back.differing)
    for key, field in found.fields.items():
        other = back.fields[key]
        assert field.value == (None if other.value is None else pytest.approx(other.value))
        assert field.value is None or -1 - 1e-9 <= field.value <= 1 + 1e-9


def test_together_out_of_the_store(store: Store) -> None:
    dataset = add_dataset(store, 5)
    assert pairwise_agreement(store, dataset, FORM) is None
    for i in range(1, 5):
        add_record(store, dataset, i, [form(**{NAME: f"林舟{i}"})], "小林")
    add_record(store, dataset, 1, [form(**{NAME: "林舟1"})], "小何", Pass.SECOND)
    add_record(store, dataset, 2, [form(**{NAME: "周遥", STAGE: "报价"})], "小何", Pass.SECOND)
    add_record(store, dataset, 3, [form(**{NAME: "周遥"})], "小何", Pass.SECOND)
    found = pairwise_agreement(store, dataset, FORM)
    assert found is not None
    assert found.pairs == (("小林", "小何", 3),)
    assert [(one.chat, one.differing, one.settled_by) for one in found.chats] == [(2, 2, ""), (3, 1, "")]
    reviews = two_reviews(store, dataset, FORM, 2)
    assert reviews is not None and reviews.settled is None
    assert reviews.customers[0].differs_between_runs == {FORM.keys.index(NAME), FORM.keys.index(STAGE)}
    assert settled_forms(FORM, reviews, {f"0:{NAME}": "周遥"}) == [form(**{NAME: "周遥"})]
    assert settled_forms(FORM, reviews, {"0:*": ""}) == []
    add_record(store, dataset, 2, [form(**{NAME: "周遥"})], "主管", Pass.ADJUDICATED)
    found = pairwise_agreement(store, dataset, FORM)
    assert found is not None
    assert [(one.chat, one.settled_by) for one in found.chats] == [(3, ""), (2, "主管")]
    assert two_reviews(store, dataset, FORM, 4) is None


def test_one_person_does_not_agree_with_himself(store: Store) -> None:
    dataset = add_dataset(store, 3)
    for index, second in ((1, "小何"), (2, "小林")):
        add_record(store, dataset, index, [form(**{NAME: "林舟"})], "小林")
        add_record(store, dataset, index, [form(**{NAME: "周遥"})], second, Pass.SECOND)
    agreements = pairwise_agreement(store, dataset, FORM)
    assert agreements is not None
    assert (agreements.pairs, agreements.same_person) == ((("小林", "小何", 1),), 1)
    assert [one.chat for one in agreements.chats] == [1]


def test_pace_and_change_rate(store: Store) -> None:
    dataset = add_dataset(store, 3)
    for i in (1, 2, 3):
        add_record(store, dataset, i, [form(**{NAME: "林舟"})], "小林" if i < 3 else "小何")
    found = paces(store, dataset, FORM)
    assert [(one.reviewer, one.chats, one.median_seconds) for one in found] == [("小林", 2, 90), ("小何", 1, 180)]
    assert found[0].per_hour == pytest.approx(40)
    # No run that they started from: nothing can have been changed.
    assert found[0].changed is None
