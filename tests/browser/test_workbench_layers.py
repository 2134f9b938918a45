"""Nothing is written unseen, keys belong to what lies on top, what stops an approval; in Chromium over the harness."""

import json
from urllib.parse import quote

import pytest
from playwright.sync_api import expect

from tests.browser.workbench_page import WorkbenchPage

pytestmark = pytest.mark.browser
NAME, PHONE, MAIL = "基本信息-姓名", "基本信息-手机号码", "基本信息-邮箱"
RIVALS = "竞品信息"


def test_binding_always_asks_the_present_name_first_and_says_the_sides(desk: WorkbenchPage) -> None:
    """One customer, whose name no speaker has, beside staff: the only other speakers are staff."""
    desk.open(7)
    desk.press("Alt+b")
    menu = desk.page.get_by_role("menu")
    expect(menu.get_by_role("menuitem").first).to_contain_text("江小满")
    expect(menu.get_by_role("menuitem").first).to_contain_text("现在的名字")
    expect(menu.get_by_role("menuitem").nth(1)).to_contain_text("客服")
    assert desk.value(7, NAME) == "江小满"
    desk.press("Control+Enter", "s", "Escape")  # none of them acts behind the list
    expect(menu).to_have_count(0)
    desk.at(7)
    expect(desk.page.locator(".mode")).to_be_hidden()
    desk.press("Alt+b", "2")
    expect(desk.page.get_by_text("「江小满」已改为「")).to_be_visible()
    desk.press("Control+z")
    expect(desk.field(NAME)).to_have_value("江小满")


def test_what_was_missed_shows_its_place_and_target_before_it_is_filled(desk: WorkbenchPage) -> None:
    desk.open(8)
    desk.field(MAIL).fill("alt@example.com")
    desk.press("Alt+f")
    menu = desk.page.get_by_role("menu")
    expect(menu).to_contain_text("江小满 · 第 53 条消息 → 客户 1 邮箱（替换「alt@example.com」）")
    expect(desk.page.locator("mark.offered")).to_be_in_viewport()
    expect(desk.field(MAIL)).to_have_value("alt@example.com")
    desk.press("Control+Enter")  # acts nowhere, and says what does
    expect(desk.page.locator(".message")).to_contain_text("再按一次 F 或回车填入，H 不用填，Esc 放着")
    row, list_box = desk.page.locator(".f", has=desk.field(MAIL)).bounding_box(), menu.bounding_box()
    assert (
        row
        and list_box
        and (list_box["y"] + list_box["height"] <= row["y"] or list_box["y"] >= row["y"] + row["height"])
    )
    desk.press("Escape")
    expect(menu).to_have_count(0)
    expect(desk.field(MAIL)).to_be_focused()
    expect(desk.field(MAIL)).to_have_value("alt@example.com")
    desk.press("Alt+f", "f")
    expect(desk.field(MAIL)).to_have_value("xiaoman@example.com")
    desk.press("Control+z")
    desk.field(NAME).fill("江先生")  # now nobody's form is that of who said it
    desk.saved()
    desk.press("Alt+f")
    expect(menu).to_contain_text("江小满 · 第 53 条消息 → 新客户 邮箱")
    desk.press("Enter")
    expect(desk.field(NAME, 1)).to_have_value("江小满")
    expect(desk.field(MAIL, 1)).to_have_value("xiaoman@example.com")


def test_escape_closes_the_topmost_layer_and_nothing_else(desk: WorkbenchPage) -> None:
    desk.open(7)
    mode = desk.page.locator(".mode")
    desk.press("Alt+/")
    desk.type("书架")
    desk.press("Escape")
    expect(desk.page.locator(".find")).to_have_value("")
    expect(mode).to_be_hidden()
    expect(desk.field(NAME)).to_be_focused()
    desk.type("anna")  # letters after a search are text again
    desk.at(7)
    expect(desk.field(NAME)).to_have_value("江小满anna")
    desk.press("Control+z", "Alt+g", "Escape")  # the guideline closes first
    expect(desk.page.get_by_role("note", name="标注规范")).to_be_hidden()
    expect(mode).to_be_hidden()
    desk.press("Escape")
    expect(mode).to_be_visible()
    desk.press("F1", "a", "Control+Enter", "Escape")  # nothing acts behind the sheet
    desk.at(7)
    expect(mode).to_be_visible()
    desk.press("/", "Escape")  # a search that was opened in command mode leads back into it
    expect(mode).to_be_visible()
    desk.press("Escape")
    expect(mode).to_be_hidden()


