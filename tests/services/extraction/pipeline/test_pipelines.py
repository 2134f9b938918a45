"""Pipelines over the real SDKs: what each stage is asked and given, votes, windows, what is kept, what is refused."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from core.adapters.llm.local.provider import LocalProvider
from core.adapters.llm.openai_compat import OpenAIProvider
from core.adapters.llm.spark import SparkProvider
from core.adapters.store.models import now
from core.domain.chat import parse_chat
from core.domain.form import Form, FormValues
from core.domain.prompts import read_summary, summary_of
from core.errors import Cause, PromptError, SettingsError
from core.services.extraction.pipeline import (
    Outcome,
    Pipeline,
    Status,
    earlier_answers,
    kept_replies,
    latest_notes,
    parse_pipeline,
    run_pipeline,
)
from core.services.extraction.pipeline.asked_customers import MOST_ASKED, customers_to_ask
from core.services.review.records.save_types import MOST_CUSTOMERS
from core.settings import OpenAISettings, SparkSettings
from tests.fakes.behaviour import Answer, Behaviour, Failure, Script
from tests.fakes.openai_server import FakeOpenAI
from tests.fakes.spark_server import FakeSpark

CHAT = "客服小林：您好\n张敏3：高级版多少钱？[图片]\n张敏3：[图片]\n客服小林：https://a.example/p 三千"
NAME, PHONE, STAGE = "基本信息-姓名", "基本信息-手机号码", "客户购买阶段"
SECTIONS = ("客户基本信息", "客户意向与预算信息", "客户购买准备情况", "跟进计划信息")
SUMMARY = "\n".join(f"## {section}\n- 张敏3：记下了" for section in SECTIONS)


def full(form: Form, *customers: dict[str, Any]) -> str:
    return json.dumps([form.empty() | customer for customer in customers], ensure_ascii=False)


def over_openai(form: Form, spec: str, script: Script, **options: Any) -> tuple[Outcome, list[dict[str, Any]]]:
    """The outcome, and the questions as the service got them."""
    with FakeOpenAI(script) as service:
        values = {key.removeprefix("OPENAI_").lower(): value for key, value in service.environment().items()}
        planned = {key: options.pop(key) for key in ("clean", "context_tokens", "examples") if key in options}
        outcome = run_pipeline(
            form=form,
            chat=parse_chat(options.pop("text", CHAT)),
            pipeline=parse_pipeline(spec, **planned),
            provider=OpenAIProvider(OpenAISettings(**values)),
            sleep=lambda _: None,
            deadline=10.0,
            **options,
        )
        return outcome, list(service.requests)


def asked(request: dict[str, Any]) -> str:
    return str(request["messages"][-1]["content"])


def test_verify_is_given_the_forms_and_the_chat(form: Form) -> None:
    answers = [
        Answer(text=full(form, {NAME: "张敏3", PHONE: "1"})),
        Answer(text=full(form, {NAME: "张敏3"})),
    ]
    outcome, requests = over_openai(form, "baseline,verify", answers)
    assert outcome.status is Status.OK
    assert outcome.forms == (form.empty() | {NAME: "张敏3"},)
    assert f'"{PHONE}": "1"' in asked(requests[1]) and CHAT in asked(requests[1])
    assert [(call.stage, call.prompt, call.ok) for call in outcome.calls] == [
        ("extract", "baseline.v3", True),
        ("verify", "verify.v2", True),
    ]
    assert [call.user for call in outcome.calls] == [asked(request) for request in requests]
    assert outcome.attempts == 2
    assert outcome.tokens_out == sum(call.tokens_out or 0 for call in outcome.calls)


def test_from_summary_sees_the_summary_and_not_the_chat_and_json_mode_is_not_for_summaries(form: Form) -> None:
    answers = [Answer(text=f"```markdown\n{SUMMARY}\n```"), Answer(text=full(form, {NAME: "张敏3"}))]
    outcome, requests = over_openai(form, "summary,from_summary", answers, parameters={"json_mode": True})
    assert outcome.status is Status.OK
    assert "response_format" not in requests[0] and "response_format" in requests[1]
    assert SUMMARY in asked(requests[1]) and "高级版多少钱" not in asked(requests[1])
    assert outcome.notes == ("摘要外面的代码块标记已去掉",)
    assert outcome.calls[0].raw.startswith("```markdown")


def test_samples_vote_and_what_lost_is_kept(form: Form) -> None:
    answers = [
        Answer(text=full(form, {NAME: "张敏3", STAGE: "报价"})),
        Answer(text="说不清楚"),
        Answer(text=full(form, {NAME: "张敏3", STAGE: "赢单"})),
        Answer(text=full(form, {NAME: "张敏3", STAGE: "报价"})),
    ]
    outcome, requests = over_openai(form, "baseline*4", answers)
    assert outcome.forms == (form.empty() | {NAME: "张敏3", STAGE: "报价"},)
    assert len({asked(request) for request in requests}) == 1
    assert [(call.sample, call.ok) for call in outcome.calls] == [(1, True), (2, False), (3, True), (4, True)]
    assert "4 次回答里有 1 次无法读取，没有参加投票" in outcome.notes
    (lost,) = outcome.alternatives
    assert (lost["field"], lost["taken"], lost["others"], lost["from"]) == (STAGE, "报价", ["赢单"], "vote")
    nothing, _ = over_openai(form, "baseline*2", Answer(text="说不清楚"))
    assert (nothing.status, nothing.cause, nothing.forms) == (Status.FAILED, None, None)


def test_fields_are_asked_alone_and_merged(form: Form) -> None:
    answers = [
        Answer(text=full(form, {NAME: "张敏3", PHONE: "1", STAGE: "报价"})),
        Answer(text=json.dumps([{NAME: "张敏3", STAGE: "赢单"}], ensure_ascii=False)),
    ]
    outcome, requests = over_openai(form, f"baseline,fields[{STAGE}]", answers)
    assert outcome.status is Status.OK
    assert outcome.forms == (form.empty() | {NAME: "张敏3", PHONE: "1", STAGE: "赢单"},)
    assert "竞品信息" not in asked(requests[1])


def test_two_steps_find_the_customers_and_ask_for_the_form_of_each(form: Form) -> None:
    names = json.dumps([{NAME: "张敏3"}, {NAME: "赵欣4"}])
    answers = [
        Answer(text=names),
        Answer(text=full(form, {NAME: "张敏3", STAGE: "报价"})),
        # Of an answer about several, the one who was asked about counts.
        Answer(text=full(form, {NAME: "张敏3", STAGE: "赢单"}, {NAME: "赵欣4", STAGE: "需求调研"})),
    ]
    outcome, requests = over_openai(form, "customers,one_customer", answers)
    assert outcome.status is Status.OK
    assert [(one[NAME], one[STAGE]) for one in outcome.forms or ()] == [("张敏3", "报价"), ("赵欣4", "需求调研")]
    first, *each = map(asked, requests)
    assert NAME in first
    assert STAGE not in first  # nothing else is asked for
    for name, question in zip(("张敏3", "赵欣4"), each, strict=True):
        assert question.endswith(f"## 要填的客户\n{name}")
    assert "问的是「赵欣4」一位，回答了 2 位，只用了一位" in "".join(outcome.notes)


def test_an_answer_about_somebody_else_or_a_broken_one_spoils_no_other(form: Form) -> None:
    names = json.dumps([{NAME: name} for name in ("张敏3", " 张敏3 ", "赵欣4", "客服小林", "王五")])
    answers = [
        Answer(text=names),
        Answer(text=full(form, {NAME: "赵欣4", PHONE: "13800000001", STAGE: "报价"})),  # about another customer
        Answer(text="我看看"),
        Answer(text=full(form, {NAME: "客服小林", STAGE: "报价"})),
        Answer(text=full(form, {NAME: "老王", STAGE: "报价"})),  # nobody else: the same person by another name
    ]
    outcome, requests = over_openai(form, "customers,one_customer", answers)
    assert len(requests) == 5  # nobody is asked about twice
    assert outcome.status is Status.REPAIRED
    assert [(one[NAME], one[PHONE], one[STAGE]) for one in outcome.forms or ()] == [
        ("张敏3", "", ""),
        ("赵欣4", "", ""),
        ("客服小林", "", "报价"),
        ("王五", "", "报价"),
    ]
    notes = "\n".join(outcome.notes)
    assert "「张敏3」列了 2 次，只问一次" in notes
    assert "问的是「张敏3」，回答的是「赵欣4」，没有采用" in notes
    assert "「赵欣4」的回答无法读取，只留下姓名" in notes
    assert "「客服小林」列为客户，可是看起来是客服" in notes
    assert "问的是「王五」，回答里写的是「老王」" in notes
    # Without any answer that can be used there is nothing to keep; nor is a service that fails taken for an answer.
    broken, _ = over_openai(
        form, "customers,one_customer", [Answer(text=json.dumps([{NAME: "张敏3"}])), Answer(text="无")]
    )
    assert broken.status is Status.FAILED
    refused, _ = over_openai(form, "customers,one_customer", [*answers[:2], Failure(status=401)])
    assert (refused.status, refused.cause) == (Status.FAILED, Cause.AUTH)


def test_no_more_customers_are_asked_about_than_can_be_saved(form: Form) -> None:
    assert MOST_ASKED == MOST_CUSTOMERS
    listed = [form.empty() | {NAME: f"客人{number}"} for number in range(1, 201)]
    customers, people, notes = customers_to_ask(form, listed, CHAT)
    assert len(customers) == MOST_ASKED
    assert {"张敏3", "客服小林", "客人200"} <= people
    assert notes == ["找出了 200 位客户，一条群聊最多 50 位，后面 150 位没有问，也没有表单"]
    unnamed = [form.empty(), form.empty()]
    assert customers_to_ask(form, unnamed, CHAT)[0] == unnamed


def test_given_forms_are_where_verify_starts(form: Form) -> None:
    base: list[FormValues] = [form.empty() | {NAME: "张敏3", PHONE: "9"}]
    with FakeOpenAI(Answer(text=full(form, {NAME: "张敏3"}))) as service:
        values = {key.removeprefix("OPENAI_").lower(): value for key, value in service.environment().items()}
        outcome = run_pipeline(
            form=form,
            chat=parse_chat(CHAT),
            pipeline=parse_pipeline("verify", base_run=1),
            provider=OpenAIProvider(OpenAISettings(**values)),  # type: ignore[arg-type]
            base=base,
        )
    assert f'"{PHONE}": "9"' in outcome.calls[0].user
    assert outcome.forms == (form.empty() | {NAME: "张敏3"},)


def test_a_failed_stage_keeps_what_was_answered_and_a_retry_does_not_ask_for_it_again(form: Form) -> None:
    answers: list[Behaviour] = [Answer(text=SUMMARY), Failure(status=401)]
    failed, _ = over_openai(form, "summary,from_summary", answers)
    assert (failed.status, failed.cause, len(failed.calls)) == (Status.FAILED, Cause.AUTH, 2)
    replies = kept_replies(failed, now())
    assert [(reply["stage"], reply["status"], reply["raw"]) for reply in replies] == [
        ("summary", "ok", SUMMARY),
        ("from_summary", "failed", ""),
    ]
    again, requests = over_openai(
        form, "summary,from_summary", Answer(text=full(form, {NAME: "张敏3"})), earlier=earlier_answers(replies)
    )
    assert again.status is Status.OK
    assert len(requests) == 1
    assert [call.attempts for call in again.calls] == [0, 1]


def test_what_cleaning_left_out_is_kept(form: Form) -> None:
    outcome, requests = over_openai(form, "baseline", Answer(), clean=["placeholders", "links", "residue"])
    assert "张敏3：[图片]" not in asked(requests[0]) and "[链接] 三千" in asked(requests[0])
    kept = latest_notes(kept_replies(outcome, now()))["left_out"]
    assert [(entry["step"], entry["messages"], entry["characters"]) for entry in kept] == [
        ("placeholders", [3], len("张敏3：[图片]\n")),
        ("links", [4], len("https://a.example/p")),
    ]


def by_window(form: Form) -> Callable[[dict[str, Any], int], Behaviour]:
    def script(request: dict[str, Any], number: int) -> Behaviour:
        return Answer(text=full(form, {NAME: "张敏3", PHONE: str(number), STAGE: "报价" if number else "需求调研"}))

    return script


LONG = "\n".join(f"{('客服小林', '张敏3')[n % 2]}：第{n}句，{n}万的预算大概够不够用呢" for n in range(200))


def test_a_long_chat_is_asked_about_in_windows_and_merged_per_customer(form: Form) -> None:
    outcome, requests = over_openai(form, "baseline", by_window(form), text=LONG, context_tokens=4000)
    assert outcome.status is Status.OK
    count = len(requests)
    assert count > 1
    for number in range(200):
        assert any(f"：第{number}句" in asked(request) for request in requests)
    kept = latest_notes(kept_replies(outcome, now()))
    assert [window["number"] for window in kept["windows"]] == list(range(1, count + 1))
    assert (kept["windows"][0]["messages"][0], kept["windows"][-1]["messages"][1]) == (1, 200)
    assert all(window["repeated"] for window in kept["windows"][1:])
    assert outcome.notes[0] == f"群聊超过模型的长度，分成 {count} 段抽取，再按客户合并"
    assert [form_[NAME] for form_ in outcome.forms or ()] == ["张敏3"]
    lost = {entry["field"]: entry for entry in kept["alternatives"]}
    assert (lost[STAGE]["taken"], lost[STAGE]["others"]) == ("报价", ["需求调研"])


def test_no_room_for_the_chat_is_said_before_anybody_is_asked(form: Form) -> None:
    outcome, requests = over_openai(form, "baseline", Answer(), text=LONG, context_tokens=1500)
    assert (outcome.status, outcome.cause, requests) == (Status.FAILED, Cause.TOO_LONG, [])
    assert "提示词和回答占满了模型的长度" in outcome.error


def test_over_spark_too(form: Form) -> None:
    with FakeSpark([Answer(text=SUMMARY), Answer(text=full(form, {NAME: "张敏3"}))]) as spark:
        values = {key.removeprefix("SPARKAI_").lower(): value for key, value in spark.environment().items()}
        outcome = run_pipeline(
            form=form,
            chat=parse_chat(CHAT),
            pipeline=parse_pipeline("summary,from_summary"),
            provider=SparkProvider(SparkSettings(**values)),  # type: ignore[arg-type]
            context_tokens=8192,
        )
    assert outcome.status is Status.OK
    assert [form_[NAME] for form_ in outcome.forms or ()] == ["张敏3"]


@pytest.mark.parametrize(
    "spec",
    [
        "baseline,verify",
        "summary,from_summary",
        "reflect*2",
        "customers,one_customer*2",
        f"baseline,fields[{STAGE}|{PHONE}]",
        "verify",
    ],
)
def test_local_goes_through_every_stage_without_keys(form: Form, spec: str) -> None:
    outcome = run_pipeline(
        form=form,
        chat=parse_chat(CHAT),
        pipeline=parse_pipeline(spec, base_run=1),
        provider=LocalProvider(),
        base=[form.empty()],
    )
    assert outcome.status is Status.OK
    assert [form_[NAME] for form_ in outcome.forms or ()] == ["张敏3"]


def test_summaries_of_forms_have_the_four_sections(form: Form) -> None:
    told = summary_of(form, [form.empty() | {NAME: "张敏3", STAGE: "报价", "咨询类型": ["询价", "答疑"]}])
    assert read_summary(told, form) == (told, ())
    assert [line for line in told.splitlines() if line.startswith("## ")] == [f"## {s}" for s in SECTIONS]
    assert "- 张敏3：咨询类型：询价、答疑" in told
    assert read_summary("## 客户基本信息\n甲", form)[1][0].startswith("摘要缺少小节：客户意向与预算信息")


def test_a_pipeline_is_kept_with_the_text_of_every_prompt(form: Form) -> None:
    pipeline = parse_pipeline(
        f"baseline*3 , verify,fields[{STAGE}|竞品信息]", clean=["runs", "links"], context_tokens=9
    )
    kept = json.loads(json.dumps(pipeline.as_dict()))
    assert Pipeline.from_dict(kept) == pipeline
    assert Pipeline.from_dict(kept).sha256 == pipeline.sha256
    assert kept["spec"] == f"baseline.v3*3,verify.v2,fields.v2[{STAGE}|竞品信息]"
    assert all(stage["source"].startswith("---\n") for stage in kept["stages"])
    assert pipeline.clean == ("links", "runs")
    assert (pipeline.main.id, pipeline.calls, pipeline.plain) == ("baseline.v3", 5, False)
    assert parse_pipeline("baseline").plain
    assert parse_pipeline("summary,from_summary").main.id == "from_summary.v2"
    pipeline.check(form)


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("", "没有写明用哪个提示词"),
        ("nope", "没有名为「nope」的提示词"),
        ("verify", "前面没有填好的表"),
        ("from_summary", "前面没有归纳"),
        ("summary", "后面加上 from_summary"),
        ("summary*2,from_summary", "不能多次投票"),
        ("baseline*0", "可以是 1 到 15"),
        ("baseline*16", "可以是 1 到 15"),
        ("fields", "没有写明问哪些字段"),
        ("baseline[客户购买阶段]", "不能只问部分字段"),
        ("baseline**", "看不懂"),
    ],
)
def test_stages_that_do_not_fit_are_refused_in_a_sentence(spec: str, said: str) -> None:
    with pytest.raises(PromptError, match=said.replace("*", r"\*")):
        parse_pipeline(spec)


def test_unknown_steps_and_fields_are_refused(form: Form) -> None:
    with pytest.raises(SettingsError, match="soap"):
        parse_pipeline("baseline", clean=["soap"])
    with pytest.raises(PromptError, match="没有字段「心情」"):
        parse_pipeline("fields[心情]").check(form)


def test_the_next_stage_reads_the_summary_without_thoughts_and_fences(form: Form) -> None:
    answers = [
        Answer(text=f"<think>客户是张敏3吗？</think>\n```markdown\n{SUMMARY}\n```"),
        Answer(text=full(form, {NAME: "张敏3"})),
    ]
    outcome, requests = over_openai(form, "summary,from_summary", answers)
    assert SUMMARY in asked(requests[1]) and "客户是张敏3吗" not in asked(requests[1])
    assert "```" not in asked(requests[1]).partition(SUMMARY)[0][-20:]
    assert outcome.status is Status.OK
    nothing, requests = over_openai(form, "summary,from_summary", Answer(text="<think>想了很久"))
    assert (nothing.status, nothing.error, len(requests)) == (Status.FAILED, "模型没有写出摘要", 1)


def test_what_a_vote_lost_stands_under_the_chats_customer(form: Form) -> None:
    """Each window counts its own customers: the first one of the second window is not the first of the chat."""

    def script(request: dict[str, Any], number: int) -> Behaviour:
        first_window = "：第0句" in asked(request)
        other = {NAME: "张敏3" if first_window else "李四4", STAGE: ("报价", "报价", "赢单")[number % 3]}
        return Answer(text=full(form, *([{NAME: "王五5"}] if first_window else []), other))

    outcome, requests = over_openai(form, "baseline*3", script, text=LONG[:3800], context_tokens=4000)
    assert len(outcome.windows) == 2 and len(requests) == 6
    names = [form_[NAME] for form_ in outcome.forms or ()]
    assert names == ["王五5", "张敏3", "李四4"]
    lost = [(entry["name"], entry["window"], names[entry["customer"]]) for entry in outcome.alternatives]
    assert lost == [("张敏3", 1, "张敏3"), ("李四4", 2, "李四4")]


def test_what_a_vote_lost_follows_its_customer_through_later_stages(form: Form) -> None:
    stages = iter(("报价", "报价", "赢单"))
    answers = [Answer(text=full(form, {NAME: "王五5"}, {NAME: "张敏3", STAGE: stage})) for stage in stages]
    answers.append(Answer(text=full(form, {NAME: "张敏3", STAGE: "报价"}, {NAME: "王五5"})))
    outcome, _ = over_openai(form, "baseline*3,verify", answers)
    assert [(entry["name"], entry["customer"]) for entry in outcome.alternatives] == [("张敏3", 0)]
    answers[-1] = Answer(text=full(form, {NAME: "王五5"}))
    outcome, _ = over_openai(form, "baseline*3,verify", answers)
    assert outcome.alternatives == (), "who is gone lost nothing"
