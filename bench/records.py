"""记录表 in Chromium on the real app: opening it, turning its pages and editing a cell, with few chats and with 50,000.

Times are taken by the page itself, from the key or the click to the frame in which the answer stands: rows of the page
that was asked for, the note that says that the edit is stored.
"""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import quote

from playwright.sync_api import Browser, Page

from bench.flow import fill
from bench.report import line, spread
from core.adapters.store import open_store
from core.domain.form import load_named_form
from core.services.review import Filter, record_table
from core.services.review.records import bulk
from tests.browser.chromium import chromium
from tests.browser.serving import serving

SIZES = (100, 50_000)
TIMES = 7
NAME = "基本信息-姓名"

# The table lies in a frame of the same origin. `asked` is when the key or the mouse button went down in either.
RECORDER = """
(() => {
  for (const kind of ["keydown", "pointerdown"]) {
    window.addEventListener(kind, (event) => {
      window.top.asked = performance.timeOrigin + event.timeStamp;
    }, true);
  }
})();
"""
_FIRST = """() => {
  const frame = document.querySelector("iframe[title*=agGrid]");
  const cell = frame?.contentDocument?.querySelector('.ag-row[row-index="0"] [col-id="_chat"]');
  return cell && cell.innerText === WANTED ? performance.timeOrigin + performance.now() : 0;
}"""
_SAID = """() => {
  const said = document.body.innerText;
  return said.includes(WANTED) ? performance.timeOrigin + performance.now() : 0;
}"""


def run() -> None:
    """Measure both sizes."""
    form = load_named_form()
    for size in SIZES:
        with TemporaryDirectory() as folder, chromium() as browser:
            place = Path(folder)
            url = f"sqlite:///{place / 'bench.db'}"
            store = open_store(url)
            dataset, _ = fill(store, form, size)
            scope: dict[str, Any] = {"wanted": Filter(queue="全部"), "base_run": None}
            line(f"{size:,} chats, {len(record_table.matching_chats(store, dataset, **scope)):,} rows or more", "")
            plan = bulk.plan_replace(store, form, dataset, find="林木1", replacement="林", whole=True)
            store.close()
            line("find in all records: cells found", f"{len(plan.changes)}")
            with serving("app.py", place, {"SHIYAO_DATABASE_URL": url, "SHIYAO_LOG_FILE": str(place / "log")}) as at:
                _measure(browser, at.url, pages=-(-size // record_table.PAGE))


def _measure(browser: Browser, url: str, *, pages: int) -> None:
    context = browser.new_context(viewport={"width": 1600, "height": 900}, locale="zh-CN", bypass_csp=True)
    context.set_default_timeout(60_000)
    context.add_cookies([{"name": "shiyao_reviewer", "value": quote("林晓"), "url": url}])
    context.add_init_script(RECORDER)
    page = context.new_page()
    openings = [_opened(page, url) for _ in range(TIMES + 1)]
    line("opened → first row, cold server and browser", f"{openings[0]:,.0f} ms")
    spread("opened → first row, warm", openings[1:], "ms", "< 1,500")
    if pages > 1:
        spread("page turned → its first row", [_turned(page, number) for number in range(2, TIMES + 2)], "ms", "< 500")
        page.goto(f"{url}/records")
        _until(page, _FIRST, "1")
    spread("cell edited → stored and said", [_edited(page, number) for number in range(TIMES)], "ms", "< 300")
    context.close()


def _until(page: Page, script: str, wanted: str) -> float:
    """The moment at which something stands on screen."""
    found = page.wait_for_function(script.replace("WANTED", f"{wanted!r}"), polling="raf")
    return float(found.json_value())


def _opened(page: Page, url: str) -> float:
    page.goto("about:blank")
    page.goto(f"{url}/records")
    return _until(page, _FIRST, "1") - float(page.evaluate("performance.timeOrigin"))


def _turned(page: Page, number: int) -> float:
    page.get_by_role("button", name="下一页").click()
    return _until(page, _FIRST, str((number - 1) * record_table.PAGE + 1)) - float(page.evaluate("asked"))


def _edited(page: Page, number: int) -> float:
    frame = page.frame_locator("iframe[title*=agGrid]")
    cell = frame.locator(f'.ag-row[row-index="{number}"] [col-id="基本信息-地区"]')
    cell.dblclick()
    page.keyboard.type(f"地方{number}")
    page.keyboard.press("Enter")
    return _until(page, _SAID, f"已保存第 {number + 1} 条") - float(page.evaluate("asked"))
