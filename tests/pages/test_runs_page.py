"""The page 抽取任务, driven from the app's entry."""

from collections.abc import Iterator
from functools import partial
from threading import Barrier
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from core.adapters.store import Store
from core.adapters.store.models import RunStatus
from core.services.extraction import models as model_catalog
from core.services.extraction import runs as run_service
from core.services.extraction.runs.scheduler import stop_running
from core.ui.extraction.model_choice import models_meant_by
from tests.factories.runs import add_dataset
from tests.fakes.batch_server import FakeBatches
from tests.fakes.behaviour import Answer, Failure
from tests.fakes.openai_server import API_KEY, FakeOpenAI
from tests.pages.conftest import OpenPage
from tests.pages.finding import button, by_label, seen
from tests.waiting import wait_until

PAGE = "pages/extract/runs.py"
VOTE = "baseline.v2*3"
KEYS = ("SPARKAI_APP_ID", "SPARKAI_API_KEY", "SPARKAI_API_SECRET", "OPENAI_BASE_URL", "OPENAI_API_KEY", "OPENAI_MODEL")


@pytest.fixture
def page(open_page: OpenPage) -> Iterator[OpenPage]:
    yield partial(open_page, PAGE)
    stop_running()


def labels(found: Any) -> list[str]:
    return [widget.label for widget in found]


def texts(app: AppTest) -> list[str]:
    return [bar.proto.text for bar in app.get("progress")]


