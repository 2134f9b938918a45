"""The desk in Chromium on the real app: keydown of approve to the next chat painted, and opening the page.

Measured in the page: from the key event's own time to the frame after the next chat's number stands on the desk and its
pane lies in front (two animation frames later, so it has been painted).
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from itertools import cycle, islice
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import quote

from playwright.sync_api import Browser, Page
from sqlalchemy import insert

from bench.material import Row, of_length
from bench.report import line, spread
from core.adapters.store import Store, open_store
from core.adapters.store.models import Chat, Dataset, Extraction, ExtractionStatus, Run, RunKind, RunStatus, now
from core.domain.form import Form, load_named_form
from tests.browser.chromium import chromium
from tests.browser.serving import Server, serving
from tests.browser.workbench_page import LATER

APPROVALS = 20
OPENINGS = 7
GAPS = {"one a second": 1_000, "five a second": 200}
_BATCH = 500
_REST: dict[str, object] = {"replies": [], "notes": [], "created_at": now()}

# Times are taken by the page itself. The desk is looked for until it is there, then kept; shadow roots are open.
RECORDER = """
(() => {
  const deep = (root, selector) => {
    const found = root.querySelector(selector);
    if (found) return found;
    for (const element of root.querySelectorAll("*")) {
      const inside = element.shadowRoot && deep(element.shadowRoot, selector);
      if (inside) return inside;
    }
    return null;
  };
  const bench = window.bench = { opened: null, took: [], key: null };
  const painted = (desk) => desk.querySelector(`.pane:not(.behind)[aria-label$=" ${desk.dataset.chat} 条"] .m`);
  const now = performance.now.bind(performance); // the clock that LATER does not move
  const afterPaint = (then) => requestAnimationFrame(() => requestAnimationFrame(() => then(now())));
  const watch = (desk) => {
    let chat = desk.dataset.chat;
    new MutationObserver(() => {
      const began = bench.key;
      if (began === null || desk.dataset.chat === chat || !painted(desk)) return;
      chat = desk.dataset.chat;
      bench.key = null;
      afterPaint((now) => bench.took.push(now - began));
    }).observe(desk, { attributes: true, childList: true, subtree: true });
  };
  const look = () => {
    const desk = deep(document, "[data-testid=workbench]");
    if (!desk || !desk.dataset.chat || !painted(desk)) { setTimeout(look, 15); return; }
    afterPaint((now) => { bench.opened = now; });
    watch(desk);
  };
  window.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && event.ctrlKey) bench.key = event.timeStamp;
  }, true);
  document.addEventListener("DOMContentLoaded", look);
})();
"""


def measure(title: str, *, characters: int, chats: int) -> None:
    """Make a dataset of chats of this length, serve it, approve and open; prints its figures."""
    rows = islice(cycle(list(of_length(characters, min(chats, 200)))), chats)
    with chromium() as browser, app_with(rows, chats) as server:
        _measure(browser, server, title)


def _measure(browser: Browser, server: Server, title: str) -> None:
    page = reviewer_page(browser, server)
    openings = [opened(page, server) for _ in range(OPENINGS + 1)][1:]  # the first warms up server and browser
    line(title, "")
    for name, gap in GAPS.items():
        spread(f"approve → next chat, {name}", _approvals(page, gap), "ms", "≤ 40; 95 % ≤ 60 at five a second")
    spread("page opened → first chat, warm", openings, "ms", "< 1,500")
    page.context.close()


def reviewer_page(browser: Browser, server: Server) -> Page:
    """A page of a reviewer's own browser, with the recorder in it."""
    context = browser.new_context(viewport={"width": 1600, "height": 900}, locale="zh-CN", bypass_csp=True)
    context.set_default_timeout(60_000)
    context.add_cookies([{"name": "shiyao_reviewer", "value": quote("林晓"), "url": server.url}])
    context.add_init_script(RECORDER)
    return context.new_page()


def opened(page: Page, server: Server, chat: int | None = None) -> float:
    """Milliseconds from calling up the workbench to its chat painted."""
    page.goto(f"{server.url}/workbench" + (f"?chat={chat}" if chat else ""))
    page.wait_for_function("bench.opened !== null")
    return float(page.evaluate("bench.opened"))


def _approvals(page: Page, gap: int) -> list[float]:
    """Approve one chat after another; where a warning takes the first key, the second one counts.

    A clock that runs ahead stands for the look at each chat: what is pressed before that does nothing.
    """
    page.evaluate("bench.took = []")
    for number in range(APPROVALS):
        page.wait_for_timeout(gap)
        for _ in range(4):
            page.evaluate(LATER)
            page.keyboard.press("Control+Enter")
            try:
                page.wait_for_function(f"bench.took.length > {number}", timeout=1_500, polling=20)
                break
            except Exception:
                continue
    return [float(value) for value in page.evaluate("bench.took")]


@contextmanager
def app_with(rows: Iterable[Row], chats: int) -> Iterator[Server]:
    """The app over a dataset of these chats, with a run that holds their forms."""
    with TemporaryDirectory() as folder:
        place = Path(folder)
        url = f"sqlite:///{place / 'bench.db'}"
        store = open_store(url)
        fill(store, load_named_form(), rows, chats)
        store.close()
        env = {"SHIYAO_DATABASE_URL": url, "SHIYAO_LOG_FILE": str(place / "shiyao.log")}
        with serving("app.py", place, env) as server:
            yield server


def fill(store: Store, form: Form, rows: Iterable[Row], chats: int) -> None:
    """A dataset with one finished run; its texts are all different."""
    with store.write() as session:
        dataset = Dataset(name="bench", form=form.name, sha256="0" * 64, expected=chats)
        session.add(dataset)
        session.flush()
        run = Run(dataset_id=dataset.id or 0, name="模型", kind=RunKind.MODEL, status=RunStatus.FINISHED, total=chats)
        session.add(run)
        session.flush()
        numbered = enumerate(rows, start=1)
        while batch := list(islice(numbered, _BATCH)):
            session.execute(insert(Chat), [_chat(dataset.id or 0, number, row) for number, row in batch])
            session.execute(insert(Extraction), [_answer(run.id or 0, number, row) for number, row in batch])


def _chat(dataset_id: int, number: int, row: Row) -> dict[str, object]:
    text = f"{row['chat_text']}\n{number}"
    return {
        "id": number,
        "dataset_id": dataset_id,
        "index": number,
        "text": text,
        "sha256": sha256(text.encode()).hexdigest(),
        "characters": len(text),
        "residue_characters": 0,
    }


def _answer(run_id: int, number: int, row: Row) -> dict[str, object]:
    return {"run_id": run_id, "chat_id": number, "status": ExtractionStatus.OK, "forms": row["infos"]} | _REST
