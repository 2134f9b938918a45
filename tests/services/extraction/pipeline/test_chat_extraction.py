"""One chat → forms: real SDKs against the fake services, what is retried and what is not, what is kept."""

import json

import pytest

from core.adapters.llm import Provider
from core.adapters.llm.local.provider import LocalProvider
from core.adapters.llm.openai_compat import OpenAIProvider
from core.adapters.llm.spark import SparkProvider
from core.domain.form import Form
from core.domain.prompts import load_prompt, parse_prompt
from core.errors import Cause
from core.services.extraction.pipeline import Outcome, Status, estimate_tokens
from core.services.extraction.pipeline.chat_extraction import extract_chat
from core.settings import OpenAISettings, SparkSettings
from tests.fakes.behaviour import Answer, Behaviour, CleanClose, Drop, Failure, Flood, Script, Stall
from tests.fakes.openai_server import FakeOpenAI
from tests.fakes.spark_server import FakeSpark

CHAT = "客服小林：您好\n张敏3：高级版多少钱？"


def over_spark(form: Form, script: Script, waits: list[float] | None = None, **options: object) -> tuple[Outcome, int]:
    """The outcome, and how many questions reached the service."""
    with FakeSpark(script) as spark:
        values = {key.removeprefix("SPARKAI_").lower(): value for key, value in spark.environment().items()}
        provider = SparkProvider(SparkSettings(**values))  # type: ignore[arg-type]
        return extracted(form, provider, waits, **options), len(spark.requests)


def over_openai(form: Form, script: Script) -> tuple[Outcome, int]:
    """The same over the other SDK."""
    with FakeOpenAI(script) as service:
        values = {key.removeprefix("OPENAI_").lower(): value for key, value in service.environment().items()}
        provider = OpenAIProvider(OpenAISettings(**values))  # type: ignore[arg-type]
        return extracted(form, provider), len(service.requests)


def extracted(form: Form, provider: Provider, waits: list[float] | None = None, **options: object) -> Outcome:
    return extract_chat(
        form=form,
        conversation=CHAT,
        prompt=load_prompt("baseline.v1"),
        provider=provider,
        deadline=5.0,
        sleep=(waits if waits is not None else []).append,
        **options,  # type: ignore[arg-type]
    )


def test_a_good_answer(form: Form) -> None:
    full = json.dumps([form.empty() | {"基本信息-姓名": "张敏3"}], ensure_ascii=False)
    outcome, asked = over_spark(form, Answer(text=full))
    assert (outcome.status, outcome.notes, outcome.raw) == (Status.OK, (), full)
    assert outcome.forms == ({**form.empty(), "基本信息-姓名": "张敏3"},)
    assert (outcome.attempts, asked, outcome.model) == (1, 1, "generalv3.5")
    assert outcome.tokens_in and outcome.tokens_out == len(full)
    assert outcome.cause is None and outcome.error == ""
    assert len(outcome.prompt_sha256) == 64


def test_a_mended_answer_says_so_and_keeps_the_raw_reply(form: Form) -> None:
    raw = "```json\n[{'基本信息-姓名': '张敏3', '咨询类型': '询价',}]\n```"
    outcome, _ = over_spark(form, Answer(text=raw))
    assert outcome.status is Status.REPAIRED
    assert outcome.notes
    assert outcome.raw == raw
    assert outcome.forms and outcome.forms[0]["咨询类型"] == ["询价"]


def _texts() -> dict[str, str]:
    """Twelve ways in which models break JSON, each around one answer about one customer."""
    good = json.dumps([{"基本信息-姓名": "张敏3", "咨询类型": ["询价"], "客户购买阶段": "报价"}], ensure_ascii=False)
    one = good[1:-1]
    return {
        "fence and prose": f"好的，结果如下：\n```json\n{good}\n```\n希望有帮助。",
        "object without its list": one,
        "wrapped": f'{{"infos": {good}}}',
        "single quotes": good.replace('"', "'"),
        "trailing commas": good.replace("}]", ",},]"),
        "comments": good.replace("[{", "[{ // 第一位客户\n", 1),
        "full-width punctuation": good.replace('": ', '"：').replace('", "', '"，"'),
        "missing comma": good.replace('", "客户', '" "客户').replace('"], "客户', '"] "客户'),
        "missing bracket": good[:-1],
        "cut off": good[:-6],
        "escaped once too often": good.replace('"', '\\"'),
        "JSON in a string": json.dumps(good, ensure_ascii=False),
    }


@pytest.mark.parametrize("what", _texts())
def test_twelve_kinds_of_broken_json_are_mended_over_both_sdks(form: Form, what: str) -> None:
    raw = _texts()[what]
    for over in (over_openai, over_spark):
        outcome, asked = over(form, Answer(text=raw))
        assert (outcome.status, outcome.raw, outcome.attempts) == (Status.REPAIRED, raw, 1)
        assert outcome.notes, "what was mended is said"
        assert outcome.forms is not None
        (read,) = outcome.forms
        assert (read["基本信息-姓名"], read["咨询类型"]) == ("张敏3", ["询价"])
        assert read["客户购买阶段"] == "报价" or what == "cut off"
        assert asked == 1


def test_an_answer_that_cannot_be_read_is_not_asked_again(form: Form) -> None:
    outcome, asked = over_spark(form, Answer(text="对不起，我不能回答这个问题。"))
    assert (outcome.status, outcome.forms, outcome.cause, asked) == (Status.FAILED, None, None, 1)
    assert outcome.error
    assert outcome.raw == "对不起，我不能回答这个问题。"


