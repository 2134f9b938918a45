"""Order and flow on the real app: filters that stay in the address, guidelines, batches, versions brought back."""

import json
import re
from collections.abc import Iterator
from io import BytesIO

import pytest
from playwright.sync_api import Browser, Page, expect

from core.adapters.store import queries
from core.services.datasets import import_chats
from tests.browser.chromium import at_rest
from tests.browser.reviewer_page import BUDGET, NAME, PATIENT, App, Sit, seats
from tests.browser.serving import Server
from tests.factories.datasets import FORM, make_dataset, make_run
from tests.factories.reviews import decide

pytestmark = pytest.mark.browser
WORDS = ["你好", "怎么付款", "先了解价格", "什么时候发货", "价格能谈吗", "谢谢"]
DEAR = (3, 5)
"""Chats that ask for the price."""


@pytest.fixture
def sit(browser: Browser, app: App, request: pytest.FixtureRequest) -> Iterator[Sit]:
    """Seats at a dataset of this test's own, imported as a file is."""
    server, store = app
    texts = [{"chat_text": f"林木{i}：{said}\n客服小陈：您好，请说。"} for i, said in enumerate(WORDS, 1)]
    file = BytesIO(json.dumps(texts, ensure_ascii=False).encode())
    name = request.node.name
    import_chats(store, file, filename="chats.json", dataset=name)
    with store.read() as session:
        dataset = queries.dataset(session, name)
    with seats(browser, server, store, dataset.id) as arrive:
        yield arrive


def to(page: Page, server: Server, address: str) -> None:
    page.goto(f"{server.url}/{address}")


def test_filters_and_order_stay_in_the_address(sit: Sit) -> None:
    desk = sit("林晓").open(1)
    page = desk.page
    page.get_by_test_id("stPopoverButton").click()
    page.get_by_label("群聊里有").fill("价格")
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("stPopoverButton")).to_contain_text("1 条件")
    page.get_by_role("radio", name="最久未动").click()
    expect(page.get_by_test_id("stPopoverButton")).to_contain_text("最久未动")
    page.keyboard.press("Escape")
    page.wait_for_url(lambda url: "order=" in url and "text=" in url)
    address = page.url
    page.reload()
    desk.at(1)  # where somebody was; the queue goes on with those that ask for the price
    expect(page.get_by_test_id("stPopoverButton")).to_contain_text("最久未动 · 1 条件")
    expect(desk.root).to_contain_text("队列里 2（共剩 6）")
    for chat in DEAR:
        desk.approve()
        desk.at(chat)
    desk.is_now("saved")
    page.get_by_role("link", name="总览").click()  # nobody sits on the last one any more
    expect(desk.root).to_be_hidden(timeout=PATIENT)
    # The same link at another desk: what is left of the two.
    other = sit("陈默")
    other.page.goto(re.sub(r"chat=\d+&?", "", address))
    other.at(DEAR[1])
    expect(other.page.get_by_test_id("stPopoverButton")).to_contain_text("最久未动 · 1 条件")
    expect(other.root).to_contain_text("队列里 1（共剩 4）")


def test_the_end_of_a_queue_sums_up_and_leads_on_by_keys(sit: Sit, app: App) -> None:
    desk = sit("林晓")
    with app[1].read() as session:
        dataset = queries.dataset(session, desk.dataset)
    for chat in range(1, 6):
        decide(app[1], dataset, chat, "待讨论" if chat == 5 else "已确认", {NAME: f"林木{chat}"}, who="林晓")
    page = desk.open(6).page
    title = desk.root.locator(".blank h3")
    desk.approve()
    expect(title).to_have_text("这个数据集都处理完了", timeout=PATIENT)
    sums = page.get_by_role("table", name="审了多少")
    expect(sums.get_by_role("row", name="最近一轮")).to_contain_text("6 条")  # today counts all datasets
    page.keyboard.press("Control+z")
    desk.at(6)
    expect(title).to_be_hidden()
    desk.approve()
    expect(title).to_have_text("这个数据集都处理完了", timeout=PATIENT)
    desk.is_now("saved")
    # Somebody leaves a chat open again: it is offered, and nobody is moved by themselves.
    decide(app[1], dataset, 1, "草稿", {NAME: "林木一"}, who="周岚", version=1)
    page.evaluate("() => { const real = Date.now; Date.now = () => real() + 15_000; }")
    expect(title).to_have_text("又有群聊可以审了", timeout=PATIENT)
    desk.look()
    page.keyboard.press("Enter")
    desk.at(1)
    desk.approve()
    expect(title).to_have_text("这个数据集都处理完了", timeout=PATIENT)
    desk.is_now("saved")
    desk.look()
    page.keyboard.press("1")  # what is left to be discussed
    desk.at(5)
    assert "queue=" in page.url


