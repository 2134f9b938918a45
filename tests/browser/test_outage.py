"""The database goes away under an open workbench and comes back: it stays on the page, and goes on without a reload."""

import resource
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests import postgres as pg
from tests.browser.reviewer_page import BUDGET, PATIENT, App, ReviewerPage, Sit, app_over, fill, seats
from tests.browser.serving import Server

pytestmark = pytest.mark.browser

AWAY = "数据库暂时不可用，改动都在本机"
MARK = "window.neverReloaded = true"


@pytest.fixture(scope="module")
def own_postgres() -> Iterator[pg.Postgres]:
    """A server that these tests stop and start again, one after another."""
    if reason := pg.why_not():
        pytest.skip(reason)
    with pg.running() as server:
        yield server


@pytest.fixture(scope="module")
def app(own_postgres: pg.Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """The real app over it: each test has a dataset and a browser of its own."""
    with app_over(tmp_path_factory.mktemp("outage"), own_postgres.database()) as started:
        yield started


def approve_some(desk: ReviewerPage) -> None:
    """Work during the outage: chats 1 and 2 are approved, 3 is edited."""
    for chat in (1, 2):
        desk.field(BUDGET).fill(f"停电时写的{chat}")
        desk.approve()
        desk.at(chat + 1)
    desk.field(BUDGET).fill("停电时写的3")
    desk.is_now("unsaved")
    expect(desk.page.get_by_text(AWAY)).to_be_visible(timeout=PATIENT)
    expect(desk.page.get_by_text("这里出错了")).to_have_count(0)


def all_is_stored_once(desk: ReviewerPage) -> None:
    desk.is_now("saved")
    expect(desk.page.get_by_text(AWAY)).to_have_count(0, timeout=PATIENT)
    assert desk.page.evaluate("window.neverReloaded") is True
    assert [desk.value(chat, BUDGET) for chat in (1, 2, 3)] == [f"停电时写的{chat}" for chat in (1, 2, 3)]
    statuses = [[event.status for event in desk.history(chat) if event.status != "草稿"] for chat in (1, 2, 3)]
    assert statuses == [["已确认"], ["已确认"], []]


def test_postgresql_is_stopped_and_started_again(browser: Browser, own_postgres: pg.Postgres, app: App) -> None:
    server, store = app
    with seats(browser, server, store, fill(store, "重启", 12)) as sit:
        desk = opened(sit)
        own_postgres.stop()
        try:
            approve_some(desk)
        finally:
            own_postgres.start()
        all_is_stored_once(desk)


def test_a_page_that_was_opened_meanwhile_comes_by_itself(
    browser: Browser, own_postgres: pg.Postgres, app: App
) -> None:
    server, store = app
    dataset = fill(store, "新开", 12)
    with seats(browser, server, store, dataset) as sit:
        desk = opened(sit)
        own_postgres.stop()
        try:
            other = desk.page.context.new_page()
            other.goto(f"{server.url}/workbench?dataset={dataset}")
            expect(other.get_by_text("正在等数据库恢复")).to_be_visible(timeout=PATIENT)
        finally:
            own_postgres.start()
        expect(other.locator("[data-testid=workbench]")).to_have_attribute("data-chat", "1", timeout=PATIENT)


def test_the_page_is_drawn_anew_meanwhile(browser: Browser, own_postgres: pg.Postgres, app: App) -> None:
    server, store = app
    with seats(browser, server, store, fill(store, "重画", 12)) as sit:
        desk = opened(sit)
        workbench = desk.page.locator("[data-testid=workbench]")
        workbench.evaluate("(element) => { element.neverRemoved = true }")
        own_postgres.stop()
        try:
            desk.field(BUDGET).fill("停电时写的1")
            expect(desk.page.get_by_text(AWAY)).to_be_visible(timeout=PATIENT)
            # Whatever the reviewer chooses draws the whole page anew.
            desk.page.locator(".st-key-workbench-queue button").click()
            desk.page.locator(".st-key-queue").get_by_text("全部", exact=True).click()
            expect(
                desk.page.get_by_text("恢复后这里自动回来").or_(desk.page.get_by_text("正在等数据库恢复")).first
            ).to_be_visible(timeout=PATIENT)
            assert workbench.evaluate("(element) => element.isConnected && element.neverRemoved === true")
            expect(desk.field(BUDGET)).to_have_value("停电时写的1")
        finally:
            own_postgres.start()
        desk.is_now("saved")
        expect(desk.page.locator(".st-key-workbench-queue button")).to_be_visible(timeout=PATIENT)
        assert workbench.evaluate("(element) => element.neverRemoved === true")
        assert desk.value(1, BUDGET) == "停电时写的1"


def test_the_disk_is_full_for_a_while(browser: Browser, tmp_path: Path) -> None:
    with app_over(tmp_path) as (server, store), seats(browser, server, store, fill(store, "磁盘满", 12)) as sit:
        desk = opened(sit)
        let_files_grow(server, 4096)
        try:
            approve_some(desk)
        finally:
            let_files_grow(server, resource.RLIM_INFINITY)
        all_is_stored_once(desk)


def opened(sit: Sit) -> ReviewerPage:
    desk = sit("林晓").open(1)
    desk.is_now("saved")
    desk.page.wait_for_load_state("networkidle")
    desk.page.evaluate(MARK)
    return desk


def let_files_grow(server: Server, size: int) -> None:
    """From now on the server can write no file beyond this many bytes."""
    assert server.process is not None
    _, hard = resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (size, hard))
