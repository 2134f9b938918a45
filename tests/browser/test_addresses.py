"""What only a browser shows of addresses: no such page, the default run's banner, the palette that leads anywhere."""

import pytest
from playwright.sync_api import Browser, expect

from core.adapters.store import queries
from core.services.extraction import runs as run_service
from core.services.quality import pin_default_run
from tests.browser.chromium import wait_until_drawn
from tests.browser.reviewer_page import NAME, RIVAL, App, fill, seats
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
        page.get_by_role("button", name="知道了", exact=True).click()
        expect(banner).to_have_count(0)
        desk.open(1)
        expect(page.get_by_text("默认任务从")).to_have_count(0)


def test_back_leads_from_the_desk_to_the_page_before_at_once(browser: Browser, app: App) -> None:
    server, store = app
    dataset = fill(store, "往回", 3)
    with seats(browser, server, store, dataset) as arrive:
        page = arrive("林晓").page
        page.goto(f"{server.url}/exports?dataset={dataset}")
        wait_until_drawn(page)
        page.get_by_test_id("stTopNavSection").filter(has_text="审阅").click()
        page.get_by_test_id("stTopNavPopover").locator("a", has_text="审阅台").click()
        page.wait_for_url("**/workbench?*chat=1*")
        page.go_back()
        expect(page.get_by_role("heading", name="导出", exact=True)).to_be_visible()
        page.wait_for_url("**/exports**")


def test_a_run_that_goes_on_is_watched_to_its_end_wherever_it_was_started(browser: Browser, app: App) -> None:
    server, store = app
    dataset = fill(store, "续跑", 3)
    first, second = (
        run_service.create_run(store, dataset=dataset, name=name, provider="local") for name in ("这里", "别处")
    )
    with seats(browser, server, store, dataset) as arrive:
        page = arrive("林晓").page
        for run, start in (
            (first, lambda: page.get_by_role("button", name="继续", exact=True).click()),
            (second, lambda: run_service.start(store, second.id)),
        ):
            page.goto(f"{server.url}/runs?dataset={dataset}&run={run.id}")
            panel = page.get_by_test_id("stMarkdownContainer")
            expect(panel.get_by_text("未开始", exact=True)).to_be_visible()
            start()
            expect(panel.get_by_text("已完成", exact=True)).to_be_visible()


def test_the_palette_leads_anywhere_by_name_and_gives_the_focus_back(browser: Browser, app: App) -> None:
    server, store = app
    first, second = fill(store, "会议 <b>test</b>", 3), fill(store, "音乐群", 2)
    with store.read() as session:
        runs = {run.dataset_id: run.id for run in queries.runs(session)}
    with seats(browser, server, store, first) as arrive:
        desk = arrive("林晓")
        page, keyboard = desk.page, desk.page.keyboard
        box, listed = page.get_by_role("combobox", name="搜索"), page.locator(".ours-palette [role=option]")

        def search(query: str, *, of: str = "") -> None:
            """Open it and look for something, until the list is about it."""
            keyboard.press("Control+k")
            expect(box).to_be_focused()
            keyboard.insert_text(query)
            expect(page.locator(f'.ours-palette [data-query="{query.strip()}"]')).to_have_count(1)
            if of:
                expect(listed.first).to_contain_text(of)

        page.goto(f"{server.url}/datasets?dataset={second}")
        expect(page.get_by_role("heading", name="数据集", exact=True)).to_be_visible()
        page.evaluate("window.isSame = true")
        search("db", of="对比")
        keyboard.press("Enter")
        page.wait_for_url("**/compare?*")
        page.get_by_role("button", name="搜索", exact=True).click()
        expect(listed.first).not_to_contain_text("对比")  # one is there already
        keyboard.press("Escape")
        search("zzzz")
        expect(page.get_by_text("没有找到「zzzz」")).to_be_visible()
        keyboard.press("Enter")  # which picks nothing
        expect(box).to_have_value("zzzz")
        keyboard.press("Control+a")
        keyboard.insert_text("啊" * 5000)
        assert len(box.input_value()) == 100
        keyboard.press("Control+k")
        expect(box).to_have_count(0)
        search("yl mx", of="模型")
        keyboard.press("Enter")
        page.wait_for_url(f"**/runs?dataset={second}&run={runs[second]}")
        search("hy mx", of="模型")
        keyboard.press("Enter")  # the page that is there already, with another run
        page.wait_for_url(f"**/runs?dataset={first}&run={runs[first]}")
        expect(page.get_by_role("combobox", name="数据集")).to_have_value("会议 <b>test</b> · 3 条群聊")
        keyboard.press("Control+k")
        expect(listed.first).to_contain_text("模型")  # what was picked before, though not what one is at
        keyboard.insert_text("hy te 2")
        keyboard.press("Enter")  # before the server can have answered
        desk.at(2)
        assert page.evaluate("window.isSame"), "no page was loaded anew on the way"
        assert f"dataset={first}" in page.url

        rival = desk.field(RIVAL)
        rival.click()
        keyboard.type("写了一半")
        search("nosuch")
        keyboard.press("Escape")
        expect(rival).to_be_focused()
        keyboard.type("，再写")
        expect(rival).to_have_value("写了一半，再写")
        search("yxcp", of="意向产品")
        keyboard.press("Enter")
        expect(desk.field("意向产品")).to_be_focused()
        keyboard.press("Escape")  # into command mode, in which a letter of the box is no command
        search("3 ")
        desk.at(2)
        keyboard.press("Enter")
        desk.at(3)
        search("tiaoguo", of="跳过")
        desk.look()
        keyboard.press("Enter")
        expect(desk.root).not_to_have_attribute("data-chat", "3")
        desk.is_now("saved")
        skipped, drafted = desk.record(3), desk.record(2)
        assert skipped is not None and drafted is not None
        assert (skipped.status, drafted.status, drafted.forms[0][RIVAL]) == ("已跳过", "草稿", "写了一半，再写")

        page.route("**/palette/**", lambda route: route.abort())
        search("qrbx", of="确认并下一条")
        expect(page.get_by_text("暂时连不上服务器：现在只能用本页的命令和字段")).to_be_visible()
        box.dispatch_event("compositionstart")
        box.evaluate(
            "box => box.dispatchEvent(new KeyboardEvent('keydown', {key: 'Enter', isComposing: true, bubbles: true}))"
        )
        expect(box).to_be_focused()
        keyboard.press("Escape")