def test_a_guideline_written_by_the_lead_stands_beside_the_field(sit: Sit, app: App) -> None:
    lead = sit("周岚")
    to(lead.page, app[0], f"guidelines?dataset={lead.dataset}&field={FORM.field(BUDGET).label}")
    for version, text in enumerate(["只填客户说出口的预算", "只填客户说出口的预算；区间写两端"], 1):
        lead.page.get_by_label("规范、例子和已作的决定").fill(text)
        lead.page.get_by_label("为什么改").fill("第 3 条讨论后决定")
        lead.page.get_by_role("button", name="保存为新版本").click()
        expect(lead.page.get_by_role("heading", name=FORM.field(BUDGET).label)).to_be_visible()
        expect(lead.page.get_by_text(f"版本 {version}，周岚 写于").first).to_be_visible(timeout=PATIENT)
        at_rest(lead.page)  # until then the form of the version before stands there as well
    lead.page.get_by_text("历史（").click()
    expect(lead.page.get_by_text("区间写两端").last).to_be_visible()
    desk = sit("林晓").open(1)
    desk.field(BUDGET).focus()
    desk.page.keyboard.press("Alt+g")
    expect(desk.page.get_by_role("note", name="标注规范")).to_contain_text("区间写两端")


def test_a_batch_is_handed_out_reviewed_and_seen_to_shrink(sit: Sit, app: App) -> None:
    lead = sit("周岚")
    to(lead.page, app[0], f"batches?dataset={lead.dataset}")
    lead.page.get_by_label("批次名称").fill("第一周")
    lead.page.get_by_label("分给谁").fill("林晓")
    lead.page.keyboard.press("Enter")
    lead.page.keyboard.press("Escape")
    lead.page.get_by_label("一共多少条").fill("2")
    lead.page.keyboard.press("Enter")
    lead.page.get_by_role("button", name="分派", exact=True).click()
    expect(lead.page.get_by_text("已分派给 1 人").first).to_be_visible(timeout=PATIENT)
    desk = sit("林晓")
    to(desk.page, app[0], f"workbench?dataset={desk.dataset}&batch=我的批次")
    desk.at(1)
    expect(desk.root).to_contain_text("队列里 2（共剩 6）")
    desk.approve()
    desk.at(2)
    desk.is_now("saved")
    expect(desk.root).to_contain_text("队列里 1（共剩 5）")
    lead.page.reload()
    cells = lead.page.get_by_role("gridcell", include_hidden=True)
    expect(cells.filter(has_text="林晓").first).to_be_attached(timeout=PATIENT)
    assert [cells.nth(i).inner_text() for i in range(3, 6)] == ["2", "1", "1"], "chats, approved, left"
    # A click on the row, and its way to the desk: there is the batch.
    lead.page.get_by_test_id("stDataFrame").click(position={"x": 12, "y": 52})
    lead.page.get_by_role("button", name="在审阅台打开").click()
    expect(lead.root).to_be_visible(timeout=PATIENT)
    expect(lead.page.get_by_test_id("stPopoverButton")).to_contain_text("1 条件")
    expect(lead.root).to_contain_text("队列里 1（共剩 5）")