def test_an_approval_right_after_another_one_is_a_slip(desk: WorkbenchPage) -> None:
    desk.open(9)
    desk.hurry()
    desk.page.keyboard.down("Control")
    desk.press("Enter", "Enter")
    desk.page.keyboard.up("Control")
    status = desk.page.get_by_role("status").filter(has_text="已确认第 9 条 · 撤销 Ctrl+Z")
    expect(status).to_contain_text("按得太快的键没有生效")
    desk.press("Alt+ArrowUp", "Alt+ArrowDown", "Alt+s", "Alt+.", "Control+Enter", "Enter")
    expect(desk.root).to_have_attribute("data-chat", "10")
    expect(desk.field(NAME)).to_have_value("江小满")
    desk.at(10)
    desk.press("Control+Enter")
    desk.at(11)
    desk.saved()
    assert [entry["chat"] for entry in desk.stored["log"]] == [9, 10]
    desk.press("Control+z")
    desk.at(10)
    expect(desk.page.get_by_text("已撤销第 10 条的「已确认」 · 重做 Ctrl+Y")).to_be_visible()
    desk.saved()
    assert (desk.chat(10)["status"], desk.confirmed(10)[NAME]) == ("未审阅", "未看")
    desk.press("Control+y")
    desk.at(11)
    desk.saved()
    assert (desk.chat(10)["status"], desk.confirmed(10)[NAME]) == ("已确认", "批量确认")


def test_the_box_of_a_conflict_has_the_focus_and_keys_of_its_own(desk: WorkbenchPage) -> None:
    desk.open()
    news = {"chat": 1, "who": "陈默", "key": "客户预算-总体预算金额", "value": "三万"}
    (desk.folder / "foreign.json").write_text(json.dumps(news), "utf-8")
    desk.field(RIVALS).fill("只看我们")
    box = desk.page.get_by_test_id("conflict")
    chosen = box.locator("button:focus")
    expect(chosen).to_have_text("三万")  # only they changed it
    desk.press("ArrowLeft")
    expect(chosen).to_have_text("两万")
    desk.press("ArrowRight", "ArrowDown")
    expect(chosen).to_have_text("只看我们")
    desk.press("s", "a")  # no command acts behind it
    desk.at(1)
    desk.press("Escape")
    expect(desk.field(RIVALS)).to_be_focused()
    desk.hurry()
    desk.press("Control+Enter")  # a decision leads into the box
    expect(chosen).to_have_text("三万")
    desk.press("Control+Enter")  # a second tap settles nothing that nobody has seen
    expect(box).to_have_count(1)
    desk.look()
    desk.press("Control+Enter")
    expect(box).to_have_count(0)
    desk.saved()
    assert (desk.value(1, "客户预算-总体预算金额"), desk.value(1, RIVALS)) == ("三万", "只看我们")


def test_what_is_open_stops_the_first_approval(desk: WorkbenchPage) -> None:
    again = desk.page.locator(".message").filter(has_text="再按一次 Ctrl+Enter 照样确认")
    desk.open(8)
    desk.hurry()
    desk.press("Control+Enter")
    expect(again).to_contain_text("聊天里还有没填的「xiaoman@example.com」（江小满 · 第 53 条消息）")
    desk.press("Control+Enter")  # a second tap
    desk.at(8)
    desk.press("Control+Enter")
    desk.at(9)
    desk.open(10)
    desk.press("Alt+-")
    expect(desk.page.locator(".hint:visible")).to_have_text("空表")
    desk.press("Control+Enter")
    expect(again).to_contain_text("整张表一个字段也没有填")
    desk.field(PHONE).fill("13800000010")
    expect(desk.page.locator(".hint:visible")).to_have_text("没有名字")
    desk.press("Control+z", "Control+z")
    expect(desk.page.locator(".hint:visible")).to_have_count(0)  # gone with what raised it
    desk.press("Control+Enter")
    desk.at(11)


