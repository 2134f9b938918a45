"""表单, 在用的数据: a form in use is looked through, changed and changed back on the page."""

import json

from core.adapters.store import Store, queries
from tests.factories.form_changes import MAPPING, OLD, everything, next_version, tickets
from tests.pages.conftest import OpenPage
from tests.pages.finding import button, seen

PAGE, VIEW = "pages/data/forms.py", "在用的数据"


def test_a_form_is_changed_and_changed_back(store: Store, open_page: OpenPage) -> None:
    dataset = tickets(store, 5)
    new = next_version(store)
    before = everything(store, dataset)["records"]
    page = open_page(PAGE, form=OLD, view=VIEW)
    page.toggle(key="form-change-as-text").set_value(True).run()
    page.text_area[0].set_value("{").run()
    assert "不是合法的 JSON" in seen(page)
    page.text_area[0].set_value('{"steps": []}').run()
    assert "旧表单的字段「联系电话」没有去处" in seen(page)
    page.text_area[0].set_value(json.dumps(MAPPING, ensure_ascii=False)).run()
    button(page, "预览会改什么").click().run()
    assert "有 6 处的值在新的表单里没有地方放" in seen(page)
    assert button(page, "全部改过去").disabled
    page.checkbox(key="form-change-accepted").set_value(True).run()
    button(page, "全部改过去").click().run()
    assert not page.exception
    with store.read() as session:
        assert queries.dataset(session, dataset.id).form == new
        run = queries.run(session, "标注", dataset.id)
    assert run.form == OLD
    button(page, "撤销").click().run()
    assert "已撤销" in seen(page)
    assert everything(store, dataset)["records"] == before


def test_without_data_the_page_says_what_comes_here(store: Store, open_page: OpenPage) -> None:
    assert "没有数据集在用旧的一版" in seen(open_page(PAGE, form=OLD, view=VIEW))