def test_any_version_is_brought_back_as_a_new_one(sit: Sit, app: App) -> None:
    desk = sit("林晓").open(1)
    for value in ("三万", "五万"):
        desk.field(BUDGET).fill(value)
        desk.is_now("saved")
    desk.approve()
    desk.at(2)
    desk.is_now("saved")
    assert desk.value(1, BUDGET) == "五万"
    before = desk.history(1)
    to(desk.page, app[0], f"history?dataset={desk.dataset}&chat=1")
    page = desk.page
    expect(page.get_by_text("三万").first).to_be_visible(timeout=PATIENT)
    page.get_by_role("button", name="恢复到这个版本").last.click()
    expect(page.get_by_text("已恢复：").first).to_be_visible(timeout=PATIENT)
    assert desk.value(1, BUDGET) == "三万"
    after = desk.history(1)
    assert all(event in after for event in before), "what was, is still there"
    assert len(after) == len(before) + 1


def test_after_the_third_equal_correction_the_like_are_walked_through_and_left_again(
    browser: Browser, app: App
) -> None:
    server, store = app
    product, people = "意向产品", {index: f"林木{index}" for index in range(1, 9)}
    texts = [f"{who}：想看看产品\n客服小陈：好的，{index}" for index, who in people.items()]
    dataset = make_dataset(store, texts, "同类")
    make_run(
        store, dataset, "模型", {i: [{NAME: who, product: ["CRM"] if i != 5 else ["AI"]}] for i, who in people.items()}
    )
    with seats(browser, server, store, dataset.id) as arrive:
        mine = arrive("林晓").open(1)
        page, keyboard = mine.page, mine.page.keyboard
        line, message = page.get_by_test_id("echo"), page.locator(".message")

        def correct(chat: int) -> None:
            """Approve 商城 instead of CRM."""
            mine.at(chat)
            mine.field(product).click()
            keyboard.press("5")
            keyboard.press("7")
            mine.approve()

        correct(1)
        correct(2)
        mine.at(3)
        expect(line).to_be_hidden()
        keyboard.press("Alt+'")
        expect(message).to_contain_text("没有同类改动可看：同一字段改成同样的值三次以后才有")
        correct(3)
        expect(line).to_contain_text("这类改动还有 4 处，一并看？")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        line.get_by_role("button", name="不再提示").click()
        expect(line).to_be_hidden()
        expect(message).to_contain_text("不再提示「意向产品：CRM → 商城」")
        message.get_by_role("button", name="撤销").click()
        expect(line).to_contain_text("4 处")
        mine.at(4)
        keyboard.press("Alt+ArrowDown")
        mine.at(5)  # which is none of them
        keyboard.press("Alt+'")
        mine.at(4)
        expect(line).to_contain_text("同类改动 1/4")
        expect(mine.field(product)).to_be_focused()
        keyboard.press("Alt+'")
        mine.at(5)
        expect(message).to_contain_text("同类改动处理了 0 / 4 处，4 处没动，回到第 5 条")
        with store.read() as session:
            decided = sorted(record.index for record in queries.records(session, dataset.id))
        assert decided == [1, 2, 3], "nothing was changed by itself"
        keyboard.press("Alt+'")
        mine.at(4)
        page.wait_for_url("**&chat=4*")
        page.evaluate("history.replaceState(history.state, '', location.href.replace('chat=4', 'chat=1'))")
        page.wait_for_url("**&chat=4*")  # what a late answer of the server wrote is put right
        page.reload()
        mine.at(4)
        expect(line).to_contain_text("同类改动 1/4")
        other = arrive("周岚").open(7)  # who is at one of them, and decides it
        other.approve()
        other.is_now("saved")
        for chat in (4, 6):
            correct(chat)
            mine.is_now("saved")  # and told of what the other has decided
        mine.at(8)
        expect(line).to_contain_text("同类改动 4/4")
        correct(8)
        mine.at(5)
        expect(message).to_contain_text("同类改动处理了 3 / 4 处，1 处别人已处理")
        expect(line).to_be_hidden()
        keyboard.press("Alt+\\")
        expect(message).to_contain_text("没有收起过的提示")
