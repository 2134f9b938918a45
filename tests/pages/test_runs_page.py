"""The page 抽取任务, driven from the app's entry."""

from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from core import jobs
from core.settings import settings
from core.store import Store
from core.store.models import RunStatus
from tests.core.running import add_dataset, wait_until
from tests.fakes.behaviour import Answer, Failure
from tests.fakes.openai_server import FakeOpenAI

PAGE = "pages/extract/runs.py"
KEYS = ("SPARKAI_APP_ID", "SPARKAI_API_KEY", "SPARKAI_API_SECRET", "OPENAI_BASE_URL", "OPENAI_API_KEY", "OPENAI_MODEL")


@pytest.fixture
def page(store: Store, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("SHIYAO_DATABASE_URL", store.engine.url.render_as_string(hide_password=False))
    for name in KEYS:
        monkeypatch.delenv(name, raising=False)
    settings.cache_clear()
    st.cache_resource.clear()

    def opened() -> AppTest:
        app = AppTest.from_file(str(Path(__file__).parents[2] / "app.py"), default_timeout=30).run()
        return app.switch_page(PAGE).run()

    yield opened
    jobs.stop_running()
    settings.cache_clear()
    st.cache_resource.clear()


def by_label(found: Any, label: str) -> Any:
    return next(widget for widget in found if widget.label.startswith(label))


def seen(app: AppTest) -> str:
    kinds = ("markdown", "caption", "warning", "error", "info", "progress")
    return "\n".join(str(getattr(part, "value", None) or part.proto) for kind in kinds for part in app.get(kind))


def texts(app: AppTest) -> list[str]:
    return [bar.proto.text for bar in app.get("progress")]


def test_without_chats_the_way_is_shown(page: Any) -> None:
    app = page()
    assert not app.exception
    assert "还没有可以抽取的群聊" in seen(app)


def test_a_run_is_started_and_finishes(page: Any, store: Store) -> None:
    add_dataset(store, 6)
    app = page()
    assert not app.exception
    assert "还没有抽取任务" in seen(app)
    assert by_label(app.text_input, "任务名称").value == "rules.v1-1"
    by_label(app.number_input, "前几条").set_value(4)
    app = by_label(app.button, "开始抽取").click().run()
    assert not app.exception
    wait_until(lambda: jobs.progress(store, 1).status == RunStatus.FINISHED)
    app = app.run()
    assert texts(app) == ["完成 4 / 4"]
    assert by_label(app.text_input, "任务名称").value == "rules.v1-2"


def test_a_service_without_keys_cannot_be_started(page: Any, store: Store) -> None:
    add_dataset(store, 1)
    app = page()
    provider = by_label(app.selectbox, "服务")
    assert [option.split(" · ")[1] for option in provider.options] == ["已配置", "未配置", "未配置"]
    app = provider.set_value("spark").run()
    assert "SPARKAI_APP_ID" in seen(app)
    assert by_label(app.button, "开始抽取").disabled


def test_a_name_that_is_taken_is_refused_in_a_sentence(
    page: Any, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_dataset(store, 1)
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    monkeypatch.setenv("OPENAI_API_KEY", "k")
    jobs.create_run(store, dataset="d", name="taken", provider="openai", model="m")
    app = page()
    by_label(app.text_input, "任务名称").set_value("taken")
    app = by_label(app.button, "开始抽取").click().run()
    assert "它的服务是 openai 而不是 local" in seen(app)


def test_failures_are_grouped_and_retried(page: Any, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    add_dataset(store, 4)
    with FakeOpenAI([Failure(status=401), Answer("不会"), Answer("不会"), Answer()]) as service:
        for name, value in service.environment().items():
            monkeypatch.setenv(name, value)
        run = jobs.create_run(store, dataset="d", name="r", provider="openai", concurrency=1)
        jobs.watch(store, lambda: jobs.start(store, run.id))
        app = page()
        assert not app.exception
        assert [expander.label for expander in app.expander] == ["失败 3 条：回答无法解析成表单 2 · 密钥被拒绝 1"]
        assert list(app.dataframe[0].value["群聊"]) == [2, 3, 1]
        app = by_label(app.button, "重试失败的 3 条").click().run()
        assert not app.exception
        wait_until(lambda: jobs.progress(store, run.id).done == 4)
        app = app.run()
        assert texts(app)[0].startswith("完成 4 / 4 · token 提问")
        assert not app.expander


def test_a_running_run_is_paused_and_goes_on(page: Any, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    add_dataset(store, 30)
    with FakeOpenAI(Answer(latency=0.2)) as service:
        for name, value in service.environment().items():
            monkeypatch.setenv(name, value)
        run = jobs.create_run(store, dataset="d", name="r", provider="openai", concurrency=2)
        jobs.start(store, run.id)
        app = page()
        wait_until(lambda: jobs.progress(store, run.id).done >= 3)
        app = app.run()
        assert "每分钟" in texts(app)[0]
        app = by_label(app.button, "暂停").click().run()
        assert jobs.progress(store, run.id).status == RunStatus.PAUSED
        assert "未完成" in texts(app)[0]
        app = by_label(app.button, "继续").click().run()
        assert jobs.progress(store, run.id).status == RunStatus.RUNNING
        by_label(app.button, "取消").click().run()
        assert jobs.progress(store, run.id).status == RunStatus.CANCELLED
