"""Fill rates: how often a run fills a field beside the reference, and the sentence that follows."""

from core.services.quality.fill_rates import fill_rates
from tests.factories.datasets import FORM, make_form

TASK, KIND, PHONE, NAME = "下一步跟进计划-具体事项", "咨询类型", "基本信息-手机号码", "基本信息-姓名"


def test_says_what_is_filled_too_often_and_what_too_seldom() -> None:
    golds = {
        index: [make_form({NAME: "甲", KIND: ["答疑"], TASK: "回电" if index < 3 else "", PHONE: ""})]
        for index in range(1, 21)
    }
    preds = {
        index: [make_form({NAME: "甲", KIND: ["答疑"] if index < 8 else [], TASK: "回电" if index < 16 else ""})]
        for index in range(1, 21)
    } | {99: [make_form({PHONE: "13800000000"})]}
    rates = {rate.key: rate for rate in fill_rates(FORM, preds, golds)}
    assert next(iter(rates)) in (KIND, TASK)
    assert (rates[TASK].reference, rates[TASK].run) == (0.1, 0.75)
    assert rates[TASK].sentence.startswith("具体事项：对照 10%，这个抽取任务 75%。")
    assert "留空" in rates[TASK].advice
    assert "每位客户都要填" in rates[KIND].advice
    assert rates[PHONE].run == 0  # a chat that the reference lacks does not count
    assert rates[NAME].advice == rates[NAME].sentence == ""


def test_says_nothing_from_a_handful_of_forms() -> None:
    golds = {index: [make_form()] for index in range(1, 6)}
    preds = {index: [make_form({TASK: "回电"})] for index in range(1, 6)}
    assert all(rate.advice == "" for rate in fill_rates(FORM, preds, golds))
    assert all(rate.run == rate.reference == 0 for rate in fill_rates(FORM, {}, golds))


def test_what_is_quoted_or_free_text_is_never_made_up() -> None:
    golds = {index: [make_form({PHONE: "13800000000", NAME: "甲", TASK: "回电"})] for index in range(1, 21)}
    preds = {index: [make_form({PHONE: "13800000000", NAME: "甲"} if index < 11 else {})] for index in range(1, 21)}
    rates = {rate.key: rate for rate in fill_rates(FORM, preds, golds)}
    assert rates[PHONE].advice == "手机号码：群聊里有原话就照抄，没有就留空"
    assert "照抄" in rates[NAME].advice
    assert rates[TASK].advice.endswith("没有说到就留空")
    halved = {index: values if index < 15 else [make_form()] for index, values in golds.items()}
    for rate in fill_rates(FORM, {index: [make_form()] for index in golds}, halved):
        assert "不要求客户原话" not in rate.advice and "最可能" not in rate.advice
