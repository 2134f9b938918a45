"""Everything at the desk without a mouse, and what helps to understand a chat, in Chromium over the harness."""

import re

import pytest
from playwright.sync_api import expect

from core.ui.workbench import HERE
from tests.browser.workbench_page import WorkbenchPage

pytestmark = pytest.mark.browser
NAME, PHONE, MAIL, SEX = "基本信息-姓名", "基本信息-手机号码", "基本信息-邮箱", "基本信息-性别"
STAGE, RIVALS, PLAN = "客户购买阶段", "竞品信息", "下一步跟进计划-时间点"


def test_a_correct_chat_is_one_key_and_one_text_with_one_choice_at_most_five(desk: WorkbenchPage) -> None:
    desk.open(7)
    desk.press("Control+Enter")
    desk.at(8)
    assert desk.presses == 1
    desk.open(28)
    desk.presses = 0
    desk.press("Alt+q")  # a number that nobody said
    expect(desk.field(PHONE)).to_be_focused()
    desk.type("13800000028")
    desk.press("Alt+q", "3", "Control+Enter")  # a stage that another run sees otherwise
    desk.at(29)
    assert desk.presses <= 5
    desk.saved()
    assert (desk.value(28, PHONE), desk.value(28, STAGE)) == ("13800000028", "报价")


def test_a_whole_chat_in_command_mode(desk: WorkbenchPage) -> None:
    desk.open(7)
    desk.press("Escape", "Tab", "c", "n", "n", "n", "1", "Shift+Tab", "c")
    expect(desk.page.locator(".mode")).to_be_visible()
    desk.saved()
    states = desk.confirmed(7)
    assert [key for key, state in states.items() if state == "逐项确认"] == [PHONE, "基本信息-地区"]
    desk.press("n", "n", "1")
    desk.saved()
    assert desk.value(7, SEX) == "男"
    desk.press("q")
    expect(desk.page.get_by_text("没有疑点")).to_be_visible()
    desk.press("a")
    desk.at(8)
    desk.press("x", "1")
    expect(desk.page.get_by_role("tab")).to_have_count(2)
    desk.press("u")
    expect(desk.page.get_by_role("tab")).to_have_count(1)
    desk.press("k")
    desk.at(7)
    assert desk.value(7, NAME) == "江小满", "no letter became text"
    desk.press("Enter")
    expect(desk.field(NAME)).to_be_focused()


def test_letters_of_an_input_method_are_text(desk: WorkbenchPage) -> None:
    desk.open(7)
    field = desk.field(RIVALS)
    field.focus()
    field.evaluate(
        """(input) => {
            const shared = { bubbles: true, composed: true };
            const key = (name, code) => input.dispatchEvent(new KeyboardEvent("keydown",
                { key: name, code, isComposing: true, keyCode: 229, cancelable: true, ...shared }));
            input.dispatchEvent(new CompositionEvent("compositionstart", shared));
            for (const [name, code] of [["s", "KeyS"], ["Process", "Digit1"], ["Escape", "Escape"], ["Tab", "Tab"]])
                key(name, code);
            input.value = "拼";
            input.dispatchEvent(new InputEvent("input", { isComposing: true, ...shared }));
            input.value = "拼好了";
            input.dispatchEvent(new CompositionEvent("compositionend", { data: "拼好了", ...shared }));
        }"""
    )
    desk.saved()
    desk.at(7)
    expect(desk.page.locator(".mode")).to_be_hidden()
    assert desk.value(7, RIVALS) == "拼好了"


def test_an_approval_is_taken_back_as_a_new_event(desk: WorkbenchPage) -> None:
    desk.open(7)
    desk.field(RIVALS).fill("只看我们")
    desk.press("Control+Enter")
    desk.at(8)
    desk.press("Control+z")
    desk.at(7)
    desk.saved()
    last = [entry for entry in desk.stored["log"] if entry["chat"] == 7]
    assert [entry["status"] for entry in last][-2:] == ["已确认", "草稿"]
    assert last[-1]["reason"] == "撤销「已确认」"
    assert (desk.confirmed(7)[RIVALS], desk.confirmed(7)[NAME]) == ("逐项确认", "未看")
    desk.press("Control+z")  # and now the edit before it, in another field than the one in focus
    expect(desk.field(RIVALS)).to_have_value("林间家居，报价更低")
    desk.press("Control+y")
    expect(desk.field(RIVALS)).to_have_value("只看我们")


