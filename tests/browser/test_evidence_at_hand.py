"""Evidence without leaving the field: Space held shows its sentence, the rail beside the chat where all of it is."""

import re
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.workbench_page import WorkbenchPage, lift_keys

pytestmark = pytest.mark.browser
NAME, PHONE, MAIL, SEX = "基本信息-姓名", "基本信息-手机号码", "基本信息-邮箱", "基本信息-性别"
RIVALS, HOUSE = "竞品信息", "基本信息-详细地址"

# Of what is seen: the next chat is laid out behind it at a moment of its own.
_PLACES = """(root) => [...root.querySelectorAll(".f, .m, .top, .bottom, .foot, .chat, .form, .scroll, .pane")]
  .filter((one) => !one.closest(".pane.behind"))
  .map((one) => one.getBoundingClientRect())
  .map(({ x, y, width, height }) => [x, y, width, height].join())"""


def test_space_held_shows_the_sentence_and_moves_nothing(desk: WorkbenchPage) -> None:
    desk.open(28)
    ribbon = desk.page.locator(".ribbon")
    desk.press("Escape", "l", "e")  # the address, in command mode
    before, scrolled = desk.root.evaluate(_PLACES), desk.page.locator(".pane:not(.behind)").evaluate("p => p.scrollTop")
    desk.page.keyboard.down("Space")
    expect(ribbon).to_be_visible()
    expect(ribbon).to_contain_text("江小满 · 第 7 条")
    expect(ribbon.locator(".said")).to_have_text("青石路 18 号")
    desk.page.keyboard.down("Space")  # a held key repeats
    assert desk.root.evaluate(_PLACES) == before
    assert desk.page.locator(".pane:not(.behind)").evaluate("p => p.scrollTop") == scrolled
    desk.press("Tab")  # it goes along with the field in focus
    expect(ribbon).to_contain_text(re.compile("推断|没有填"))
    desk.page.keyboard.up("Space")
    expect(ribbon).to_be_hidden()
    desk.saved()
    assert desk.chat(28)["status"] == "未审阅"
    assert set(desk.confirmed(28).values()) == {"未看"}, "a held key decides nothing"


def test_no_test_finds_a_key_held_by_the_one_before(desk: WorkbenchPage) -> None:
    desk.open(28)
    desk.press("Escape", "l", "e")
    desk.page.evaluate("addEventListener('keydown', event => { window.heard = [event.repeat, event.shiftKey]; }, true)")
    for key in ("Shift", "Space"):
        desk.page.keyboard.down(key)
    lift_keys(desk.page)
    expect(desk.page.locator(".ribbon")).to_be_hidden()
    desk.page.keyboard.down("Space")
    assert desk.page.evaluate("window.heard") == [False, False]
    lift_keys(desk.page)


def test_several_places_are_counted_and_none_is_said(desk: WorkbenchPage) -> None:
    desk.open(6)
    ribbon = desk.page.locator(".ribbon")
    desk.press("Escape", "l", "t")
    desk.page.keyboard.down("Space")
    expect(ribbon).to_be_visible()
    several = desk.page.locator("mark.focus").count() > 1
    if several:
        expect(ribbon.locator(".which")).to_have_text(re.compile("^1/"))
        desk.press(".")
        expect(ribbon.locator(".which")).to_have_text(re.compile("^2/"))
    desk.page.keyboard.up("Space")
    desk.press("l", "b")
    desk.page.keyboard.down("Space")
    expect(ribbon).to_have_text("无依据：群聊里找不到这个值")
    desk.page.evaluate("window.dispatchEvent(new Event('blur'))")  # the window lost the keyboard: no key comes up
    expect(ribbon).to_be_hidden()
    desk.page.keyboard.up("Space")
    desk.press("l", "c")
    desk.page.keyboard.down("Space")
    expect(ribbon).to_have_text("这个字段没有填，没有依据")
    desk.page.keyboard.up("Space")


def test_space_empties_no_field_that_tab_led_to(desk: WorkbenchPage) -> None:
    desk.open(28)
    phone = desk.field(PHONE)
    value = phone.input_value()
    assert value
    desk.field(NAME).focus()
    desk.press("Tab")  # selects all of the next field
    expect(phone).to_be_focused()
    desk.page.keyboard.down("Space")
    desk.page.keyboard.down("Space")
    expect(desk.page.locator(".ribbon")).to_be_visible()
    desk.page.keyboard.up("Space")
    expect(phone).to_have_value(value)
    phone.press("End")
    phone.press("Space")  # in the middle of typing it is text
    expect(phone).to_have_value(f"{value} ")
    phone.press("Backspace")