@pytest.mark.parametrize("trouble", [Failure(code=11202), Failure(code=10012), Drop(after=1), CleanClose(after=2)])
def test_what_can_pass_is_tried_again(form: Form, trouble: Behaviour) -> None:
    waits: list[float] = []
    outcome, asked = over_spark(form, [trouble, trouble, Answer()], waits)
    assert outcome.status is not Status.FAILED
    assert (outcome.attempts, asked, len(waits)) == (3, 3, 2)


def test_waits_grow_with_jitter_and_longer_for_rates(form: Form) -> None:
    waits: list[float] = []
    outcome, _ = over_spark(form, Failure(code=10012), waits)
    rates: list[float] = []
    over_spark(form, Failure(code=11202), rates)
    assert (outcome.status, outcome.cause, outcome.code, outcome.attempts) == (Status.FAILED, Cause.SERVER, "10012", 4)
    for number, (wait, rate) in enumerate(zip(waits, rates, strict=True)):
        assert 0.5 * 2**number <= wait <= 2**number
        assert 1.5 * 2**number <= rate <= 3 * 2**number


@pytest.mark.parametrize(
    ("trouble", "cause"),
    [
        (Failure(code=10013), Cause.AUDIT),
        (Failure(code=10907), Cause.TOO_LONG),
        (Failure(code=11200), Cause.LICENCE),
        (Answer(text='[{"姓', tokens_out=9000), Cause.CUT_OFF),  # at max_tokens: would end there again
        (Flood(megabytes=50, one_frame=True), Cause.SERVER),
    ],
)
def test_what_cannot_pass_is_not(form: Form, trouble: Behaviour, cause: Cause) -> None:
    outcome, asked = over_spark(form, trouble)
    assert (outcome.status, outcome.cause, outcome.attempts, asked) == (Status.FAILED, cause, 1, 1)
    assert outcome.error


def test_what_had_arrived_is_kept_but_not_parsed(form: Form) -> None:
    outcome, _ = over_spark(form, Drop(after=2), attempts=2)
    assert (outcome.status, outcome.forms, outcome.cause, outcome.attempts) == (Status.FAILED, None, Cause.CUT_OFF, 2)
    assert outcome.raw.startswith("[{")


def test_json_mode_asks_for_one_object(form: Form) -> None:
    with FakeOpenAI() as service:
        values = {key.removeprefix("OPENAI_").lower(): value for key, value in service.environment().items()}
        outcome = extract_chat(
            form=form,
            conversation=CHAT,
            prompt=load_prompt(),
            provider=OpenAIProvider(OpenAISettings(**values)),  # type: ignore[arg-type]
            parameters={"json_mode": True, "temperature": 0},
        )
    assert '{"infos": [' in service.requests[0]["messages"][-1]["content"]
    assert outcome.forms and outcome.forms[0]["基本信息-姓名"] == "客服小林"


def test_local_needs_nothing(form: Form) -> None:
    outcome = extract_chat(form=form, conversation=CHAT, prompt=load_prompt(), provider=LocalProvider())
    assert (outcome.status, outcome.notes, outcome.model) == (Status.OK, (), "rules.v1")
    assert outcome.forms and outcome.forms[0]["基本信息-姓名"] == "张敏3"


def test_a_prompt_that_fails_is_an_outcome_too(form: Form) -> None:
    source = "---\nname: bad\nversion: 1\ntitle: 坏\npurpose: 坏\nstage: extract\n---\n"
    prompt = parse_prompt(source + "{% block user %}{{ chat.missing }}{% endblock %}", "bad.v1.md")
    outcome = extract_chat(form=form, conversation=CHAT, prompt=prompt, provider=LocalProvider())
    assert (outcome.status, outcome.cause, outcome.attempts) == (Status.FAILED, Cause.SETUP, 0)
    assert "bad.v1" in outcome.error


def test_thirty_percent_random_failures_lose_nothing(form: Form) -> None:
    troubles = [Failure(code=11202), Failure(code=10012), Drop(after=1), Stall(after=1)]

    def script(request: dict, number: int) -> Behaviour:  # type: ignore[type-arg]
        return troubles[number % 4] if number % 10 in (0, 3, 7) else Answer()

    with FakeSpark(script) as spark:
        values = {key.removeprefix("SPARKAI_").lower(): value for key, value in spark.environment().items()}
        provider = SparkProvider(SparkSettings(**values))  # type: ignore[arg-type]
        outcomes = [
            extract_chat(
                form=form,
                conversation=f"客户{number}：在吗",
                prompt=load_prompt(),
                provider=provider,
                deadline=0.5,
                sleep=lambda _: None,
            )
            for number in range(40)
        ]
    names = [outcome.forms[0]["基本信息-姓名"] if outcome.forms else outcome.error for outcome in outcomes]
    assert names == [f"客户{number}" for number in range(40)]
    assert sum(outcome.attempts for outcome in outcomes) > 50


def test_estimated_tokens() -> None:
    assert estimate_tokens("") == 0
    assert estimate_tokens("客户想了解价格") == 5
    assert estimate_tokens("hello world") == 3
    assert estimate_tokens("13812345678") == 4
    assert estimate_tokens("客" * 30_000) == 20_000
