"""The page 训练集, driven from the app's entry: preflight, building, versions, summaries."""

import io
import zipfile
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlmodel import col
from streamlit.testing.v1 import AppTest

from core.adapters.store import Store, queries
from core.adapters.store.models import Dataset, HeavyJob, JobStatus, RecordStatus
from core.domain.form import Form
from core.services.extraction import models as model_catalog
from core.services.jobs import JobRunner
from core.services.training import (
    TrainingFormat,
    export_training,
    find_recipe,
    recipe_sets,
    save_summary,
    training_sets,
)
from tests.factories.exports import fill
from tests.factories.training import fill_long, options, save_again
from tests.pages.conftest import OpenPage
from tests.pages.finding import button, chosen, progress_text, seen
from tests.waiting import wait_until

PAGE = "pages/training/sets.py"


@pytest.fixture
def page(open_page: OpenPage) -> OpenPage:
    def opened(view: str = "") -> AppTest:
        app = open_page(PAGE)
        if view:
            chosen(app, "view").set_value(view).run()
        return app

    return opened


def metrics(app: AppTest) -> dict[str, str]:
    return {metric.label: metric.value for metric in app.metric}


def table(app: AppTest, column: str) -> Any:
    """The first table that has this column."""
    return next(frame.value for frame in app.dataframe if column in frame.value.columns)


def test_an_empty_house_says_what_to_do(page: OpenPage) -> None:
    assert any("还没有可以训练的内容" in markdown.value for markdown in page().markdown)


def test_choices_are_foretold_built_and_kept(page: OpenPage, store: Store) -> None:
    fill(store, statuses={1: RecordStatus.CONFIRMED})
    app = page()
    assert metrics(app)["群聊"] == "4"
    assert (metrics(app)["训练行数"], metrics(app)["验证行数"]) == ("60", "1")
    assert list(table(app, "答案")["答案"]) == ["记录第 3 版（小王）", "标注", "标注", "标注"]
    assert any("林晓3：你们的会话存档怎么收费" in text.value for text in app.text)
    app.number_input(key="training-val").set_value(0.25).run()
    app.number_input(key="training-min").set_value(30).run()
    app.number_input(key="training-seed").set_value(4).run()
    assert (metrics(app)["训练行数"], metrics(app)["验证行数"]) == ("30", "1")
    assert sorted(table(app, "去向")["去向"]) == ["训练", "训练", "训练", "验证"]
    app.text_input(key="training-name-四条_spark").set_value("第一套").run()
    button(app, "生成训练集").click().run()
    assert not app.exception
    made = app.session_state["shiyao.training.finished"][1]
    with zipfile.ZipFile(io.BytesIO(made.data)) as archive:
        names = [Path(name).name for name in archive.namelist()]
        assert names == ["README.md", "manifest.json", "train.jsonl", "val.jsonl"]
    (view,) = training_sets(store)
    assert (view.name, view.who, view.counts["rows"], view.sha256) == ("第一套", "林晓", 30, made.report.sha256)


def test_a_long_row_is_named_until_something_is_done_about_it(page: OpenPage, store: Store) -> None:
    fill_long(store)
    app = page()
    app.selectbox(key="training-target").set_value("自己定 token 数").run()
    app.number_input(key="training-cutoff").set_value(2000).run()
    assert any("有 1 行太长" in error.value and "1 行看不到答案的依据" in error.value for error in app.error)
    assert list(table(app, "依据会被截掉的字段")["依据会被截掉的字段"]) == ["手机号码"]
    assert button(app, "生成训练集").disabled
    button(app, "分段（1 行）").click().run()
    assert app.selectbox(key="training-policy").value == "window" and not app.error
    assert not button(app, "生成训练集").disabled
    assert any("第 1/" in shown for shown in table(app, "输入")["输入"])
    app.selectbox(key="training-policy").set_value("skip").run()
    assert metrics(app)["群聊"] == "1"


def test_choices_without_a_row_say_so(page: OpenPage, store: Store) -> None:
    fill(store)
    app = page()
    app.selectbox(key="training-source").set_value("已确认的记录").run()
    assert any("来源（已确认的记录）没有一行可以训练" in error.value for error in app.error)
    assert button(app, "生成训练集").disabled
    app.multiselect[0].set_value([]).run()
    assert any("先在左边选数据集" in caption.value for caption in app.caption)


