"""The workbench in Chromium over the harness: what a reviewer does with the keyboard, and what must never get lost."""

import json
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.serving import Serve
from tests.browser.workbench_page import WorkbenchPage

pytestmark = pytest.mark.browser
NAME, PHONE, SEX = "基本信息-姓名", "基本信息-手机号码", "基本信息-性别"


def test_approve_and_next_by_keyboard(desk: WorkbenchPage) -> None:
    desk.open()
    desk.press("Control+Enter")
    desk.at(2)
    desk.saved()
    assert desk.chat(1)["status"] == "已确认"
    assert set(desk.chat(1)["customers"][0]["confirmed"].values()) == {"批量确认"}
    desk.press("Alt+ArrowUp")
    desk.at(1)


def test_twenty_quick_approvals_are_stored_once_each(desk: WorkbenchPage) -> None:
    desk.open(7)
    for index in range(7, 27):
        desk.press("Alt+h", "Control+Enter")  # nothing more to fill in: a second approval at once would be none
        desk.at(index + 1)
    desk.saved()
    approved = [entry for entry in desk.stored["log"] if entry["status"] == "已确认"]
    assert [entry["chat"] for entry in approved] == list(range(7, 27))
    assert len({entry["save_id"] for entry in approved}) == 20


def test_an_element_built_anew_keeps_the_reviewer_where_they_are(desk: WorkbenchPage) -> None:
    desk.open(7)
    desk.press("Control+Enter")
    desk.at(8)
    desk.press("Alt+h", "Control+Enter")
    desk.at(9)
    desk.field("客户预算-预算明细").fill("书架一万五")
    (desk.folder / "element").write_text("2", "utf-8")  # the next turn draws another element in the old one's place
    desk.press("Control+Enter")
    desk.at(10)
    desk.saved()
    assert desk.value(9, "客户预算-预算明细") == "书架一万五"
    for index in range(10, 14):
        desk.press("Alt+h", "Control+Enter")
        desk.at(index + 1)
    desk.saved()
    approved = [entry["chat"] for entry in desk.stored["log"] if entry["status"] == "已确认"]
    assert approved == list(range(7, 14))


def test_an_edit_survives_a_reload_in_the_middle(desk: WorkbenchPage) -> None:
    desk.open()
    (desk.folder / "stop").touch()  # the server answers nothing any more
    desk.field("客户预算-预算明细").fill("书架一万五，书桌五千")
    desk.page.wait_for_function("Object.values(localStorage).some((text) => text.includes('书桌五千'))")
    desk.page.reload()
    desk.at(1)
    expect(desk.field("客户预算-预算明细")).to_have_value("书架一万五，书桌五千")
    assert desk.chat(1)["version"] == 0
    (desk.folder / "stop").unlink()
    desk.saved()
    assert desk.value(1, "客户预算-预算明细") == "书架一万五，书桌五千"
    desk.press("Control+Enter")
    desk.at(2)
    desk.saved()
    assert desk.chat(1)["status"] == "已确认"


def test_a_second_tab_leaves_the_half_typed_entry_of_the_first_alone(desk: WorkbenchPage) -> None:
    desk.open()
    desk.field("意向产品").press_sequentially("榻榻")
    desk.page.wait_for_function("Object.values(localStorage).some((text) => text.includes('榻榻'))")
    other = WorkbenchPage(desk.page.context.new_page(), desk.server, desk.folder).open()
    other.page.wait_for_timeout(1200)  # in which the first one answered that it is there
    other.saved()
    assert desk.chat(1)["version"] == 0, "nothing is written that nobody entered"
    other.page.close(run_before_unload=True)
    desk.page.bring_to_front()
    desk.field("意向产品").press_sequentially("米")
    desk.press("Enter")
    desk.saved()
    assert desk.value(1, "意向产品") == ["定制书架", "榻榻米"]