def use(service: FakeOpenAI, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in service.environment().items():
        monkeypatch.setenv(name, value)


def test_without_chats_the_way_is_shown(page: OpenPage) -> None:
    app = page()
    assert not app.exception
    assert "还没有可以抽取的群聊" in seen(app)


def test_a_run_is_estimated_started_and_finishes(page: OpenPage, store: Store) -> None:
    add_dataset(store, 6)
    app = page()
    assert not app.exception
    assert by_label(app.text_input, "抽取任务名称").value == "本地规则-1"
    assert "<dd>6</dd><dt>预计调用</dt>" in seen(app)
    assert not any(box.label in ("并发数", "温度", "最长回答 token") for box in app.number_input), "rules have none"
    app = by_label(app.get("button_group"), "群聊").set_value("前几条").run()
    app = by_label(app.number_input, "前几条").set_value(4).run()
    assert "<dd>4</dd><dt>预计调用</dt>" in seen(app) and "什么都不会发出去" in seen(app)
    app = by_label(app.button, "开始抽取").click().run()
    assert not app.exception
    assert app.query_params["run"] == "1"
    wait_until(lambda: run_service.progress(store, 1).status == RunStatus.FINISHED)
    app = app.run()
    assert not app.exception
    assert texts(app) == ["完成 4 / 4"]
    assert list(app.dataframe[0].value) == ["抽取任务", "状态", "完成"], "nothing failed, nothing cost anything"
    latest = app.dataframe[1].value
    assert sorted(latest["群聊"]) == [1, 2, 3, 4]
    assert set(latest["结果"]) == {"完成"}
    assert "token" not in app.dataframe[1].proto.column_order, "rules cost nothing"
    # The other two chats are one click away.
    app = by_label(app.button, "扩展到其余 2 条").click().run()
    wait_until(lambda: run_service.progress(store, 1).done == 6)
    app = by_label(app.run().button, "新建抽取任务").click().run()
    assert by_label(app.text_input, "抽取任务名称").value == "本地规则-2"


def test_chosen_chats(page: OpenPage, store: Store) -> None:
    add_dataset(store, 9)
    app = page()
    app = by_label(app.get("button_group"), "群聊").set_value("指定序号").run()
    assert by_label(app.button, "开始抽取").disabled
    app = by_label(app.text_input, "序号").set_value("2-4，x").run()
    assert "看不懂群聊序号「x」" in seen(app)
    app = by_label(app.text_input, "序号").set_value("2-4，9").run()
    assert "<dd>4</dd><dt>群聊</dt>" in seen(app)
    app = by_label(app.button, "开始抽取").click().run()
    assert not app.exception
    wait_until(lambda: run_service.progress(store, 1).status == RunStatus.FINISHED)
    assert sorted(one.index for one in run_service.latest(store, 1)) == [2, 3, 4, 9]


def test_a_model_without_keys_is_estimated_but_cannot_be_started(page: OpenPage, store: Store) -> None:
    add_dataset(store, 1)
    app = page()
    model = by_label(app.selectbox, "模型")
    assert model.options[0] == "本地规则（不需要密钥和网络） · rules.v1"
    wanted = next(option for option in model.options if option.startswith("Spark Max · generalv3.5"))
    assert wanted.endswith("未配置")
    app = model.set_value("spark\ngeneralv3.5").run()
    assert "SPARKAI_APP_ID" in seen(app)
    assert "单价未知" in seen(app)
    assert by_label(app.button, "开始抽取").disabled


def test_half_a_name_and_enter_sends_no_chat_away(store: Store) -> None:
    # What is typed stands first in the list: half of a name of the list is a question, not another service.
    options = run_service.run_options(store)
    assert [option.spec.provider for option in models_meant_by("本地规则", options)] == ["local"]
    assert {option.spec.name for option in models_meant_by("GENERALV3.5", options)} >= {"generalv3.5"}
    assert models_meant_by("谁也没有的名字", options) == models_meant_by(" ", options) == []


def test_a_link_to_a_new_run_brings_model_and_prompt(page: OpenPage, store: Store) -> None:
    add_dataset(store, 1)
    app = page(run="new", model="generalv3.5", prompt="fewshot.v1")
    assert by_label(app.selectbox, "模型").value == "spark\ngeneralv3.5"
    assert by_label(app.selectbox, "提示词").value == "fewshot.v1"
    app = by_label(app.selectbox, "提示词").set_value("baseline.v1").run()
    assert by_label(app.selectbox, "提示词").value == "baseline.v1"
    for stages in ("customers,one_customer", "fields.v1[基本信息-手机号码],fields.v1[客户购买阶段]"):
        app = page(run="new", model="generalv3.5", prompt=stages)
        assert not app.exception and by_label(app.selectbox, "提示词").value == stages, "as a recipe asks"
    app = page(run="new", model="generalv3.5", prompt="没有这个")
    assert not app.exception and any("没有这个" in error.value for error in app.error), "not another prompt unseen"


def test_what_a_run_will_and_did_cost(page: OpenPage, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    add_dataset(store, 3)
    monkeypatch.setenv("SOME_API_KEY", API_KEY)
    monkeypatch.setenv("SHIYAO_KEY_HOSTS", "SOME_API_KEY=")
    with FakeOpenAI() as service:
        model_catalog.create(
            store, name="m", provider="openai", url=service.url, key_env="SOME_API_KEY", price_in=10, price_out=10
        )
        app = page()
        # One's own models that can be called stand first.
        assert by_label(app.selectbox, "模型").value == "openai\nm"
        assert "元</dd><dt>预计费用</dt>" in seen(app)
        app = by_label(app.button, "开始抽取").click().run()
        assert not app.exception
        wait_until(lambda: run_service.progress(store, 1).status == RunStatus.FINISHED)
    app = app.run()
    cost = run_service.costs(store, run_service.model_runs(store, 1))[1]
    assert cost
    assert f"<dd>{run_service.money(cost)}</dd><dt>费用</dt>" in seen(app)
    assert f"1 个抽取任务共提问 {run_service.progress(store, 1).tokens_in:,} token" in seen(app)


def test_a_run_goes_as_a_batch_and_says_how_far_it_is(
    page: OpenPage, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_dataset(store, 3)
    monkeypatch.setenv("SOME_API_KEY", API_KEY)
    monkeypatch.setenv("SHIYAO_KEY_HOSTS", "SOME_API_KEY=")
    values = {"key_env": "SOME_API_KEY", "price_in": 10, "price_out": 10, "batch_files": True, "batch_share": 0.5}
    with FakeBatches(polls=10_000) as service:
        model_catalog.create(store, name="m", provider="openai", url=service.url, **values)
        app = page()
        assert "<dt>作为批量</dt>" in seen(app) and "服务方最多 24 小时做完" not in seen(app)
        app = by_label(app.get("button_group"), "调用方式").set_value("files").run()
        assert "价格是实时的 50%" in seen(app) and "服务方最多 24 小时做完" in seen(app)
        assert "<dt>实时的话</dt>" in seen(app)
        by_label(app.get("button_group"), "批量里失败的").set_value("live")
        app = by_label(app.button, "开始抽取").click().run()
        assert not app.exception
        wait_until(lambda: [one.state for one in run_service.batches_of(store, 1)] == ["created"])
        view = run_service.progress(store, 1)
        assert (view.parameters["batch"], view.parameters["batch_failures"]) == ("files", "live")
        app = app.run()
        assert "第 1 批：3 条，服务方正在处理，已答 0，最迟" in seen(app) and "作为批量" in seen(app)
        app = by_label(app.button, "暂停").click().run()
        app = by_label(app.button, "改为实时").click().run()
        assert "还有批量在服务方，现在不能改为实时" in seen(app)
        run_service.cancel(store, 1)


def test_rules_that_read_no_prompt_ask_for_none(page: OpenPage, store: Store) -> None:
    add_dataset(store, 1)
    app = page()
    assert by_label(app.selectbox, "模型").value.startswith("local") and "不读提示词" in seen(app)
    assert "提示词" not in labels(app.selectbox)
    assert "提示词" in labels(by_label(app.selectbox, "模型").set_value("spark\ngeneralv3.5").run().selectbox)


def test_stages_cleaning_and_what_they_ask(page: OpenPage, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    add_dataset(store, 3)
    with FakeOpenAI(Answer()) as service:
        use(service, monkeypatch)
        app = page()
        by_label(app.selectbox, "模型").set_value("openai\nfake-model").run()
        app = by_label(app.selectbox, "提示词").set_value("baseline.v2,verify.v1").run()
        app = by_label(app.get("button_group"), "清理").set_value(["placeholders"]).run()
        assert "<dd>6</dd><dt>预计调用</dt>" in seen(app)
        app = by_label(app.button, "开始抽取").click().run()
        assert not app.exception
        wait_until(lambda: run_service.progress(store, 1).status == RunStatus.FINISHED)
    app = by_label(app.run().get("button_group"), "内容").set_value("设置").run()
    assert "baseline.v2,verify.v1" in seen(app)
    assert len([expander for expander in app.expander if expander.label.startswith("提示词")]) == 2


def test_a_name_that_is_taken_is_refused_in_a_sentence(
    page: OpenPage, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_dataset(store, 1)
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    monkeypatch.setenv("OPENAI_API_KEY", "k")
    run_service.create_run(store, dataset="d", name="taken", provider="openai", model="m")
    app = page(run="new")
    by_label(app.text_input, "抽取任务名称").set_value("taken")
    app = by_label(app.button, "开始抽取").click().run()
    assert "它的服务是 openai 而不是 local" in seen(app)


def test_failures_by_cause_with_replies_and_retry(
    page: OpenPage, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_dataset(store, 4)
    with FakeOpenAI([Failure(status=401), Answer("不会"), Answer("不会"), Answer()]) as service:
        use(service, monkeypatch)
        run = run_service.create_run(store, dataset="d", name="r", provider="openai", concurrency=1)
        run_service.wait_for_run(store, lambda: run_service.start(store, run.id))
        app = page(dataset="d", run="r")
        assert not app.exception
        causes = by_label(app.get("button_group"), "原因")
        assert [option.content for option in causes.proto.options] == ["回答无法解析成表单 2", "密钥被拒绝 1"]
        assert list(app.dataframe[1].value["群聊"]) == [2, 3]
        assert "有失败" in seen(app) and "已完成" not in seen(app)
        # The first one is open: what came, and what the parser did with it.
        assert "第 2 条" in seen(app)
        assert "不会" in seen(app)
        assert "未能得到表单" in seen(app)
        app = causes.set_value("").run()
        app = by_label(app.button, "只重试这一类 2 条").click().run()
        assert not app.exception
        wait_until(lambda: run_service.progress(store, run.id).done == 3)
        app = app.run()
        assert texts(app) == ["完成 3 / 4 · 失败 1"]
        assert "没有收到内容" in seen(app)
        app = by_label(app.button, "重试失败的 1 条").click().run()
        wait_until(lambda: run_service.progress(store, run.id).done == 4)
        assert texts(app.run()) == ["完成 4 / 4"]


def test_a_running_run_is_paused_and_goes_on(page: OpenPage, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    add_dataset(store, 30)
    with FakeOpenAI(Answer(latency=0.2)) as service:
        use(service, monkeypatch)
        run = run_service.create_run(store, dataset="d", name="r", provider="openai", concurrency=2)
        run_service.start(store, run.id)
        app = page()
        wait_until(lambda: run_service.progress(store, run.id).done >= 3)
        app = app.run()
        assert "条/分" in seen(app)
        assert "<dt>还需</dt>" in seen(app)
        app = by_label(app.button, "暂停").click().run()
        assert run_service.progress(store, run.id).status == RunStatus.PAUSED
        assert "未完成" in texts(app)[0]
        app = by_label(app.button, "继续").click().run()
        assert run_service.progress(store, run.id).status == RunStatus.RUNNING
        app = by_label(app.button, "暂停").click().run()
        by_label(app.button, "取消").click().run()
        assert run_service.progress(store, run.id).status == RunStatus.CANCELLED


def test_the_limits_of_a_run_are_changed_while_it_goes_on(
    page: OpenPage, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_dataset(store, 40)
    seven = Barrier(7, timeout=100)

    def answer(request: object, number: int) -> Answer:
        if number < 7:  # the first one, asked alone, is answered only when six others are asked beside it
            seven.wait()
        return Answer()

    with FakeOpenAI(answer) as service:
        use(service, monkeypatch)
        run = run_service.create_run(store, dataset="d", name="r", provider="openai", concurrency=1)
        run_service.start(store, run.id)
        app = page()
        by_label(app.number_input, "并发数").set_value(12)
        app = button(app, "改用这些限制").click().run()
        assert not app.exception
        kept = run_service.progress(store, run.id).parameters
        assert (kept["concurrency"], kept["per_minute"], kept["deadline"]) == (12, None, 120.0)
        wait_until(lambda: run_service.progress(store, run.id).done == 40)
        assert not seven.broken
        assert len(service.requests) == 40


@pytest.mark.parametrize("stages", ["baseline.v2,verify.v1", "summary.v1,from_summary.v1", VOTE])
def test_every_pipeline_on_offer_is_carried_out(
    page: OpenPage, store: Store, monkeypatch: pytest.MonkeyPatch, stages: str
) -> None:
    add_dataset(store, 2)
    with FakeOpenAI(Answer()) as service:
        use(service, monkeypatch)
        app = page()
        by_label(app.selectbox, "模型").set_value("openai\nfake-model").run()
        app = by_label(app.selectbox, "提示词").set_value(stages).run()
        app = by_label(app.button, "开始抽取").click().run()
        assert not app.exception
        wait_until(lambda: run_service.progress(store, 1).status == RunStatus.FINISHED)
        assert run_service.progress(store, 1).done == 2
        calls = int(stages.partition("*")[2] or 2)
        assert len(service.requests) == 2 * calls
        replies = [len(one.replies) for one in run_service.latest(store, 1, 5)]
        assert replies == [calls, calls], "every stage's reply is kept"


def test_what_a_run_is_made_of_and_its_deletion(page: OpenPage, store: Store) -> None:
    add_dataset(store, 1)
    run = run_service.create_run(store, dataset="d", name="r*1", provider="local", parameters={"temperature": 0.5})
    run_service.wait_for_run(store, lambda: run_service.start(store, run.id))
    app = page()
    app = by_label(app.get("button_group"), "内容").set_value("设置").run()
    assert "temperature = 0.5" in seen(app)
    assert "全部群聊" in seen(app)
    app = next(button for button in app.button if button.key == f"delete-{run.id}").click().run()
    assert not app.exception
    assert run_service.model_runs(store, 1) == []
    assert "新建抽取任务" in seen(app)


def test_a_run_that_somebody_else_deleted_is_said_to_be_gone(page: OpenPage, store: Store) -> None:
    add_dataset(store, 1)
    run = run_service.create_run(store, dataset="d", name="旧", provider="local")
    kept = run_service.create_run(store, dataset="d", name="新", provider="local")
    app = page(run=str(run.id))
    assert "旧" in seen(app)
    run_service.delete(store, run.id)
    app = app.run()
    assert not app.exception and not app.error
    assert "地址里的抽取任务" in seen(app) and "已删除" in seen(app)
    assert app.query_params["run"] in ([str(run.id)], str(run.id)) and "新" in seen(app)
    run_service.delete(store, kept.id)
    assert "新建抽取任务" in seen(app.run())
