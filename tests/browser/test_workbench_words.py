"""Words at the desk, in Chromium over the harness: composed, selected, noted; and what is said about a value."""

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.workbench_page import WorkbenchPage

pytestmark = pytest.mark.browser
NAME, PHONE, MAIL = "基本信息-姓名", "基本信息-手机号码", "基本信息-邮箱"
KINDS, STAGE, PLAN, PLACE = "咨询类型", "客户购买阶段", "下一步跟进计划-时间点", "基本信息-详细地址"

COMPOSE = """(input, text) => {
    const shared = { bubbles: true, composed: true };
    const key = (name, code) => input.dispatchEvent(new KeyboardEvent("keydown",
        { key: name, code, isComposing: true, keyCode: 229, cancelable: true, ...shared }));
    input.dispatchEvent(new CompositionEvent("compositionstart", shared));
    for (const [name, code] of [["t", "KeyT"], ["Process", "Digit1"], ["Escape", "Escape"]]) key(name, code);
    input.value = "tou";
    input.dispatchEvent(new InputEvent("input", { isComposing: true, data: "tou", ...shared }));
    key("Enter", "Enter");
    window.whileComposing = Object.values(localStorage).join(" ");
    input.value = text;
    input.dispatchEvent(new InputEvent("input", { isComposing: true, data: text, ...shared }));
    input.dispatchEvent(new CompositionEvent("compositionend", { data: text, ...shared }));
}"""
"""What an input method does: keys of its own, letters on the way, Enter that ends it, the words at last."""


def compose(box: Locator, text: str) -> None:
    box.focus()
    box.evaluate(COMPOSE, text)


def test_an_input_method_in_a_free_entry_composes_in_peace(desk: WorkbenchPage) -> None:
    desk.open(7)
    entry = desk.field(KINDS)
    compose(entry, "投诉")
    expect(entry).to_be_focused()  # neither Escape nor Enter was a command
    expect(entry).to_have_value("投诉")
    assert "tou" not in desk.page.evaluate("window.whileComposing"), "letters on the way are no text yet"
    assert "投诉" in desk.page.evaluate("Object.values(localStorage).join(' ')"), "and the words lie in the journal"
    desk.press("Enter")
    desk.saved()
    assert desk.value(7, KINDS) == ["询价", "投诉"]


def test_an_input_method_in_the_search_and_the_note(desk: WorkbenchPage) -> None:
    desk.open(7)
    desk.press("Alt+/")
    search = desk.page.locator(".find")
    compose(search, "书架")
    expect(search).to_be_focused()
    expect(desk.page.locator(".found")).to_contain_text("1 /")
    desk.press("Escape", "Escape", "Alt+d")
    note = desk.page.get_by_label("待讨论的原因")
    expect(note).to_be_focused()
    compose(note, "两个电话")
    desk.at(7)  # Enter ended the composition, it sent nothing
    desk.press("Enter")
    desk.at(8)
    desk.saved()
    assert (desk.chat(7)["status"], desk.chat(7)["note"]) == ("待讨论", "两个电话")
    desk.press("Alt+ArrowUp")
    desk.at(7)
    expect(desk.page.get_by_text("备注：两个电话")).to_be_visible()
    expect(desk.page.locator(".top")).to_contain_text("待讨论")
    desk.press("Alt+d")
    expect(note).to_have_value("两个电话")  # to be gone on with


def test_words_marked_with_the_mouse_fill_the_field_in_focus(desk: WorkbenchPage) -> None:
    desk.open(7)
    desk.field(PLAN).focus()
    message = desk.page.locator(".pane:not(.behind) .m", has_text="周六上午十点我和阿宽上门量尺")
    message.evaluate(
        """(message) => {
            const walker = document.createTreeWalker(message, NodeFilter.SHOW_TEXT);
            for (let node = walker.nextNode(); node; node = walker.nextNode()) {
                const at = node.data.indexOf("上门量尺");
                if (at < 0) continue;
                const range = document.createRange();
                range.setStart(node, at);
                range.setEnd(node, at + 4);
                getSelection().removeAllRanges();
                getSelection().addRange(range);
                return;
            }
        }"""
    )
    desk.press("Alt+i")
    expect(desk.field(PLAN)).to_have_value("上门量尺")
    expect(desk.field(PLAN)).to_be_focused()
    desk.saved()
    assert desk.value(7, PLAN) == "上门量尺"


def test_each_filled_value_says_where_it_is_from(desk: WorkbenchPage) -> None:
    desk.open(6)

    def status(key: str) -> Locator:
        return desk.page.locator(".f", has=desk.field(key)).locator(".status")

    expect(status(PLACE)).to_have_text("✓ 原文")
    expect(status(STAGE)).to_have_text("推断")
    expect(status(PHONE)).to_have_text("无依据")  # a number that nobody said
    expect(status(MAIL)).to_have_text("")  # nothing is filled
    desk.open(7)
    expect(status(PHONE)).to_have_text("归一化")  # said with gaps


def test_a_customer_is_bound_to_a_speaker_by_digit(desk: WorkbenchPage) -> None:
    desk.open(5)
    desk.press("Alt+2", "Alt+b")
    first = desk.page.get_by_role("menuitem").first
    expect(first).to_be_focused()
    name = first.inner_text().split("\n")[0]
    desk.press("1")
    expect(desk.page.get_by_role("menu")).to_have_count(0)
    desk.saved()
    bound = desk.value(5, NAME, 1)
    assert bound and bound in name
    assert desk.confirmed(5, 1)[NAME] == "逐项确认"


def test_a_note_in_between_leaves_command_mode_as_it_was(desk: WorkbenchPage) -> None:
    desk.open(7)
    desk.press("Escape", "d")
    desk.type("问一下")
    desk.press("Enter")
    desk.at(8)
    expect(desk.page.locator(".mode")).to_be_visible()
    desk.press("s")  # a command, not a letter in a name
    desk.at(9)
    desk.press("d", "Escape", "k")  # given up: still in command mode
    desk.at(8)
    desk.saved()
    assert [desk.chat(index)["status"] for index in (7, 8)] == ["待讨论", "已跳过"]
    assert desk.value(8, NAME) == "江小满"