def test_space_is_text_presses_buttons_and_belongs_to_lists(desk: WorkbenchPage) -> None:
    desk.open(7)
    ribbon = desk.page.locator(".ribbon")
    desk.field(RIVALS).fill("")
    desk.field(RIVALS).press("a")
    for key in ("Space", "b"):
        desk.page.keyboard.press(key)
    expect(desk.field(RIVALS)).to_have_value("a b")
    desk.field(SEX).focus()  # a choice: a stray blank, from whatever keyboard, makes no text of the digit behind it
    desk.page.keyboard.down("Space")
    expect(ribbon).to_be_visible()
    desk.page.keyboard.up("Space")
    desk.page.keyboard.insert_text(" ")  # as an input method says it
    desk.page.keyboard.insert_text("\u3000")
    expect(desk.field(SEX)).to_have_value("")
    chosen = desk.page.locator(".f", has=desk.field(SEX)).locator('.option[aria-pressed="true"]')
    before = chosen.all_inner_texts()
    desk.page.keyboard.press("2")
    expect(desk.field(SEX)).to_have_value("")
    expect(chosen).not_to_have_text(before)
    desk.page.keyboard.press("2")
    desk.type("'2组")  # a quotation mark says that the digit is text
    expect(desk.field(SEX)).to_have_value("2组")
    desk.press("Escape")
    desk.press("F1")
    desk.page.keyboard.down("Space")
    expect(ribbon).to_be_hidden()
    desk.page.keyboard.up("Space")
    desk.press("Escape")
    tab = desk.page.get_by_role("button", name="只看与 江小满 有关")
    tab.focus()
    desk.press("Space")
    expect(tab).to_have_attribute("aria-pressed", "true")
    desk.page.locator(".pane:not(.behind) .m").nth(3).click()  # the focus is in the chat: letters are no text there
    desk.page.keyboard.down("Space")
    expect(ribbon).to_be_visible()
    desk.page.keyboard.up("Space")
    expect(ribbon).to_be_hidden()


def _rail(desk: WorkbenchPage) -> list[dict[str, Any]]:
    return desk.page.locator(".rail .tick").evaluate_all(
        """(ticks) => ticks.map((one) => ({ label: one.ariaLabel, top: one.offsetTop }))"""
    )


def test_the_rail_marks_what_stands_where_and_leads_there(desk: WorkbenchPage) -> None:
    desk.open(4)  # 30,000 characters
    rail = desk.page.locator(".rail")
    expect(rail.locator(".tick.at-evidence").first).to_be_visible()
    assert rail.bounding_box()["width"] <= 10  # type: ignore[index]
    desk.press("Alt+/")
    desk.type("上门")
    hits = rail.locator(".tick.at-hit")
    expect(hits.first).to_be_visible()
    ticks = _rail(desk)
    assert [tick["top"] for tick in ticks] == sorted(tick["top"] for tick in ticks)
    # A click near the end goes near the end, and the search goes on from there.
    box = hits.last.bounding_box()
    assert box is not None
    desk.page.mouse.click(box["x"] + 4, box["y"] + 1)
    current = desk.page.locator(".m.current")
    expect(current).to_be_in_viewport()
    expect(desk.page.locator(".found")).to_have_text(re.compile(r"^\d\d+ / "))
    desk.page.mouse.move(box["x"] + 4, box["y"] + 1)
    expect(desk.page.locator(".rail-tip")).to_contain_text("查到")
    desk.press("Escape")
    expect(hits).to_have_count(0)
    # Without a mouse: one stop for Tab, arrows from tick to tick, Enter goes there, Esc back to the field.
    rail.locator('.tick[tabindex="0"]').focus()
    desk.press("End", "Home", "ArrowDown", "Enter")
    expect(desk.page.locator(".m.cursor")).to_be_in_viewport()
    expect(desk.page.locator(".rail-tip")).to_contain_text(re.compile("依据|疑点"))
    desk.press("Escape")
    expect(desk.field(NAME)).to_be_focused()
    expect(desk.page.locator(".mode")).to_be_hidden()


def test_doubts_and_missed_values_have_ticks_of_their_own(desk: WorkbenchPage) -> None:
    desk.open(8)
    missed = desk.page.locator(".rail .tick.at-missed")
    expect(missed).to_have_attribute("aria-label", re.compile(r"聊天里还有：xiaoman@example.com · 江小满 · 第 \d+ 条"))
    desk.press("Alt+h")
    expect(missed).to_have_count(0)
    desk.open(9)
    expect(desk.page.locator(".rail .tick.at-evidence").first).to_be_visible()
    desk.open(5)
    expect(desk.page.locator(".rail .tick").first).to_be_visible()
    before = _rail(desk)
    desk.press("Alt+2", "Alt+o")  # another customer has other evidence, and what is hidden has none
    expect(desk.page.locator(".rail .tick")).to_have_count(1)
    assert len(before) > 3
