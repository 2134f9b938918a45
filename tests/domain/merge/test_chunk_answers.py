"""Windows of a long chat and answers about some fields: what is put together, what wins, what is kept beside it."""

from typing import Any

from core.domain.form import FormValues, load_named_form
from core.domain.merge import join_chunks, merge_fields

FORM = load_named_form()
NAME, PHONE, KINDS, STAGE = "基本信息-姓名", "基本信息-手机号码", "咨询类型", "客户购买阶段"


def customer(name: str = "", **values: Any) -> FormValues:
    short = {"phone": PHONE, "kinds": KINDS, "stage": STAGE}
    return {**FORM.empty(), NAME: name, **{short[key]: value for key, value in values.items()}}


def test_rules_per_type_of_field() -> None:
    (joined,) = join_chunks(
        FORM,
        [
            [customer("林木1", phone="13800000001", kinds=["询价"], stage="需求调研")],
            [customer("林木1", phone="13800000001", kinds=["答疑、询价"], stage="报价")],
            [customer("林木1", phone="13800000002", stage="")],
        ],
    )
    assert joined.values == customer("林木1", phone="13800000001", kinds=["询价", "答疑"], stage="报价")
    assert joined.alternatives == {PHONE: ("13800000002",), STAGE: ("需求调研",)}
    assert joined.chunks == (0, 1, 2)


def test_of_equals_the_last_and_what_stands_in_the_chat_first() -> None:
    answers = [[customer("林木1", phone="1")], [customer("林木1", phone="2")]]
    assert join_chunks(FORM, answers)[0].values[PHONE] == "2"
    joined = join_chunks(FORM, answers, lambda field, value: value == "1")[0]
    assert (joined.values[PHONE], joined.alternatives) == ("1", {PHONE: ("2",)})


def test_a_list_in_one_window_stays_as_it_was_written() -> None:
    assert join_chunks(FORM, [[customer("林木1", kinds=["询价、答疑"])], []])[0].values[KINDS] == ["询价、答疑"]


def test_customers_by_name() -> None:
    joined = join_chunks(FORM, [[customer("林木1"), customer("周山2")], [customer("周山2", stage="报价")], []])
    assert [(form.values[NAME], form.chunks) for form in joined] == [("林木1", (0,)), ("周山2", (0, 1))]
    joined = join_chunks(FORM, [[customer("林木1")], [customer("林木1 某公司", stage="报价")]])
    assert [form.values[STAGE] for form in joined] == ["报价"]


def test_nameless_forms() -> None:
    joined = join_chunks(FORM, [[customer(stage="报价")], [customer("林木1")], [customer()]])
    assert [(form.values[NAME], form.values[STAGE]) for form in joined] == [("林木1", "报价")]
    two = join_chunks(FORM, [[customer("林木1"), customer("周山2")], [customer(stage="报价")]])
    assert [form.values[NAME] for form in two] == ["林木1", "周山2", ""]
    assert [form.values for form in join_chunks(FORM, [[customer()], [customer()]])] == [customer()]
    assert join_chunks(FORM, [[], []]) == []


def test_fields_go_into_the_forms_of_the_same_customers() -> None:
    part = FORM.subset([STAGE])
    base = [customer("林木1", phone="1", stage="报价"), customer("周山2", phone="2", stage="报价")]
    merged, notes = merge_fields(FORM, base, part, [{NAME: "周山2", STAGE: "赢单"}, {NAME: "林木1", STAGE: ""}])
    assert merged == [customer("林木1", phone="1", stage=""), customer("周山2", phone="2", stage="赢单")]
    assert notes == ()