def test_confirming_the_empty_rest_shows_and_stores_it(desk: WorkbenchPage) -> None:
    desk.open(7)
    expect(desk.field(MAIL)).to_have_attribute("placeholder", "未看")
    desk.press("Alt+e")
    expect(desk.field(MAIL)).to_have_attribute("placeholder", "确认为空")
    desk.saved()
    assert (desk.confirmed(7)[MAIL], desk.confirmed(7)[PHONE]) == ("批量确认", "未看")
    desk.field(MAIL).press("Alt+c")
    desk.saved()
    assert desk.confirmed(7)[MAIL] == "逐项确认"


def test_what_no_form_holds_is_one_key_from_its_field(desk: WorkbenchPage) -> None:
    desk.open(8)
    line = desk.page.get_by_text("聊天里还有：")
    expect(line).to_be_visible()
    expect(desk.page.locator("mark.g6")).to_have_text("xiaoman@example.com")
    desk.press("Alt+f")
    expect(desk.field(MAIL)).to_have_value("")  # the first key only shows where it was said, and whose field it is
    expect(desk.page.get_by_role("menu")).to_contain_text("江小满 · 第 ")
    desk.press("Alt+f")
    expect(desk.field(MAIL)).to_have_value("xiaoman@example.com")
    expect(desk.field(MAIL)).to_be_focused()
    expect(line).to_be_hidden()
    desk.press("Control+z")
    expect(line).to_be_visible()
    desk.press("Alt+h")
    expect(line).to_be_hidden()
    expect(desk.field(MAIL)).to_have_value("")


def test_other_runs_values_and_the_models_are_one_key_away(desk: WorkbenchPage) -> None:
    desk.open(9)
    desk.field(STAGE).focus()
    chosen = desk.page.locator('.f.focus .option[aria-pressed="true"]')
    expect(desk.page.locator(".about")).to_contain_text("微调一版")
    desk.press("Alt+v")
    expect(chosen).to_have_text(re.compile("报价"))
    expect(desk.page.locator(".about")).to_contain_text("方案交流")
    expect(desk.page.locator(".f.focus .status")).to_have_text("已改")
    desk.press("Alt+r")
    expect(chosen).to_have_text(re.compile("方案交流"))


_EDGES = """(element) => {
  const { top, bottom, right } = element.getBoundingClientRect();
  return { top, bottom, right, hidden: element.scrollHeight - element.clientHeight };
}"""


def test_the_guideline_stands_beside_the_field(desk: WorkbenchPage) -> None:
    desk.open(9)
    desk.field(STAGE).press("Alt+g")
    note = desk.page.get_by_role("note", name="标注规范")
    expect(note).to_contain_text("以群聊结束时的状态为准")
    # All of it is seen, down to the last line, and so is the key that closes it.
    parts = {name: desk.page.locator(name).evaluate(_EDGES) for name in (".guide", ".form", ".about", ".about .link")}
    assert parts[".form"]["top"] <= parts[".guide"]["top"]
    assert parts[".guide"]["bottom"] <= parts[".form"]["bottom"]
    assert parts[".guide"]["hidden"] <= 2
    assert parts[".about .link"]["right"] <= parts[".about"]["right"] + 1
    desk.field(PLAN).focus()
    expect(note).to_contain_text("还没有写下规范")
    desk.press("Alt+g")
    expect(note).to_be_hidden()


def test_delta_review_asks_only_what_differs(desk: WorkbenchPage) -> None:
    desk.open(29)
    expect(desk.field(SEX)).to_be_focused()
    expect(desk.page.locator(".f.asked")).to_have_count(2)
    expect(desk.page.locator(".f.folded")).to_have_count(19)
    desk.press("Control+Enter")  # not past what nobody has looked at
    expect(desk.page.get_by_text("新的抽取任务的值不同")).to_be_visible()
    expect(desk.field(STAGE)).to_be_focused()
    desk.press("Alt+t")
    expect(desk.field(SEX)).to_be_focused()
    desk.press("Enter")  # stays as it was approved
    expect(desk.page.locator(".f.asked")).to_have_count(0)
    desk.press("Control+Enter")
    desk.at(30)
    desk.saved()
    assert (desk.value(29, SEX), desk.value(29, STAGE)) == ("女", "报价")


