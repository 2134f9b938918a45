"""With made-up values switched on, no personal data of a chat arrives at a model service; forms are real."""

import json
import re
from typing import Any

import pytest

from core.adapters.llm.local.provider import LocalProvider
from core.adapters.llm.openai_compat import OpenAIProvider
from core.adapters.llm.spark import SparkProvider
from core.adapters.store.models import now
from core.domain.chat import parse_chat
from core.domain.evidence import EvidenceStatus, locate, text_index
from core.domain.form import Form
from core.domain.prompts import Example
from core.services.extraction.pipeline import Outcome, kept_replies, parse_pipeline, run_pipeline
from core.services.extraction.pipeline.stages import PickedExample
from core.settings import OpenAISettings, SparkSettings
from tests.fakes.behaviour import Answer, Failure
from tests.fakes.openai_server import FakeOpenAI
from tests.fakes.spark_server import FakeSpark

NAME, PHONE, NEXT = "基本信息-姓名", "基本信息-手机号码", "下一步跟进计划-具体事项"
CHAT = (
    "陶然乡-邱明远：您好，我电话 138 0013 8001\n客服小陈1：邱总好，会话存档三千\n陶然乡-邱明远：寄到青石路18号3栋502\n"
    "客服小陈1：好的，邮箱 qiu.my＠example.cn 对吗\n陶然乡-邱明远：对，身份证11010519491231002X\n"
)
REAL = ("邱", "明远", "陶然", "0013", "8001", "qiu.my", "小陈", "110105194", "青石", "3栋", "石榴", "13912345678")
OTHER = "石榴姐：在吗，电话13912345678\n客服小陈1：石榴姐您好\n石榴姐：合同\n"


def words_of(request: dict[str, Any]) -> str:
    return json.dumps(request, ensure_ascii=False)


def answer(form: Form, question: str) -> str:
    """What a model that reads the question fills in: the first speaker, the number regrouped, a part of the name."""
    chat = question.rpartition("<chat>")[2] or question
    speaker = re.findall(r"^([^\s：:][^\n：:]{0,30})：", chat, re.MULTILINE)
    number = re.search(r"199[ \d]{8,12}\d", chat)
    name = speaker[0].partition("-")[2] if speaker else ""
    digits = number[0].replace(" ", "") if number else ""
    values = {
        NAME: speaker[0] if speaker else "",
        PHONE: digits,
        NEXT: f"打 {digits[:3]} {digits[3:7]} {digits[7:]} 找{name[:2]}总",
    }
    return json.dumps([form.empty() | values], ensure_ascii=False)


def run(form: Form, service: Any, spec: str, **options: Any) -> Outcome:
    provider: Any
    if isinstance(service, FakeOpenAI):
        values = {key.removeprefix("OPENAI_").lower(): value for key, value in service.environment().items()}
        provider = OpenAIProvider(OpenAISettings(**values))  # type: ignore[arg-type]
    else:
        values = {key.removeprefix("SPARKAI_").lower(): value for key, value in service.environment().items()}
        provider = SparkProvider(SparkSettings(**values))  # type: ignore[arg-type]
    planned = {key: options.pop(key) for key in ("context_tokens", "examples_shown") if key in options}
    return run_pipeline(
        form=form,
        chat=parse_chat(options.pop("text", CHAT)),
        pipeline=parse_pipeline(
            spec, context_tokens=planned.get("context_tokens"), base_run=options.pop("base_run", None)
        ),
        provider=provider,
        sleep=lambda _: None,
        deadline=10.0,
        replace_personal=True,
        **options,
    )


def check(form: Form, outcome: Outcome, requests: list[dict[str, Any]]) -> None:
    assert requests and not [word for request in requests for word in REAL if word in words_of(request)]
    assert outcome.forms is not None, outcome.error
    values = outcome.forms[0]
    assert values[NAME] == "陶然乡-邱明远" and values[PHONE] == "13800138001"
    assert values[NEXT] == "打 138 0013 8001 找邱总"
    marks = locate(form, text_index(CHAT), values, form.name_of(values))
    assert marks[NAME].status is not EvidenceStatus.MISSING and marks[PHONE].status is not EvidenceStatus.MISSING
    kept = json.dumps(kept_replies(outcome, now()), ensure_ascii=False)
    calls = [{key: entry[key] for key in ("system", "user", "raw")} for entry in json.loads(kept)]
    assert not [word for word in REAL if word in json.dumps(calls, ensure_ascii=False)]


