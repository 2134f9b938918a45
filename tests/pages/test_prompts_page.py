"""The page 提示词, driven from the app's entry."""

import json
from functools import partial

import pytest
from streamlit.testing.v1 import AppTest

from core.adapters.store import Store, queries
from core.adapters.store.models import Extraction, PromptDraft, Run, RunKind
from core.domain.form import load_named_form
from core.domain.prompts import PROMPTS_DIR, prompt_folder
from core.services.extraction import prompt_library
from tests.factories.runs import add_dataset
from tests.pages.conftest import OpenPage
from tests.pages.finding import by_label, seen

PAGE = "pages/extract/prompts.py"


@pytest.fixture
def page(open_page: OpenPage) -> OpenPage:
    return partial(open_page, PAGE)


def show(app: AppTest, view: str) -> AppTest:
    app = app.segmented_control(key="view").set_value(view).run()
    assert not app.exception
    return app


def test_every_prompt_is_listed_and_can_be_read_and_compared(page: OpenPage) -> None:
    app = page(prompt="verify.v1")
    assert not app.exception
    assert [row.split(" · ")[1] for row in app.dataframe[0].value["提示词"]] == [
        *("baseline.v3", "baseline.v2", "baseline.v1"),
        *("customers.v2", "customers.v1"),
        *("fewshot.v4", "fewshot.v3", "fewshot.v2", "fewshot.v1"),
        *("fields.v2", "fields.v1"),
        *("from_summary.v2", "from_summary.v1"),
        *("one_customer.v3", "one_customer.v2", "one_customer.v1"),
        *("reflect.v3", "reflect.v2", "reflect.v1"),
        *("summary.v2", "summary.v1"),
        *("verify.v2", "verify.v1"),
    ]
    assert "复核规则" in seen(app) and "还没有抽取任务用过" in seen(app)
    assert "服务方" not in seen(app)
    assert "「customer」后面还有约" in seen(page(prompt="one_customer.v1"))
    app = page(prompt="verify.v1")
    assert "<del>" in seen(show(app, "比较"))
    assert "还没有群聊" in seen(show(app, "渲染"))


def test_a_prompt_is_rendered_on_a_chat_with_its_length(page: OpenPage, store: Store) -> None:
    add_dataset(store, 2)
    app = show(page(prompt="baseline.v1"), "渲染")
    assert "先生1：会话存档怎么收费" in seen(app)
    assert "预计 token" in seen(app)
    app = show(page(prompt="from_summary.v1"), "渲染")
    assert "摘要要由上一阶段写出" in seen(app)


def test_a_prompt_is_tried_on_one_chat_and_scored_against_its_labels(page: OpenPage, store: Store) -> None:
    dataset = add_dataset(store, 1)
    label = load_named_form().empty() | {"基本信息-姓名": "乙先生1", "客户购买阶段": "赢单"}
    with store.write() as session:
        run = Run(dataset_id=dataset.id, name="labels", kind=RunKind.LABELS)
        session.add(run)
        session.flush()
        chat = queries.chat(session, dataset.id, 1)
        session.add(Extraction(run_id=run.id or 0, chat_id=chat.id, status="ok", forms=[label]))
    app = show(page(prompt="verify.v1"), "试用")
    app = by_label(app.button, "试一试").click().run()
    assert not app.exception
    table = app.dataframe[-1].value
    marks = dict(zip(table["字段"], table["对错"], strict=True))
    assert (marks["姓名"], marks["购买阶段" if "购买阶段" in marks else "客户购买阶段"]) == ("✓", "✗")
    assert "得分" in seen(app) and "全空的得分" in seen(app)
    assert by_label(app.selectbox, "阶段").options[0].startswith("baseline.v3")
    with store.read() as session:
        assert [run.name for run in queries.runs(session, dataset.id)] == ["labels"]


def test_a_new_version_is_kept_changed_and_removed(page: OpenPage, store: Store) -> None:
    app = show(page(prompt="baseline.v1"), "新版本")
    area = by_label(app.text_area, "全文")
    assert "version: 4" in area.value
    app = area.set_value(area.value.replace("title: 基线", "title: 我的")).run()
    app = by_label(app.button, "保存为新版本").click().run()
    assert not app.exception and not app.error
    with store.read() as session:
        (draft,) = [entry for entry in prompt_library.list_entries(session) if entry.draft_id]
    assert (draft.prompt.id, draft.prompt.title) == ("baseline.v4", "我的")
    app = show(page(prompt="baseline.v4"), "新版本")
    area = by_label(app.text_area, "全文")
    app = area.set_value(area.value.replace("{{ chat }}", "{{ chatt }}")).run()
    app = by_label(app.button, "保存修改").click().run()
    assert "chatt" in json.dumps(seen(app), ensure_ascii=False)
    app = by_label(app.button, "删除").click().run()
    assert not app.error
    with store.read() as session:
        assert not [entry for entry in prompt_library.list_entries(session) if entry.draft_id]


def test_a_stored_prompt_that_cannot_be_used_is_named_and_the_page_works(page: OpenPage, store: Store) -> None:
    add_dataset(store, 1)
    source = (PROMPTS_DIR / "baseline.v1.md").read_text("utf-8").replace("version: 1", "version: 7")
    source = source.replace("{{ chat }}", "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}")
    with store.write() as session:
        session.add(PromptDraft(name="baseline", version=7, source=source, sha256="0" * 64, created_by="陈"))
    app = page(prompt="baseline.v7")
    assert "不能用：提示词里不能用 macro" in seen(app)
    for view in ("比较", "渲染", "试用", "新版本"):
        show(app, view)
    assert "复核规则" in seen(page(prompt="verify.v1"))


def test_a_file_that_cannot_be_used_is_named_and_stops_no_page(open_page: OpenPage, store: Store) -> None:
    add_dataset(store, 1)
    bad = PROMPTS_DIR / "zz_page.v1.md"
    bad.write_bytes(b"\xff\xfe not a prompt")
    prompt_folder.cache_clear()
    try:
        prompt_folder(PROMPTS_DIR)  # read once per process; other processes' tests must not see the file
    finally:
        bad.unlink()
    try:
        app = open_page(PAGE)
        assert not app.exception and not app.error
        assert "zz_page.v1.md 不是 UTF-8" in app.warning[0].value and "没有列出" in app.warning[0].value
        assert len(app.dataframe[0].value) == len(prompt_folder(PROMPTS_DIR).prompts)
        for script in ("pages/extract/runs.py", "pages/training/sets.py", "pages/training/lessons.py"):
            app = open_page(script)
            assert not app.exception
            assert not any("提示词" in error.value for error in app.error)
    finally:
        prompt_folder.cache_clear()
