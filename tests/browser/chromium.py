"""Debian's Chromium as tests and benchmarks drive it.

Its build without windows where it is at hand (``chromium-headless-shell``): the same engine, but nothing draws a menu
and tabs that nobody sees, which takes a quarter of the time.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, WebSocket, expect, sync_playwright
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

CHROMIUM = Path(
    os.environ.get("SHIYAO_CHROMIUM")
    or shutil.which("chromium-headless-shell")
    or shutil.which("chromium")
    or "/usr/bin/chromium"
)
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
)
FOR_MANY_PAGES = (
    "--process-per-site",
    "--js-flags=--no-opt --invocation-count-for-maglev=4000 --interrupt-budget-for-maglev=600000",
)
"""Of tests, not of measurements: one process for the pages of a visitor keeps what it has compiled, and none is there
for so long that its scripts are worth making quicker."""


@contextmanager
def chromium(*flags: str) -> Iterator[Browser]:
    """A running Chromium, with flags besides :data:`FLAGS`, closed at the end."""
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS, *flags])
        yield launched
        launched.close()


def at_rest(page: Page) -> None:
    """Wait until Streamlit has drawn the page: before, what was there stands beside what is new."""
    page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for(timeout=60_000)


def wait_until_drawn(page: Page) -> None:
    """Wait until a page of the app is there as a whole: nothing of it to come, nothing of the one before left."""
    at_rest(page)
    page.locator("[data-testid=stMainBlockContainer] >> visible=true").wait_for()
    expect(page.locator("[data-testid=stSkeleton]")).to_have_count(0)
    expect(page.locator("[data-stale=true]")).to_have_count(0)  # what is about to go is drawn half transparent


class Walk:
    """Goes on from one address of the app to the next without loading it anew, as its own links do."""

    def __init__(self, page: Page) -> None:
        self._page = page
        page.on("websocket", self._keep)

    def _keep(self, socket: WebSocket) -> None:
        self._socket = socket

    def to(self, address: str) -> None:
        """Go to an address and wait until its page is drawn.

        The server's word that its script began and ended is what counts: what the page shows of it can pass between
        two looks. Then the page is given time to take that in, which shows in the state of the script.
        """
        run = _Run()
        with self._socket.expect_event("framereceived", run.is_over_with, timeout=60_000):
            self._page.evaluate(_GO, address)
        for _ in range(_LOOKS):
            if self._page.evaluate("window.redrawn"):
                break
            self._page.wait_for_timeout(20)
        wait_until_drawn(self._page)


_LOOKS = 100
"""Looks, two seconds, for a page that draws beginning and end of a script at once, so that neither shows."""
_GO = """(address) => {
  window.redrawn = false;
  new MutationObserver((_, watcher) => { window.redrawn = true; watcher.disconnect(); })
    .observe(document.querySelector('[data-testid=stApp]'), { attributeFilter: ['data-test-script-state'] });
  history.pushState(null, '', address);
  dispatchEvent(new PopStateEvent('popstate'));
}"""


class _Run:
    """One run of a page's script, not of a fragment of it, by the server's messages."""

    def __init__(self) -> None:
        self._has_begun = False

    def is_over_with(self, frame: str | bytes) -> bool:
        """Whether the run has begun and, with this message, ended."""
        message = ForwardMsg.FromString(frame if isinstance(frame, bytes) else frame.encode())
        if message.metadata.run.fragment_ids:
            return False
        if message.WhichOneof("type") == "new_session":
            self._has_begun = True
        is_end = message.WhichOneof("type") == "script_finished"
        return self._has_begun and is_end and message.script_finished == ForwardMsg.FINISHED_SUCCESSFULLY
