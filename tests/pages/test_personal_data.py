"""个人信息 on 设置: one person is found, shown and deleted; days of a dataset are kept."""

from core.adapters.store import Store
from core.services.privacy import find_person, retention_rules
from tests.factories.datasets import make_dataset
from tests.pages.conftest import OpenPage
from tests.pages.finding import button, seen

CHATS = ["沐晚晴：在吗\n客服小周1：您好\n沐晚晴：好的\n", "郭大海2：在吗\n客服小周1：您好\n郭大海2：好\n"]


def test_a_person_is_found_and_deleted(open_page: OpenPage, store: Store) -> None:
    make_dataset(store, CHATS, "d")
    app = open_page("pages/settings/settings.py")
    next(one for one in app.text_input if one.label == "找一个人").set_value("沐晚晴")
    app = button(app, "查找").click().run()
    assert "数据集「d」第 1 条群聊" in seen(app)
    assert "会把上面 1 条群聊整条删除：里面别的人" in seen(app)
    assert button(app, "删除这个人").disabled
    app = app.checkbox(key="person-sure").check().run()
    app = button(app, "删除这个人").click().run()
    assert not app.exception and "已删除：1 处，其中 1 条群聊整条删除了" in seen(app)
    assert not find_person(store, ["沐晚晴"]).places and find_person(store, ["郭大海2"]).places


def test_days_of_a_dataset(open_page: OpenPage, store: Store) -> None:
    make_dataset(store, CHATS, "d")
    app = open_page("pages/settings/settings.py")
    next(one for one in app.number_input if one.label == "原始回复保留几天").set_value(90)
    app = button(app, "保存期限").click().run()
    assert not app.exception
    assert (retention_rules(store)[0].replies_days, retention_rules(store)[0].history_days) == (90, None)