def test_enter_of_an_input_method_is_no_command(desk: WorkbenchPage) -> None:
    desk.open()
    desk.field(NAME).focus()
    for options in ({"isComposing": True, "keyCode": 13}, {"isComposing": False, "keyCode": 229}):
        desk.field(NAME).evaluate(
            """(input, options) => {
                for (const ctrlKey of [false, true])
                    input.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", code: "Enter", ctrlKey,
                        bubbles: true, composed: true, cancelable: true, ...options }));
            }""",
            options,
        )
    desk.at(1)
    expect(desk.field(NAME)).to_be_focused()
    # Commands act in order: had one of the keys above been one, this one would not be the first and only decision.
    desk.press("Control+Enter")
    desk.at(2)
    desk.saved()
    assert [(entry["chat"], entry["status"]) for entry in desk.stored["log"]] == [(1, "已确认")]


def test_digits_choose_and_free_entry_adds(desk: WorkbenchPage) -> None:
    desk.open()
    desk.field(SEX).press("1")
    desk.field("咨询类型").press("2")
    desk.field("意向产品").fill("榻榻米、书桌")
    desk.field("意向产品").press("Enter")
    desk.saved()
    assert desk.value(1, SEX) == "男"
    assert desk.value(1, "咨询类型") == ["询价", "答疑"]
    assert desk.value(1, "意向产品") == ["定制书架", "榻榻米", "书桌"]
    confirmed = desk.chat(1)["customers"][0]["confirmed"]
    assert (confirmed[SEX], confirmed[NAME]) == ("逐项确认", "未看")


def test_focus_lights_evidence_and_a_click_goes_back(desk: WorkbenchPage) -> None:
    desk.open(4)
    desk.field("下一步跟进计划-时间点").focus()
    lit = desk.page.locator("mark.focus")
    expect(lit).to_have_text("周六上午十点")
    expect(lit).to_be_in_viewport()
    desk.page.locator("mark", has_text="138 0000 0004").click()
    expect(desk.field(PHONE)).to_be_focused()


def test_customers_are_added_and_removed_with_undo(desk: WorkbenchPage) -> None:
    desk.open(5)
    desk.press("Alt+2")
    expect(desk.field(NAME, 1)).to_have_value("江先生")
    desk.press("Alt+-")
    expect(desk.page.get_by_role("tab")).to_have_count(1)
    desk.page.get_by_role("button", name="撤销 Ctrl+Z").click()
    expect(desk.page.get_by_role("tab")).to_have_count(2)
    desk.press("Alt+=")
    desk.look()
    desk.page.get_by_role("menuitem", name="不指定").click()
    desk.field(NAME, 2).fill("新来的客户")
    desk.saved()
    assert [c["values"][NAME] for c in desk.chat(5)["customers"]] == ["江小满", "江先生", "新来的客户"]
    assert [c["origin"] for c in desk.chat(5)["customers"]] == [0, 1, None]


def test_a_conflict_shows_both_sides_and_is_settled_by_field(desk: WorkbenchPage) -> None:
    desk.open()
    news = {"chat": 1, "who": "陈默", "key": "客户预算-总体预算金额", "value": "三万"}
    (desk.folder / "foreign.json").write_text(json.dumps(news), "utf-8")
    desk.field("竞品信息").fill("只看我们")
    banner = desk.page.get_by_test_id("conflict")
    expect(banner).to_contain_text("陈默")
    expect(banner).to_contain_text("三万")
    expect(desk.root).to_have_attribute("data-save-state", "unsaved")
    expect(banner.get_by_role("button", name="三万")).to_have_attribute("aria-pressed", "true")  # only they changed it
    expect(banner.get_by_role("button", name="只看我们")).to_have_attribute("aria-pressed", "true")
    expect(banner.locator("button:focus")).to_be_visible()
    desk.hurry()  # that the focus has only just come keeps no click waiting: the box has long been in sight
    banner.get_by_role("button", name="按所选保存").click()
    expect(banner).to_have_count(0)
    desk.saved()
    assert desk.value(1, "客户预算-总体预算金额") == "三万"
    assert desk.value(1, "竞品信息") == "只看我们"


def test_a_warning_takes_the_first_approval(desk: WorkbenchPage) -> None:
    desk.open(6)
    desk.field(SEX).focus()
    desk.press("Control+Enter")
    desk.at(6)
    expect(desk.field(PHONE)).to_be_focused()
    expect(desk.page.get_by_text("再按一次 Ctrl+Enter 照样确认")).to_be_visible()
    desk.root.locator(".message .said").evaluate("(said) => { said.textContent = said.title.repeat(6); }")
    for width in (
        1024,
        1366,
        1600,
    ):  # too long a sentence ends with …; the key that goes on is whole, nothing is covered
        desk.page.set_viewport_size({"width": width, "height": 768})
        assert desk.root.evaluate(_CUT) == [], width
    desk.page.set_viewport_size({"width": 1600, "height": 900})
    desk.press("Control+Enter")
    desk.at(7)