@pytest.mark.parametrize("spec", ["baseline", "baseline*3", "baseline,verify"])
def test_openai_gets_made_up_values_only(form: Form, spec: str) -> None:
    def script(request: dict[str, Any], number: int) -> Answer | Failure:
        # A failure in between: what is tried again is as made up as before.
        return Failure(status=503) if number == 0 else Answer(answer(form, str(request["messages"][-1]["content"])))

    with FakeOpenAI(script) as service:
        check(form, run(form, service, spec), service.requests)


def test_spark_gets_made_up_values_only(form: Form) -> None:
    def script(request: dict[str, Any], number: int) -> Answer:
        return Answer(answer(form, str(request["payload"]["message"]["text"][-1]["content"])))

    with FakeSpark(script) as service:
        check(form, run(form, service, "baseline"), service.requests)


def test_examples_and_given_forms_are_made_up_as_well(form: Form) -> None:
    given = form.empty() | {NAME: "陶然乡-邱明远", PHONE: "13800138001"}
    example = Example(OTHER, json.dumps([form.empty() | {NAME: "石榴姐", PHONE: "13912345678"}], ensure_ascii=False))

    def script(request: dict[str, Any], number: int) -> Answer:
        return Answer(answer(form, str(request["messages"][-1]["content"])))

    with FakeOpenAI(script) as service:
        run(form, service, "fewshot,verify", base=[given], examples=lambda _: [PickedExample(example, "d 第 1 条")])
        assert len(service.requests) == 2
        assert not [word for request in service.requests for word in REAL if word in words_of(request)]


def test_windows_share_the_made_up_values(form: Form) -> None:
    filler = "客服小陈1：标准版包含会话存档和客户标签，具体以合同为准，您看可以吗\n陶然乡-邱明远：我再想想\n"
    text = CHAT + filler * 120 + "陶然乡-邱明远：还是打 138-0013-8001 找我\n客服小陈1：好的\n"

    def script(request: dict[str, Any], number: int) -> Answer:
        return Answer(answer(form, str(request["messages"][-1]["content"])))

    with FakeOpenAI(script) as service:
        outcome = run(form, service, "baseline", text=text, context_tokens=5_000)
        assert len(service.requests) > 1 and outcome.forms is not None
        assert not [word for request in service.requests for word in REAL[:4] if word in words_of(request)]
        assert [values[NAME] for values in outcome.forms] == ["陶然乡-邱明远"]
        assert outcome.forms[0][PHONE] in ("13800138001", "138-0013-8001")


def test_a_summary_has_the_real_values_and_leaves_without_them(form: Form) -> None:
    def script(request: dict[str, Any], number: int) -> Answer:
        question = str(request["messages"][-1]["content"])
        if number == 0:
            speaker = re.findall(r"^([^\s：:][^\n：:]{0,30})：您好", question, re.MULTILINE)[0]
            return Answer("\n".join(f"## {one.title}\n- {speaker}：问了价格" for one in form.summary_sections))
        return Answer("[]")

    with FakeOpenAI(script) as service:
        run(form, service, "summary,from_summary")
        assert len(service.requests) == 2
        assert not [word for request in service.requests for word in REAL if word in words_of(request)]


def test_rules_read_the_chat_itself(form: Form) -> None:
    outcomes = [
        run_pipeline(
            form=form,
            chat=parse_chat(CHAT),
            pipeline=parse_pipeline("baseline"),
            provider=LocalProvider(),
            replace_personal=replaced,
        )
        for replaced in (True, False)
    ]
    assert outcomes[0].forms == outcomes[1].forms and outcomes[0].calls[0].user == outcomes[1].calls[0].user
