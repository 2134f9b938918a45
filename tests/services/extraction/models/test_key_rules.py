"""Entries that would send a key where it does not belong: refused when saved, tested, tried, started and asked."""

from typing import Any

import pytest

from core import cli
from core.adapters.llm import connect
from core.adapters.store import Store
from core.adapters.store.models import ModelEntry
from core.domain.prompts import load_prompt
from core.errors import RunError, SettingsError
from core.services.extraction import models as model_catalog
from core.services.extraction import runs as run_service
from core.services.extraction.runs import prompt_preview
from tests.factories.runs import add_dataset
from tests.fakes.openai_server import API_KEY, FakeOpenAI

FOREIGN = "AWS_SECRET_ACCESS_KEY"


@pytest.fixture(autouse=True)
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (FOREIGN, "DEEPSEEK_API_KEY", "OPENAI_API_KEY"):
        monkeypatch.setenv(name, API_KEY)
    for name in ("OPENAI_BASE_URL", "SPARKAI_URL", "SHIYAO_KEY_HOSTS"):
        monkeypatch.delenv(name, raising=False)


def old_entry(store: Store, url: str, key_env: str, provider: str = "openai") -> int:
    """An entry as an earlier version let anybody save it."""
    with store.write() as session:
        row = ModelEntry(name="old", title="old", provider=provider, model="m", url=url, key_env=key_env)
        session.add(row)
        session.flush()
        return row.id or 0


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"key_env": FOREIGN, "url": "http://127.0.0.1:9/v1"}, f"密钥变量「{FOREIGN}」不在允许的名单里"),
        ({"key_env": FOREIGN}, f"密钥变量「{FOREIGN}」不在允许的名单里"),
        ({"key_env": "DEEPSEEK_API_KEY", "url": "https://evil.example/v1"}, "不允许发往 evil.example:443"),
        ({"key_env": "OPENAI_API_KEY", "url": "https://api.deepseek.com"}, "不允许发往 api.deepseek.com:443"),
        ({"key_env": "DEEPSEEK_API_KEY", "url": "http://api.deepseek.com"}, "不加密"),
        ({"url": "http://llm.example/v1"}, "不加密"),
        ({"url": "https://169.254.169.254/latest"}, "内网"),
        ({"url": "https://10.0.0.1"}, "内网"),
        ({"url": "http://[::1"}, "地址：地址不合法"),
        ({"url": "http://2130706433/v1"}, "主机名写法不常见"),
        ({"provider": "spark", "url": "ws://spark-api.xf-yun.com/chat"}, "不加密"),
        ({"provider": "spark", "url": "wss://evil.example/chat"}, "不允许发往 evil.example:443"),
    ],
)
def test_it_is_not_saved(store: Store, values: dict[str, Any], said: str) -> None:
    with pytest.raises(SettingsError) as caught:
        model_catalog.create(store, **{"name": "m", "provider": "openai", **values})
    assert str(caught.value).startswith("模型没有保存。")
    assert said in str(caught.value)
    assert API_KEY not in str(caught.value)


def test_an_entry_without_an_address_is_held_against_the_environments(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", "https://llm.example/v1")
    with pytest.raises(SettingsError, match="不允许发往 llm.example:443"):
        model_catalog.create(store, name="m", provider="openai", key_env="DEEPSEEK_API_KEY")
    assert model_catalog.create(store, name="m", provider="openai").url == ""


def test_an_old_entry_is_refused_wherever_it_is_used(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    dataset = add_dataset(store, 1)
    with FakeOpenAI() as service:
        entry_id = old_entry(store, service.url, FOREIGN)
        (spec,) = [spec for spec in model_catalog.models(store) if spec.name == "old"]
        assert FOREIGN in connect(spec).ready()
        probe = model_catalog.probe(spec)
        assert not probe.ok
        assert f"密钥变量「{FOREIGN}」不在允许的名单里" in probe.error
        with pytest.raises(RunError, match="不在允许的名单里"):
            run_service.create_run(store, dataset="d", name="r", provider="", model="old")
        with pytest.raises(RunError, match="不在允许的名单里"):
            prompt_preview.try_prompt(
                store,
                pipeline=prompt_preview.trial_pipeline(store, load_prompt(), [], []),
                model=spec,
                dataset=dataset.id,
                index=1,
            )
        url = store.engine.url.render_as_string(hide_password=False)
        command = ["extract", "--dataset", "d", "--run", "r", "--provider", "openai", "--model", "old", "--db", url]
        assert cli.main(command) == 1
        assert "不在允许的名单里" in capsys.readouterr().err
        assert service.headers == []
        # It can be mended, and by nothing less.
        with pytest.raises(SettingsError, match="不在允许的名单里"):
            model_catalog.update(store, entry_id, note="x")
        model_catalog.update(store, entry_id, key_env="DEEPSEEK_API_KEY")
        (spec,) = [spec for spec in model_catalog.models(store) if spec.name == "old"]
        assert model_catalog.probe(spec).ok


def test_a_run_that_was_made_before_is_refused_when_it_starts(store: Store) -> None:
    add_dataset(store, 1)
    with FakeOpenAI() as service:
        made = model_catalog.create(store, name="m", provider="openai", url=service.url, key_env="DEEPSEEK_API_KEY")
        run = run_service.create_run(store, dataset="d", name="r", provider="", model="m")
        with store.write() as session:
            session.get_one(ModelEntry, made.id).key_env = FOREIGN
        with pytest.raises(RunError, match="不在允许的名单里"):
            run_service.start(store, run.id)
        assert service.headers == []


def test_the_settings_tell_nobody_whether_another_variable_is_set(store: Store) -> None:
    old_entry(store, "https://evil.example", FOREIGN)
    states = {state.name: state for state in model_catalog.key_states(model_catalog.models(store))}
    assert (states[FOREIGN].allowed, states[FOREIGN].where) == (False, "")
    assert states["DEEPSEEK_API_KEY"].hosts == ("api.deepseek.com",)
    assert "spark-api.xf-yun.com" in states["SPARKAI_API_SECRET"].hosts