def test_versions_are_described_compared_and_rebuilt(page: OpenPage, store: Store, tmp_path: Path) -> None:
    app = page("版本") if fill(store, statuses={1: RecordStatus.CONFIRMED}) else None
    assert app is not None
    assert any("还没有生成过训练集" in markdown.value for markdown in app.markdown)
    export_training(store, options=options(source=options().source), out=tmp_path / "a", name="一号")
    app = page("版本")
    assert list(table(app, "名字")["名字"]) == ["一号"]
    assert dict(zip(*(table(app, "设置")[column] for column in ("设置", "值")), strict=True))["答案来源"] == "标注"
    button(app, "准备下载").click().run()
    assert not app.exception
    assert app.session_state["shiyao.training.again"][1].report.sha256 == training_sets(store)[0].sha256
    app.toggle[0].set_value(True).run()
    assert any("都和当时一样" in caption.value for caption in app.caption)


def test_changed_sources_are_told_by_row(page: OpenPage, store: Store, tmp_path: Path) -> None:
    fill(store, statuses={1: RecordStatus.CONFIRMED})
    from core.services.export import AnswerSource

    export_training(store, options=options(source=AnswerSource(records=True)), out=tmp_path / "a")
    save_again(store, 1, 客户购买阶段="赢单")
    app = page("版本")
    app.toggle[0].set_value(True).run()
    assert any("有 1 行的来源变了；当时的版本都在历史里" in caption.value for caption in app.caption)
    assert list(table(app, "变化")["行"]) == ["四条 第 1 条"]


def test_summaries_are_edited_and_checked(page: OpenPage, store: Store) -> None:
    fill_long(store)
    save_summary(store, chat_id=2, text="- 林晓3，会话存档", who="小李", base_version=0)
    app = page("摘要")
    app.selectbox(key="summary-chat-1").set_value(2).run()
    assert any("手机号码「13800001111」" in warning.value for warning in app.warning)
    app.text_area[0].set_value("- 林晓3，13800001111，会话存档").run()
    assert not app.warning
    button(app, "保存摘要").click().run()
    assert not app.exception
    assert any("第 2 版 · 林晓" in caption.value for caption in app.caption)


def test_what_spoils_a_set_is_said_in_red(open_page: OpenPage, store: Store) -> None:
    fill(store)
    app = open_page(PAGE)
    app.selectbox(key="training-source").set_value("标注").run()
    assert ":red-background[" not in seen(app), "no warning about choices that nobody made"
    assert "仍不到平台要的 1,500 行" in seen(app)
    app.number_input(key="training-min").set_value(1500).run()
    assert "整套重复 500 遍" in seen(app) and "没有验证集" not in seen(app)
    app.number_input(key="training-val").set_value(0.0).run()
    assert "整套重复 375 遍" in seen(app) and "没有验证集" in seen(app)
    app.number_input(key="training-min").set_value(None).run()
    assert "死记硬背。请加群聊、" not in seen(app)


def test_a_recipe_builds_its_sets_at_one_click(open_page: OpenPage, store: Store) -> None:
    fill(store)
    app = open_page(PAGE)
    app.selectbox(key="training-recipe").set_value("two-steps").run()
    assert not app.exception and "逐位填表" in seen(app) and "训练出一个模型" in seen(app)
    chosen(app, "training-recipe-step-two-steps").set_value("one-customer").run()
    assert "第 2 位客户" in seen(app) or metrics(app)["不同的行"] == "4"
    button(app, "一次生成这 2 个训练集").click().run()
    assert not app.exception and not app.error
    built = {view.parameters["recipe"]: view for view in training_sets(store)}
    assert set(built) == {"two-steps/customers", "two-steps/one-customer"}
    app = open_page("pages/training/tuning.py")
    assert not app.exception
    assert "做法：两步" in seen(app) and "一起的还有 #1" in seen(app) and "customers,one_customer" in seen(app)
    app = open_page(PAGE)
    app.selectbox(key="training-recipe").set_value("two-models").run()
    assert not app.exception and "手机号码" in seen(app)


def test_two_models_are_asked_together_at_one_press(
    open_page: OpenPage, store: Store, form: Form, tmp_path: Path
) -> None:
    fill_long(store)
    for step, choices in recipe_sets(find_recipe("two-models"), options(cutoff_len=2600), form, ["客户购买阶段"]):
        export_training(store, options=choices, out=tmp_path / step.name)
    app = open_page("pages/training/tuning.py")
    assert "先为每个训练集登记好模型" in seen(app)
    for number in (1, 2):
        model_catalog.create(store, name=f"m{number}", provider="local", training_set_id=number)
    app = open_page("pages/training/tuning.py")
    assert not app.exception and "短群聊填表：训练集 #1，「m1」" in seen(app)
    app.text_input(key="joined-name-2").set_value("一起").run()
    button(app, "一起抽取并合并").click().run()
    assert not app.exception and not app.error
    with store.read() as session:
        runs = {run.name: run for run in queries.runs(session)}
    assert runs["一起"].parameters["merge"]["runs"] == ["短群聊填表 · 一起", "分段找字段 · 一起"]


