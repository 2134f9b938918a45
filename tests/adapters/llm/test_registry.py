"""A provider of one's own, registered as docs/models.md says, works everywhere: a small one that speaks HTTP."""

import inspect
from collections.abc import Iterator, Sequence

import httpx
import pytest
from streamlit.testing.v1 import AppTest

from core import cli
from core.adapters.llm import PROVIDERS, ModelReply, ModelRequest, ModelSpec, connect, unready_reason
from core.adapters.llm.destinations import authorise, authorise_model, refusal_of
from core.adapters.llm.redaction import without_keys
from core.adapters.llm.registry import ProviderEntry, register
from core.adapters.store import Store
from core.domain.model_settings import ModelSettings
from core.errors import Cause, ProviderError, SettingsError
from core.secrets import secret
from core.services.extraction import models as model_catalog
from core.services.extraction import runs as run_service
from core.services.extraction.models.validation import validate_model
from core.ui.extraction.model_table import key_state
from tests.factories.runs import add_dataset
from tests.fakes.behaviour import Answer
from tests.fakes.openai_server import API_KEY, FakeOpenAI


class HttpProvider:
    """A service of its own scheme, asked with plain httpx."""

    name = "toy"
    default_url = ""

    def __init__(self, spec: ModelSpec | None) -> None:
        self._spec = spec or ModelSpec(name="", provider="toy")

    def ready(self) -> str:
        return refusal_of(self._spec) or ("" if self.keys()[0] else "没有配置 TOY_API_KEY。")

    def keys(self) -> Sequence[str]:
        return (secret("TOY_API_KEY").get_secret_value(),)

    @without_keys
    def complete(self, request: ModelRequest) -> ModelReply:
        if reason := self.ready():
            raise ProviderError(Cause.CONFIG, reason)
        authorise(self._spec.url, "TOY_API_KEY")
        body = {"model": request.model, "messages": [{"role": "user", "content": request.prompt}]}
        reply = httpx.post(
            f"{self._spec.url}/chat/completions",
            json=body,
            headers={"authorization": f"Bearer {self.keys()[0]}"},
            timeout=request.deadline,
        ).json()
        text = reply["choices"][0]["message"]["content"]
        return ModelReply(text, reply["usage"]["prompt_tokens"], reply["usage"]["completion_tokens"], 0.1, "toy")


TOY = ProviderEntry(
    "toy",
    "玩具服务",
    HttpProvider,
    concurrency=3,
    schemes=("http",),
    url_hint="http://127.0.0.1:…",
    key_variables=("TOY_API_KEY",),
    model_hint="名称",
)


@pytest.fixture(autouse=True)
def toy(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TOY_API_KEY", API_KEY)
    register(TOY)
    yield
    del PROVIDERS["toy"]


def test_an_entry_is_saved_tested_run_and_shown(
    store: Store,
) -> None:
    data = add_dataset(store, 2)
    with FakeOpenAI(Answer(text=f"[] {API_KEY}")) as service:
        url = service.environment()["OPENAI_BASE_URL"]
        spec = model_catalog.create(store, name="own", provider="toy", url=url)
        probe = model_catalog.probe(spec)
        assert probe.ok and API_KEY not in probe.answer
        option = next(option for option in run_service.run_options(store) if option.spec.name == "own")
        assert (option.missing, option.concurrency) == ("", 3)
        run = run_service.create_run(store, dataset=data.name, name="r", provider="toy", model="own")
        finished = run_service.wait_for_run(store, lambda: run_service.start(store, run.id))
    assert (finished.done, finished.parameters["concurrency"]) == (2, 3)
    assert len(service.requests) == 3
    state = next(state for state in model_catalog.key_states([spec]) if state.name == "TOY_API_KEY")
    assert state.allowed and state.where == "环境变量" and state.used_by == ("玩具服务",)


def test_its_page_shows_title_and_key() -> None:
    def script() -> None:
        import streamlit as st

        from core.adapters.llm import ModelSpec
        from core.ui.extraction.model_details import _key_text
        from core.ui.extraction.model_form import model_form
        from core.ui.extraction.model_table import draw_model_table

        spec = ModelSpec(name="own", title="own", provider="toy", url="http://127.0.0.1:9")
        draw_model_table([spec], spec)
        st.text(_key_text(spec))
        model_form({}, provider="toy", sets={}, key="k")

    page = AppTest.from_function(script, default_timeout=60).run()
    assert not page.exception
    assert page.dataframe[0].value["服务"][0] == "玩具服务"
    assert page.text[0].value == "已配置（TOY_API_KEY）"
    assert "地址" in [field.label for field in page.text_input]
    assert "资源 ID" not in "".join(field.label for field in page.text_input)


def test_its_key_goes_only_where_it_may() -> None:
    for url in ("https://evil.example/v1", "https://10.0.0.1"):
        with pytest.raises(SettingsError):
            authorise_model(ModelSettings(name="m", provider="toy", url=url))
    with pytest.raises(SettingsError, match="应以 http:// 开头"):
        validate_model({"name": "m", "provider": "toy", "url": "wss://127.0.0.1:9"})


def test_an_unregistered_provider_is_refused() -> None:
    with pytest.raises(SettingsError, match="没有名为「other」的模型服务"):
        authorise_model(ModelSettings(name="m", provider="other", url="http://127.0.0.1:9"))
    assert "other" in refusal_of(ModelSettings(name="m", provider="other"))


def test_a_remote_provider_that_may_leak_keys_is_not_connected() -> None:
    class Careless(HttpProvider):
        def complete(self, request: ModelRequest) -> ModelReply:
            return ModelReply("", None, None, 0, "")

    register(ProviderEntry("toy", "玩具服务", Careless, schemes=("http",)))
    with pytest.raises(TypeError, match="without_keys"):
        connect(ModelSpec(name="m", provider="toy"))


def test_the_command_names_all_providers() -> None:
    del PROVIDERS["toy"]
    names = "|".join(PROVIDERS)
    register(TOY)
    assert f'metavar="{names}"' in inspect.getsource(cli.runs)


def test_an_entry_of_a_provider_that_is_gone_stays_and_says_so(store: Store) -> None:
    spec = model_catalog.create(store, name="own", provider="toy", url="http://127.0.0.1:9")
    del PROVIDERS["toy"]
    try:
        assert "没有名为「toy」的模型服务" in unready_reason(spec)
        option = next(option for option in run_service.run_options(store) if option.spec.name == "own")
        assert "没有名为「toy」" in option.missing
        assert key_state(spec) == "不允许"
    finally:
        register(TOY)
