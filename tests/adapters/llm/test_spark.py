"""The real Spark SDK against a server that speaks Spark's wire protocol: every trap that we know of."""

import logging
import os
import socket
import subprocess
import sys
import textwrap
import threading
import tomllib
import traceback
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from core.adapters.llm import ModelRequest, ModelSpec, SpecSource, spark_wire
from core.adapters.llm.deadline import DeadlineExceeded
from core.adapters.llm.destinations import Destination
from core.adapters.llm.failures import SPARK_CODES_FILE, TOO_LARGE
from core.adapters.llm.spark import SparkProvider
from core.errors import Cause, ProviderError
from core.settings import SparkSettings
from tests.fakes.behaviour import Answer, BadJson, CleanClose, Drop, Failure, Flood, Script, Stall
from tests.fakes.certificate import self_signed
from tests.fakes.spark_server import API_KEY, API_SECRET, FakeSpark
from tests.waiting import wait_until

ROOT = Path(__file__).resolve().parents[3]


def settings(spark: FakeSpark | None = None, **changes: str) -> SparkSettings:
    values = {
        key.removeprefix("SPARKAI_").lower(): value for key, value in (spark.environment() if spark else {}).items()
    }
    return SparkSettings(**(values | changes))  # type: ignore[arg-type]


def ask(spark: FakeSpark, **request: object) -> str:
    request = {"prompt": "甲：你好", "deadline": 10.0} | request
    return SparkProvider(settings(spark)).complete(ModelRequest(**request)).text  # type: ignore[arg-type]


def failure_of(script: Script, **request: object) -> ProviderError:
    with FakeSpark(script) as spark, pytest.raises(ProviderError) as caught:
        ask(spark, **request)
    return caught.value


def test_a_complete_answer_with_usage() -> None:
    with FakeSpark(Answer(text='[{"姓名": "甲"}]', frames=4)) as spark:
        reply = SparkProvider(settings(spark)).complete(ModelRequest("甲：你好", system="只输出 JSON"))
    assert reply.text == '[{"姓名": "甲"}]'
    assert (reply.tokens_in, reply.tokens_out) == (len("甲：你好只输出 JSON"), len(reply.text))
    assert reply.model == "generalv3.5"
    assert [m["role"] for m in spark.requests[0]["payload"]["message"]["text"]] == ["system", "user"]


def test_a_connection_that_is_made_after_the_deadline_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    usual, given_up, opened = spark_wire._open_socket, threading.Event(), []

    def slow(destination: Destination) -> socket.socket:
        assert given_up.wait(30)
        opened.append(usual(destination))
        return opened[0]

    monkeypatch.setattr(spark_wire, "_open_socket", slow)
    with FakeSpark() as spark:
        with pytest.raises(ProviderError):
            ask(spark, deadline=0.1)
        given_up.set()
        wait_until(lambda: [one.fileno() for one in opened] == [-1])
    assert not spark.requests


def test_parameters_reach_the_wire_clamped() -> None:
    with FakeSpark() as spark:
        ask(spark, parameters={"temperature": 0, "max_tokens": 100_000, "top_k": 1, "json_mode": True})
        ask(spark, parameters={"temperature": 1.7, "max_tokens": 0})
        ask(spark)
    first, second, third = (request["parameter"]["chat"] for request in spark.requests)
    assert (first["temperature"], first["max_tokens"], first["top_k"]) == (0.01, 8192, 1)
    assert "json_mode" not in first
    assert (second["temperature"], second["max_tokens"]) == (1.0, 4096)
    assert third["temperature"] == 0.01


def test_fine_tuned_model_sends_its_patch_id_on_every_call() -> None:
    with FakeSpark() as spark:
        for _ in range(2):
            ask(spark, model="patchv3", parameters={"patch_id": 8642})
    assert [request["header"]["patch_id"] for request in spark.requests] == [["8642"]] * 2
    assert spark.requests[0]["parameter"]["chat"]["domain"] == "patchv3"


