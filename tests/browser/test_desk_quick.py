"""Taps and clicks that come too soon act on nothing: lists, boxes of conflicts, undo, double clicks."""

import json

import pytest
from playwright.sync_api import expect

from tests.browser.workbench_page import WorkbenchPage

pytestmark = pytest.mark.browser
NAME, MAIL, RIVALS = "基本信息-姓名", "基本信息-邮箱", "竞品信息"
BUDGET, STAFF = "客户预算-总体预算金额", "下一步跟进计划-参与人"


def test_what_has_only_just_come_takes_no_key_and_no_click(desk: WorkbenchPage) -> None:
    page, message = desk.page, desk.page.locator(".message")
    menu = page.get_by_role("menu")
    desk.open(9)
    for chat in (9, 10):
        desk.at(chat)
        desk.press("Control+Enter")
    desk.at(11)
    desk.hurry()
    desk.press("Control+z", "Control+z", "Control+z")  # one decision, and no other that is not in sight
    expect(message).to_contain_text("已撤销第 10 条")
    desk.at(10)
    desk.saved()
    assert [desk.chat(chat)["status"] for chat in (9, 10)] == ["已确认", "未审阅"]

    desk.open(8)
    desk.hurry()
    desk.press("Alt+f", "Alt+f", "Enter", "1")
    expect(message).to_contain_text("刚打开，按得太快的键没有生效")
    expect(desk.field(MAIL)).to_have_value("")
    desk.look()
    before = desk.value(8, STAFF)
    menu.get_by_role("menuitem").first.dblclick()  # a choice of the form lies under the list
    expect(desk.field(MAIL)).to_have_value("xiaoman@example.com")
    expect(message).to_contain_text("第二下点击没有生效")
    desk.saved()
    assert desk.value(8, STAFF) == before
    page.locator("button.more").click()
    desk.look()
    menu.get_by_role("menuitem").first.dblclick()  # the list that it opens lies in the same place
    expect(menu).to_contain_text("是哪位发言人")
    desk.press("Enter")  # the name stays: nothing was done, so there is nothing to take back
    expect(message).to_contain_text("名字仍是")
    desk.press("Alt+b", "Enter")
    expect(message).to_have_text("名字仍是「江小满」")


def test_letters_of_a_sentence_choose_no_side_of_a_conflict(desk: WorkbenchPage) -> None:
    desk.open()
    news = {"chat": 1, "who": "陈默", "key": BUDGET, "value": "三万"}
    (desk.folder / "foreign.json").write_text(json.dumps(news), "utf-8")
    desk.field(RIVALS).fill("只看")
    box = desk.page.get_by_test_id("conflict")
    pressed = box.locator("button[data-side][aria-pressed=true]")
    expect(box.locator("button:focus")).to_have_text("三万")
    desk.press("m")
    expect(desk.page.locator(".message")).to_contain_text("再按一次 M")
    desk.press("o")
    expect(desk.field(RIVALS)).to_have_value("只看o")  # back in the field: it was a word
    expect(pressed).to_have_text(["三万", "只看"])
    desk.press("Alt+k", "m")
    expect(pressed).to_have_text(["两万", "只看"])