def test_search_words_and_pins_without_a_mouse(desk: WorkbenchPage) -> None:
    desk.open(4)
    desk.field(PLAN).focus()
    desk.press("Alt+/")
    desk.type("上门")
    found = desk.page.locator(".found")
    expect(found).to_have_text(re.compile(r"^1 / \d+$"))
    desk.press("Enter")
    expect(found).to_have_text(re.compile("^2 / "))
    desk.press("Shift+Enter", "Escape")  # out of the search, and no more than that
    expect(desk.page.locator(".mode")).to_be_hidden()
    desk.press("Escape", "p")
    expect(desk.page.locator(".m.pinned")).to_have_count(1)
    desk.saved()
    (number,) = desk.chat(4)["customers"][0]["pinned"][PLAN]
    assert "上门" in desk.chat(4)["lines"][number][1]
    desk.press("p")
    expect(desk.page.locator(".m.pinned")).to_have_count(0)
    desk.press("ArrowDown", "ArrowUp", "ArrowRight", "ArrowRight", "Shift+ArrowRight", "i")
    expect(desk.page.get_by_text("填入了时间点")).to_be_visible()
    desk.saved()
    assert desk.value(4, PLAN) in desk.chat(4)["lines"][number][1]
    assert desk.value(4, PLAN) != "周六上午十点"


def test_evidence_is_walked_by_key(desk: WorkbenchPage) -> None:
    desk.open(7)
    desk.press("Alt+.")
    expect(desk.page.get_by_text("依据 1 / 1")).to_be_visible()
    desk.field(MAIL).press("Alt+,")
    expect(desk.page.get_by_text("没有依据")).to_be_visible()


def test_the_chat_narrows_to_one_customers_exchange(desk: WorkbenchPage) -> None:
    desk.open(5)
    every = desk.page.locator(".pane:not(.behind) .m:visible")
    before = every.count()
    desk.press("Alt+2", "Alt+o")
    expect(every).to_have_count(1)
    expect(every).to_contain_text("我也想看看书桌")
    desk.press("Alt+1")  # the exchange is that of the customer on screen
    expect(every).to_have_count(before - 1)
    desk.press("Alt+o")
    expect(every).to_have_count(before)


def test_customers_are_reshaped_by_keys(desk: WorkbenchPage) -> None:
    desk.open(5)

    def names() -> list[str]:
        desk.saved()
        return [customer["values"][NAME] for customer in desk.chat(5)["customers"]]

    desk.press("Alt+]")
    assert names() == ["江先生", "江小满"]
    desk.field(SEX, 1).press("Alt+w")
    desk.press("1")
    desk.saved()
    assert [desk.value(5, SEX, i) for i in (0, 1)] == ["女", "男"]
    desk.press("Control+z", "Alt+2", "Alt+m", "1")
    assert names() == ["江先生"]
    assert desk.value(5, PHONE) == "13800000005", "what only one of them had is kept"
    expect(desk.page.get_by_text("两边不同的以「江先生」为准：性别")).to_be_visible()
    desk.press("Alt+x", "1")
    assert names() == ["江先生", "江小满"]
    desk.press("Alt+b")
    expect(desk.page.get_by_role("menuitem").first).to_be_focused()
    desk.press("Escape")
    expect(desk.page.get_by_role("menu")).to_have_count(0)
    desk.press("Alt+=")  # everybody has a form who is no staff: staff are offered too, roles are guesses
    expect(desk.page.get_by_role("menuitem").first).to_contain_text("不指定")  # but nobody of them by the first key
    desk.press("2")
    expect(desk.page.get_by_role("tab")).to_have_count(3)
    assert names()[2].startswith(("木作", "设计"))


