"""表单, 在用的数据: a form in use is looked through, changed and changed back on the page."""

import json

import pytest

from core.adapters.store import Store, queries
from core.domain.form import form_label, load_named_form
from core.services.forms import change_plan
from core.services.jobs import claims, process
from core.services.privacy import apply_retention, set_retention
from core.ui.forms import form_in_use
from tests.factories.form_changes import MAPPING, OLD, approve, everything, next_version, ticket, tickets
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
    assert "1 个：联系电话 → 回访电话" in seen(page)
    assert "不再有的规范" in seen(page)
    examples = {(row["群聊"], row["原来"], row["改成"]) for row in page.dataframe[0].value.to_dict("records")}
    assert {
        (1, "联系电话：13800000001", "回访电话：13800000001"),
        (1, "处理结果：待配件", "处理结果：未完成"),
        (1, "故障现象：漏水、异响", "水路故障：漏水；其他故障：异响"),
    } <= examples
    assert button(page, "全部改过去").disabled
    page.checkbox(key="form-change-accepted").set_value(True).run()
    button(page, "全部改过去").click().run()
    assert not page.exception
    with store.read() as session:
        assert queries.dataset(session, dataset.id).form == new
        run = queries.run(session, "标注", dataset.id)
    assert run.form == OLD
    assert f"{form_label(OLD)} → {form_label(new)}" in seen(page) and new not in seen(page)
    button(page, "撤销").click().run()
    assert "已撤销" in seen(page)
    assert everything(store, dataset)["records"] == before


def test_what_is_not_listed_and_what_does_not_come_back_are_said(
    store: Store, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(change_plan, "_NAMED", 1)
    dataset = tickets(store, 2)
    next_version(store)
    approve(store, dataset, load_named_form(OLD), 2, ticket(2, 品牌型号="飞瀑"), version=1)
    set_retention(store, "工单", replies_days=None, history_days=0)
    page = open_page(PAGE, form=OLD, view=VIEW)
    page.toggle(key="form-change-as-text").set_value(True).run()
    page.text_area[0].set_value(json.dumps(MAPPING, ensure_ascii=False)).run()
    button(page, "预览会改什么").click().run()
    assert "另有 1 种少见的值没有列出。" in seen(page)
    assert "0 天内撤销才全部回来" in seen(page)
    page.checkbox(key="form-change-accepted").set_value(True).run()
    button(page, "全部改过去").click().run()
    assert "撤销也回不来" not in seen(page)
    apply_retention(store)
    page.run()
    assert "工单：改动之前的样子已过保留期限，丢掉的值撤销也回不来" in seen(page)


def test_without_data_the_page_says_what_comes_here(store: Store, open_page: OpenPage) -> None:
    assert "没有数据集在用旧的一版" in seen(open_page(PAGE, form=OLD, view=VIEW))


def test_much_data_is_changed_in_the_background(
    store: Store, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(form_in_use, "INLINE_ANSWERS", 3)
    dataset = tickets(store, 5)
    new = next_version(store)
    before = everything(store, dataset)["records"]
    page = open_page(PAGE, form=OLD, view=VIEW)
    page.toggle(key="form-change-as-text").set_value(True).run()
    page.text_area[0].set_value(json.dumps(MAPPING, ensure_ascii=False)).run()
    button(page, "预览会改什么").click().run()
    assert "正在后台看会改什么：在排队" in seen(page)
    carried_out(store)
    page.run()
    assert "有 6 处的值在新的表单里没有地方放" in seen(page)
    assert len(page.dataframe[0].value) > 3
    page.checkbox(key="form-change-accepted").set_value(True).run()
    button(page, "全部改过去").click().run()
    assert "正在后台把数据改过去" in seen(page)
    assert not [one for one in page.button if one.label == "预览会改什么"], "one at a time"
    button(page, "取消").click().run()
    assert "点的「把数据改过去」已取消，什么也没有改" in seen(page)
    assert everything(store, dataset)["records"] == before
    button(page, "预览会改什么").click().run()
    carried_out(store)
    page.run()
    page.checkbox(key="form-change-accepted").set_value(True).run()
    button(page, "全部改过去").click().run()
    carried_out(store)
    page.run()
    assert not page.exception and "已取消" not in seen(page)
    assert "已改过去" in page.toast[0].value
    with store.read() as session:
        assert queries.dataset(session, dataset.id).form == new
    button(page, "撤销").click().run()
    assert "正在后台撤销表单改动" in seen(page) and button(page, "撤销").disabled
    carried_out(store)
    page.run()
    assert "已撤销" in page.toast[0].value and everything(store, dataset)["records"] == before


def carried_out(store: Store) -> None:
    """Be the runner and its process."""
    job = claims.claim_waiting(store)
    assert job is not None
    process.compute_job(store, job.id, claims.this_process(), when_lost=lambda: None)
