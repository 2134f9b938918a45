"""The desk of the real app over a database of its own: chats made here, what a reviewer does, and what was stored."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from core.adapters.store import RecordView, Store, open_store, queries
from core.adapters.store.views import EventView
from tests.browser.serving import Server, serving
from tests.browser.visitors import visiting
from tests.browser.workbench_page import LATER
from tests.factories.datasets import make_dataset, make_run

NAME, BUDGET, RIVAL = "基本信息-姓名", "客户预算-总体预算金额", "竞品信息"
PATIENT = 60_000
"""Milliseconds that a condition may take on a busy machine; nobody waits that long elsewhere."""


def fill(store: Store, name: str, chats: int) -> int:
    """A dataset whose run names the customer of every chat; returns its id."""
    people = {index: f"林木{index}" for index in range(1, chats + 1)}
    texts = [
        f"{who}：这是第 {index} 条，书架怎么卖？\n客服小陈：一万起。\n{who}：好的" for index, who in people.items()
    ]
    dataset = make_dataset(store, texts, name)
    make_run(store, dataset, "模型", {index: [{NAME: who}] for index, who in people.items()})
    return dataset.id


App = tuple[Server, Store]
LEARNS_NOTHING = {"SHIYAO_LEARN_IN_BACKGROUND": "false"}
"""For servers of which no test asks that: training beside the tests takes a core for seconds, whenever it comes."""


@contextmanager
def app_over(folder: Path, url: str = "") -> Iterator[App]:
    """The real app over a blank database, one in this folder unless another is named; and the database."""
    url = url or f"sqlite:///{folder / 'desk.db'}"
    store = open_store(url)
    try:
        env = {"SHIYAO_DATABASE_URL": url, "SHIYAO_LOG_FILE": str(folder / "log")} | LEARNS_NOTHING
        with serving("app.py", folder, env) as server:
            yield server, store
    finally:
        store.close()


class ReviewerPage:
    """The workbench of the real app as one reviewer has it before them."""

    def __init__(self, page: Page, server: Server, store: Store, dataset: int) -> None:
        self.page, self.server, self.store, self.dataset = page, server, store, dataset
        self.root = page.locator("[data-testid=workbench]")

    def open(self, chat: int = 0) -> "ReviewerPage":
        self.page.goto(f"{self.server.url}/workbench?dataset={self.dataset}{f'&chat={chat}' if chat else ''}")
        return self.at(chat) if chat else self

    def at(self, chat: int) -> "ReviewerPage":
        expect(self.root).to_have_attribute("data-chat", str(chat), timeout=PATIENT)
        self.look()
        return self

    def is_now(self, state: str) -> None:
        expect(self.root).to_have_attribute("data-save-state", state, timeout=PATIENT)

    def field(self, key: str, customer: int = 0) -> Locator:
        return self.page.locator(f'[data-field="{key}"][data-customer="{customer}"]')

    def look(self) -> None:
        """Time goes by in which what is on screen can be seen."""
        self.page.evaluate(LATER)

    def approve(self) -> None:
        """Approve, stopped or not, with a look at each: what is pressed at once does nothing."""
        self.look()
        self.page.keyboard.press("Control+Enter")
        if self.page.get_by_text("再按一次 Ctrl+Enter 照样确认").is_visible():
            self.look()
            self.page.keyboard.press("Control+Enter")

    def record(self, chat: int) -> RecordView | None:
        with self.store.read() as session:
            records = list(queries.records(session, self.dataset))  # to its end, for PostgreSQL streams it
            return next((record for record in records if record.index == chat), None)

    def value(self, chat: int, key: str) -> Any:
        record = self.record(chat)
        return record.forms[0][key] if record else None

    def history(self, chat: int) -> list[EventView]:
        record = self.record(chat)
        with self.store.read() as session:
            return queries.events(session, record.id) if record else []


Sit = Callable[..., ReviewerPage]


@contextmanager
def seats(browser: Browser, server: Server, store: Store, dataset: int) -> Iterator[Sit]:
    """``sit("林晓")`` puts a reviewer with a browser of their own (or in a given one) at this dataset."""
    with ExitStack() as visits:

        def arrive(who: str, context: BrowserContext | None = None) -> ReviewerPage:
            if context is None:
                context = visits.enter_context(visiting(browser, PATIENT))
                sit_down(context, server, who)
            return ReviewerPage(context.new_page(), server, store, dataset)

        yield arrive


def sit_down(context: BrowserContext, server: Server, who: str) -> None:
    """Give a browser a reviewer's name, as the page itself remembers it."""
    context.add_cookies([{"name": "shiyao_reviewer", "value": quote(who), "url": server.url}])
