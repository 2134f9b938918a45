"""Browsers of one visitor each, used by one test after another: nothing is left in them but what a page's code became.

A page's first load in a new context takes two seconds of processor time, in one that has read Streamlit's scripts from
the same port before 1.25: what was fetched is kept by the context, and what was compiled by its one process, which
lives on with a page of its own.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

from playwright.sync_api import Browser, BrowserContext, Frame, Page

_THIS_MACHINE = "http://127.0.0.1/"
"""An address of the site of all servers here, whatever their port; nobody is asked for it."""


class _Visitor:
    """A context, the page that keeps its process, and where its other pages have been."""

    def __init__(self, browser: Browser) -> None:
        self.context = browser.new_context(viewport={"width": 1600, "height": 900}, locale="zh-CN")
        self._keeper = self.context.new_page()
        self._keeper.route(_THIS_MACHINE, lambda route: route.fulfill(body=""))
        self._keeper.goto(_THIS_MACHINE)
        self._keeper.unroute(_THIS_MACHINE)
        self._devtools = self.context.new_cdp_session(self._keeper)
        self._origins: set[str] = set()
        self._has_crashed = False
        self._keeper.on("crash", self._give_up)
        self.context.on("page", self._watch)

    def _watch(self, page: Page) -> None:
        page.on("framenavigated", self._note)
        page.on("crash", self._give_up)

    def _give_up(self, _: Page) -> None:
        self._has_crashed = True

    def _note(self, frame: Frame) -> None:
        address = urlsplit(frame.url)
        if address.scheme == "http":
            self._origins.add(f"http://{address.netloc}")

    def is_blank_again(self) -> bool:
        """Whether all was forgotten that pages keep; not after a process of it ended."""
        if self._has_crashed:
            return False
        for page in self.context.pages:
            if page is not self._keeper:
                page.close()
        self.context.set_offline(False)
        self.context.clear_permissions()
        self.context.clear_cookies()
        while self._origins:
            data = {"origin": self._origins.pop(), "storageTypes": "all"}
            self._devtools.send("Storage.clearDataForOrigin", data)
        return True


_idle: WeakKeyDictionary[Browser, list[_Visitor]] = WeakKeyDictionary()


@contextmanager
def visiting(browser: Browser, timeout: float = 15_000) -> Iterator[BrowserContext]:
    """A visitor's browser: own storage, Chinese, 1600×900; its pages are closed afterwards.

    Scripts for every page (``add_init_script`` of the context) would stay: they need a context of their own.

    Args:
        browser: the Chromium.
        timeout: milliseconds that a condition may take.
    """
    idle = _idle.setdefault(browser, [])
    visitor = idle.pop() if idle else _Visitor(browser)
    visitor.context.set_default_timeout(timeout)
    is_usable = False
    try:
        yield visitor.context
        is_usable = visitor.is_blank_again()
    finally:
        if is_usable:
            idle.append(visitor)
        else:
            visitor.context.close()
