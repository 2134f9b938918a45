"""Nothing goes where nobody saw it go: text by any way in, words under composition, undo, changes under one's eyes."""

import json

import pytest
from playwright.sync_api import expect

from tests.browser.workbench_page import WorkbenchPage

pytestmark = pytest.mark.browser
NAME, BUDGET, RIVALS = "基本信息-姓名", "客户预算-总体预算金额", "竞品信息"


class InputMethod:
    """An input method at work: what it composes stands in the input before it is chosen."""

    def __init__(self, desk: WorkbenchPage) -> None:
        self.session = desk.page.context.new_cdp_session(desk.page)

    def _key(self) -> None:
        event = {"type": "rawKeyDown", "windowsVirtualKeyCode": 229, "key": "Process", "code": "KeyJ"}
        self.session.send("Input.dispatchKeyEvent", event)

    def compose(self, letters: str) -> None:
        self._key()
        caret = len(letters)
        self.session.send("Input.imeSetComposition", {"text": letters, "selectionStart": caret, "selectionEnd": caret})

    def choose(self, word: str) -> None:
        self._key()
        self.session.send("Input.insertText", {"text": word})


def test_no_text_reaches_a_chat_before_it_was_seen(desk: WorkbenchPage) -> None:
    desk.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    desk.open(9)
    method = InputMethod(desk)
    desk.field(RIVALS).fill("甲乙")
    desk.field(RIVALS).press("Control+a")
    desk.press("Control+c")
    desk.hurry()
    desk.press("Control+Enter")
    expect(desk.root).to_have_attribute("data-chat", "10")
    name = desk.field(NAME).input_value()
    method.compose("jiang")
    method.choose("江")
    desk.press("Control+v", "Control+a", "Control+x", "Control+Enter")
    expect(desk.field(NAME)).to_have_value(name)
    expect(desk.root).to_have_attribute("data-chat", "10")
    expect(desk.page.locator(".message")).to_contain_text("按得太快的键没有生效")
    desk.field(RIVALS).fill("丙")  # whoever goes to a field knows where the text goes
    expect(desk.field(RIVALS)).to_have_value("丙")
    desk.field(NAME).focus()
    desk.saved()
    assert desk.value(10, RIVALS) == "丙"
    assert (desk.value(10, NAME), desk.chat(10)["status"]) == (name, "草稿")
    desk.look()
    desk.press("End")
    method.compose("jiang")
    method.choose("江")
    expect(desk.field(NAME)).to_have_value(f"{name}江")


def test_a_word_under_composition_stays_in_the_chat_where_it_was_begun(desk: WorkbenchPage) -> None:
    desk.open(9)
    method = InputMethod(desk)
    desk.field(BUDGET).fill("三万")
    desk.field(RIVALS).focus()
    whole = f"{desk.field(RIVALS).input_value()}lin"
    method.compose("lin")
    desk.saved()  # an answer draws the form again, and leaves the word alone
    expect(desk.field(RIVALS)).to_have_value(whole)
    desk.page.locator("[data-command=approve]").click()
    desk.at(10)
    expect(desk.field(RIVALS)).not_to_have_value(whole)
    desk.saved()
    assert (desk.value(9, RIVALS), desk.chat(9)["status"]) == (whole, "已确认")
    assert desk.chat(10)["status"] == "未审阅"


@pytest.mark.parametrize("way", ["keys", "link"])
def test_undo_takes_back_what_was_done_last(desk: WorkbenchPage, way: str) -> None:
    """Chat 10 was edited before chat 9 was approved."""
    desk.open(10)
    desk.field(RIVALS).fill("先写的")
    desk.saved()
    desk.press("Alt+ArrowUp")
    desk.at(9)
    desk.press("Control+Enter")
    desk.at(10)
    if way == "keys":
        desk.press("Control+z")
    else:
        desk.page.locator(".message .link").click()
    expect(desk.page.get_by_text("已撤销第 9 条的「已确认」")).to_be_visible()
    desk.at(9)
    desk.saved()
    assert (desk.chat(9)["status"], desk.value(10, RIVALS)) == ("未审阅", "先写的")


def test_what_changes_under_ones_eyes_is_told_and_takes_nobodys_focus(desk: WorkbenchPage) -> None:
    """陈默 saves chat 9 while 林晓, who looks at it, searches."""
    desk.open(8)
    desk.field(RIVALS).fill("甲")
    (desk.folder / "foreign.json").write_text(
        json.dumps({"chat": 9, "who": "陈默", "key": BUDGET, "value": "九百万"}), "utf-8"
    )
    desk.press("Alt+ArrowDown")
    search = desk.page.locator("input.find")
    search.fill("书")
    expect(desk.field(BUDGET)).to_have_value("九百万", timeout=20_000)
    expect(search).to_be_focused()
    expect(search).to_have_value("书")
    expect(desk.page.locator(".message")).to_contain_text("刚改了：总体金额")
    desk.press("Escape")
    desk.look()
    desk.press("Control+Enter")
    expect(desk.page.locator(".message")).to_contain_text("刚改了：总体金额")
    expect(desk.field(BUDGET)).to_be_focused()
    desk.look()
    desk.press("Control+Enter")
    desk.at(10)


def test_a_note_that_was_not_handed_in_is_kept(desk: WorkbenchPage) -> None:
    desk.open(9)
    desk.press("Alt+d")
    desk.page.locator(".note-input").fill("以哪个为准？")
    desk.page.locator("[data-command=next]").click()
    desk.at(10)
    expect(desk.page.get_by_text("第 9 条：备注「以哪个为准？」没有提交")).to_be_visible()
    desk.press("Alt+ArrowUp")
    desk.at(9)
    desk.press("Alt+d")
    expect(desk.page.locator(".note-input")).to_have_value("以哪个为准？")
    desk.press("Enter")
    desk.at(10)
    desk.saved()
    assert (desk.chat(9)["status"], desk.chat(9)["note"]) == ("待讨论", "以哪个为准？")
