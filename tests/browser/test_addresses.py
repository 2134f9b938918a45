"""What only a browser shows of addresses and of the default run: the page that is not there, and the desk's banner."""

import pytest
from playwright.sync_api import Browser, expect

from core.adapters.store import queries
from core.services.quality import pin_default_run
from tests.browser.reviewer_page import NAME, App, fill, seats
from tests.factories.datasets import make_run

pytestmark = pytest.mark.browser


def test_no_such_page_no_such_chat_and_a_new_default_run(browser: Browser, app: App) -> None:
    server, store = app
    dataset = fill(store, "地址", 3)
    with store.read() as session:
        view = queries.dataset(session, dataset)
    with seats(browser, server, store, dataset) as arrive:
        desk = arrive("林晓")
        page = desk.page
        for wrong in ("nosuchpage", "Workbench2"):
            page.goto(f"{server.url}/{wrong}?dataset={dataset}")
            expect(page.get_by_role("heading", name="没有这个页面")).to_be_visible()
            expect(page.get_by_text(f"没有地址是「/{wrong}」的页面")).to_be_visible()
            expect(page.get_by_text("Page not found")).to_have_count(0)
            expect(page.get_by_role("dialog")).to_have_count(0)
        page.get_by_test_id("stMain").get_by_role("link", name="审阅台").click()
        page.wait_for_url("**/workbench**")
        page.goto(f"{server.url}/workbench?dataset={dataset}&chat=9999")
        expect(page.get_by_text("没有群聊「第 9999 条」")).to_be_visible()
        page.get_by_role("link", name="打开下一条待审阅的群聊").click()
        desk.at(1)
        expect(page.get_by_text("默认任务从")).to_have_count(0)
        newer = make_run(store, view, "新的", {index: [{NAME: f"林木{index}"}] for index in (1, 2, 3)})
        pin_default_run(store, dataset, newer, who="周")
        desk.open(1)
        banner = page.get_by_text("默认任务从「模型」换成了「新的」（周指定）")
        expect(banner).to_be_visible()
        bottom = desk.root.evaluate("desk => desk.getBoundingClientRect().bottom - innerHeight")
        assert bottom <= 0, "the desk still ends where the screen does"
        page.get_by_role("button", name="知道了").click()
        expect(banner).to_have_count(0)
        desk.open(1)
        expect(page.get_by_text("默认任务从")).to_have_count(0)
