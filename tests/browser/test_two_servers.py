"""Two servers over one PostgreSQL behind a reverse proxy, a browser at each: one is killed, and the other goes on.

The proxy is what docs/runs.md asks of one: a browser stays with its server, and comes to the other where that is gone.
The one that is killed is at a run just then, whose chats the other finishes.
"""

import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

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
from tests.fakes.behaviour import Answer
from tests.fakes.openai_server import FakeOpenAI
from tests.waiting import wait_until

pytestmark = pytest.mark.browser


@pytest.fixture
def address(postgres: pg.Postgres) -> str:
    """A blank database, which both servers migrate when they start."""
    return postgres.database()


class Service(FakeOpenAI):
    """A model that answers two calls at once, and the others once it may."""

    def __init__(self) -> None:
        super().__init__(self._answer)
        self.may_answer = threading.Event()

    def _answer(self, _request: dict[str, Any], number: int) -> Answer:
        if number >= 2:
            self.may_answer.wait(120)
        return Answer()

    def __exit__(self, *raised: object) -> None:
        self.may_answer.set()
        super().__exit__(*raised)


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    """The model that this process and both servers know."""
    with Service() as running:
        for name, value in running.environment().items():
            monkeypatch.setenv(name, value)
        yield running


@pytest.fixture
def servers(address: str, service: Service, tmp_path: Path) -> Iterator[tuple[Server, Server]]:
    """Two of them, started at the same time over the same blank database."""
    folders = [tmp_path / name for name in ("one", "two")]

    def start(folder: Path) -> Server:
        folder.mkdir()
        env = {"SHIYAO_DATABASE_URL": address, "SHIYAO_LOG_FILE": str(folder / "log"), **service.environment()}
        return opened.enter_context(serving("app.py", folder, env))

    with ExitStack() as opened, ThreadPoolExecutor(2) as both:
        first, second = both.map(start, folders)
        yield first, second


def test_one_of_two_servers_is_killed_and_the_other_goes_on(
    browser: Browser, address: str, servers: tuple[Server, Server], service: Service
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

        # The first server alone is at this one: it stores two answers, and waits for four.
        takes_part_in_runs(xiao)
        fill(store, "问模型", 10)
        asked = run_service.create_run(store, dataset="问模型", name="问", provider="openai", concurrency=4)
        run_service.start(store, asked.id)
        wait_until(lambda: len(service.requests) == 6 and run_service.progress(store, asked.id).done == 2)

        # A run that neither of them started is theirs to carry out, each chat once.
        takes_part_in_runs(mo)
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
        service.may_answer.set()
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

        # What was stored is not asked again; the four that were lost are, once.
        wait_until(lambda: run_service.progress(store, asked.id).status == RunStatus.FINISHED)
        assert (run_service.progress(store, asked.id).done, run_service.progress(store, asked.id).failed) == (10, 0)
        asked_about = Counter(request["messages"][-1]["content"] for request in service.requests)
        assert sorted(asked_about.values()) == [1] * 6 + [2] * 4
        assert {asked_about[request["messages"][-1]["content"]] for request in service.requests[:2]} == {1}


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
