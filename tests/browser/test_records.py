"""记录表 in Chromium: filters, edits in cells, conflicts, bulk changes with preview and undo, paging."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import pytest
from playwright.sync_api import Browser, FrameLocator, Locator, Page, expect

from core.adapters.store import RecordView, Store, queries
from core.adapters.store.views import EventView
from core.services.review import apply_saves, record_table
from tests.browser.reviewer_page import NAME, PATIENT, App, fill, seats, sit_down
from tests.browser.serving import Server
from tests.browser.visitors import visiting
from tests.factories.datasets import FORM
from tests.factories.form_changes import MAPPING, OLD, everything, next_version, tickets

pytestmark = pytest.mark.browser
PHONE, PRODUCT, STAGE = "基本信息-手机号码", "意向产品", "客户购买阶段"


@dataclass
class Table:
    """The record table in one page, and what is stored of its dataset."""

    page: Page
    server: Server
    store: Store
    dataset: int

    @property
    def frame(self) -> FrameLocator:
        return self.page.frame_locator("iframe[title*=agGrid]")

    def open(self, query: str = "") -> "Table":
        self.page.goto(f"{self.server.url}/records?dataset={self.dataset}{query}")
        expect(self.frame.locator(".ag-row").first).to_be_visible()
        return self

    def cell(self, chat: int, key: str, customer: int = 0) -> Locator:
        row = f'.ag-row[row-id="{chat}:{customer}"]'
        return self.frame.locator(f'{row} [col-id="{key}"]')

    def edit(self, chat: int, key: str, text: str) -> None:
        cell = self.cell(chat, key)
        # Columns out of sight are not drawn: to where this one is.
        self.frame.locator(".ag-center-cols-viewport").evaluate(
            "(view, share) => { view.scrollLeft = share * view.scrollWidth - 300; }",
            FORM.keys.index(key) / len(FORM.keys),
        )
        cell.scroll_into_view_if_needed()
        cell.dblclick()
        self.frame.locator(".shiyao-editor input").fill(text)
        self.page.keyboard.press("Enter")

    def tick(self, *chats: int) -> None:
        for chat in chats:
            self.frame.locator(f'.ag-row[row-id="{chat}:0"] input[type=checkbox]').check()

    def says(self, text: str) -> None:
        expect(self.page.get_by_text(text).first).to_be_visible()

    def chats(self) -> list[str]:
        return self.frame.locator('.ag-row [col-id="_chat"]').all_inner_texts()

    def record(self, chat: int) -> RecordView:
        with self.store.read() as session:
            return next(one for one in queries.records(session, self.dataset) if one.index == chat)

    def value(self, chat: int, key: str) -> Any:
        return self.record(chat).forms[0][key]

    def history(self, chat: int) -> list[EventView]:
        with self.store.read() as session:
            return queries.events(session, self.record(chat).id)


def save(store: Store, dataset: int, chat: int, values: dict[str, Any], version: int = 0, who: str = "周岚") -> None:
    one = {"save_id": str(uuid4()), "chat": chat, "reviewer": who, "base_version": version, "status": "已确认"}
    [ack] = apply_saves(store, FORM, dataset, [one | {"customers": [{"values": values, "origin": 0}]}])
    assert ack.result == "saved"


@pytest.fixture
def table(browser: Browser, app: App, request: pytest.FixtureRequest) -> Iterator[Table]:
    """A dataset of its own with six chats, of which the first four have a record."""
    server, store = app
    dataset = fill(store, request.node.name, 6)
    for chat in range(1, 5):
        save(store, dataset, chat, {NAME: f"林木{chat}", PRODUCT: ["会话存档"], STAGE: "报价"})
    with visiting(browser, PATIENT) as context:
        sit_down(context, server, "林晓")
        yield Table(context.new_page(), server, store, dataset)


def test_cells_are_edited_under_the_rules_and_versions_of_the_desk(table: Table) -> None:
    table.open()
    table.edit(1, NAME, " 林森 ")
    table.says("已保存第 1 条「姓名」：林木1 → 林森")
    table.edit(1, PRODUCT, "会话存档，CRM")
    table.says("已保存第 1 条「意向产品」")
    record, history = table.record(1), table.history(1)
    assert (record.forms[0][NAME], record.forms[0][PRODUCT]) == ("林森", ["会话存档", "CRM"])
    assert (record.version, record.reviewer, record.status) == (3, "周岚", "已确认"), "a change is not an approval"
    assert record.customers[0]["confirmed"][NAME] == "逐项确认"
    assert [(one.version, one.who, one.reason, one.change["fields"]) for one in history[:2]] == [
        (3, "林晓", "在记录表里修改", [f"0:{PRODUCT}"]),
        (2, "林晓", "在记录表里修改", [f"0:{NAME}"]),
    ]
    # A chat without a record gets a draft that starts from the run; what the checks remark is said at once.
    table.edit(5, PHONE, "1380000")
    table.says("已保存第 5 条「手机号码」")
    expect(table.page.locator(".st-key-records-news")).to_contain_text("warning")
    assert (table.record(5).status, table.value(5, NAME), table.value(5, PHONE)) == ("草稿", "林木5", "1380000")
    # Keys alone: arrows move, Enter edits, Esc gives up, Ctrl+Z takes back.
    table.cell(2, NAME).click()
    table.page.keyboard.press("ArrowDown")
    table.page.keyboard.press("Enter")
    table.page.keyboard.type("不要")
    table.page.keyboard.press("Escape")
    expect(table.cell(3, NAME)).to_have_text("林木3")
    table.page.keyboard.press("Enter")
    table.page.keyboard.type("林海")
    table.page.keyboard.press("Enter")
    table.says("已保存第 3 条「姓名」：林木3 → 林海")
    table.page.keyboard.press("Control+z")
    table.says("已撤销第 3 条的修改")
    expect(table.cell(3, NAME)).to_have_text("林木3")
    assert [one.reason for one in table.history(3)] == ["撤销在记录表里的修改", "在记录表里修改", ""]


def test_a_newer_version_of_somebody_else_is_shown_and_nothing_is_lost(table: Table) -> None:
    table.open()
    save(table.store, table.dataset, 2, {NAME: "周岚改的"}, version=1)
    table.edit(2, NAME, "我填的")
    table.says("第 2 条「姓名」没有保存")
    held = table.page.locator("[class*=st-key-records-held]")
    expect(held).to_contain_text("周岚刚刚改过")
    expect(held).to_contain_text("您填的是「我填的」，现在是「周岚改的」")
    expect(table.cell(2, NAME)).to_have_text("周岚改的")
    assert (table.value(2, NAME), table.record(2).version) == ("周岚改的", 2)
    table.open()  # what was typed is still there after a reload, and asked about again
    table.page.get_by_role("button", name="用我填的").click()
    table.says("已保存第 2 条「姓名」：周岚改的 → 我填的")
    expect(held).to_have_count(0)
    assert (table.value(2, NAME), table.record(2).version, table.record(2).reviewer) == ("我填的", 3, "周岚")
    table.open()
    expect(table.cell(2, NAME)).to_have_text("我填的")
    assert len(table.history(2)) == 3


def test_fill_down_and_replace_are_previewed_applied_and_undone(table: Table) -> None:
    page = table.open().page
    save(table.store, table.dataset, 1, {NAME: "林木1", STAGE: "赢单"}, version=1)
    table.open()
    table.tick(1, 2, 3)
    page.get_by_role("button", name="填充").click()
    choose = page.get_by_label("填充哪个字段")
    choose.click()
    choose.fill("购买阶段")
    page.get_by_role("option", name="购买阶段").click()
    table.says("把第 1 条的「赢单」填到其余 2 行")
    page.get_by_role("button", name="预览填充").click()
    dialog = page.get_by_test_id("stDialog")
    expect(dialog).to_contain_text("2 条记录的 2 个值会改")
    assert table.value(2, STAGE) == "报价"  # looking changes nothing
    dialog.get_by_role("button", name="改这 2 个值").click()
    table.says("改了 2 条记录")
    assert [table.value(chat, STAGE) for chat in (1, 2, 3, 4)] == ["赢单", "赢单", "赢单", "报价"]
    undo(table, 2)
    assert [table.value(chat, STAGE) for chat in (1, 2, 3, 4)] == ["赢单", "报价", "报价", "报价"]
    assert table.history(3)[0].reason == "撤销批量修改"

    page.keyboard.press("Escape")
    page.get_by_role("button", name="替换").click()
    page.get_by_label("查找").fill("会话存档")
    page.get_by_label("替换为").fill("商城")
    page.get_by_label("替换为").press("Enter")
    page.get_by_role("button", name="预览替换").click()
    expect(dialog).to_contain_text("把「会话存档」替换为「商城」")
    dialog.get_by_role("button", name="改这 3 个值").click()
    table.says("改了 3 条记录")
    assert [table.value(chat, PRODUCT) for chat in (2, 3, 4)] == [["商城"]] * 3
    undo(table, 3)
    assert [table.value(chat, PRODUCT) for chat in (2, 3, 4)] == [["会话存档"]] * 3


def undo(table: Table, records: int) -> None:
    page = table.page
    page.keyboard.press("Escape")
    page.get_by_role("button", name="批量修改记录").click()
    page.locator("[data-testid=stPopoverBody]").get_by_role("button", name="撤销").first.click()
    table.says(f"已撤销 {records} 条")


def test_filters_pages_and_the_desk(table: Table) -> None:
    page = table.open("&text=林木3").page
    table.says("共 1 条群聊（筛选自 6 条）")
    assert table.chats() == ["3"]
    page.get_by_role("button", name="清除筛选").click()
    table.says("共 6 条群聊")
    page.get_by_role("radio", name="已确认").or_(page.get_by_role("button", name="已确认")).first.click()
    table.says("共 4 条群聊（筛选自 6 条）")
    page.reload()
    table.says("共 4 条群聊（筛选自 6 条）")
    assert "queue=" in page.url
    expect(table.cell(3, "_chat")).to_be_visible()
    table.cell(3, "_chat").click()
    expect(page.locator("[data-testid=workbench]")).to_have_attribute("data-chat", "3")
    page.get_by_test_id("stMain").get_by_role("link", name="记录表").click()
    table.says("共 4 条群聊（筛选自 6 条）")  # the desk leads back to the same rows
    assert "queue=" in page.url


def test_paging_is_the_servers(table: Table) -> None:
    large = Table(table.page, table.server, table.store, fill(table.store, "两页", record_table.PAGE + 3))
    page = large.open().page
    large.says(f"共 {record_table.PAGE + 3} 条群聊 · 本页 {record_table.PAGE} 行")
    large.edit(2, NAME, "第一页")
    large.says("已保存第 2 条")
    page.get_by_role("button", name="下一页").click()
    expect(large.cell(record_table.PAGE + 1, "_chat")).to_be_visible()
    large.says("本页 3 行")
    large.edit(record_table.PAGE + 3, NAME, "最后一条")
    large.says(f"已保存第 {record_table.PAGE + 3} 条")
    page.reload()
    large.says("本页 3 行")
    expect(large.frame.locator(".ag-row").first).to_be_visible()
    fetched = large.frame.locator("body").evaluate(
        "() => performance.getEntriesByType('resource').filter(({ name }) => name.includes('/js/'))"
        ".map(({ transferSize }) => transferSize)"
    )
    assert fetched == [0], "the table's script was kept by the browser"
    assert (large.value(2, NAME), large.value(record_table.PAGE + 3, NAME)) == ("第一页", "最后一条")


def test_a_form_in_use_goes_over_two_hundred_records_and_back(browser: Browser, app: App) -> None:
    """A rename, a dropped field, a split and merged values on 表单; the desk that was open goes on; undo."""
    server, store = app
    dataset = tickets(store, 200, "两百张工单")
    new = next_version(store)
    before = everything(store, dataset)["records"]
    with seats(browser, server, store, dataset.id) as sit:
        desk = sit("林晓").open(5)
        expect(desk.field("联系电话")).to_have_value("13800000005")
        note = desk.field("备注")
        note.press("End")
        note.press_sequentially("，半句")
        page = desk.page.context.new_page()
        page.goto(f"{server.url}/forms?form={OLD}&view={quote('在用的数据')}")
        page.get_by_text("写成 JSON").click()
        page.get_by_label("字段的对应").fill(json.dumps(MAPPING, ensure_ascii=False))
        page.get_by_label("字段的对应").press("Control+Enter")
        page.get_by_role("button", name="预览会改什么").click()
        expect(page.get_by_text("有 200 处的值在新的表单里没有地方放")).to_be_visible()
        expect(page.get_by_text("会变的值", exact=True)).to_be_in_viewport()
        expect(page.get_by_role("button", name="全部改过去")).to_be_disabled()
        page.get_by_text("看过了，可以丢掉").click()
        page.get_by_role("button", name="全部改过去").click()
        expect(page.get_by_text("已改过去")).to_be_visible()
        with store.read() as session:
            assert queries.dataset(session, dataset.id).form == new
        note.press_sequentially("话")  # over the form of before, which is still on screen
        expect(desk.field("回访电话")).to_have_value("13800000005", timeout=PATIENT)
        expect(desk.field("备注")).to_have_value("第 5 户，半句话")
        desk.page.reload()
        desk.at(5)
        expect(desk.field("备注")).to_have_value("第 5 户，半句话")
        expect(desk.field("品牌型号")).to_have_count(0)
        page.get_by_role("button", name="撤销").click()
        expect(page.get_by_text("已撤销，数据集又用原来的表单")).to_be_visible()
        desk.page.reload()
        desk.at(5)
        expect(desk.field("品牌型号")).to_have_value("云岭")
    after = everything(store, dataset)["records"]
    (typed,) = [number for number in before if after[number] != before[number]]
    assert after[typed][0]["values"] == {**before[typed][0]["values"], "备注": "第 5 户，半句话"}
