"""Huge chats: 10,000 and 60,000 messages, and one line of 600,000 characters; on the server and in Chromium."""

import gc
import json
import time
from collections.abc import Callable
from functools import partial
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

from playwright.sync_api import Page

from bench.desk import app_with, fill, opened, reviewer_page
from bench.material import Row, of_length, of_messages, one_line
from bench.report import line, spread
from core.adapters.llm.local.provider import fill_forms
from core.adapters.store import open_store
from core.domain.chat import guess_roles, parse_chat
from core.domain.checks import find_mentions
from core.domain.cleaning import STEPS
from core.domain.evidence import ChatIndex, locate
from core.domain.form import load_named_form
from core.domain.masking import NO_MASK, Masked, parse_mask
from core.services.datasets import preview_import
from core.services.export import TableFormat, export_dataset, export_table, parse_source
from core.services.export.html_report import export_html_report
from core.services.extraction.prompt_library import finder
from core.services.extraction.runs.prompt_preview import preview_prompt
from core.services.review.queue.background_update import update_outdated_chats
from core.services.review.queue.search import index_batch
from tests.browser.chromium import chromium

SAVES = 5
_Result = TypeVar("_Result")
GOALS = {"10,000 messages": "< 1,500", "60,000 messages": "< 4,000", "one line of 600,000 characters": "< 4,000"}

# In the page: when a save left it and was answered, and how long each key took until what it does was painted.
_WATCH = """
() => {
  const deep = (root) => {
    for (const element of root.querySelectorAll("*")) {
      if (element.matches("[data-testid=workbench]")) return element;
      const inside = element.shadowRoot && deep(element.shadowRoot);
      if (inside) return inside;
    }
    return null;
  };
  const desk = deep(document);
  const send = WebSocket.prototype.send;
  WebSocket.prototype.send = function (data) { bench.sent ??= performance.now(); return send.call(this, data); };
  new MutationObserver(() => { if (desk.dataset.saveState === "saved" && bench.sent) bench.saved = performance.now(); })
    .observe(desk, { attributes: true, attributeFilter: ["data-save-state"] });
  bench.keys = [];
  window.addEventListener("keydown", (event) => {
    const began = event.timeStamp;
    requestAnimationFrame(() => requestAnimationFrame(() => bench.keys.push(performance.now() - began)));
  }, true);
}
"""


def run() -> None:
    """Measure each kind by itself, on the server and in the browser."""
    kinds: dict[str, Row] = {
        "10,000 messages": of_messages(10_000),
        "60,000 messages": of_messages(60_000),
        "one line of 600,000 characters": one_line(600_000),
    }
    for title, row in kinds.items():
        line(f"{title}, {len(row['chat_text']):,} characters", "")
        _on_the_server(row)
        if title.startswith("one line"):
            _elsewhere(row)
        _in_the_browser(title, row)


def _on_the_server(row: Row) -> None:
    text, form = row["chat_text"], load_named_form()
    parsed = _timed("parse", lambda: parse_chat(text))
    roles = _timed("roles", lambda: guess_roles(parsed))
    index = _timed("index for evidence", lambda: ChatIndex(parsed, roles))
    _timed("who speaks to whom", lambda: index.exchanges)
    _timed("values that nobody wrote down", lambda: find_mentions(index))
    _timed("evidence of all customers", lambda: [locate(form, index, form.coerce(one).values) for one in row["infos"]])
    file = BytesIO(json.dumps([row], ensure_ascii=False).encode())
    _timed("preview of the import", lambda: preview_import(file, "huge.json", form))


