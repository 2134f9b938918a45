"""Every page of the menu in Chromium: from the start of navigation until its content is painted and its script is done.

97 chats as they are and 10,000 made from them, each with a run by rules. Taken in the page itself: the moment after
which Streamlit is not running and no skeleton is left. Beside it, what the server's processor did for one opening.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from urllib.parse import quote

from playwright.sync_api import Browser, Page
from sqlalchemy import insert, select
from sqlmodel import col

from bench.material import material, write_many
from bench.report import line
from core.adapters.store import Store, open_store, queries
from core.adapters.store.models import Chat, Extraction, ExtractionStatus, Run, RunKind, RunStatus, now
from core.services.datasets import import_chats
from core.ui.navigation import ADDRESSES
from tests.browser.chromium import chromium
from tests.browser.serving import Server, serving

OPENINGS = 3
SIZES = (97, 10_000)
FAST = ("overview", "datasets")
"""What is also opened with 100,000 chats, on request: ``SHIYAO_BENCH_CHATS=100000``."""

# Looked at after every frame; what was last seen unfinished counts, so a short pause between two runs does not.
RECORDER = """
(() => {
  const bench = window.bench = { done: null };
  let since = null;
  const look = () => {
    const app = document.querySelector("[data-testid=stApp]");
    const ready = app && app.dataset.testScriptState === "notRunning"
      && document.querySelector("[data-testid=stMain] [data-testid=stElementContainer]")
      && !document.querySelector("[data-testid=stSkeleton], [data-testid=stAppSkeleton]");
    if (!ready) since = null;
    else if (since === null) since = performance.now();
    else if (performance.now() - since > 250) { bench.done = since; return; }
    requestAnimationFrame(look);
  };
  document.addEventListener("DOMContentLoaded", look);
})();
"""


def run() -> None:
    """Open every page first and again with both sizes."""
    chosen = os.environ.get("SHIYAO_BENCH_CHATS")
    for chats in [int(chosen)] if chosen else SIZES:
        with TemporaryDirectory() as folder, _app(Path(folder), chats) as server:
            _measure(server, chats, FAST if chats > max(SIZES) else ADDRESSES)


def _measure(server: Server, chats: int, addresses: tuple[str, ...]) -> None:
    line(f"{chats:,} chats", "", "< 1,000 ms warm")
    with chromium() as browser, reviewing(browser) as page:
        opened(page, f"{server.url}/settings")  # warms the browser and Streamlit itself
        for address in addresses:
            url = f"{server.url}/{'' if address == ADDRESSES[0] else address}"
            first = opened(page, url)
            before = _processor(server)
            warm = [opened(page, url) for _ in range(OPENINGS)]
            used = 1000 * (_processor(server) - before) / OPENINGS
            figures = f"{median(warm):>6,.0f} ms warm {first:>6,.0f} ms first"
            line(f"  {address}", f"{figures} {used:>6,.0f} ms processor")


@contextmanager
def reviewing(browser: Browser) -> Iterator[Page]:
    """Context manager: a page of somebody with a name, in which :func:`opened` can measure."""
    context = browser.new_context(viewport={"width": 1600, "height": 900}, locale="zh-CN", bypass_csp=True)
    context.set_default_timeout(90_000)
    name = {"name": "shiyao_reviewer", "value": quote("林晓"), "domain": "127.0.0.1", "path": "/"}
    context.add_cookies([name])
    context.add_init_script(RECORDER)
    yield context.new_page()
    context.close()


def opened(page: Page, url: str) -> float:
    """Milliseconds from the start of navigation until the page is painted and its script is done."""
    page.goto(url)
    page.wait_for_function("window.bench && bench.done !== null", polling=50)
    return float(page.evaluate("bench.done"))


def _processor(server: Server) -> float:
    """Seconds that the server's own process has spent on the processor."""
    if server.process is None:
        return 0.0
    fields = Path(f"/proc/{server.process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def _app(place: Path, chats: int) -> Iterator[Server]:
    url = f"sqlite:///{place / 'bench.db'}"
    store = open_store(url)
    import_chats(store, write_many(place / "chats.json", chats), filename="chats.json", dataset="bench", split="train")
    for name in ("甲", "乙"):
        _answers(store, name)
    store.close()
    env = {"SHIYAO_DATABASE_URL": url, "SHIYAO_LOG_FILE": str(place / "shiyao.log")}
    with serving("app.py", place, env) as server:
        yield server


def _answers(store: Store, name: str) -> None:
    """A finished run whose answers are another chat's labels now and then, so that scores differ."""
    rows = material().rows
    with store.write() as session:
        dataset = queries.datasets(session)[0]
        found = session.execute(
            select(col(Chat.id), col(Chat.index)).where(col(Chat.dataset_id) == dataset.id).order_by(col(Chat.index))
        ).all()
        run = Run(dataset_id=dataset.id, name=name, kind=RunKind.MODEL, status=RunStatus.FINISHED, total=len(found))
        session.add(run)
        session.flush()
        every = 5 if name == "甲" else 7
        rest = {"run_id": run.id, "status": ExtractionStatus.OK, "replies": [], "notes": [], "created_at": now()}
        session.execute(
            insert(Extraction),
            [
                rest | {"chat_id": chat_id, "forms": rows[(index - (index % every != 0)) % len(rows)]["infos"]}
                for chat_id, index in found
            ],
        )