def test_the_sheet_of_keys_has_every_command(desk: WorkbenchPage) -> None:
    table = (HERE / "js" / "keys.js").read_text("utf-8").split("export const FIELD_KEYS")[0]
    labels = re.findall(r'label: "([^"]+)"', table)
    assert len(labels) > 35
    desk.open(7)
    desk.press("F1")
    sheet = desk.page.get_by_role("dialog", name="全部快捷键")
    assert set(labels) <= set(sheet.locator("dd").all_text_contents())
    assert sheet.locator("section").first.locator("dd").count() == 6
    desk.type("钉为")  # the focus is in its search
    expect(sheet.locator("dd:visible")).to_have_text(["把这条消息钉为依据；再按取下"])
    desk.type("x")
    expect(sheet.get_by_text("没有「钉为x」这样的快捷键")).to_be_visible()
    desk.press("Escape")
    expect(sheet).to_be_hidden()
    expect(desk.field(NAME)).to_be_focused()


def test_the_marks_are_explained_until_somebody_puts_that_away(desk: WorkbenchPage) -> None:
    strip = desk.open(7).page.get_by_role("note", name="标记的意思")
    for mark in ("原文", "归一化", "推断", "无依据", "≠", "还没看", "逐项确认过"):
        expect(strip).to_contain_text(mark)
    strip.get_by_role("button", name="知道了").click()
    expect(strip).to_be_hidden()
    desk.open(8)
    expect(strip).to_be_hidden()
    desk.press("F1")
    desk.page.get_by_role("button", name="一直显示这些标记").click()
    desk.press("F1")
    expect(strip).to_be_visible()


def test_any_text_and_any_choice_are_at_most_five_keys_away(desk: WorkbenchPage) -> None:
    desk.open(7)
    desk.press("Alt+Shift+D")  # 地区 and 卡点: nothing there is doubtful
    expect(desk.field("基本信息-地区")).to_be_focused()
    desk.type("滨城")
    desk.press("Alt+Shift+Q", "2", "Control+Enter")
    desk.at(8)
    assert desk.presses <= 5
    desk.saved()
    assert (desk.value(7, "基本信息-地区"), desk.value(7, "客户是否有卡点")) == ("滨城", "无卡点")


def test_the_letters_of_the_fields_lead_there_in_either_mode(desk: WorkbenchPage) -> None:
    desk.open(7)
    letters = desk.page.locator(".f .key:visible")
    expect(letters).to_have_count(0)
    desk.page.keyboard.down("Alt")
    desk.page.keyboard.down("Shift")
    expect(letters).to_have_text(list("ABCDEFGHIJKLMNOPQRSTU"))
    desk.page.keyboard.up("Shift")
    desk.page.keyboard.up("Alt")
    expect(letters).to_have_count(0)
    desk.press("Alt+l")
    expect(letters).to_have_count(21)
    desk.press("b")
    expect(desk.field(PHONE)).to_be_focused()
    expect(letters).to_have_count(0)
    desk.press("Alt+l", "Escape")
    expect(desk.field(PHONE)).to_be_focused()
    desk.press("Escape", "l", "r", "1")  # in command mode: the stage, its first value
    expect(desk.page.locator('.f.focus [aria-pressed="true"]')).to_have_text("需求调研1")
    expect(desk.page.locator(".mode")).to_be_visible()
    desk.at(7)


def test_what_stands_in_a_free_entry_is_never_lost(desk: WorkbenchPage) -> None:
    products, kinds = "意向产品", "咨询类型"
    desk.open(7)
    desk.field(products).focus()
    desk.type("旧系统迁移")
    expect(desk.root).not_to_have_attribute("data-save-state", "saved")
    desk.page.reload()
    desk.at(7)
    desk.saved()
    assert "旧系统迁移" in desk.value(7, products)
    desk.field(kinds).focus()
    desk.type("投诉")
    desk.press("Tab")  # leaving the field enters it
    desk.saved()
    assert "投诉" in desk.value(7, kinds)
    desk.field(products).focus()
    desk.type("巡检")
    desk.press("Control+Enter")
    desk.at(8)
    desk.saved()
    assert "巡检" in desk.value(7, products)
