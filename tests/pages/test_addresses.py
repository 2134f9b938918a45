"""Addresses hold ids and names, not titles; where one names what is not there, the page says what and gives ways on."""

import pytest

from core.adapters.store import Store
from core.services.review.batches import assign
from core.services.review.queue.filters import Filter
from core.ui import navigation
from tests.factories.datasets import FORM, make_run
from tests.factories.quality import quality_dataset
from tests.factories.reviews import NAME, make
from tests.factories.runs import add_dataset
from tests.pages.conftest import OpenPage
from tests.pages.finding import seen

OF_DATASETS = [
    navigation.DATASETS,
    navigation.RUNS,
    navigation.WORKBENCH,
    navigation.RECORDS,
    navigation.HISTORY,
    navigation.BATCHES,
    navigation.SCORES,
    navigation.COMPARE,
    navigation.CHANGES,
    navigation.DISPUTES,
    navigation.AGREEMENT,
    navigation.EXPORTS,
]


def links(app: object) -> list[str]:
    """Labels of the links in the notice about a wrong address."""
    return [link.proto.label for link in app.get("page_link")]  # type: ignore[attr-defined]


def popovers(app: object) -> list[str]:
    """Labels of the buttons that open something."""
    return [box.proto.popover.label for box in app.get("popover")]  # type: ignore[attr-defined]


def parts(app: object) -> list[str]:
    """Keys of our own components on the page, but for those of every page."""
    everywhere = "shiyao_remember", "shiyao_palette"
    return [one.key for one in app.get("bidi_component") if one.key not in everywhere]  # type: ignore[attr-defined]


@pytest.mark.parametrize("script", OF_DATASETS)
def test_another_dataset_is_not_shown_for_one_that_is_not_there(open_page: OpenPage, store: Store, script: str) -> None:
    quality_dataset(store, 2)
    app = open_page(script, dataset="99")
    assert "没有数据集「99」" in seen(app)
    assert any(label.startswith("d · 2 条群聊") for label in links(app))
    assert not app.dataframe and not parts(app), "nothing of another dataset"


def test_a_chat_that_is_not_there(open_page: OpenPage, store: Store) -> None:
    dataset = make(store, 2)
    for requested in ("9999", "0", "abc"):
        app = open_page(navigation.WORKBENCH, chat=requested)
        assert f"没有群聊「第 {requested} 条」" in seen(app)
        assert "打开下一条待审阅的群聊" in links(app)
        assert not parts(app)
    assert "没有群聊「第 9999 条」" in seen(open_page(navigation.HISTORY, chat="9999"))
    assert "没有群聊" not in seen(open_page(navigation.WORKBENCH, dataset=str(dataset.id), chat="2"))


def test_what_an_address_names_and_is_not_there_counts_as_no_condition(open_page: OpenPage, store: Store) -> None:
    dataset = make(store, 2)
    assign(store, FORM, dataset.id, name="第一周", reviewers=["林晓"], count=1, who="林晓", narrow=Filter())
    for wrong in ({"newer": "nix"}, {"batch": "99"}, {"by": "nix"}, {"flag": "nix"}):
        assert popovers(open_page(navigation.WORKBENCH, **wrong)) == ["待审阅 · 按序号"]
    assert popovers(open_page(navigation.WORKBENCH, batch="1")) == ["待审阅 · 按序号 · 1 条件"]


def test_a_desk_that_is_not_there_asks_for_no_name(open_page: OpenPage, store: Store) -> None:
    dataset = make(store, 2)
    for requested, what in (({"dataset": "99"}, "没有数据集「99」"), ({"chat": "9999"}, "没有群聊「第 9999 条」")):
        app = open_page(navigation.WORKBENCH, reviewer="", **requested)
        assert what in seen(app) and links(app)
        assert "怎么称呼" not in seen(app) and len(app.title) == 1
    app = open_page(navigation.WORKBENCH, reviewer="", dataset=str(dataset.id), chat="2")
    assert "怎么称呼" in seen(app) and "没有" not in seen(app)


@pytest.mark.parametrize(
    ("script", "parameter", "what"),
    [
        (navigation.WORKBENCH, "run", "抽取任务"),
        (navigation.WORKBENCH, "newer", "抽取任务"),
        (navigation.WORKBENCH, "batch", "批次"),
        (navigation.WORKBENCH, "field", "字段"),
        (navigation.RECORDS, "batch", "批次"),
        (navigation.RECORDS, "field", "字段"),
        (navigation.RECORDS, "sort", "排序"),
        (navigation.GUIDELINES, "field", "字段"),
        (navigation.COMPARE, "field", "字段"),
        (navigation.COMPARE, "chat", "群聊"),
        (navigation.COMPARE, "runs", "抽取任务"),
        (navigation.CHANGES, "a", "抽取任务 A"),
        (navigation.SCORES, "against", "对照"),
    ],
)
def test_what_is_not_there_is_named(open_page: OpenPage, store: Store, script: str, parameter: str, what: str) -> None:
    quality_dataset(store, 8)
    app = open_page(script, **{parameter: "4711"})
    assert f"地址里的{what}「" in seen(app) and "4711" in seen(app)
    assert "不存在或已删除" not in seen(open_page(script))


