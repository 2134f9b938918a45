"""The page 学习模型: empty, with a model, and training one; fill rates on 评分."""

from urllib.parse import parse_qs

import pytest
from sqlalchemy import select, update
from sqlmodel import col

from core.adapters.store import Store, queries
from core.adapters.store.models import LearnedModel, Record, Run, RunKind
from core.domain.prompts import load_prompt
from core.errors import PromptError
from core.services.extraction.prompt_library import list_entries, run_prompt
from core.services.learning.models import learned_models
from core.services.training.corrections import save_prompt_with_rules
from tests.factories.datasets import make_dataset, make_record, make_run
from tests.pages.conftest import OpenPage
from tests.pages.finding import seen
from tests.services.learning.test_learner import made_up


@pytest.fixture
def page(open_page: OpenPage) -> OpenPage:
    return lambda name, **address: open_page(f"pages/{name}.py", reviewer="小林", **address)


def labelled(store: Store) -> None:
    rows = [made_up(number) for number in range(1, 13)]
    dataset = make_dataset(store, [text for text, _ in rows], "学")
    make_run(store, dataset, "标注", {at: [values] for at, (_, values) in enumerate(rows, 1)}, RunKind.LABELS)
    answers = {at: [{**values, "下一步跟进计划-具体事项": "回电"}] for at, (_, values) in enumerate(rows, 1)}
    make_run(store, dataset, "啰嗦", answers, provider="openai", model="m", prompt_name="baseline")


def test_without_anything_it_says_what_next(page: OpenPage) -> None:
    assert "还没有数据集" in seen(page("training/learned"))


def test_a_model_is_trained_on_the_page(page: OpenPage, store: Store) -> None:
    labelled(store)
    app = page("training/learned")
    assert "还没有学习模型" in seen(app)
    assert "再确认 5 条后自动训练第一版" in seen(app)
    [notice] = [block.proto.id for block in app.get("flex_container") if "empty-" in block.proto.id]
    assert "empty-above-" in notice, "the form below it stays in sight"
    app.text_input[0].set_value("第一版")
    app.button[0].click().run()
    assert not app.exception
    [model] = learned_models(store)
    assert (model.name, model.chats, model.who) == ("第一版", 12, "小林")
    table = app.dataframe[0].value
    assert list(table["模型"]) == ["第一版"]
    assert table["得分"][0] > table["常数下限"][0]
    [link] = [link for link in app.get("page_link") if link.proto.label == "用学习模型新建抽取任务"]
    assert parse_qs(link.proto.query_string) == {"run": ["new"], "model": ["第一版"]}


def test_scores_say_what_the_records_were_started_from(page: OpenPage, store: Store) -> None:
    make_dataset(store, [made_up(99)[0]], "新")
    rows = [made_up(number) for number in range(1, 7)]
    dataset = make_dataset(store, [text for text, _ in rows], "审")
    answers = {at: [values] for at, (_, values) in enumerate(rows, 1)}
    rules = make_run(store, dataset, "规则", answers, provider="local", model="rules")
    make_dataset(store, [made_up(98)[0]], "最新")
    for at, (_, values) in enumerate(rows, 1):
        make_record(store, dataset, at, [values], base_run_id=rules if at < 6 else None)
    app = page("training/learned")
    assert "停下来不久就自动训练第一版" in seen(app)
    assert app.multiselect[0].value == ["审"]  # the one with approvals
    app.text_input[0].set_value("第一版")
    app.button[0].click().run()
    assert not app.exception
    assert "本地规则偏高 5 条" in app.dataframe[0].value["说明"][0]
    assert "本地规则的得分偏高：有 5 条记录从它的答案改起" in seen(app)
    assert list(app.dataframe[0].value["版本"]) == ["第 1 版"]
    assert "使用中的「第一版」第 1 版" in seen(app)
    with store.write() as session:
        row = session.execute(select(LearnedModel)).scalar_one()
        row.evaluation = {**row.evaluation, "learned": 33.6, "local": 35.9, "delta_local": [-4.0, -0.5]}
    app = page("training/learned")
    assert app.dataframe[0].value["说明"][0].startswith("不如本地规则；")
    assert "得分不如本地规则（33.60 比 35.90）" in seen(app)
    told = "这个模型的得分不如本地规则（33.60 比 35.90）"
    new = page("extract/runs", dataset=str(dataset.id), run="new", model="第一版")
    assert told in seen(new) and "有 5 条记录从它的答案改起，不能说明它更准" in seen(new)
    assert not any("请选「本地规则」" in seen(one) for one in (app, new)), "its score is flattered"
    assert told not in seen(page("extract/runs", dataset=str(dataset.id), run="new", model="rules.v1"))
    with store.write() as session:
        session.execute(update(Record).values(base_run_id=None))
    assert "请选「本地规则」" in seen(page("training/learned"))
    assert "要更准，请选「本地规则」" in seen(page("extract/runs", dataset=str(dataset.id), run="new", model="第一版"))


def test_fill_rates_become_a_prompt(page: OpenPage, store: Store) -> None:
    labelled(store)
    app = page("quality/scores", view="填写率")
    table = app.dataframe[0].value
    assert table["字段"][0] == "具体事项"
    assert table["相差"][0] == pytest.approx(100)
    next(button for button in app.button if "新版本" in button.label).click().run()
    assert not app.exception
    assert "已存为" in seen(app)
    # The same once more is no further version.
    assert next(button for button in app.button if "新版本" in button.label).disabled
    app.run()
    assert "同样的话已经存成 baseline.v4" in seen(app)
    with store.read() as session:
        [view] = [run for run in queries.runs(session) if run.name == "啰嗦"]
        prompt, rules = run_prompt(session, view), app.text_area[0].value.splitlines()
        assert len([entry for entry in list_entries(session) if entry.draft_id]) == 1
    assert prompt is not None
    assert prompt.version == 4  # the run names none
    with pytest.raises(PromptError, match="里都有了"):
        save_prompt_with_rules(store, prompt, rules[:1], who="组长")
    with pytest.raises(PromptError, match=r"已经存成 baseline\.v4"):
        save_prompt_with_rules(store, load_prompt("baseline.v2"), [*rules, f" {rules[0]} "], who="组长")


def test_the_new_version_goes_on_from_the_run_s_own(page: OpenPage, store: Store) -> None:
    labelled(store)
    first = load_prompt("baseline.v1")
    with store.write() as session:
        run = session.execute(select(Run).where(col(Run.name) == "啰嗦")).scalar_one()
        run.prompt_version, run.prompt_text = "1", first.source
    app = page("quality/scores", view="填写率")
    assert "baseline.v1" in seen(app)
    next(button for button in app.button if "新版本" in button.label).click().run()
    with store.read() as session:
        [entry] = [entry for entry in list_entries(session) if entry.draft_id]
    assert entry.prompt.version == 4
    assert first.body.splitlines()[:20] == entry.prompt.body.splitlines()[:20]
    with store.write() as session:
        session.get_one(Run, run.id).provider = "learned"
    app = page("quality/scores", view="填写率")
    assert "没有用提示词" in seen(app)
    assert not [button for button in app.button if "新版本" in button.label]
