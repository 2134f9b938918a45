"""Keys go where they belong and nowhere else: real SDKs, real sockets, names that lead elsewhere."""

import socket
from collections.abc import Iterator
from typing import Any

import pytest

from core.adapters.llm import ModelRequest, ModelSpec, SpecSource, connect
from core.errors import Cause, ProviderError
from tests.fakes.behaviour import Answer
from tests.fakes.openai_server import API_KEY, FakeOpenAI
from tests.fakes.redirector import Listener, Redirector
from tests.fakes.spark_server import FakeSpark

FOREIGN = ("AWS_SECRET_ACCESS_KEY", "GITHUB_TOKEN", "PGPASSWORD", "DB_PASSWORD", "SLACK_BOT_TOKEN", "STRIPE_SECRET")
SECRET = "this-must-not-leave"


def openai_model(url: str, key_env: str) -> ModelSpec:
    return ModelSpec(name="m", provider="openai", url=url, key_env=key_env, source=SpecSource.DATABASE)


def spark_model(url: str) -> ModelSpec:
    return ModelSpec(name="m", provider="spark", url=url, source=SpecSource.DATABASE)


def refusal(model: ModelSpec) -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        connect(model).complete(ModelRequest("甲：你好", deadline=5))
    return caught.value


@pytest.fixture(autouse=True)
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every key is set; the services of nobody but the shipped entries are named."""
    for name in ("OPENAI_BASE_URL", "SPARKAI_URL", "SHIYAO_KEY_HOSTS", "HTTPS_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    for name in (
        *FOREIGN,
        "DEEPSEEK_API_KEY",
        "OPENAI_API_KEY",
        "SPARKAI_APP_ID",
        "SPARKAI_API_KEY",
        "SPARKAI_API_SECRET",
    ):
        monkeypatch.setenv(name, SECRET)


@pytest.fixture(autouse=True)
def only_this_machine(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Should a refusal fail to refuse, the test fails without a packet leaving the machine."""
    elsewhere: list[object] = []
    connect_really = socket.socket.connect

    def connect(self: socket.socket, address: Any) -> None:
        if self.family != socket.AF_UNIX and not str(address[0]).startswith("127."):
            elsewhere.append(address)
            raise ConnectionRefusedError("not in tests")
        connect_really(self, address)

    monkeypatch.setattr(socket.socket, "connect", connect)
    yield
    assert elsewhere == []