def test_models_without_system_message_get_it_before_the_question() -> None:
    with FakeSpark() as spark:
        ask(spark, model="lite", system="只输出 JSON")
    assert spark.requests[0]["payload"]["message"]["text"] == [{"role": "user", "content": "只输出 JSON\n\n甲：你好"}]


@pytest.mark.parametrize(
    ("code", "cause", "retryable"),
    [
        (10007, Cause.RATE, True),
        (10010, Cause.SERVER, True),
        (10012, Cause.SERVER, True),
        (10013, Cause.AUDIT, False),
        (10014, Cause.AUDIT, False),
        (10019, Cause.AUDIT, False),
        (10163, Cause.BAD_REQUEST, False),
        (10907, Cause.TOO_LONG, False),
        (11200, Cause.LICENCE, False),
        (11201, Cause.QUOTA, False),
        (11202, Cause.RATE, True),
        (11203, Cause.RATE, True),
        (19999, Cause.UNKNOWN, False),
    ],
)
def test_error_codes_become_causes(code: int, cause: Cause, retryable: bool) -> None:
    error = failure_of(Failure(code=code))
    assert (error.cause, error.code, error.retryable) == (cause, str(code), retryable)
    assert str(code) in error.message
    assert error.remedy


def test_every_documented_code_is_a_cause_with_a_remedy() -> None:
    codes = sorted(int(code) for code in tomllib.loads(SPARK_CODES_FILE.read_text(encoding="utf-8")))
    with FakeSpark([Failure(code=code) for code in codes]) as spark:
        for code in codes:
            with pytest.raises(ProviderError) as caught:
                ask(spark)
            error = caught.value
            assert (error.code, error.cause is Cause.UNKNOWN) == (str(code), False)
            assert f"（错误码 {code}）。" in str(error)
            assert error.remedy
            # Asking again helps against load and the network, never against refusals.
            passes = error.cause in (Cause.RATE, Cause.TIMEOUT, Cause.NETWORK, Cause.SERVER)
            assert error.retryable is passes


def test_error_in_the_middle_keeps_what_had_arrived() -> None:
    error = failure_of([Failure(code=10014, after=2)])
    assert error.cause is Cause.AUDIT
    assert error.partial.startswith("[{")


@pytest.mark.parametrize("after", [1, 2])
@pytest.mark.parametrize("how", [Drop, CleanClose])
def test_a_connection_that_ends_mid_answer_is_cut_off(how: type[Drop] | type[CleanClose], after: int) -> None:
    error = failure_of(how(after=after))
    assert error.cause is Cause.CUT_OFF
    assert error.retryable
    assert error.partial.startswith("[{")


@pytest.mark.parametrize("how", [Drop(after=0), CleanClose(after=0)])
def test_a_connection_that_ends_before_the_answer_is_network(how: Script) -> None:
    assert failure_of(how).cause is Cause.NETWORK


@pytest.mark.parametrize("after", [0, 2])
def test_frames_that_are_not_json(after: int) -> None:
    assert failure_of(BadJson(after=after)).cause is Cause.SERVER


def test_reasoning_frames_are_passed_over() -> None:
    with FakeSpark(Answer(text="[]", reasoning="先看看谁是客户……")) as spark:
        assert ask(spark) == "[]"


def test_answer_at_the_length_limit_is_cut_off() -> None:
    error = failure_of(Answer(text='[{"姓', tokens_out=50), parameters={"max_tokens": 50})
    assert (error.cause, error.code, error.partial) == (Cause.CUT_OFF, "length", '[{"姓')
    assert (error.tokens_in, error.tokens_out) == (len("甲：你好"), 50)