_CUT = """(root) => {
  const bar = root.querySelector(".bottom").getBoundingClientRect();
  const parts = [...root.querySelectorAll(".bottom > :not([hidden]), .message > :not(:empty)")];
  const out = parts.filter((part) => part.getClientRects().length).filter((part) => {
    const { top, bottom, left, right } = part.getBoundingClientRect();
    return top < bar.top - 1 || bottom > bar.bottom + 1 || left < bar.left - 1 || right > bar.right + 1;
  });
  const tail = root.querySelector(".tail-said");
  return [...out, ...(tail.scrollWidth > tail.clientWidth + 1 ? [tail] : [])].map((part) => part.className);
}"""
"""Parts of the bar below that stand outside it, or the last words where they are cut."""


def test_a_killed_server_loses_nothing(page: Page, serve: Serve, tmp_path: Path) -> None:
    server = serve("tests/browser/harness_workbench.py", {"HARNESS_STATE": str(tmp_path)})
    desk = WorkbenchPage(page, server, tmp_path / "killed").open(7)
    desk.saved()
    server.stop(kill=True)
    desk.field("客户预算-预算明细").fill("停电时写的")
    desk.press("Control+Enter")
    desk.at(8)
    expect(desk.root).to_have_attribute("data-save-state", "unsaved", timeout=15_000)
    server.start()
    expect(desk.root).to_have_attribute("data-save-state", "saved", timeout=60_000)
    assert desk.value(7, "客户预算-预算明细") == "停电时写的"
    assert [entry["status"] for entry in desk.stored["log"] if entry["chat"] == 7].count("已确认") == 1


def test_a_rejected_save_says_why_and_comes_back(desk: WorkbenchPage) -> None:
    desk.open(7)
    desk.press("Alt+d")
    desk.page.keyboard.type("请拒绝")
    desk.press("Enter")
    desk.at(8)
    expect(desk.page.get_by_text("第 7 条没有保存成")).to_be_visible()
    desk.press("Alt+ArrowDown")
    desk.at(7)
    expect(desk.page.get_by_text("备注不能这样写")).to_be_visible()
    desk.press("Alt+d", "Control+a", "Delete", "Enter")
    desk.at(8)
    desk.saved()
    assert desk.chat(7)["status"] == "待讨论"


def test_command_mode_takes_single_letters_and_leaves_streamlit_alone(desk: WorkbenchPage) -> None:
    desk.open(7)
    desk.press("Escape", "c")  # C alone would open Streamlit's dialog to clear caches
    expect(desk.page.get_by_text("看全部")).to_be_visible()
    expect(desk.page.get_by_role("dialog")).to_have_count(0)
    desk.press("?")
    expect(desk.page.get_by_role("dialog", name="全部快捷键")).to_be_visible()
    desk.press("Escape", "s")  # closes the sheet; command mode stays until Esc ends it
    desk.at(8)
    desk.saved()
    assert desk.chat(7)["status"] == "已跳过"


def test_residue_is_shown_on_request(desk: WorkbenchPage) -> None:
    desk.open(1)
    expect(desk.page.get_by_text("原文后附 2 份表格残留副本")).to_be_attached()
    desk.page.get_by_role("button", name="显示").click()
    expect(desk.page.get_by_text("data-online-sheet-link")).to_be_visible()


def test_undo_brings_back_a_text_and_its_confirmation(desk: WorkbenchPage) -> None:
    desk.open(7)
    desk.field("竞品信息").fill("改过")
    desk.press("Control+z")
    expect(desk.field("竞品信息")).to_have_value("林间家居，报价更低")
    desk.press("Control+Shift+z")
    expect(desk.field("竞品信息")).to_have_value("改过")
    desk.press("Alt+r")
    expect(desk.field("竞品信息")).to_have_value("林间家居，报价更低")