def hold(desk: WorkbenchPage, key: str, *modifiers: str) -> None:
    """A key that is held repeats itself."""
    keyboard = desk.page.keyboard
    for name in modifiers:
        keyboard.down(name)
    for _ in range(4):
        keyboard.down(key)
    keyboard.up(key)
    for name in modifiers:
        keyboard.up(name)


def test_a_held_key_decides_confirms_and_fills_nothing(desk: WorkbenchPage) -> None:
    desk.open(8)
    hold(desk, "f", "Alt")
    expect(desk.page.get_by_role("menu")).to_be_visible()
    expect(desk.field(MAIL)).to_have_value("")
    desk.press("Escape", "Alt+h")
    desk.field(NAME).focus()
    hold(desk, "Enter")
    expect(desk.field(NAME)).not_to_be_focused()
    hold(desk, "Enter", "Control")
    desk.at(9)
    desk.saved()
    stored = desk.chat(8)["customers"][0]["confirmed"]
    assert list(stored.values()).count("逐项确认") == 1
    desk.press("Control+Enter")
    desk.at(10)
    hold(desk, "z", "Control")  # back to one chat, and no further
    desk.at(9)
    hold(desk, "y", "Control")
    desk.at(10)
    desk.saved()
    assert [desk.chat(number)["status"] for number in (8, 9, 10)] == ["已确认", "已确认", "未审阅"]


def test_an_emptied_name_stops_and_one_choice_is_asked(desk: WorkbenchPage) -> None:
    again = desk.page.locator(".message").filter(has_text="再按一次 Ctrl+Enter 照样确认")
    desk.open(10)
    desk.field(NAME).fill("")
    desk.press("Control+Enter")
    expect(again).to_contain_text("客户 1 还没有名字")
    desk.press("Alt+=")
    desk.look()
    desk.page.get_by_role("menuitem", name="不指定").click()
    desk.look()
    desk.press("Control+Enter")  # what came since stops again
    expect(again).to_contain_text("客户 2 一个字段也没有填")
    desk.saved()
    assert desk.value(10, NAME) == ""
    desk.press("Alt+m")
    expect(desk.page.get_by_role("menuitem")).to_have_count(1)
    desk.press("Escape", "Alt+w", "Escape")
    expect(desk.page.get_by_role("tab")).to_have_count(2)


def test_keys_are_those_of_the_open_menu_above(desk: WorkbenchPage) -> None:
    desk.open(10)
    desk.press("Escape")
    desk.page.get_by_test_id("stTopNavSection").filter(has_text="数据").click()
    expect(desk.page.get_by_test_id("stTopNavDropdownLink")).to_be_visible()
    desk.press("a", "Alt+s", "Alt+-")
    desk.at(10)
    expect(desk.field(NAME)).to_have_value("江小满")
    desk.press("Control+Enter")  # which opens the page that is in focus there
    expect(desk.page.get_by_text("空页")).to_be_visible()
    assert desk.chat(10)["status"] == "未审阅"


