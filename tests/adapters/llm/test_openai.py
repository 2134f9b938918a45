"""The real ``openai`` package against a plain HTTP server."""

import logging
import threading
import traceback
import tracemalloc
from pathlib import Path
from typing import Any

import openai
import pytest

from core.adapters.llm import ModelRequest, ModelSpec, connect
from core.adapters.llm.base import token_count
from core.adapters.llm.deadline import DeadlineExceeded
from core.adapters.llm.failures import TOO_LARGE
from core.adapters.llm.openai_compat import OpenAIProvider
from core.domain.form import load_named_form
from core.errors import Cause, ProviderError
from core.settings import OpenAISettings
from tests.fakes.behaviour import Answer, BadJson, Drop, Failure, Flood, Script, Stall, Trickle
from tests.fakes.certificate import self_signed
from tests.fakes.openai_server import API_KEY, FakeOpenAI
from tests.waiting import wait_until


def settings(service: FakeOpenAI | None = None, **changes: str) -> OpenAISettings:
    values = {
        key.removeprefix("OPENAI_").lower(): value for key, value in (service.environment() if service else {}).items()
    }
    return OpenAISettings(**(values | changes))  # type: ignore[arg-type]


def ask(service: FakeOpenAI, **request: object) -> str:
    request = {"prompt": "甲：你好", "deadline": 10.0} | request
    return OpenAIProvider(settings(service)).complete(ModelRequest(**request)).text  # type: ignore[arg-type]


def failure_of(script: Script, **request: object) -> ProviderError:
    with FakeOpenAI(script) as service, pytest.raises(ProviderError) as caught:
        ask(service, **request)
    return caught.value


def test_a_complete_answer_with_usage() -> None:
    with FakeOpenAI(Answer(text="[]")) as service:
        reply = OpenAIProvider(settings(service)).complete(ModelRequest("甲：你好", system="只输出 JSON", model="m1"))
    assert (reply.text, reply.tokens_in, reply.tokens_out, reply.model) == ("[]", 12, 2, "m1")
    assert [message["role"] for message in service.requests[0]["messages"]] == ["system", "user"]


@pytest.mark.parametrize(
    ("usage", "cached"),
    [
        ({"prompt_tokens_details": {"cached_tokens": 8}}, 8),
        ({"prompt_cache_hit_tokens": 9, "prompt_cache_miss_tokens": 3}, 9),
        ({"cached_tokens": 4}, 4),
        ({"prompt_tokens_details": {"cached_tokens": 8}, "prompt_cache_hit_tokens": 9}, 9),
        ({"prompt_tokens_details": None, "cached_tokens": "viele"}, 0),
        ({"prompt_tokens_details": {"cached_tokens": 1000}}, 12),
        ({}, 0),
    ],
)
def test_cached_tokens_are_read_in_every_spelling(usage: dict[str, Any], cached: int) -> None:
    with FakeOpenAI(Answer(text="[]", usage=usage)) as service:
        reply = OpenAIProvider(settings(service)).complete(ModelRequest("甲：你好", system="只输出 JSON"))
    assert (reply.tokens_in, reply.tokens_cached) == (12, cached)


@pytest.mark.parametrize("count", [None, 0, -1, 2**70, "12", 1.5, True, [1]])
def test_counts_that_cannot_be_are_none(count: object) -> None:
    assert token_count(count) is None and token_count(12) == 12


def test_parameters_reach_the_wire() -> None:
    with FakeOpenAI() as service:
        ask(service, parameters={"temperature": 0, "max_tokens": 64, "json_mode": True, "patch_id": "77", "top_k": 3})
        ask(service)
    first, second = service.requests
    assert (first["temperature"], first["max_tokens"], first["top_k"]) == (0, 64, 3)
    assert first["response_format"] == {"type": "json_object"}
    assert service.headers[0]["lora_id"] == "77"
    assert second.keys() == {"model", "messages"}
    assert second["model"] == "fake-model"


def test_an_address_pasted_with_its_path_works() -> None:
    with FakeOpenAI(Answer(text="[]")) as service:
        provider = OpenAIProvider(settings(service, base_url=service.url + "/chat/completions"))
        assert provider.complete(ModelRequest("x")).text == "[]"


