"""The default run on the pages: shown on 总览, pinned on 抽取任务, said on the desk, taken by 导出."""

from core.adapters.store import DatasetView, Store
from core.adapters.store.models import RunKind
from core.services.quality import default_run, pin_default_run
from core.ui import navigation
from tests.factories.datasets import make_run
from tests.factories.reviews import NAME, PHONE, decide, make
from tests.pages.conftest import OpenPage
from tests.pages.finding import button, seen


def two_runs(store: Store, chats: int = 4) -> tuple[DatasetView, int, int]:
    """A dataset with two full runs, ``finetuned`` and the newer ``local``."""
    dataset = make(store, chats)
    answers = {i: [{NAME: f"林木{i}", PHONE: f"1380000000{i}"}] for i in range(1, chats + 1)}
    return dataset, make_run(store, dataset, "finetuned", answers), make_run(store, dataset, "local", answers)


def test_the_lead_pins_a_run_and_every_page_follows(open_page: OpenPage, store: Store) -> None:
    dataset, finetuned, local = two_runs(store)
    assert "local（最新的完整抽取任务）" in seen(open_page(navigation.OVERVIEW))
    app = open_page(navigation.RUNS, run=str(finetuned))
    assert list(app.dataframe[0].value["抽取任务"]) == ["默认 · local", "finetuned"]
    assert button(open_page(navigation.RUNS, run=str(local)), "固定为默认任务")
    button(app, "设为默认任务").click().run()
    with store.read() as session:
        default = default_run(session, dataset.id)
    assert default is not None and (default.id, default.who) == (finetuned, "林晓")
    assert "finetuned（林晓指定）" in seen(open_page(navigation.OVERVIEW))
    desk = open_page(navigation.WORKBENCH)
    box = next(box for box in desk.selectbox if box.key == "run")
    assert (box.value, box.options[0]) == ("finetuned", "默认任务：finetuned")
    app = open_page(navigation.RUNS, run=str(finetuned))
    button(app, "不再指定为默认").click().run()
    assert "local（最新的完整抽取任务）" in seen(open_page(navigation.OVERVIEW))


def test_the_desk_says_once_that_the_default_has_changed(open_page: OpenPage, store: Store) -> None:
    dataset, finetuned, _ = two_runs(store)
    assert "默认任务从" not in seen(open_page(navigation.WORKBENCH)), "nobody has seen another one before"
    pin_default_run(store, dataset.id, finetuned, who="周")
    app = open_page(navigation.WORKBENCH)
    assert "默认任务从「local」换成了「finetuned」（周指定）" in seen(app)
    assert "默认任务从" in seen(open_page(navigation.WORKBENCH)), "it stays until it was taken note of"
    button(app, "知道了").click().run()
    assert "默认任务从" not in seen(app)
    assert "默认任务从" not in seen(open_page(navigation.WORKBENCH))
    assert "默认任务从" not in seen(open_page(navigation.WORKBENCH, reviewer="新来的"))


def test_a_desk_that_starts_elsewhere_says_so_when_the_default_changes(open_page: OpenPage, store: Store) -> None:
    dataset, finetuned, _ = two_runs(store)
    open_page(navigation.WORKBENCH)
    pin_default_run(store, dataset.id, finetuned, who="周")
    assert "还没审的群聊从它的值开始" in seen(open_page(navigation.WORKBENCH))
    words = seen(open_page(navigation.WORKBENCH, run="local"))
    assert "这里选的是「local」，还没审的群聊仍从「local」的值开始" in words and "从它的值开始" not in words


def test_an_export_fills_from_the_run_that_the_records_came_from(open_page: OpenPage, store: Store) -> None:
    dataset, finetuned, _ = two_runs(store)
    for chat in (1, 2):
        decide(store, dataset, chat, values={NAME: f"林木{chat}"}, run=finetuned)
    app = open_page(navigation.EXPORTS)
    next(group for group in app.get("button_group") if group.key == f"base-every-{dataset.id}").set_value("both").run()
    box = app.selectbox(key=f"run-{dataset.id}")
    assert box.value == "finetuned"
    assert "已确认的记录改自：「finetuned」2 条。" in seen(app)
    assert "记录大多改自" not in seen(app)
    box.set_value("local").run()
    assert "记录大多改自「finetuned」，缺的却取自「local」" in seen(app)


def test_an_export_says_that_it_is_filled_from_labels(open_page: OpenPage, store: Store) -> None:
    dataset, _, _ = two_runs(store)
    labels = make_run(store, dataset, "人工", {i: [{NAME: f"林木{i}"}] for i in range(1, 5)}, RunKind.LABELS)
    decide(store, dataset, 1, values={NAME: "林木1"}, run=labels)
    app = open_page(navigation.EXPORTS)
    next(group for group in app.get("button_group") if group.key == f"base-every-{dataset.id}").set_value("both").run()
    box = app.selectbox(key=f"run-{dataset.id}")
    assert box.value != "人工" and "是默认任务" in seen(app)
    assert "人工 · 标注" in box.options
    assert "是标注，不是模型的结果" not in seen(app)
    box.set_value("人工").run()
    assert "「人工」是标注，不是模型的结果" in seen(app)


def test_imported_and_merged_runs_stand_among_the_runs(open_page: OpenPage, store: Store) -> None:
    dataset, _, _ = two_runs(store)
    imported = make_run(store, dataset, "提交", {1: [{NAME: "林木1"}]}, RunKind.IMPORT)
    make_run(store, dataset, "合并", {1: [{NAME: "林木1"}]}, RunKind.MERGE)
    make_run(store, dataset, "标注", {1: [{NAME: "林木1"}]}, RunKind.LABELS)
    app = open_page(navigation.RUNS, run=str(imported))
    table = app.dataframe[0].value
    assert list(table["抽取任务"]) == ["合并", "提交", "默认 · local", "finetuned"]
    assert list(table["状态"])[:2] == ["合并", "导入"]
    assert not [one for one in app.button if one.label in ("继续", "暂停")]
    app.button(key=f"delete-{imported}").click().run()
    assert not app.exception
    assert "提交" not in list(app.dataframe[0].value["抽取任务"])