@pytest.fixture
def resolved(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every name leads to this machine (an evil or a changed name server); the names that were looked up."""
    names: list[str] = []
    real = socket.getaddrinfo

    def getaddrinfo(host: Any, port: Any, *arguments: Any, **options: Any) -> Any:
        names.append(str(host))
        return real("127.0.0.1", port, *arguments, **options)

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return names


@pytest.mark.parametrize("variable", FOREIGN)
def test_a_variable_that_is_no_models_key_never_leaves(variable: str) -> None:
    with FakeOpenAI() as service:
        error = refusal(openai_model(service.url, variable))
        assert service.headers == []
    assert error.cause is Cause.CONFIG
    assert "不在允许的名单里" in str(error)


@pytest.mark.parametrize(
    "url",
    [
        "http://{}/v1",  # not encrypted
        "https://{}/v1",  # a stranger
        "https://api.deepseek.com.{}/v1",
        "https://api.deepseek.com@{}/v1",
        "https://api.deepseek.com\\@{}/v1",
        "https://evil.example#@{}/v1",
    ],
)
@pytest.mark.parametrize(
    "key_env", ["DEEPSEEK_API_KEY", "OPENAI_API_KEY", "SPARKAI_API_SECRET", "SPARK_MAX_API_PASSWORD"]
)
def test_a_key_goes_to_its_own_service_only(
    url: str, key_env: str, resolved: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SPARK_MAX_API_PASSWORD", SECRET)
    with Listener() as listener:
        error = refusal(openai_model(url.format(f"evil.example:{listener.port}"), key_env))
        assert listener.visitors == 0
    assert resolved == []  # not even the name is looked up
    assert error.cause is Cause.CONFIG


@pytest.mark.parametrize(
    "url",
    ["ws://evil.example:{}/v3.5/chat", "wss://evil.example:{}/chat", "wss://spark-api.xf-yun.com@evil.example:{}"],
)
def test_sparks_keys_go_to_spark_only(url: str, resolved: list[str]) -> None:
    with Listener() as listener:
        error = refusal(spark_model(url.format(listener.port)))
        assert listener.visitors == 0
    assert resolved == []
    assert error.cause is Cause.CONFIG


@pytest.mark.parametrize(
    "model",
    [
        openai_model("https://api.deepseek.com", "DEEPSEEK_API_KEY"),
        openai_model("https://chat.example/v1", ""),
        spark_model("wss://spark-api.xf-yun.com/v3.5/chat"),
    ],
)
def test_a_name_that_leads_into_this_machine_or_its_network_is_refused(model: ModelSpec, resolved: list[str]) -> None:
    error = refusal(model)
    assert error.cause is Cause.CONFIG
    assert "指向本机或内网" in str(error)
    assert len(resolved) == 1  # looked up once, and nothing connected to


@pytest.mark.parametrize(
    "model", [openai_model("https://chat.example/v1", ""), spark_model("wss://spark-api.xf-yun.com/chat")]
)
def test_one_private_address_among_public_ones_is_enough(model: ModelSpec, monkeypatch: pytest.MonkeyPatch) -> None:
    mixed = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, 443)) for ip in ("8.8.8.8", "10.0.0.8")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: mixed)
    assert "指向本机或内网" in str(refusal(model))


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed_with_a_key(status: int, monkeypatch: pytest.MonkeyPatch) -> None:
    with FakeOpenAI() as other, Redirector(f"{other.url}/chat/completions", status) as service:
        error = refusal(openai_model(f"http://127.0.0.1:{service.port}/v1", "OPENAI_API_KEY"))
        assert len(service.paths) == 1
        assert (other.requests, other.headers) == ([], [])
    assert (error.cause, error.code) == (Cause.CONFIG, str(status))
    assert "没有跟随" in error.message


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_sparks_handshake_is_not_redirected(status: int) -> None:
    with Listener() as other, Redirector(f"ws://127.0.0.1:{other.port}/chat", status) as service:
        error = refusal(spark_model(f"ws://127.0.0.1:{service.port}/chat"))
        assert len(service.paths) == 1
        assert other.visitors == 0
    assert (error.cause, error.code) == (Cause.CONFIG, str(status))
    assert "没有跟随" in error.message


def test_what_the_sdk_adds_from_variables_goes_where_its_key_may_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", f"X-Gateway-Key: {SECRET}\nAuthorization: Bearer {SECRET}")
    monkeypatch.setenv("OPENAI_ORG_ID", "org-secret")
    monkeypatch.setenv("OPENAI_PROJECT_ID", "project-secret")
    monkeypatch.setenv("DEEPSEEK_API_KEY", API_KEY)
    with FakeOpenAI(Answer(text="[]")) as service:
        connect(openai_model(service.url, "DEEPSEEK_API_KEY")).complete(ModelRequest("x", parameters={"lora_id": 7}))
        refusal(openai_model(service.url, ""))
        with_key, without = service.headers
    assert with_key["authorization"] == f"Bearer {API_KEY}"
    assert with_key["lora_id"] == "7"
    for headers in (with_key, without):
        assert not {"x-gateway-key", "openai-organization", "openai-project"} & headers.keys()
        assert SECRET not in str(headers)


@pytest.mark.parametrize("name", ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"])
def test_plain_calls_on_this_machine_go_through_no_proxy(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("DEEPSEEK_API_KEY", API_KEY)
    with Listener() as proxy, FakeOpenAI(Answer(text="[]")) as service, FakeSpark(Answer(text="[]")) as spark:
        for key, value in spark.environment().items():
            monkeypatch.setenv(key, value)
        for variable in (name, name.lower()):
            monkeypatch.setenv(variable, f"http://127.0.0.1:{proxy.port}")
        assert connect(openai_model(service.url, "DEEPSEEK_API_KEY")).complete(ModelRequest("x")).text == "[]"
        assert connect(spark_model(spark.url)).complete(ModelRequest("x")).text == "[]"
        assert proxy.visitors == 0


def test_a_proxy_sees_the_host_and_no_key(monkeypatch: pytest.MonkeyPatch, resolved: list[str]) -> None:
    monkeypatch.setenv("SHIYAO_KEY_HOSTS", "DEEPSEEK_API_KEY=llm.internal SPARKAI_API_KEY=spark.internal")
    for variable in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(variable, raising=False)
    with Redirector("http://127.0.0.1:9/", 502) as proxy:
        for variable in ("HTTPS_PROXY", "https_proxy"):
            monkeypatch.setenv(variable, f"http://127.0.0.1:{proxy.port}")
        assert refusal(openai_model("https://llm.internal/v1", "DEEPSEEK_API_KEY")).cause is Cause.NETWORK
        assert refusal(spark_model("wss://spark.internal/chat")).cause is Cause.NETWORK
        assert proxy.paths == ["llm.internal:443", "spark.internal:443"]


def test_a_host_that_the_operator_lists_may_be_private(monkeypatch: pytest.MonkeyPatch, resolved: list[str]) -> None:
    monkeypatch.setenv("GATEWAY_TOKEN", API_KEY)
    with FakeOpenAI(Answer(text="[]")) as service:
        port = service.url.rpartition(":")[2].partition("/")[0]
        model = openai_model(f"http://gateway.internal:{port}/v1", "GATEWAY_TOKEN")
        monkeypatch.setenv("SHIYAO_KEY_HOSTS", f"GATEWAY_TOKEN=gateway.internal:{port}")
        assert "不加密" in str(refusal(model))  # plain only where the list says so
        monkeypatch.setenv("SHIYAO_KEY_HOSTS", f"GATEWAY_TOKEN=http://gateway.internal:{port}")
        assert connect(model).complete(ModelRequest("x")).text == "[]"
        assert service.headers[0]["host"] == f"gateway.internal:{port}"
        # Another key does not go there, nor this one to another port.
        assert "不加密" in str(refusal(openai_model(model.url, "DEEPSEEK_API_KEY")))
        assert "不加密" in str(refusal(openai_model("http://gateway.internal:81/v1", "GATEWAY_TOKEN")))


def test_the_environments_own_service_may_be_private_and_plain(
    monkeypatch: pytest.MonkeyPatch, resolved: list[str]
) -> None:
    with FakeOpenAI(Answer(text="[]")) as service:
        for name, value in service.environment().items():
            monkeypatch.setenv(name, value.replace("127.0.0.1", "llm.internal"))
        model = ModelSpec(name="m", provider="openai", source=SpecSource.SETTINGS)
        assert connect(model).complete(ModelRequest("x")).text == "[]"
