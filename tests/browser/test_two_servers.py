"""Two servers over one PostgreSQL behind a reverse proxy, a browser at each: one is killed, and the other goes on.

The proxy is what docs/runs.md asks of one: a browser stays with its server, and comes to the other where that is gone.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect
from sqlmodel import select

from bench.chaos.proxy import proxied
from core.adapters.store import open_store
from core.adapters.store.models import Extraction, RunStatus
from core.services.extraction import runs as run_service
from tests import postgres as pg
from tests.browser.reviewer_page import BUDGET, PATIENT, RIVAL, ReviewerPage, fill, seats
from tests.browser.serving import Server, serving
from tests.waiting import wait_until

pytestmark = pytest.mark.browser


@pytest.fixture
def address(postgres: pg.Postgres) -> str:
    """A blank database, which both servers migrate when they start."""
    return postgres.database()


@pytest.fixture
def servers(address: str, tmp_path: Path) -> Iterator[tuple[Server, Server]]:
    """Two of them, started at the same time over the same blank database."""
    folders = [tmp_path / name for name in ("one", "two")]

    def start(folder: Path) -> Server:
        folder.mkdir()
        env = {"SHIYAO_DATABASE_URL": address, "SHIYAO_LOG_FILE": str(folder / "log")}
        return opened.enter_context(serving("app.py", folder, env))

    with ExitStack() as opened, ThreadPoolExecutor(2) as both:
        first, second = both.map(start, folders)
        yield first, second


def test_one_of_two_servers_is_killed_and_the_other_goes_on(
    browser: Browser, address: str, servers: tuple[Server, Server]
) -> None:
    first, second = servers
    with ExitStack() as opened:
        near_first = opened.enter_context(proxied(first.port, second.port))
        near_second = opened.enter_context(proxied(second.port, first.port))
        store = open_store(address)  # a third that migrates
        opened.callback(store.close)
        assert store.problems() == []
        dataset = fill(store, "两台", 12)
        at_first = opened.enter_context(seats(browser, replace(first, port=near_first.port), store, dataset))
        at_second = opened.enter_context(seats(browser, replace(second, port=near_second.port), store, dataset))

        xiao, mo = at_first("林晓").open(1), at_second("陈默")
        mo.open()
        expect(mo.root).not_to_have_attribute("data-chat", "1", timeout=PATIENT)  # claimed at the other server
        mo.open(1)
        expect(mo.page.get_by_text("林晓 正在审阅这一条")).to_be_visible()
        mo.field(RIVAL).fill("林间家居")
        mo.is_now("saved")
        xiao.field(BUDGET).fill("四万")
        banner = xiao.page.get_by_test_id("conflict")
        expect(banner).to_contain_text("陈默")
        xiao.look()
        banner.get_by_role("button", name="按所选保存").click()
        xiao.is_now("saved")
        assert (xiao.value(1, BUDGET), xiao.value(1, RIVAL)) == ("四万", "林间家居")

        # A run that neither of them started is theirs to carry out, each chat once.
        for desk in (xiao, mo):
            takes_part_in_runs(desk)
        fill(store, "抽取", 20)
        run = run_service.create_run(store, dataset="抽取", name="规则", provider="local", concurrency=4)
        run_service.start(store, run.id)
        wait_until(lambda: run_service.progress(store, run.id).status == RunStatus.FINISHED)
        assert run_service.progress(store, run.id).done == 20
        with store.read() as session:
            assert [one.attempts for one in session.exec(select(Extraction).where(Extraction.run_id == run.id))] == [
                1
            ] * 20

        xiao.page.evaluate("window.neverReloaded = true")
        xiao.field(BUDGET).fill("五万")  # on its way, or not yet
        first.stop(kill=True)
        xiao.approve()
        approve_next(xiao, 2)
        approve_next(mo.open(7), 7)

        for desk in (xiao, mo):
            desk.is_now("saved")
        assert xiao.page.evaluate("window.neverReloaded") is True
        assert [xiao.value(chat, BUDGET) for chat in (1, 2, 7)] == ["五万", "写给2", "写给7"]
        assert xiao.value(1, RIVAL) == "林间家居"
        for chat, who in ((1, "林晓"), (2, "林晓"), (7, "陈默")):
            assert [event.who for event in xiao.history(chat) if event.status == "已确认"] == [who]


def takes_part_in_runs(desk: ReviewerPage) -> None:
    """Have a server look for runs, as it does from the first time on that somebody opens their page there."""
    page = desk.page.context.new_page()
    page.goto(f"{desk.server.url}/runs")
    expect(page.get_by_role("heading", name="抽取任务", exact=True)).to_be_visible(timeout=PATIENT)
    page.close()


def approve_next(desk: ReviewerPage, chat: int) -> None:
    desk.at(chat)
    desk.field(BUDGET).fill(f"写给{chat}")
    desk.approve()
    expect(desk.root).not_to_have_attribute("data-chat", str(chat), timeout=PATIENT)
