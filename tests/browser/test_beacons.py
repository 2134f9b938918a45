"""Nobody's browser calls out: names, notes, chats, answers and errors full of images and HTML, on every page."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from core.ui import navigation
from tests.browser.chromium import Walk, wait_until_drawn
from tests.browser.reviewer_page import App, sit_down
from tests.browser.serving import Serve
from tests.browser.visitors import visiting
from tests.factories.hostile import HostileHouse, hostile_texts
from tests.fakes.loopback_server import LoopbackServer

pytestmark = pytest.mark.browser

ADDRESS_OF = {script: address for entries in navigation._MENU.values() for script, _, address in entries}
WATCH = """
window.refused = [];
document.addEventListener('securitypolicyviolation', (event) =>
  window.refused.push(`${event.effectiveDirective} ${event.blockedURI}`));
"""
POINTING = """(beacon) => {
  const found = [];
  const look = (root) => root.querySelectorAll('*').forEach((one) => {
    for (const { name, value } of one.attributes)
      if (['src', 'href', 'srcset', 'action', 'style', 'background', 'poster', 'data'].includes(name))
        if (value.includes(beacon)) found.push(one.outerHTML.slice(0, 200));
    if (one.shadowRoot) look(one.shadowRoot);
  });
  look(document);
  return found;
}"""


@pytest.fixture
def beacon() -> Iterator[tuple[str, list[str]]]:
    """A server on this machine that writes down what it is asked for: its address and the list."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(204)
            self.end_headers()

        def log_message(self, format: str, *arguments: Any) -> None:
            """Say nothing."""

    server = LoopbackServer(Handler).started()
    yield f"http://127.0.0.1:{server.server_port}/beacon", asked
    server.stop()


@pytest.fixture
def visitor(browser: Browser, app: App) -> Iterator[Page]:
    """A page that notes what the Content-Security-Policy refused."""
    with visiting(browser, 60_000) as context:
        sit_down(context, app[0], "林晓")
        page = context.new_page()
        page.add_init_script(WATCH)
        yield page


def visit(page: Page, url: str) -> None:
    page.goto(url)
    wait_until_drawn(page)


@pytest.mark.timeout(240)
def test_no_page_calls_out(visitor: Page, app: App, beacon: tuple[str, list[str]]) -> None:
    server, store = app
    url, asked = beacon
    house = HostileHouse(store, lambda place: f"![{place}]({url}/{place}) <img src={url}/{place}/html> [a]({url}/link)")
    found: dict[str, list[str]] = {}
    titles: set[str] = set()
    walk = Walk(visitor)
    visit(visitor, server.url)
    for script, query in house.addresses():
        address = ADDRESS_OF[script] if script != navigation.OVERVIEW else ""
        walk.to(f"/{address}?{'&'.join(f'{key}={value}' for key, value in query.items())}")
        titles.add(visitor.title())
        for hidden in visitor.get_by_test_id("stTooltipIcon").all()[:4]:
            hidden.hover(force=True)
        seen = [f"points there: {one}" for frame in visitor.frames for one in frame.evaluate(POINTING, url)]
        seen += [f"refused: {one}" for frame in visitor.frames for one in frame.evaluate("window.refused || []")]
        found[f"{script} {query}"] = seen
    assert not {page: lines for page, lines in found.items() if lines}
    assert asked == []
    assert len(titles) >= len(ADDRESS_OF) - 1, "each page was there"
    visit(visitor, f"{server.url}/datasets")
    heading = visitor.get_by_role("heading", level=3).inner_text().replace("\u2060", "")
    assert heading == f"「![dataset]({url}/dataset) <img src={url}/dataset/html> [a]({url}/link)」的群聊"


def test_what_slips_through_is_refused(visitor: Page, app: App, beacon: tuple[str, list[str]]) -> None:
    """Were a text not escaped, the policy would still keep the browser at home."""
    server, _ = app
    url, asked = beacon
    page = visitor
    visit(page, server.url)
    page.evaluate(
        """(url) => {
          const make = (name, more) => document.body.append(Object.assign(document.createElement(name), more));
          make('img', { src: `${url}/img` });
          make('script', { src: `${url}/script` });
          make('link', { rel: 'stylesheet', href: `${url}/style` });
          make('iframe', { src: `${url}/frame` });
          make('video', { src: `${url}/video` });
          make('object', { data: `${url}/object` });
          make('style', { textContent: `body { background-image: url(${url}/css) }` });
          fetch(`${url}/fetch`).catch(() => {});
          navigator.sendBeacon(`${url}/ping`);
          try { new WebSocket(url.replace('http', 'ws')); } catch {}
        }""",
        url,
    )
    assert page.evaluate(ALL_REFUSED) >= 9
    assert asked == []


# Waited for inside the page: Playwright's own way of waiting evaluates text, which the policy forbids.
ALL_REFUSED = """() => new Promise((done) => {
  const look = (left) =>
    window.refused.length >= 9 || left === 0 ? done(window.refused.length) : setTimeout(look, 20, left - 1);
  look(1000);
})"""

HARNESS = """
import sys
import streamlit as st

sys.path.insert(0, {root!r})
from core.ui.markdown import escape_markdown
from tests.browser.visitors import visiting
from tests.factories.hostile import hostile_texts

for number, text in enumerate(hostile_texts({url!r})):
    with st.container(key=f"text-{{number}}"):
        st.markdown(escape_markdown(text))
"""


def test_hostile_texts_look_as_typed(
    page: Page, serve: Serve, tmp_path: Any, beacon: tuple[str, list[str]], request: pytest.FixtureRequest
) -> None:
    url, asked = beacon
    script = tmp_path / "harness.py"
    script.write_text(HARNESS.format(root=str(request.config.rootpath), url=url), "utf-8")
    server = serve(script)
    visit(page, server.url)
    drawn = page.evaluate(
        """() => [...document.querySelectorAll('[class*="st-key-text-"]')].map((one) => {
          const number = Number(one.className.match(/st-key-text-(\\d+)/)[1]);
          const tags = [...one.querySelectorAll('[data-testid=stMarkdownContainer] *')].map((tag) => tag.tagName);
          return [number, one.innerText, tags.filter((tag) => tag !== 'P')];
        })"""
    )
    texts = hostile_texts(url)
    assert len(drawn) == len(texts)
    wrong = [
        (texts[number], text, tags)
        for number, text, tags in drawn
        if tags or text.replace("\u2060", "").split() != texts[number].split()
    ]
    assert not wrong
    assert asked == []