def test_an_only_customer_is_the_same_whatever_the_name_and_a_stranger_is_left_out_aloud() -> None:
    part = FORM.subset([STAGE])
    merged, notes = merge_fields(FORM, [customer("林木1", phone="1")], part, [{NAME: "木头", STAGE: "赢单"}])
    assert (merged, notes) == ([customer("林木1", phone="1", stage="赢单")], ())
    merged, notes = merge_fields(
        FORM, [customer("林木1")], part, [{NAME: "林木1", STAGE: "赢单"}, {NAME: "客服小何", STAGE: "报价"}]
    )
    assert merged == [customer("林木1", stage="赢单")]
    assert notes == ("「客服小何」不在已有的表里，这一份没有合并",)
    assert merge_fields(FORM, [], part, [{NAME: "林木1", STAGE: "赢单"}])[0] == [customer("林木1", stage="赢单")]


def joined_names(*answers: list[FormValues]) -> list[tuple[Any, Any, tuple[int, ...]]]:
    return [(one.values[NAME], one.values[PHONE], one.chunks) for one in join_chunks(FORM, answers)]


def test_two_forms_of_one_window_are_two_customers() -> None:
    assert joined_names([customer("陈佳1", phone="1"), customer("陈佳12", phone="2")]) == [
        ("陈佳1", "1", (0,)),
        ("陈佳12", "2", (0,)),
    ]
    assert joined_names([customer("陈佳", phone="1"), customer("陈佳1", phone="2")]) == [
        ("陈佳", "1", (0,)),
        ("陈佳1", "2", (0,)),
    ]
    twice = [customer("陈佳1", phone="1"), customer("陈佳1", phone="2")]
    assert joined_names(twice, [customer("陈佳1")]) == [("陈佳1", "1", (0, 1)), ("陈佳1", "2", (0,))]
    assert joined_names([customer("陈佳1", phone="1"), customer("", phone="2")]) == [
        ("陈佳1", "1", (0,)),
        ("", "2", (0,)),
    ]
    assert joined_names([customer("", phone="1"), customer("", phone="2")], [customer("", phone="1")]) == [
        ("", "1", (0, 1)),
        ("", "2", (0,)),
    ]


def test_part_of_a_name_joins_windows_only_where_it_is_one_person() -> None:
    assert joined_names([customer("邱总", phone="1")], [customer("陶然乡-邱总")]) == [("陶然乡-邱总", "1", (0, 1))]
    apart = joined_names([customer("邱总", phone="1")], [customer("陶然乡-邱总"), customer("青山-邱总", phone="2")])
    assert apart == [("邱总", "1", (0,)), ("陶然乡-邱总", "", (1,)), ("青山-邱总", "2", (1,))]
    assert len(joined_names([customer("客户1", phone="1")], [customer("客户12", phone="2")])) == 2
    for one, other in (("林木", "林木森"), ("公司-林木", "公司-林木森"), ("客户A", "客户AB"), ("王总", "小王总")):
        assert len(joined_names([customer(one, phone="1")], [customer(other, phone="2")])) == 2


def test_fields_do_not_go_to_another_person() -> None:
    part = FORM.subset([PHONE])
    answer = [{NAME: "李四2", PHONE: "2"}]
    assert merge_fields(FORM, [customer("张三1")], part, answer) == (
        [customer("张三1")],
        ("「李四2」不在已有的表里，这一份没有合并",),
    )
    several = merge_fields(
        FORM, [customer("甲"), customer("乙")], part, [{NAME: "乙", PHONE: "1"}, {NAME: "丙", PHONE: "2"}]
    )
    assert [values[PHONE] for values in several[0]] == ["", "1"]
    merged, notes = merge_fields(FORM, [customer("陶然乡-邱总"), customer("甲")], part, [{NAME: "邱总", PHONE: "1"}])
    assert ([values[PHONE] for values in merged], notes) == (["1", ""], ())
    merged, _ = merge_fields(
        FORM, [customer("甲"), customer("乙")], part, [{NAME: "乙"} | {PHONE: "1"}, {NAME: "", PHONE: "2"}]
    )
    assert [values[PHONE] for values in merged] == ["2", "1"]