def test_pairs_ask_whose_answers_are_rejected(open_page: OpenPage, store: Store) -> None:
    fill(store)
    app = open_page(PAGE)
    app.selectbox(key="training-platform").set_value("llama-factory").run()
    app.selectbox(key="training-format-llama-factory").set_value(TrainingFormat.DPO_SHAREGPT).run()
    assert "没有一对可以比较的回答" in seen(app) and "请在「对照的抽取任务」里选一个" in seen(app)
    assert button(app, "生成训练集").disabled
    app.selectbox(key="training-rejected-run").set_value("模型").run()
    assert not app.exception and metrics(app)["不同的行"] == "2"
    assert "和抽取的结果一样，没有成对，未写入 1 条：四条 第 4 条" in seen(app)
    assert any("rejected · gpt" in markdown.value for markdown in app.markdown)
    button(app, "生成训练集").click().run()
    assert not app.exception
    app = open_page("pages/training/tuning.py")
    assert "llamafactory-cli train train.yaml" in "".join(code.value for code in app.code)
    assert "训练阶段选 dpo" in seen(app)
    assert "在自己的机器上训练" in seen(app) and "服务 ID" not in seen(app), "there is no platform with ids"
    assert app.selectbox(key="tuning-template-1").value == "vllm"
    assert next(one for one in app.text_input if one.label.startswith("服务方的名称")).value == "shiyao-lora"


def test_the_platform_says_which_formats_and_how_many_rows(open_page: OpenPage, store: Store) -> None:
    fill(store)
    app = open_page(PAGE)
    assert "至少 1,500 行，每行 8,000 字" in seen(app)
    app.selectbox(key="training-platform").set_value("bailian").run()
    assert not app.exception and "建议 1,000 行" in seen(app)
    assert app.selectbox(key="training-format-bailian").options == ["OpenAI 对话", "偏好对 DPO 百炼"]
    assert metrics(app)["整套写几遍"] == "1", "it asks for no least number, so nothing is repeated"
    app.selectbox(key="training-platform").set_value("—").run()
    assert len(app.selectbox(key="training-format-—").options) == len(list(TrainingFormat))


def test_a_test_split_is_nobodys_first_choice(open_page: OpenPage, store: Store) -> None:
    test = fill(store)
    with store.write() as session:
        session.get_one(Dataset, test).split = "test"
    app = open_page(PAGE)
    assert "「四条」是测试集" in seen(app) and "先在左边选数据集" in seen(app)
    assert ":red-background[" not in seen(app)
    app.multiselect[0].set_value([test]).run()
    assert "来源里有测试集「四条」" in seen(app)


def test_a_large_set_is_written_elsewhere_and_found_by_who_comes_back(
    page: OpenPage, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(store, statuses={1: RecordStatus.CONFIRMED})
    for module in ("set_preview", "built_sets"):
        monkeypatch.setattr(f"core.ui.training.{module}.MOST_CHATS", 0)
    runner = JobRunner(lambda: store, look_seconds=0.1)

    def all_done() -> bool:
        with store.read() as session:
            return set(session.execute(select(col(HeavyJob.status))).scalars()) == {JobStatus.DONE}

    runner.start()
    try:
        button(page(), "预检").click().run()
        wait_until(all_done, 120)
    finally:
        runner.stop()
    app = page()
    button(app, "生成训练集").click().run()
    assert "正在后台计算训练集" in progress_text(app) and "在排队" in progress_text(app)
    assert button(app, "生成训练集").disabled
    assert training_sets(store) == []
    runner = JobRunner(lambda: store, look_seconds=0.1)
    runner.start()
    try:
        wait_until(all_done, 120)
        app = page()
        assert "已在后台写好" in seen(app) and "已读回核对" in seen(app)
        assert not button(app, "生成训练集").disabled
        (view,) = training_sets(store)
        assert (view.who, view.sha256[:12] in seen(app)) == ("林晓", True)
        app = page("版本")
        button(app, "准备下载").click().run()
        wait_until(all_done, 120)
        assert "已在后台写好" in seen(page("版本"))
    finally:
        runner.stop()
