"""Every page of the menu in Chromium: from the start of navigation until its content is painted and its script is done.

97 chats as they are and 10,000 made from them, on request 100,000: with labels, two runs whose answers come with their
replies as a model's do, and every fourth chat approved. Taken in the page itself: the moment after which Streamlit is
not running and no skeleton is left. Beside it, what the server's processor did for one opening, and at the end how much
memory the server has taken. Where the first opening has something computed in the background, the page is opened again
once while that goes on, and warm when it is done.

``SHIYAO_BENCH_CHATS=100000`` measures that size alone, ``SHIYAO_BENCH_PAGES=records,merge`` some pages alone, and
``SHIYAO_BENCH_FOLDER`` is where databases are kept for the next time.
"""

import json
import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from itertools import islice
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
from core.adapters.store.models import (
    Chat,
    Extraction,
    ExtractionStatus,
    JobStatus,
    Record,
    RecordEvent,
    RecordStatus,
    Run,
    RunKind,
    RunStatus,
    now,
)
from core.services.datasets import import_chats
from core.ui.navigation import ADDRESSES
from tests.browser.chromium import chromium
from tests.browser.serving import Server, serving

OPENINGS = 3
SIZES = (97, 10_000)
GOALS = {10_000: "< 1,000 ms warm", 100_000: "< 2,000 ms warm"}
BATCH = 1_000
PATIENCE = 600_000
"""Milliseconds that a first opening may take: all chats are scored then."""

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
    pages = os.environ.get("SHIYAO_BENCH_PAGES")
    kept = os.environ.get("SHIYAO_BENCH_FOLDER")
    for chats in [int(chosen)] if chosen else SIZES:
        with TemporaryDirectory(dir=kept) as folder:
            place = Path(kept or folder) / f"bench-{chats}.db"
            with _app(Path(folder), place, chats) as server:
                _measure(server, place, chats, tuple(pages.split(",")) if pages else ADDRESSES)


def _measure(server: Server, database: Path, chats: int, addresses: tuple[str, ...]) -> None:
    line(f"{chats:,} chats", "", GOALS.get(chats, min(GOALS.values())))
    with chromium() as browser, reviewing(browser) as page:
        opened(page, f"{server.url}/settings")  # warms the browser and Streamlit itself
        for address in addresses:
            url = f"{server.url}/{'' if address == ADDRESSES[0] else address}"
            started = time.perf_counter()
            first = opened(page, url)
            if _is_computing(database):
                line(f"  {address}, while it is computed", f"{opened(page, url):>6,.0f} ms")
                while _is_computing(database):
                    time.sleep(0.1)
                line(f"  {address}, computed after", f"{time.perf_counter() - started:>6.1f} s")
            before = _processor(server)
            warm = [opened(page, url) for _ in range(OPENINGS)]
            used = 1000 * (_processor(server) - before) / OPENINGS
            figures = f"{median(warm):>6,.0f} ms warm {first:>6,.0f} ms first"
            line(f"  {address}", f"{figures} {used:>6,.0f} ms processor")
    line("  memory of the server", f"{_memory(server):,.0f} MB")


@contextmanager
def reviewing(browser: Browser) -> Iterator[Page]:
    """Context manager: a page of somebody with a name, in which :func:`opened` can measure."""
    context = browser.new_context(viewport={"width": 1600, "height": 900}, locale="zh-CN", bypass_csp=True)
    context.set_default_timeout(PATIENCE)
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


def _is_computing(database: Path) -> bool:
    """Whether the server has something computed in the background."""
    with sqlite3.connect(database) as connection:
        running = connection.execute("SELECT count(*) FROM heavyjob WHERE status = ?", (JobStatus.RUNNING,))
        return bool(running.fetchone()[0])


def _processor(server: Server) -> float:
    """Seconds that the server's own process has spent on the processor."""
    if server.process is None:
        return 0.0
    fields = Path(f"/proc/{server.process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _memory(server: Server) -> float:
    """Megabytes that the server's own process has in memory."""
    if server.process is None:
        return 0.0
    pages = int(Path(f"/proc/{server.process.pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / (1 << 20)


@contextmanager
def _app(place: Path, database: Path, chats: int) -> Iterator[Server]:
    url = f"sqlite:///{database}"
    store = open_store(url)
    if store.created:
        file = write_many(place / "chats.json", chats)
        import_chats(store, file, filename=file.name, dataset="bench", split="train")
        file.unlink()
        for name in ("甲", "乙"):
            _answers(store, name)
        _records(store)
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
        answers = [row["infos"] for row in rows]
        replies = [[{"at": "2026-11-01T08:00:00", "status": "ok", "raw": json.dumps(each)}] for each in answers]
        rest = {"run_id": run.id, "status": ExtractionStatus.OK, "notes": [], "created_at": now()}
        rest |= {"tokens_in": 1_200, "tokens_out": 300, "seconds": 1.5}
        left = iter(found)
        while some := list(islice(left, BATCH)):
            taken = [(chat_id, (index - (index % every != 0)) % len(rows)) for chat_id, index in some]
            session.execute(
                insert(Extraction),
                [rest | {"chat_id": one, "forms": answers[at], "replies": replies[at]} for one, at in taken],
            )


def _records(store: Store) -> None:
    """Every fourth chat approved as the first run has it, over the last weeks."""
    with store.write() as session:
        run = queries.run(session, "甲")
        chat_ids = queries.chat_ids(session, run.dataset_id)
        reviewed = iter([index for index in chat_ids if index % 4 == 0])
        while some := list(islice(reviewed, BATCH)):
            forms = queries.forms_by_index(session, run.id, indices=some)
            rest = {"dataset_id": run.dataset_id, "review_pass": "primary", "status": RecordStatus.CONFIRMED}
            rest |= {"base_run_id": run.id, "reviewer": "周岚", "version": 1, "note": "", "seconds": 30.0}
            rows = []
            for index in some:
                at = now() - timedelta(days=index % 30)
                customers = [
                    {"values": values, "origin": dict.fromkeys(values, f"run:{run.id}")} for values in forms[index]
                ]
                rows.append(
                    rest | {"chat_id": chat_ids[index], "customers": customers, "created_at": at, "updated_at": at}
                )
            session.execute(insert(Record), rows)
            ids = {row["chat_id"]: row for row in rows}
            stored = session.execute(select(col(Record.id), col(Record.chat_id)).where(col(Record.chat_id).in_(ids)))
            event = {"version": 1, "who": "周岚", "status": RecordStatus.CONFIRMED, "reason": ""}
            session.execute(
                insert(RecordEvent),
                [
                    event
                    | {"record_id": number, "at": ids[chat_id]["updated_at"], "save_id": f"bench-{chat_id}"}
                    | {"change": {"customers": ids[chat_id]["customers"], "fields": []}}
                    for number, chat_id in stored
                ],
            )
