"""A huge chat on the real app: what is far away is found, and nothing is sent twice."""

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from core.adapters.store import Store
from tests.browser.reviewer_page import NAME, PATIENT, App, ReviewerPage, sit_down
from tests.factories.datasets import make_dataset, make_run
from tests.waiting import wait_until

pytestmark = pytest.mark.browser

PHONE = "基本信息-手机号码"
MESSAGES, FAR, LONG = 1_500, 1_310, 1_400
DOCUMENT = "这是一份合同的正文。" * 20_000 + "附件在末尾。"


def fill(store: Store) -> int:
    """One huge chat: a phone number stands far down, and a document in one message."""
    lines = [f"林木1：第 {number} 句，怎么卖？\n客服小陈：一万起。" for number in range(MESSAGES // 2)]
    messages = "\n".join(lines).split("\n")
    messages[FAR] = "林木1：我电话 139 0000 1234"
    messages[LONG] = f"客服小陈：{DOCUMENT}"
    dataset = make_dataset(store, ["\n".join(messages), "林木2：另一条\n客服小陈：好的"], "长群聊")
    make_run(store, dataset, "模型", {1: [{NAME: "林木1", PHONE: "13900001234"}], 2: [{NAME: "林木2"}]})
    return dataset.id


def test_a_huge_chat(page: Page, app: App) -> None:
    server, store = app
    sit_down(page.context, server, "林晓")
    received: list[Any] = []
    page.on("websocket", lambda socket: socket.on("framereceived", lambda frame: received.append(frame)))
    desk = ReviewerPage(page, server, store, fill(store)).open(1)
    pane = page.locator(".pane:not(.behind)")
    rows = pane.locator(".m")
    expect(rows.first).to_be_in_viewport(timeout=PATIENT)
    expect(pane.locator(".headline")).to_contain_text(f"共 {MESSAGES:,} 条消息")
    assert rows.count() < MESSAGES / 2, "rows are made where somebody looks"
    whole = len(DOCUMENT.encode())
    assert max(map(len, received)) > whole, "the first answer brings the texts"

    # Evidence that is far away comes into view, and the next save does not bring the texts again.
    row = pane.locator(f'.m[data-i="{FAR}"]')
    desk.field(PHONE).focus()
    expect(row.locator("mark.focus")).to_be_in_viewport(timeout=PATIENT)
    received.clear()
    for value in ("13900001236", "13900001237", "13900001238", "13900001235"):
        desk.field(PHONE).fill(value)
        wait_until(lambda said=value: desk.value(1, PHONE) == said)  # type: ignore[misc]
        desk.is_now("saved")
    expect(row.locator("mark.focus")).to_have_count(0, timeout=PATIENT)
    # Each by itself: how many answers a save has depends on who is quicker, browser or server.
    assert max(map(len, received)) < whole
    desk.field(PHONE).fill("13900001234")
    expect(row.locator("mark.focus")).to_have_count(1, timeout=PATIENT)

    # So do words, to the last one, and the end of the list.
    page.keyboard.press("Alt+/")
    page.keyboard.type("一万起")
    page.keyboard.press("Shift+Enter")
    expect(pane.locator(".m.current")).to_have_attribute("data-i", str(MESSAGES - 1))
    expect(pane.locator(".m.current")).to_be_in_viewport()
    page.keyboard.press("Escape")
    pane.evaluate("pane => { pane.scrollTop = 0; }")
    expect(pane.locator('.m[data-i="0"]')).to_be_in_viewport()
    pane.evaluate("pane => { pane.scrollTop = pane.scrollHeight; }")
    expect(pane.locator(f'.m[data-i="{MESSAGES - 1}"]')).to_be_in_viewport()

    # The rail knows where evidence stands whose rows are not there, and leads to it.
    pane.evaluate("pane => { pane.scrollTop = 0; }")
    page.get_by_role("button", name=re.compile(f"手机号码.* 第 {FAR + 1} 条")).click()
    expect(row.locator("mark.on")).to_be_in_viewport(timeout=PATIENT)

    # One message of 200,000 characters is cut into pieces; its end is found.
    page.keyboard.press("Alt+/")
    page.locator("input.find").fill("附件在末尾")
    expect(pane.locator(".m.current .piece").last).to_contain_text("附件在末尾")
    assert pane.locator(f'.m[data-i="{LONG}"] .body').evaluate("body => body.textContent") == DOCUMENT
