"""按习惯校正 on 修好与改坏: what its table counts."""

from core.adapters.store import Store
from tests.factories.datasets import make_dataset, make_form, make_record, make_run
from tests.pages.conftest import OpenPage
from tests.pages.finding import button, seen

CHANGES = "pages/quality/changes.py"
NAME, TASK = "基本信息-姓名", "下一步跟进计划-具体事项"
CHATS = 20


def test_the_table_says_that_it_counts_cells_of_the_compared_chats(open_page: OpenPage, store: Store) -> None:
    dataset = make_dataset(store, [f"甲{at}：第 {at} 条\n乙{at}：我也问问" for at in range(1, CHATS + 3)])
    said = {at: [{NAME: f"{who}{at}", TASK: f"第{at}次回电"} for who in "甲乙"] for at in range(1, CHATS + 3)}
    make_run(store, dataset, "模型", said)
    make_run(store, dataset, "又一个", said)
    for at in range(1, CHATS + 1):
        make_record(store, dataset, at, [make_form({NAME: f"{who}{at}"}) for who in "甲乙"])
    app = open_page(CHANGES, dataset=str(dataset.id), against="records", a="模型", b="又一个")
    next(one for one in app.selectbox if one.label == "校正哪个抽取任务").set_value("模型").run()
    app = button(app, "看看会好多少").click().run()
    assert not app.exception
    assert "下面数的是格子，不是群聊：对照过的 20 条群聊里" in seen(app) and "答过的 22 条都照此校正" in seen(app)
    table = next(one.value for one in app.dataframe if "清空" in one.value.columns)
    assert list(table["清空"]) == [2 * CHATS], "two customers in each chat"
