"""The pages 微调 and 经验, driven from the app's entry."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.adapters.store import Store, queries
from core.domain.form import Form
from core.services.export import AnswerSource
from core.services.extraction import models as model_catalog
from core.services.training import TrainingOptions, export_training, training_sets
from tests.fakes.openai_server import API_KEY, Answer, FakeOpenAI
from tests.pages.conftest import OpenPage
from tests.pages.finding import seen
from tests.services.training.corrections.test_corrections import PRODUCT, fill


def press(app: AppTest, label: str) -> AppTest:
    return next(one for one in app.button if one.label.startswith(label)).click().run()


def test_empty_houses_say_what_comes_first(open_page: OpenPage) -> None:
    assert "还没有群聊" in seen(open_page("pages/training/lessons.py"))
    assert "还没有训练集" in seen(open_page("pages/training/tuning.py"))


def test_lessons_become_a_prompt_and_a_bulk_correction(open_page: OpenPage, store: Store, form: Form) -> None:
    dataset, run = fill(store, form)
    page = "pages/training/lessons.py"
    app = open_page(page)
    assert not app.exception
    key = next(one.key for one in app.dataframe if str(one.key).startswith("lessons-table"))
    chosen = {key: {"selection": {"rows": [0], "columns": [], "cells": []}}}
    app = open_page(page, state=chosen)
    assert "意向产品" in app.text_area[0].value and "CRM" in app.text_area[0].value
    press(app, "另存为新版本")
    assert "已存为 baseline.v4" in seen(app)
    next(group for group in app.get("button_group") if group.key == "lessons-what").set_value("批量更正").run()
    press(app, "更正这 2 处")
    assert "已更正 2 条群聊" in seen(app)
    press(app, "撤销这次更正")
    with store.read() as session:
        back = [record.forms[0][PRODUCT] for record in queries.records(session, dataset) if record.index > 4]
    assert back == [["会话存档", "CRM"]] * 2


def test_a_tuned_model_is_entered_on_the_way(open_page: OpenPage, store: Store, form: Form, tmp_path: Path) -> None:
    dataset, _ = fill(store, form)
    options = TrainingOptions(datasets=(dataset,), source=AnswerSource(records=True), min_rows=0)
    export_training(store, options=options, out=tmp_path / "第一版")
    app = open_page("pages/training/tuning.py")
    assert not app.exception
    assert "要上传的是 `train.jsonl`" in seen(app)
    press(app, "登记")
    assert "还缺少" in seen(app)
    next(one for one in app.text_input if one.label.startswith("资源 ID")).set_value("0426")
    press(app, "登记")
    mine = [spec for spec in model_catalog.models(store) if spec.training_set_id]
    assert len(mine) == 1 and mine[0].parameters
    assert mine[0].title in seen(app)
    app = open_page("pages/extract/runs.py", run="new", model=mine[0].name)
    asked = next(box for box in app.selectbox if box.label == "提示词")
    assert asked.value == "baseline.v2" and "换一个提示词来问" not in seen(app)
    asked.set_value("reflect.v1").run()
    assert "这个模型的训练集是用 baseline.v2 做的" in seen(app)


def test_a_tuned_model_answers_the_test_call(
    open_page: OpenPage, store: Store, form: Form, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOME_API_KEY", API_KEY)
    monkeypatch.setenv("SHIYAO_KEY_HOSTS", "SOME_API_KEY=")
    dataset, _ = fill(store, form)
    options = TrainingOptions(datasets=(dataset,), source=AnswerSource(records=True), min_rows=0)
    export_training(store, options=options, out=tmp_path / "第一版")
    set_id = training_sets(store)[0].id
    with FakeOpenAI(Answer("你好，我在")) as service:
        model_catalog.create(
            store, name="m", provider="openai", url=service.url, key_env="SOME_API_KEY", training_set_id=set_id
        )
        app = press(open_page("pages/training/tuning.py"), "测试连接")
    assert "连接正常" in seen(app) and "你好，我在" in seen(app)