@pytest.mark.parametrize(
    ("failure", "cause"),
    [
        (Failure(status=400), Cause.BAD_REQUEST),
        (Failure(status=400, code="context_length_exceeded"), Cause.TOO_LONG),
        (Failure(status=400, message="This model's maximum context length is 8192 tokens"), Cause.TOO_LONG),
        (Failure(status=400, code="data_inspection_failed"), Cause.AUDIT),
        (Failure(status=400, code=10907), Cause.TOO_LONG),
        (Failure(status=402), Cause.QUOTA),
        (Failure(status=403), Cause.LICENCE),
        (Failure(status=404), Cause.BAD_REQUEST),
        (Failure(status=429), Cause.RATE),
        (Failure(status=429, code="insufficient_quota"), Cause.QUOTA),
        (Failure(status=429, message="Quota exceeded: 60 requests quota per minute"), Cause.RATE),
        (Failure(status=429, code="rate_limit_exceeded", message="insufficient quota per minute"), Cause.RATE),
        (Failure(status=429, code="quota_exceeded", message="TPM quota reached, see billing page"), Cause.RATE),
        (Failure(status=429, message="load balance: too many requests"), Cause.RATE),
        (Failure(status=429, code="Arrearage"), Cause.QUOTA),
        (Failure(status=429, message="账户已欠费，请充值"), Cause.QUOTA),
        (Failure(status=403, message="insufficient balance"), Cause.QUOTA),
        (Failure(status=500), Cause.SERVER),
        (Failure(status=503, body="busy"), Cause.SERVER),
        (Failure(status=200, body={"code": 11200, "message": "AppIdNoAuthError"}), Cause.LICENCE),
        (Failure(status=200, body={"code": 10013, "message": "audit"}), Cause.AUDIT),
        (Failure(status=200, body={"code": 777, "message": "?"}), Cause.SERVER),
        (Failure(status=200, body={}), Cause.SERVER),
        (Failure(status=200, body={"choices": []}), Cause.SERVER),
    ],
)
def test_errors_become_causes_without_a_second_call(failure: Failure, cause: Cause) -> None:
    with FakeOpenAI(failure) as service, pytest.raises(ProviderError) as caught:
        ask(service)
    assert caught.value.cause is cause
    assert caught.value.remedy
    assert len(service.requests) == 1


def test_code_zero_is_success() -> None:
    body = {
        "code": 0,
        "message": "Success",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": "[]"}}],
    }
    with FakeOpenAI(Failure(status=200, body=body)) as service:
        assert ask(service) == "[]"


def test_finish_reasons() -> None:
    cut = failure_of(Answer(text='[{"姓', finish="length", usage={"cached_tokens": 3}))
    assert (cut.cause, cut.code, cut.partial) == (Cause.CUT_OFF, "length", '[{"姓')
    assert (cut.tokens_in or 0) > 3 == cut.tokens_cached, "what was cut off is paid for like any other answer"
    assert failure_of(Answer(text="", finish="content_filter")).cause is Cause.AUDIT


@pytest.mark.parametrize("script", [Stall(), Trickle(gap=0.05)])
def test_deadline_is_real(script: Script) -> None:
    before = threading.active_count()
    with FakeOpenAI(script) as service:
        with pytest.raises(ProviderError) as caught:
            ask(service, deadline=0.5)
    assert caught.value.cause is Cause.TIMEOUT
    # Nobody but our deadline ends this call: the service is still silent, or still at it byte by byte. Which of the two
    # clocks of half a second is first where it is silent, ours or the package's, is chance.
    ended_by = caught.value.__cause__
    if isinstance(script, Trickle):
        assert isinstance(ended_by, DeadlineExceeded)
    assert isinstance(ended_by, DeadlineExceeded | openai.APITimeoutError)
    assert isinstance(ended_by, openai.APITimeoutError) or str(ended_by) == "0.5 s"
    wait_until(lambda: threading.active_count() <= before)