def _elsewhere(row: Row) -> None:
    """What else reads chats: prompts, local rules, masks, exports, search and the order of the queue."""
    form, everything = load_named_form(), parse_mask(Masked)
    source = parse_source("run:模型")
    with TemporaryDirectory() as folder:
        place = Path(folder)
        store = open_store(f"sqlite:///{place / 'bench.db'}")
        fill(store, form, [row], 1)
        with store.read() as session:
            prompts = [finder(session)(name) for name in ("baseline.v1", "fewshot.v1")]
        for prompt in prompts:
            preview = partial(preview_prompt, store, prompt, dataset=1, index=1, steps=list(STEPS))
            _timed(f"preview of {prompt.name}", preview)
            _timed(f"preview of {prompt.name}, personal data replaced", partial(preview, replace_personal=True))
        _timed("local rules", lambda: fill_forms(form, row["chat_text"]))
        for masked, mask in (("", NO_MASK), (", masked", everything)):
            written = {"dataset": 1, "source": source, "out": place / "out", "mask": mask}
            _timed(f"JSON{masked}", partial(export_dataset, store, **written))
            _timed(f"table{masked}", partial(export_table, store, table=TableFormat.XLSX, **written))
            _timed(f"report{masked}", partial(export_html_report, store, **written))
        _timed("search texts", lambda: index_batch(store, 1))
        _timed("points at stake", lambda: update_outdated_chats(store, form, 1, 1))
        store.close()


def _timed(what: str, work: Callable[[], _Result]) -> _Result:
    gc.collect()
    began = time.perf_counter()
    result = work()
    line(f"    {what}", f"{(time.perf_counter() - began) * 1000:,.0f} ms")
    return result


def _in_the_browser(title: str, row: Row) -> None:
    small = next(of_length(2_000, 1))
    again = row | {"chat_text": f"{row['chat_text']}\n（另一条）"}
    with chromium() as browser, app_with([small, row, again], 3) as server:
        page = reviewer_page(browser, server)
        received: list[int] = []
        page.on("websocket", lambda socket: socket.on("framereceived", lambda frame: received.append(len(frame))))
        opened(page, server, 1)
        page.wait_for_timeout(3_000)
        spread("opened for the first time", [opened(page, server, 2)], "ms", GOALS[title])
        received.clear()
        spread("opened again", [opened(page, server, 2) for _ in range(3)], "ms", GOALS[title])
        page.wait_for_timeout(3_000)
        line("received for one opening, neighbours too", f"{sum(received) / 3e6:,.1f} MB")
        received.clear()
        spread("a draft saved", _saves(page), "ms", "< 300")
        line("received for a save", f"{sum(received) / SAVES / 1e6:,.2f} MB")
        page.keyboard.press("Alt+/")
        spread("a key of a search until painted", _keys(page, ["a", "1", "Enter", "Enter"]), "ms")
        page.keyboard.press("Escape")
        page.keyboard.press("Escape")
        spread(
            "from message to message, and to words", _keys(page, ["ArrowDown", "ArrowDown", *["ArrowRight"] * 4]), "ms"
        )
        page.keyboard.press("Alt+ArrowDown")
        began = page.evaluate("performance.now()")
        page.locator("[data-testid=workbench][data-chat='3'] .pane:not(.behind) .m").first.wait_for()
        spread("on to the neighbour", [page.evaluate("performance.now()") - began], "ms")
        page.context.close()


def _saves(page: Page) -> list[float]:
    """Milliseconds from a draft leaving the page until its answer stands there."""
    page.evaluate(_WATCH)
    took = []
    for number in range(SAVES):
        page.evaluate("bench.sent = null, bench.saved = null")
        page.locator("[data-field][data-customer='0']").first.fill(f"周娜{number}")
        page.wait_for_function("bench.saved !== null")
        took.append(float(page.evaluate("bench.saved - bench.sent")))
        page.wait_for_timeout(1_000)
    return took


def _keys(page: Page, keys: list[str]) -> list[float]:
    """Milliseconds from each key until what it does was painted."""
    page.evaluate("bench.keys = []")
    for number, key in enumerate(keys):
        page.keyboard.press(key)
        page.wait_for_function(f"bench.keys.length > {number}")
    return [float(took) for took in page.evaluate("bench.keys")]