@pytest.mark.parametrize("after", [0, 2])
def test_deadline_is_real_and_leaves_no_thread(after: int) -> None:
    with FakeSpark(Stall(after=after)) as spark:
        before = threading.active_count()
        with pytest.raises(ProviderError) as caught:
            ask(spark, deadline=0.5)
        assert caught.value.cause is Cause.TIMEOUT
        # Ended by our own deadline of half a second, not by the SDK's, which waits four times what it is told.
        assert isinstance(caught.value.__cause__, DeadlineExceeded)
        assert str(caught.value.__cause__) == "0.5 s"
        assert bool(caught.value.partial) == bool(after)
        wait_until(lambda: threading.active_count() <= before and spark.open_now == 0)


def test_nothing_keeps_the_process_alive() -> None:
    program = textwrap.dedent("""
        from core.errors import ProviderError
        from core.adapters.llm import ModelRequest
        from core.adapters.llm.spark import SparkProvider
        try:
            SparkProvider().complete(ModelRequest("甲：你好", deadline=0.3))
        except ProviderError as error:
            print(error.cause)
        import threading
        print([thread.name for thread in threading.enumerate() if not thread.daemon])
    """)
    with FakeSpark(Stall(seconds=3600)) as spark:
        done = subprocess.run(
            [sys.executable, "-c", program],
            cwd=ROOT,
            env=os.environ | spark.environment(),
            capture_output=True,
            text=True,
            timeout=120,  # it ends by itself, while the service is still silent
        )
    assert (done.returncode, done.stdout, done.stderr) == (0, "timeout\n['MainThread']\n", "")


def test_a_late_answer_never_becomes_another_calls() -> None:
    late = threading.Event()

    def script(request: dict, number: int) -> Answer:  # type: ignore[type-arg]
        if number:
            return Answer(text="准时")
        late.wait(60)
        return Answer(text="迟到")

    with FakeSpark(script) as spark:
        with pytest.raises(ProviderError):
            ask(spark, deadline=0.3)
        assert ask(spark) == "准时"
        late.set()
        wait_until(lambda: spark.open_now == 0)  # the late answer was sent
        assert ask(spark) == "准时"


def test_many_threads_each_get_their_own_answer() -> None:
    together = threading.Barrier(8)

    def echo(request: dict, number: int) -> Answer:  # type: ignore[type-arg]
        together.wait(60)  # 40 calls are five times eight, all under way at once
        return Answer(text=request["payload"]["message"]["text"][0]["content"])

    with FakeSpark(echo) as spark:
        provider = SparkProvider(settings(spark))
        questions = [f"问题{number}" for number in range(40)]
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda text: provider.complete(ModelRequest(text, deadline=20)).text, questions))
    assert answers == questions
    assert spark.most_open >= 8


def test_wrong_secret_is_refused() -> None:
    with FakeSpark() as spark, pytest.raises(ProviderError) as caught:
        SparkProvider(settings(spark, api_secret="wrong-secret")).complete(ModelRequest("x"))
    assert (caught.value.cause, caught.value.code) == (Cause.AUTH, "401")


def test_wrong_app_id_is_refused() -> None:
    with FakeSpark() as spark, pytest.raises(ProviderError) as caught:
        SparkProvider(settings(spark, app_id="stranger")).complete(ModelRequest("x"))
    assert caught.value.cause is Cause.AUTH


def test_nobody_listening_is_network() -> None:
    with FakeSpark() as spark:
        gone = settings(spark)
    with pytest.raises(ProviderError) as caught:
        SparkProvider(gone).complete(ModelRequest("x", deadline=5))
    assert caught.value.cause is Cause.NETWORK


def test_missing_keys_are_named() -> None:
    provider = SparkProvider(settings(app_id="", api_key="k", api_secret=""))
    assert "SPARKAI_APP_ID、SPARKAI_API_SECRET" in provider.ready()
    with pytest.raises(ProviderError) as caught:
        provider.complete(ModelRequest("x"))
    assert caught.value.cause is Cause.CONFIG


def test_a_foreign_certificate_is_refused(tmp_path: Path) -> None:
    with FakeSpark(tls=self_signed(tmp_path)) as spark, pytest.raises(ProviderError) as caught:
        ask(spark)
    assert caught.value.cause is Cause.CONFIG
    assert "证书" in caught.value.message
    assert spark.requests == []


