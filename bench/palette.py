"""The palette (Ctrl+K) over 100,000 chats: the server's answer at each key, and in Chromium keydown → list painted.

In the page: from the key event's own time to two frames after the list is about what stands in the box then, the chats
that the server found included. Each text is typed key by key, every 150 ms.
"""

import os
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import Browser, Page

from bench.flow import fill
from bench.report import line, spread
from core.adapters.store import Store, open_store
from core.domain.form import load_named_form
from core.services.review.palette import find_chats, palette_names
from core.services.review.queue import search
from tests.browser.chromium import chromium
from tests.browser.reviewer_page import sit_down
from tests.browser.serving import Server, serving

CHATS = int(os.environ.get("SHIYAO_BENCH_CHATS", "100000"))
TYPED = ("31417", "cl 88", "celiang 99999", "价格", "合同 报价", "林木4711", "没有人说过的话", "yxcp", "jilubiao")
GAP = 150
# Times are taken by the page itself, from the event to two frames after the list is about it.
RECORDER = """
(() => {
  const bench = window.bench = { took: [], began: 0 };
  const watch = () => new MutationObserver((changes) => {
    const list = document.querySelector(".ours-palette [data-query]");
    const box = document.querySelector(".ours-palette input");
    if (!bench.began || !list || list.dataset.query !== box.value.trim()) return;
    if (!changes.some(({ type, target }) => type === "childList" && target === list)) return;
    const { began } = bench;
    requestAnimationFrame(() => requestAnimationFrame(() => { bench.took[bench.key] = performance.now() - began; }));
  }).observe(document, { subtree: true, childList: true });
  window.addEventListener("keydown", (event) => {
    if (event.key.length > 1 || event.ctrlKey) return;
    bench.began = event.timeStamp;
    bench.key = bench.took.push(0) - 1;
  }, true);
  document.addEventListener("DOMContentLoaded", watch);
})();
"""


def run() -> None:
    """Measure the server alone, then the page; the database takes some 300 MB on the disk while it runs."""
    with TemporaryDirectory() as folder:
        place = Path(folder)
        url = f"sqlite:///{place / 'bench.db'}"
        store = open_store(url)
        dataset_id, _ = fill(store, load_named_form(), CHATS)
        after = 0
        while (step := search.index_after(store, dataset_id, after, limit=2_000))[0]:
            after = step[1]
        line(f"{CHATS:,} chats", "")
        _server(store, dataset_id)
        store.close()
        env = {"SHIYAO_DATABASE_URL": url, "SHIYAO_LOG_FILE": str(place / "log"), "SHIYAO_LEARN_IN_BACKGROUND": "false"}
        with serving("app.py", place, env) as server, chromium() as browser:
            _browser(browser, server)


def _server(store: Store, dataset_id: int) -> None:
    names = [_milliseconds(lambda: palette_names(store)) for _ in range(10)]
    spread("all names, when it opens", names, "ms")
    took = []
    for number in (3, 31, 314, 3141, 31415, 99999, 100000, 999999):
        took += [_milliseconds(lambda n=number: find_chats(store, [dataset_id], number=n)) for _ in range(5)]
    spread("chats by number, at each key", took, "ms", "≤ 50")
    took = []
    for words in (["价格"], ["合同"], ["合同", "报价"], ["林木4711"], ["没有人说过的话"], ["您好", "价格"]):
        took += [_milliseconds(lambda w=words: find_chats(store, [dataset_id], words=w)) for _ in range(5)]
    spread("chats by words, at each key", took, "ms", "≤ 50")


def _milliseconds(work: object) -> float:
    started = time.perf_counter()
    work()  # type: ignore[operator]
    return 1000 * (time.perf_counter() - started)


def _browser(browser: Browser, server: Server) -> None:
    context = browser.new_context(viewport={"width": 1600, "height": 900}, locale="zh-CN", bypass_csp=True)
    context.set_default_timeout(60_000)
    sit_down(context, server, "林晓")
    context.add_init_script(RECORDER)
    page = context.new_page()
    for address in ("exports", "workbench"):
        page.goto(f"{server.url}/{address}")
        page.wait_for_selector("[data-testid=workbench][data-chat]" if address == "workbench" else "h1")
        page.wait_for_timeout(5_000)  # what a page does on opening is over
        for _ in range(2):  # the first round warms up
            page.evaluate("bench.took = []")
            for text in TYPED:
                _type(page, text)
        spread(f"keydown → list painted, on /{address}", page.evaluate("bench.took.filter(Boolean)"), "ms", "≤ 50")
    context.close()


def _type(page: Page, text: str) -> None:
    page.keyboard.press("Control+k")
    page.wait_for_selector(".ours-palette[open] [role=option]")
    for character in text:
        if character.isascii():
            page.keyboard.press("Space" if character == " " else character)
        else:  # as an input method hands it over, behind a key of its own
            page.evaluate("window.dispatchEvent(new KeyboardEvent('keydown', { key: '字' }))")
            page.keyboard.insert_text(character)
        page.wait_for_timeout(GAP)
    page.keyboard.press("Escape")
