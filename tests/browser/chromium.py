"""Debian's Chromium as tests and benchmarks drive it."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, WebSocket, expect, sync_playwright
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

CHROMIUM = Path(os.environ.get("SHIYAO_CHROMIUM") or shutil.which("chromium") or "/usr/bin/chromium")
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


@contextmanager
def chromium() -> Iterator[Browser]:
    """A running Chromium, closed at the end."""
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
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

        The server's word that its script began is what counts: what the page shows of it can pass between two looks.
        """
        with self._socket.expect_event("framereceived", _begins, timeout=60_000):
            self._page.evaluate(_GO, address)
        wait_until_drawn(self._page)


_GO = """(address) => {
  history.pushState(null, '', address);
  dispatchEvent(new PopStateEvent('popstate'));
}"""


def _begins(frame: str | bytes) -> bool:
    """Whether a message of the server says that a page's script, not a fragment of it, has begun."""
    message = ForwardMsg.FromString(frame if isinstance(frame, bytes) else frame.encode())
    return message.WhichOneof("type") == "new_session" and not message.metadata.run.fragment_ids