def test_the_page_around_owns_what_it_opens_and_a_shut_list_leaves_the_desk_its_keys(desk: WorkbenchPage) -> None:
    (desk.folder / "controls").touch()
    desk.open(10)
    mode = desk.page.locator(".mode")
    desk.press("Escape")
    expect(mode).to_be_visible()
    desk.page.get_by_role("button", name="筛选").click()
    choice = desk.page.get_by_role("radio", name="随机")
    expect(choice).to_be_visible()
    desk.press("s", "a", "Control+Enter")  # nothing acts under the popover
    desk.press("Escape")
    expect(choice).to_be_hidden()
    expect(mode).to_be_visible()
    desk.at(10)
    desk.field(NAME).focus()  # which ends command mode
    desk.page.get_by_role("combobox", name="起始值").click()
    desk.press("ArrowDown", "Enter")
    expect(desk.page.get_by_role("listbox")).to_have_count(0)
    desk.press("Control+Enter")  # the focus is in the list that was shut
    desk.at(11)
    desk.page.get_by_role("combobox", name="起始值").focus()
    desk.press("Alt+ArrowDown")  # for the desk alone: the list stays shut
    desk.at(12)
    expect(desk.page.get_by_role("listbox")).to_have_count(0)
    desk.page.get_by_role("combobox", name="起始值").focus()
    desk.press("Escape")  # back to the desk, and no more than that
    expect(desk.field(NAME)).to_be_focused()
    expect(mode).to_be_hidden()
    desk.saved()
    assert [entry["chat"] for entry in desk.stored["log"]] == [10]


def test_the_desk_says_who_where_from_and_that_work_is_safe(desk: WorkbenchPage) -> None:
    cookie = {"name": "shiyao_reviewer", "url": desk.server.url}
    desk.page.context.add_cookies([{**cookie, "value": quote("林晓")}])
    desk.open(12)
    top, summary = desk.page.locator(".top .reviewer"), desk.page.locator(".summary")
    expect(top).to_have_text("林晓")
    expect(summary).to_contain_text("改自 finetuned")
    desk.page.context.add_cookies([{**cookie, "value": quote("陈默")}])
    expect(desk.page.get_by_text("另一个标签页把审阅人改成了「陈默」：这一页仍以「林晓」保存")).to_be_visible()
    (desk.folder / "stop").touch()
    desk.field(RIVALS).fill("只看我们")
    away = desk.page.get_by_text("改动都在本机，恢复后自动保存")
    expect(away).to_be_visible()
    (desk.folder / "stop").unlink()
    desk.press("Control+Enter")
    desk.at(13)
    desk.saved()
    expect(away).to_be_hidden()
    expect(summary).to_contain_text("抽取任务：演示抽取")


def test_values_and_words_can_be_read_and_picked(desk: WorkbenchPage) -> None:
    desk.open(7)
    line = desk.page.get_by_role("separator")
    before = desk.page.locator(".form").bounding_box()
    line.focus()
    desk.press("ArrowLeft", "ArrowLeft", "Escape")
    expect(line).to_have_attribute("aria-valuenow", "51")
    after = desk.page.locator(".form").bounding_box()
    assert before and after and after["width"] > before["width"] + 30
    expect(desk.field(NAME)).to_be_focused()
    desk.page.reload()
    desk.at(7)
    expect(line).to_have_attribute("aria-valuenow", "51")  # remembered
    place = line.bounding_box()
    assert place
    desk.page.mouse.move(place["x"] + 6, place["y"] + 200)
    desk.page.mouse.down()
    desk.page.mouse.move(place["x"] + 6 + 156, place["y"] + 200)
    desk.page.mouse.up()
    expect(line).to_have_attribute("aria-valuenow", "61")
    line.dblclick()
    expect(line).to_have_attribute("aria-valuenow", "55")
    row = desk.page.locator(".pane:not(.behind) .m").nth(2)
    row.hover()
    expect(row).to_have_attribute("data-n", "3")
    desk.press("Escape", "ArrowDown", "ArrowDown", "Shift+End")
    status = desk.page.get_by_role("status").filter(has_text="按 I 填入")
    expect(status).to_contain_text("已选「")
    short = status.inner_text()
    desk.press("Shift+ArrowDown")
    expect(status).not_to_have_text(short)
    expect(desk.page.locator(".m.cursor")).to_have_attribute("data-n", "2")