def test_a_certificate_that_is_vouched_for_is_accepted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    context = self_signed(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "certificate.pem"))
    spark_wire._tls.cache_clear()
    try:
        with FakeSpark([Answer(text="[]"), Flood(megabytes=50, one_frame=True)], tls=context) as spark:
            assert ask(spark) == "[]"
            with pytest.raises(ProviderError, match="回复太大"):
                ask(spark)
    finally:
        spark_wire._tls.cache_clear()


def test_a_clock_that_is_off_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.fakes.spark_server._CLOCK_SKEW", -1)
    with FakeSpark() as spark, pytest.raises(ProviderError) as caught:
        ask(spark)
    assert (caught.value.cause, caught.value.code) == (Cause.AUTH, "403")
    assert "本机时间" in caught.value.remedy


def test_an_entry_brings_its_own_address_and_domain(monkeypatch: pytest.MonkeyPatch) -> None:
    with FakeSpark(Answer(text="[]"), path="/v1.1/chat") as spark:
        spec = ModelSpec(
            name="微调",
            title="微调",
            provider="spark",
            model="xservice",
            url=spark.url,
            parameters={"patch_id": "9"},
            max_output_tokens=50,
        )
        own = spec.model_copy(update={"source": SpecSource.DATABASE})
        provider = SparkProvider(settings(spark, url="wss://spark-api.xf-yun.com/v3.5/chat"), own)
        provider.complete(ModelRequest("甲", parameters=own.request({"max_tokens": 500}), deadline=10))
    sent = spark.requests[0]
    assert (sent["parameter"]["chat"]["domain"], sent["header"]["patch_id"]) == ("xservice", ["9"])
    assert sent["parameter"]["chat"]["max_tokens"] == 50


@pytest.mark.parametrize("script", [Failure(code=11200), Drop(after=1), Stall(), BadJson()])
def test_no_secret_and_no_noise_anywhere(
    script: Script, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    with FakeSpark(script) as spark:
        provider = SparkProvider(settings(spark))
        with pytest.raises(ProviderError) as caught:
            provider.complete(ModelRequest("甲：你好", deadline=0.5))
    printed = "".join(traceback.format_exception(caught.value)) + repr(provider) + repr(caught.value) + caplog.text
    out, err = capfd.readouterr()
    for secret in (API_KEY, API_SECRET):
        assert secret not in printed + out + err
    assert out + err == ""
    assert [record for record in caplog.records if record.name in ("SparkPythonSDK", "websocket")] == []


def test_known_domains_get_their_own_address() -> None:
    public = SparkProvider(settings(url="wss://spark-api.xf-yun.com/v3.5/chat"))
    assert public._url("4.0Ultra") == "wss://spark-api.xf-yun.com/v4.0/chat"
    assert public._url("my-service") == "wss://spark-api.xf-yun.com/v3.5/chat"
    own = SparkProvider(settings(url="ws://127.0.0.1:1/chat"))
    assert own._url("4.0Ultra") == "ws://127.0.0.1:1/chat"


@pytest.mark.parametrize("flood", [Flood(), Flood(megabytes=50, one_frame=True)], ids=["frames", "one frame"])
def test_a_reply_without_end_is_cut_off(flood: Flood, monkeypatch: pytest.MonkeyPatch) -> None:
    # Of many frames the library checks each byte in Python, which takes longer than the test may.
    monkeypatch.setattr(spark_wire, "LARGEST_REPLY", spark_wire.LARGEST_REPLY if flood.one_frame else 1_000_000)
    with FakeSpark(flood) as spark:
        with pytest.raises(ProviderError, match="回复太大") as caught:
            ask(spark)
        assert spark.flooded < 100_000_000
    assert (caught.value.cause, caught.value.code) == (Cause.SERVER, TOO_LARGE)
    assert len(caught.value.partial) < 1_000_000
