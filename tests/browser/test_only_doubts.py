"""Only doubts (只看疑点) at the desk: what Tab visits, what folds, and what is said when the moment is wrong."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.workbench_page import WorkbenchPage

pytestmark = pytest.mark.browser
NAME, PHONE, MAIL, SEX = "基本信息-姓名", "基本信息-手机号码", "基本信息-邮箱", "基本信息-性别"
STAGE, RIVALS = "客户购买阶段", "竞品信息"


def only_doubts(desk: WorkbenchPage, chat: int) -> WorkbenchPage:
    """The desk with the mode on, at a chat."""
    desk.open(chat)
    if desk.page.locator(".doubt-switch").get_attribute("aria-pressed") == "false":
        desk.press("Alt+z")
    return desk


def test_tab_visits_doubts_and_the_rest_is_one_line(desk: WorkbenchPage) -> None:
    desk.open(28)
    rows, fold = desk.page.locator(".f:visible"), desk.page.locator(".fold")
    expect(rows).to_have_count(21)
    expect(fold).to_be_hidden()
    expect(desk.page.locator(".doubt-switch")).to_have_text("疑点 2 · ⚠ 1")
    desk.press("Alt+z", "Alt+z")
    expect(desk.field(NAME)).to_be_focused()  # where somebody was before the mode led them to a doubt
    desk.press("Alt+z")
    expect(rows).to_have_count(2)
    expect(fold).to_have_text("19 项一致（对照：另 1 个抽取任务）")
    expect(desk.field(PHONE)).to_be_focused()
    expect(desk.page.locator(".left-line")).to_have_text("还有 2 处")  # no time before any is known
    desk.press("Tab")
    expect(desk.field(STAGE)).to_be_focused()
    desk.press("Shift+Tab", "Enter")  # confirmed: it is no doubt any more, and stays where it stands
    expect(desk.field(STAGE)).to_be_focused()
    expect(rows).to_have_count(2)
    expect(desk.page.locator(".left-line")).to_have_text("还有 1 处")
    desk.press("Enter")
    expect(desk.page.locator(".left-line")).to_contain_text("没有疑点了：Ctrl+Enter 确认并下一条")
    desk.press("Tab")  # behind the last one comes the line, and Enter opens it
    expect(fold).to_be_focused()
    desk.press("Enter")
    expect(rows).to_have_count(21)
    expect(fold).to_have_attribute("aria-expanded", "true")
    desk.press("Enter")
    expect(rows).to_have_count(2)
    desk.press("Control+Enter")
    desk.at(29)
    desk.saved()
    assert (desk.confirmed(28)[PHONE], desk.confirmed(28)[MAIL]) == ("逐项确认", "批量确认")


def test_the_mode_stays_from_chat_to_chat_and_over_a_reload(desk: WorkbenchPage) -> None:
    only_doubts(desk, 5)
    desk.page.evaluate("localStorage.setItem('shiyao:doubt-pace:林晓', '[3, 4, 4, 5, 60]')")
    desk.page.reload()
    desk.at(5)
    expect(desk.page.locator(".fold")).to_be_visible()
    desk.press("Control+Enter")
    if desk.root.get_attribute("data-chat") == "5":
        desk.press("Control+Enter")
    desk.at(6)
    expect(desk.page.locator(".f:visible")).to_have_count(1)
    expect(desk.field(PHONE)).to_be_focused()  # a chat opens at its first doubt
    expect(desk.page.locator(".left-line")).to_have_text("还有 1 处，约 4 秒")
    stays = "JSON.parse(localStorage.getItem('shiyao:doubt-pace:林晓')).length"
    desk.press("Alt+ArrowDown")
    desk.at(7)
    assert desk.page.evaluate(stays) == 6, "one more doubt was looked at"
    desk.press("Alt+ArrowUp")
    desk.at(6)
    desk.press("Escape", "z")
    expect(desk.page.locator(".f:visible")).to_have_count(21)
    expect(desk.page.locator(".mode")).to_be_visible()
    desk.press("z", "Tab")  # nothing in sight behind it
    expect(desk.page.get_by_text("这是最后一个字段")).to_be_visible()


def test_a_chat_without_doubts_says_what_comes_next(desk: WorkbenchPage) -> None:
    only_doubts(desk, 7)
    expect(desk.page.locator(".fold")).to_have_text("20 项没有疑点")
    expect(desk.field(NAME)).to_be_focused()
    expect(desk.page.locator(".left-line")).to_have_text(
        "没有疑点了：Ctrl+Enter 确认并下一条 · 还没有把握，只有检查看过"
    )
    desk.press("Alt+q")
    expect(desk.page.locator(".message")).to_contain_text("没有疑点")
    desk.press("Control+Enter")
    desk.at(8)
    # What was said and stands in no form stops the approval, whatever is folded away.
    expect(desk.page.locator(".left-line")).to_contain_text("聊天里还有 1 处没填（Alt+F 看）")
    desk.press("Control+Enter")
    expect(desk.page.get_by_text("聊天里还有没填的")).to_be_visible()
    desk.press("Alt+f", "Alt+f")
    expect(desk.field(MAIL)).to_be_focused()
    expect(desk.field(MAIL)).to_have_value("xiaoman@example.com")
    desk.press("Control+z")
    expect(desk.field(MAIL)).to_have_value("")


def test_whatever_leads_to_a_folded_field_opens_it(desk: WorkbenchPage) -> None:
    only_doubts(desk, 28)
    desk.press("Alt+Shift+D")  # its letter
    expect(desk.field("基本信息-地区")).to_be_focused()
    desk.page.locator("mark.g3").first.click()  # its evidence in the chat
    expect(desk.page.locator(".f.focus label")).to_contain_text(re.compile("预算|总体金额|竞品"))
    desk.press("Alt+z", "Alt+Shift+O")
    desk.field(RIVALS).fill("只看我们")
    desk.press("Alt+z")  # on to the next doubt; undo leads back to what is out of sight now
    expect(desk.field(STAGE)).to_be_focused()
    expect(desk.field(RIVALS)).to_be_hidden()
    desk.press("Control+z")
    expect(desk.field(RIVALS)).to_be_focused()
    expect(desk.field(RIVALS)).to_have_value("林间家居，报价更低")
    desk.press("Alt+z")
    desk.field(NAME).fill("")
    desk.field(MAIL).focus()
    desk.press("Alt+z")
    desk.press("Control+Enter")  # a customer without a name stops the approval there
    expect(desk.field(NAME)).to_be_focused()


def test_a_field_stays_in_sight_while_somebody_stands_in_it(desk: WorkbenchPage) -> None:
    only_doubts(desk, 6)
    desk.field(PHONE).fill("13800000006")  # stands in the chat: no doubt any more
    expect(desk.page.locator(".left-line")).to_contain_text("没有疑点了")
    expect(desk.field(PHONE)).to_be_focused()
    desk.press("Control+z")
    expect(desk.page.locator(".left-line")).to_have_text("还有 1 处")
    expect(desk.field(PHONE)).to_be_focused()
    expect(desk.page.locator(".f:visible")).to_have_count(1)


def test_several_customers_and_one_that_no_run_filled(desk: WorkbenchPage) -> None:
    desk.open(5)
    desk.field(NAME, 0).fill("")  # a customer without a name is a doubt, whoever emptied it
    desk.press("Alt+2")
    desk.look()
    desk.field(NAME, 1).fill("")
    desk.press("Alt+1", "Alt+z")
    expect(desk.page.locator(".left-line")).to_have_text("还有 2 处")
    desk.press("Tab")
    expect(desk.field(NAME, 1)).to_be_focused()
    desk.press("Shift+Tab")
    expect(desk.field(NAME, 0)).to_be_focused()
    desk.press("Alt+=", "1")
    expect(desk.page.get_by_role("tab")).to_have_count(3)
    expect(desk.page.locator(".f:visible")).to_have_count(21)
    expect(desk.page.locator(".fold")).to_be_hidden()
    expect(desk.page.locator(".left-line")).to_contain_text("这位客户没有抽取结果可对照：字段全部列出")


def test_a_conflict_and_a_delta_review(desk: WorkbenchPage) -> None:
    only_doubts(desk, 29)
    expect(desk.page.locator(".f:visible")).to_have_count(2)  # what the newer run says otherwise
    expect(desk.field(SEX)).to_be_focused()
    desk.press("Enter", "Enter")
    expect(desk.page.locator(".left-line")).to_contain_text("没有疑点了")
    desk.press("Control+Enter")
    desk.at(30)
    desk.saved()
    assert (desk.value(29, SEX), desk.value(29, STAGE)) == ("女", "方案交流")
    desk.open(7)
    foreign = '{"chat": 7, "who": "赵敏", "key": "' + RIVALS + '", "value": "别家"}'
    (desk.folder / "foreign.json").write_text(foreign, "utf-8")
    desk.press("Alt+Shift+O")
    desk.field(RIVALS).fill("我写的")
    expect(desk.page.get_by_test_id("conflict")).to_be_visible()
    expect(desk.page.locator(".left-line")).to_have_text(re.compile("冲突.*Alt.K"))
