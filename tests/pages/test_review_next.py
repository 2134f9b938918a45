"""After an import: chats are filled and open on the desk at one press, or the page says why that is not needed."""

import json
from collections.abc import Iterator

import pytest
from streamlit.testing.v1 import AppTest

from core.adapters.store import Store, queries
from core.domain.form import Form
from core.services.extraction import runs as run_service
from core.ui import navigation
from tests.factories.datasets import make_dataset, make_run
from tests.pages.conftest import OpenPage
from tests.pages.finding import button, by_label, seen
from tests.waiting import wait_until

RULES = "用本地规则抽取并审阅"


@pytest.fixture(autouse=True)
def runs_end_with_the_test() -> Iterator[None]:
    yield
    run_service.stop_running()


def imported(open_page: OpenPage, data: bytes, name: str) -> AppTest:
    """The page after an import of a file."""
    app = open_page(navigation.IMPORT)
    app.file_uploader[0].upload(name, data, "application/octet-stream").run()
    return by_label(app.button, "导入").click().run()


def labels(app: AppTest) -> set[str]:
    return {widget.label for widget in app.button}


def test_one_button_extracts_and_opens_the_desk(open_page: OpenPage, store: Store) -> None:
    app = imported(open_page, "林木1：你好，我的手机 13800000001".encode(), "我的.txt")
    assert "本地规则：在这台机器上计算，不联网、不收费。" in seen(app)
    button(app, RULES).click().run()
    assert not app.exception
    with store.read() as session:
        (run,) = queries.runs(session, 1)
    assert app.query_params["run"] == run.name
    wait_until(lambda: run_service.progress(store, run.id).done == 1)
    desk = open_page(navigation.WORKBENCH, run=run.name)
    assert desk.query_params["chat"] == "1", "the page is the desk by now"


def test_a_file_with_labels_is_extracted_at_one_press_as_well(open_page: OpenPage, form: Form) -> None:
    file = [{"chat_text": f"林木{n}：第 {n} 条", "infos": [{**form.empty(), form.name_field: "林木"}]} for n in (1, 2)]
    app = imported(open_page, json.dumps(file).encode(), "a.json")
    assert "还没审的 2 条都有标注" in seen(app) and RULES in labels(app)
    assert "不抽取，从标注开始审阅" in [link.proto.label for link in app.get("page_link")]


def test_where_a_run_fills_all_no_other_is_offered(open_page: OpenPage, store: Store, form: Form) -> None:
    dataset = make_dataset(store, ["林木1：你好"], "我的")
    make_run(store, dataset, "甲", {1: [{**form.empty(), form.name_field: "林木1"}]})
    app = imported(open_page, "林木1：你好".encode(), "我的.txt")
    assert "还没审的 1 条，抽取任务「甲」都填好了" in seen(app)
    assert RULES not in labels(app)
    assert "去审阅" in [link.proto.label for link in app.get("page_link")]


def test_a_model_that_was_used_is_offered_with_its_cost(
    open_page: OpenPage, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = open_page(navigation.IMPORT)
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    monkeypatch.setenv("OPENAI_API_KEY", "k" * 20)
    before = make_dataset(store, ["林木1：你好"], "以前的")
    run_service.create_run(store, dataset=before.id, name="问过", provider="openai", model="某模型")
    opened.file_uploader[0].upload("新.txt", "林木2：在吗".encode(), "text/plain").run()
    app = by_label(opened.button, "导入").click().run()
    assert not app.exception and {"用某模型抽取并审阅", RULES} <= labels(app)
    assert "某模型：预计调用 1 次，单价未知；" in seen(app)


def test_a_run_that_failed_throughout_is_said_in_the_place_of_the_desk(open_page: OpenPage, store: Store) -> None:
    dataset = make_dataset(store, ["林木1：你好", "林木2：你好"])
    make_run(store, dataset, "坏的", {1: None, 2: None}, provider="openai", model="m")
    app = open_page(navigation.WORKBENCH, run="坏的")
    (progress,) = app.get("progress")
    assert "还没有可以审阅的回答" in seen(app) and "完成 0 / 2 · 失败 2" in progress.proto.text
    button(app, "不等，从空表单开始").click().run()
    assert not app.exception and "run" not in app.query_params and "还没有可以审阅的回答" not in seen(app)
    again = open_page(navigation.WORKBENCH, run="坏的")
    button(again, RULES).click().run()
    assert not again.exception and again.query_params["run"] != "坏的"
