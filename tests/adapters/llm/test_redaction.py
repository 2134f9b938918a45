"""A service that gives our key back: it is in no reply, failure, trace or log."""

import base64
import traceback
from urllib.parse import quote

import pytest

from core import logs
from core.adapters.llm import ModelRequest
from core.adapters.llm.openai_compat import OpenAIProvider
from core.adapters.llm.redaction import clean_failure
from core.adapters.llm.spark import SparkProvider
from core.errors import Cause, ProviderError
from core.settings import OpenAISettings, SparkSettings
from tests.fakes import openai_server, spark_server
from tests.fakes.behaviour import Answer, Behaviour, Failure
from tests.fakes.openai_server import FakeOpenAI
from tests.fakes.spark_server import FakeSpark

KEY = openai_server.API_KEY
ECHOED = f"you sent Bearer {KEY}, {quote(KEY)}, {base64.b64encode(KEY.encode()).decode()}"


def everything(error: ProviderError) -> str:
    printed = "".join(traceback.format_exception(error))
    return f"{printed} {error} {error.args} {error.code} {error.partial} {error.message} {error.remedy}"


def outcome(behaviour: Behaviour) -> str:
    with FakeOpenAI(behaviour) as service:
        settings = OpenAISettings(base_url=service.url, api_key=KEY, model="m")  # type: ignore[arg-type]
        try:
            reply = OpenAIProvider(settings).complete(ModelRequest("甲：你好", deadline=10.0))
        except ProviderError as error:
            return everything(error)
    return f"{reply.text} {reply.model}"


@pytest.mark.parametrize(
    "behaviour",
    [
        Answer(text=ECHOED),
        Answer(text=ECHOED, finish="length"),
        Answer(text=ECHOED, finish="content_filter"),
        Failure(status=200, body={"code": KEY, "message": KEY}),
        Failure(status=200, body={"code": ECHOED, "message": KEY}),
        Failure(status=200, body={"code": {"key": KEY}}),
        Failure(status=200, body={"code": [KEY] * 1000}),
        Failure(status=200, body={"code": 7, "error": KEY}),
        Failure(status=200, body=KEY),
        Failure(status=200, body=[KEY]),
        Failure(status=200, body={"choices": [], "id": KEY, "model": KEY}),
        Failure(status=400, code=KEY, message=ECHOED),
        Failure(status=401, code=KEY, message=ECHOED),
        Failure(status=429, body={"error": KEY}),
        Failure(status=500, body=ECHOED),
    ],
    ids=repr,
)
def test_no_answer_of_a_service_brings_the_key_in(behaviour: Behaviour) -> None:
    seen = outcome(behaviour)
    assert KEY not in seen and base64.b64encode(KEY.encode()).decode().rstrip("=") not in seen
    assert len(seen) < 60_000


@pytest.mark.parametrize("secret", [spark_server.API_KEY, spark_server.API_SECRET])
def test_neither_does_spark(secret: str) -> None:
    for behaviour in (Answer(text=f"key {secret}"), Failure(code=10013, message=secret, after=2)):
        with FakeSpark(behaviour) as service:
            values = {name.removeprefix("SPARKAI_").lower(): text for name, text in service.environment().items()}
            provider = SparkProvider(SparkSettings(**values))  # type: ignore[arg-type]
            try:
                seen = provider.complete(ModelRequest("甲：你好", deadline=10.0)).text
            except ProviderError as error:
                seen = everything(error)
        assert secret not in seen


def test_words_that_keyless_services_are_given_stay_in_answers() -> None:
    with FakeOpenAI(Answer(text='{"a": "none", "b": "EMPTY"}')) as service:
        settings = OpenAISettings(base_url=service.url, api_key=KEY, model="m")  # type: ignore[arg-type]
        assert OpenAIProvider(settings).complete(ModelRequest("x")).text == '{"a": "none", "b": "EMPTY"}'


def test_a_cause_that_holds_the_key_is_let_go() -> None:
    failure = ProviderError(Cause.UNKNOWN, f"坏了 {KEY}", code=KEY, partial=KEY)
    try:
        try:
            raise ValueError(f"with {KEY}")
        except ValueError as error:
            raise failure from error
    except ProviderError as error:
        clean_failure(error, [KEY])
        assert KEY not in everything(error)


def test_a_signed_address_is_blotted_out_of_the_log() -> None:
    signature = base64.b64encode(b'api_key="k", algorithm="hmac-sha256"').decode()
    assert signature not in logs.scrub(f"wss://host/v1?authorization={signature}&date=x")
