"""Several answers → one: which forms are the same customer, and who wins each field."""

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.domain.form import FormValues, load_named_form
from core.domain.merge import group_customers, vote

FORM = load_named_form()
NAME, PHONE, KINDS = "基本信息-姓名", "基本信息-手机号码", "咨询类型"
STAGE, PLAN = "客户购买阶段", "下一步跟进计划-具体事项"


def customer(name: str, **values: Any) -> FormValues:
    short = {"phone": PHONE, "kinds": KINDS, "stage": STAGE, "plan": PLAN}
    return {**FORM.empty(), NAME: name, **{short[key]: value for key, value in values.items()}}


def test_nothing_and_nobody() -> None:
    assert vote(FORM, []) == []
    assert vote(FORM, [[], []]) == []
    assert vote(FORM, [[], [], [customer("甲1")]]) == []


def test_one_answer_is_itself() -> None:
    forms = [customer("甲1", kinds=["询价、答疑"], plan="周五回电"), customer("乙2")]
    assert [form.values for form in vote(FORM, [forms])] == forms


def test_majority_per_field_and_what_lost() -> None:
    (form,) = vote(
        FORM,
        [
            [customer("甲1", phone="13800000000", stage="报价")],
            [customer("甲1", stage="合同中")],
            [customer("甲1", phone="13800000000", stage="报价")],
        ],
    )
    assert (form.values[PHONE], form.values[STAGE]) == ("13800000000", "报价")
    assert [(choice.value, choice.ballots) for choice in form.choices[STAGE]] == [("报价", (0, 2)), ("合同中", (1,))]
    assert [choice.value for choice in form.choices[PHONE]] == ["13800000000", ""]
    assert NAME not in form.choices
    assert (form.agreement[NAME], round(form.agreement[STAGE], 3), form.support) == (1.0, 0.667, 1.0)


def test_empty_wins_like_any_other_answer_unless_it_does_not_count() -> None:
    ballots = [[customer("甲1")], [customer("甲1")], [customer("甲1", phone="13800000000", plan="周五回电")]]
    assert vote(FORM, ballots)[0].values == customer("甲1")
    filled = vote(FORM, ballots, empty_counts=False)[0].values
    assert (filled[PHONE], filled[PLAN]) == ("13800000000", "周五回电")


def test_lists_item_by_item() -> None:
    def kinds(*lists: list[str]) -> Any:
        return vote(FORM, [[customer("甲1", kinds=items)] for items in lists])[0].values[KINDS]

    assert kinds(["询价"], ["询价", "答疑"], ["询价", "吐槽"]) == ["询价"]
    assert kinds(["答疑"], ["询价、答疑"], ["询价", "吐槽"]) == ["询价、答疑"]
    assert kinds(["询价"], ["答疑"]) == ["询价"]
    assert kinds(["询价", "答疑"], ["答疑", "询价"]) == ["询价", "答疑"]


def test_free_text_is_the_one_most_like_the_others() -> None:
    plans = ["周五前发报价", "周五前把报价发给客户", "安排线下培训"]
    assert vote(FORM, [[customer("甲1", plan=plan)] for plan in plans])[0].values[PLAN] in plans[:2]


def test_customers_are_matched_whatever_their_order() -> None:
    one, two = customer("甲1", phone="13800000000"), customer("乙2", stage="报价")
    groups = group_customers(FORM, [[one, two], [two, one], [two]])
    assert {tuple(sorted(group.items())) for group in groups} == {((0, 0), (1, 1)), ((0, 1), (1, 0), (2, 0))}
    assert [form.values[NAME] for form in vote(FORM, [[one, two], [two, one], [two]])] == ["甲1", "乙2"]
    assert len(vote(FORM, [[one], [one, two], [one]])) == 1


def test_weights_make_priority_and_best_per_field() -> None:
    ballots = [
        [customer("林木", stage="报价", kinds=["询价"])],
        [customer("林木1", stage="合同中", kinds=["答疑"])],
        [customer("林木1", stage="合同中", kinds=["答疑"])],
    ]
    assert vote(FORM, ballots, weights=[4, 2, 1])[0].values == ballots[0][0]
    best = vote(FORM, ballots, field_weights={STAGE: [1, 0, 0]})[0].values
    assert (best[STAGE], best[NAME]) == ("报价", "林木1")


def test_two_names_are_two_people_however_alike_their_forms_are() -> None:
    one, two = customer("张三1", stage="报价"), customer("李四2", stage="报价", phone="13800000000", kinds=["询价"])
    for weights in (None, [2.0, 1.0]):
        assert [form.values for form in vote(FORM, [[one], [two]], weights=weights, quorum=0)] == [one, two]
    assert [form.values for form in vote(FORM, [[one], [two]], weights=[1000.0, 1.0], empty_counts=False)] == [one]
    assert vote(FORM, [[two, customer("张三1")], [one]], quorum=0)[1].members == {0: 1, 1: 0}
    assert group_customers(FORM, [[one], [two]], names_decide=False) == [{0: 0, 1: 0}]
    named, other = customer("张三", phone="1"), customer("李四", phone="2")
    assert len(group_customers(FORM, [[named, one], [other, one]])) == 3
    assert group_customers(FORM, [[named], [other]]) == [{0: 0, 1: 0}], "an only customer under another name"


def test_a_part_of_a_name_and_no_name_still_meet() -> None:
    long, short, other = customer("陶然乡-邱总", stage="报价"), customer("邱总", phone="1"), customer("青山-邱总")
    assert group_customers(FORM, [[long], [short]]) == [{0: 0, 1: 0}]
    assert len(group_customers(FORM, [[long, other], [short]])) == 3
    nameless = customer("", stage="报价", phone="1")
    groups = group_customers(FORM, [[customer("甲1"), long], [nameless, customer("甲1")]])
    assert {tuple(sorted(group.items())) for group in groups} == {((0, 0), (1, 1)), ((0, 1), (1, 0))}
    assert group_customers(FORM, [[nameless], [nameless]]) == [{0: 0, 1: 0}]


TEXTS = st.sampled_from(["", "甲1", "乙2", "报价", "周五前发报价"])
FORMS = st.lists(
    st.fixed_dictionaries(
        {f.key: st.lists(TEXTS.filter(bool), max_size=3) if f.is_list else TEXTS for f in FORM.fields}
    ),
    max_size=3,
)


@settings(suppress_health_check=[HealthCheck.too_slow])  # a busy machine draws slowly; that is no fault of the vote
@given(st.lists(FORMS, max_size=4))
def test_whatever_is_voted_on_each_form_is_clean_and_used_once(ballots: list[list[FormValues]]) -> None:
    voted = vote(FORM, ballots)
    for form in voted:
        assert tuple(form.values) == FORM.keys
        assert FORM.coerce(form.values).notes == ()
        assert all(0 <= share <= 1 + 1e-9 for share in form.agreement.values())
    used = [member for form in voted for member in form.members.items()]
    assert len(used) == len(set(used))


@given(FORMS, st.integers(1, 4))
def test_a_unanimous_vote_changes_nothing(forms: list[FormValues], copies: int) -> None:
    def as_set(found: list[FormValues]) -> Any:
        return sorted(repr(sorted(form.items())) for form in found)

    assert as_set([form.values for form in vote(FORM, [forms] * copies)]) == as_set(forms)