def test_broken_connections_and_bodies() -> None:
    assert failure_of(Drop()).cause is Cause.NETWORK
    assert failure_of(BadJson()).cause is Cause.SERVER
    with FakeOpenAI() as service:
        gone = settings(service)
    with pytest.raises(ProviderError) as caught:
        OpenAIProvider(gone).complete(ModelRequest("x", deadline=5))
    assert caught.value.cause is Cause.NETWORK


def test_the_key_is_nowhere_even_if_the_service_echoes_it(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with FakeOpenAI() as service:
        provider = OpenAIProvider(settings(service, api_key="sk-wrong-but-secret"))
        with pytest.raises(ProviderError) as caught:
            provider.complete(ModelRequest("x"))
    assert caught.value.cause is Cause.AUTH
    everything = "".join(traceback.format_exception(caught.value)) + repr(provider) + caplog.text
    assert "sk-wrong-but-secret" not in everything
    assert API_KEY not in everything


@pytest.mark.parametrize(
    "refusal",
    [
        Failure(status=400, message="response_format is not supported by this model"),
        Failure(status=422, message="Unknown field: json_object"),
        Failure(status=400, message="'messages' must contain the word 'json' to use 'response_format'"),
        Failure(status=400, message="failed to parse grammar"),
        Failure(status=400, message="Structured outputs are not supported by this model"),
        Failure(status=422, message="guided decoding backend xgrammar does not support this"),
        Failure(status=400, message="This response format is unavailable now"),
    ],
)
def test_json_mode_that_is_refused_is_done_without(refusal: Failure) -> None:
    def script(request: dict[str, Any], number: int) -> Answer | Failure:
        return refusal if "response_format" in request else Answer(text="[]")

    with FakeOpenAI(script) as service:
        assert ask(service, parameters={"json_mode": True}) == "[]"
        assert ask(service, parameters={"json_mode": True}) == "[]"
    # Refused once, not asked for again.
    assert ["response_format" in request for request in service.requests] == [True, False, False]


def test_a_server_with_structured_output_is_given_the_schema_of_the_form() -> None:
    with FakeOpenAI(Answer(text="[]")) as service:
        provider = OpenAIProvider(settings(service))
        both = {"json_mode": True, "json_schema": True}
        provider.complete(ModelRequest("x", parameters=both, form=load_named_form()))
        provider.complete(ModelRequest("x", parameters=both, form=load_named_form(), task="summary"))
        provider.complete(ModelRequest("x", parameters={"json_schema": True}, form=load_named_form()))
    asked_for, summary, without = service.requests
    assert asked_for["response_format"]["type"] == "json_schema"
    infos = asked_for["response_format"]["json_schema"]["schema"]["properties"]["infos"]
    fields = infos["items"]["properties"]
    assert list(fields) == infos["items"]["required"] == list(load_named_form().keys)
    assert fields["咨询类型"] == {"type": "array", "items": {"type": "string"}}
    assert "enum" not in str(infos)  # any other value stays possible
    assert summary["response_format"] == {"type": "json_object"}
    assert "response_format" not in without
    assert "json_schema" not in without

    def refuses(request: dict[str, Any], number: int) -> Answer | Failure:
        refusal = Failure(status=400, message="json_schema is not supported")
        return refusal if "response_format" in request else Answer(text="[]")

    with FakeOpenAI(refuses) as service:
        provider = OpenAIProvider(settings(service))
        assert provider.complete(ModelRequest("x", parameters=both, form=load_named_form())).text == "[]"
    assert ["response_format" in request for request in service.requests] == [True, True, False]


def test_a_schema_that_is_refused_leaves_json_mode() -> None:
    def script(request: dict[str, Any], number: int) -> Answer | Failure:
        schema = request.get("response_format", {}).get("type") == "json_schema"
        return Failure(status=400, message="failed to parse grammar") if schema else Answer(text="[]")

    both = {"json_mode": True, "json_schema": True}
    with FakeOpenAI(script) as service:
        provider = OpenAIProvider(settings(service))
        first, second = (
            provider.complete(ModelRequest("x", parameters=both, form=load_named_form())) for _ in range(2)
        )
    asked_for = [request["response_format"]["type"] for request in service.requests]
    assert asked_for == ["json_schema", "json_object", "json_object"]
    [note] = first.notes
    assert "json_schema" in note
    assert second.notes == ()


@pytest.mark.parametrize(
    "refusal",
    [
        Failure(status=401),
        Failure(status=429),
        Failure(status=500),
        Failure(status=400, message="maximum context length is 8192 tokens"),
        Failure(status=400, message="inappropriate content"),
    ],
)
def test_other_errors_in_json_mode_are_not_asked_twice(refusal: Failure) -> None:
    with FakeOpenAI(refusal) as service, pytest.raises(ProviderError):
        ask(service, parameters={"json_mode": True})
    assert len(service.requests) == 1


def test_a_refusal_of_something_else_takes_json_mode_from_nobody() -> None:
    with FakeOpenAI(lambda request, number: Failure(status=400) if number < 2 else Answer(text="[]")) as service:
        with pytest.raises(ProviderError):
            ask(service, parameters={"json_mode": True})
        assert ask(service, parameters={"json_mode": True}) == "[]"
    assert ["response_format" in request for request in service.requests] == [True, False, True]


def test_an_entry_brings_address_key_and_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ONE_API_KEY", API_KEY)
    monkeypatch.setenv("SHIYAO_KEY_HOSTS", "ONE_API_KEY=")
    with FakeOpenAI(Answer(text="[]")) as service:
        spec = ModelSpec(
            name="e",
            title="E",
            provider="openai",
            model="m2",
            url=service.url,
            key_env="ONE_API_KEY",
            max_output_tokens=9,
            system=False,
        )
        provider = connect(spec)
        assert provider.ready() == ""
        provider.complete(ModelRequest("甲", system="乙", parameters={"max_tokens": 100, "lora_id": 5}))
    sent = service.requests[0]
    assert (sent["model"], sent["max_tokens"]) == ("m2", 9)
    assert sent["messages"] == [{"role": "user", "content": "乙\n\n甲"}]
    assert service.headers[0]["lora_id"] == "5"
    assert API_KEY not in repr(provider) + str(provider.__dict__)
    monkeypatch.delenv("ONE_API_KEY")
    assert "缺少环境变量 ONE_API_KEY" in connect(spec).ready()


def test_a_service_without_keys_needs_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    assert connect(ModelSpec(name="o", title="O", provider="openai", url="http://127.0.0.1:9/v1")).ready() == ""


def test_a_foreign_certificate_is_refused(tmp_path: Path) -> None:
    with FakeOpenAI(tls=self_signed(tmp_path)) as service, pytest.raises(ProviderError) as caught:
        ask(service)
    assert (caught.value.cause, service.requests) == (Cause.CONFIG, [])
    assert "证书" in caught.value.message


def test_missing_settings_are_named() -> None:
    provider = OpenAIProvider(settings(base_url="", api_key=""))
    assert "OPENAI_BASE_URL、OPENAI_API_KEY" in provider.ready()
    with pytest.raises(ProviderError) as caught:
        provider.complete(ModelRequest("x"))
    assert caught.value.cause is Cause.CONFIG
    with pytest.raises(ProviderError, match="OPENAI_MODEL"):
        OpenAIProvider(settings(base_url="http://127.0.0.1:1", api_key="k", model="")).complete(ModelRequest("x"))


@pytest.mark.parametrize(
    "flood", [Flood(), Flood(status=401), Flood(status=500), Flood(encoding="gzip")], ids=["200", "401", "500", "gzip"]
)
def test_a_reply_without_end_is_cut_off(flood: Flood) -> None:
    tracemalloc.start()
    try:
        with FakeOpenAI(flood) as service:
            with pytest.raises(ProviderError, match="回复太大") as caught:
                ask(service)
            assert service.flooded < 200_000_000 or flood.encoding
        assert tracemalloc.get_traced_memory()[1] < 100_000_000
    finally:
        tracemalloc.stop()
    assert (caught.value.cause, caught.value.code) == (Cause.SERVER, TOO_LARGE)


def test_a_compressed_reply_is_read() -> None:
    with FakeOpenAI(Answer(text="答" * 100_000, encoding="gzip")) as service:
        assert ask(service) == "答" * 100_000
        assert service.headers[0]["accept-encoding"] == "gzip"