def test_the_address_of_the_desk_holds_the_name_of_the_run(open_page: OpenPage, store: Store) -> None:
    dataset = make(store, 3)
    for name in ("finetuned", "local"):
        make_run(store, dataset, name, {i: [{NAME: "林木"}] for i in (1, 2, 3)})
    assert open_page(navigation.WORKBENCH, run="finetuned").selectbox(key="run").value == "finetuned"
    app = open_page(navigation.WORKBENCH)
    app.selectbox(key="run").set_value("finetuned").run()
    assert app.query_params["run"] in ("finetuned", ["finetuned"])
    old = open_page(navigation.WORKBENCH, **{f"run-{dataset.id}": "起始值：finetuned"})
    assert old.selectbox(key="run").value == "finetuned"
    assert old.query_params["run"] in ("finetuned", ["finetuned"]) and f"run-{dataset.id}" not in old.query_params
    assert "地址里的" not in seen(old)


def test_addresses_of_before_still_lead_there(open_page: OpenPage, store: Store) -> None:
    dataset = quality_dataset(store, 8)
    [batch] = assign(store, FORM, dataset.id, name="第一周", reviewers=["林晓"], count=2, who="林晓", narrow=Filter())
    for written in (str(batch), f"#{batch} 第一周（林晓）"):
        app = open_page(navigation.RECORDS, batch=written)
        assert app.session_state["batch"] == str(batch)
        assert "共 2 条群聊" in seen(app)
    for written in ("run:甲", "抽取任务「甲」"):
        assert open_page(navigation.SCORES, against=written).selectbox(key="against").value == "run:甲"
    label = FORM.field(NAME).label
    for written in (NAME, label):
        assert open_page(navigation.COMPARE, field=written).selectbox(key="field").value == NAME
        assert open_page(navigation.GUIDELINES, field=written).radio[0].value == NAME


def test_a_page_of_the_record_table_beyond_the_last(open_page: OpenPage, store: Store) -> None:
    make(store, 3)
    app = open_page(navigation.RECORDS, page="77")
    assert "第 77 页" in seen(app) and "回到第 1 页" in links(app)


CHOICES = [
    (navigation.WORKBENCH, "queue", "状态", "待审阅"),
    (navigation.WORKBENCH, "order", "顺序", "按序号"),
    (navigation.WORKBENCH, "pass", "审阅方式", "普通审阅"),
    (navigation.WORKBENCH, "flag", "标记", ""),
    (navigation.WORKBENCH, "filled", "填写", ""),
    (navigation.WORKBENCH, "differ", "抽取任务之间", ""),
    (navigation.WORKBENCH, "by", "审阅人", ""),
    (navigation.WORKBENCH, "newer", "抽取任务", ""),
    (navigation.WORKBENCH, "run", "抽取任务", "默认任务：乙"),
    (navigation.RECORDS, "sort", "排序", "按序号"),
    (navigation.RECORDS, "queue", "状态", "全部"),
    (navigation.RECORDS, "page", "页码", "第 1 页"),
    (navigation.BATCHES, "order", "顺序", "按序号"),
    (navigation.HISTORY, "chat", "第几条群聊", "1"),
    (navigation.SCORES, "view", "视图", "排行"),
    (navigation.SCORES, "measure", "相似度", "最长公共子序列"),
    (navigation.COMPARE, "show", "差异", "抽取任务之间不同"),
    (navigation.COMPARE, "runs", "抽取任务", ""),
    (navigation.CHANGES, "view", "视图", "图"),
    (navigation.CHANGES, "change", "变化", "改坏"),
    (navigation.CHANGES, "right", "相似度", ""),
    (navigation.AGREEMENT, "view", "视图", "按字段"),
    (navigation.TRAINING_SETS, "view", "视图", ""),
    (navigation.PROMPTS, "view", "视图", "阅读"),
    (navigation.MODELS, "do", "操作", ""),
]


@pytest.mark.parametrize(("script", "name", "what", "shown"), CHOICES)
def test_a_choice_that_there_is_none_of_is_named(
    open_page: OpenPage, store: Store, script: str, name: str, what: str, shown: str
) -> None:
    quality_dataset(store, 2)
    app = open_page(script, **{name: "乱写"})
    said = f"地址里的{what}「乱写」不存在"
    assert said in seen(app)
    if shown:
        assert f"现在显示的是「{shown}」" in seen(app)
    app.run()
    assert said in seen(app) or name in ("runs", "right", "chat"), "until something else is chosen"


def test_an_id_goes_before_a_name_that_reads_like_it(open_page: OpenPage, store: Store) -> None:
    first = make(store, 2)
    add_dataset(store, 2, str(first.id))
    app = open_page(navigation.RECORDS, dataset=str(first.id))
    assert app.session_state["shiyao.dataset"] == str(first.id)
