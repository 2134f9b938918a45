"""Nothing typed is lost on the real app: line cut, server killed, page killed, reload, two reviewers at once."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from playwright.sync_api import Browser, Error, expect

from bench.chaos.proxy import Proxy, proxied
from core.adapters.store import queries
from core.adapters.store.models import Claim, ReviewCheck, RunKind, now
from core.services.review.records.planted_errors import plant_errors
from tests.browser.reviewer_page import BUDGET, NAME, PATIENT, RIVAL, App, ReviewerPage, Sit, fill, seats, sit_down
from tests.browser.workbench_page import LATER, STILL
from tests.factories.datasets import FORM, make_dataset, make_run
from tests.waiting import wait_until

pytestmark = pytest.mark.browser
STAGE = "客户购买阶段"


@pytest.fixture
def sit(browser: Browser, app: App, request: pytest.FixtureRequest) -> Iterator[Sit]:
    """Seats at a dataset of this test's own."""
    server, store = app
    with seats(browser, server, store, fill(store, request.node.name, 12)) as arrive:
        yield arrive


def decisions(desk: ReviewerPage, chat: int) -> list[str]:
    return [event.status for event in desk.history(chat) if event.status != "草稿"]


@pytest.fixture
def line(app: App) -> Iterator[Proxy]:
    """The way to the server. A browser that plays to be offline takes a core for as long."""
    with proxied(app[0].port) as proxy:
        yield proxy


def test_a_cut_line_keeps_the_work_warns_who_leaves_and_sends_it_once(
    browser: Browser, app: App, line: Proxy, request: pytest.FixtureRequest
) -> None:
    server, store = app
    dataset = fill(store, request.node.name, 12)
    with seats(browser, replace(server, port=line.port), store, dataset) as sit:
        cut_and_mended(sit("林晓").open(1), line)


def cut_and_mended(desk: ReviewerPage, line: Proxy) -> None:
    desk.is_now("saved")
    line.refusing = True
    line.cut()
    desk.field(BUDGET).fill("三十六万")
    desk.approve()
    desk.at(2)  # the next chat is there already
    desk.field(RIVAL).fill("只看我们")
    desk.is_now("unsaved")
    assert desk.record(1) is None
    with desk.page.expect_event("dialog") as asked:  # leaving now warns
        desk.page.once("dialog", lambda dialog: dialog.dismiss())
        desk.page.close(run_before_unload=True)
    assert asked.value.type == "beforeunload"
    line.refusing = False
    desk.is_now("saved")
    assert (desk.value(1, BUDGET), desk.value(2, RIVAL)) == ("三十六万", "只看我们")
    assert decisions(desk, 1) == ["已确认"]


@pytest.mark.parametrize("last", ["the desk", "the whole page"])
def test_a_killed_server_is_awaited(sit: Sit, app: App, last: str) -> None:
    """Whatever was drawn last: a restarted server knows no fragment of the page, so the page has to be drawn first."""
    server, _ = app
    desk = sit("林晓").open(1)
    desk.is_now("saved")
    if last == "the whole page":
        desk.page.get_by_test_id("stPopoverButton").click()
        desk.page.get_by_role("radio", name="最久未动").click()
        expect(desk.page.get_by_test_id("stPopoverButton")).to_contain_text("最久未动")
        desk.page.keyboard.press("Escape")
    desk.page.wait_for_load_state("networkidle")
    desk.at(1)
    server.stop(kill=True)
    try:
        desk.field(BUDGET).fill("停电时写的")
        for chat in (2, 3):
            desk.approve()
            desk.at(chat)
        desk.is_now("unsaved")
    finally:
        server.start()
    desk.is_now("saved")
    assert desk.value(1, BUDGET) == "停电时写的"
    assert [decisions(desk, chat) for chat in (1, 2)] == [["已确认"], ["已确认"]]


@pytest.mark.parametrize("end", ["reload", "crash"])
def test_what_was_typed_survives_the_end_of_the_page(browser: Browser, app: App, sit: Sit, end: str) -> None:
    # A browser of its own: in one of many visits, the process that crashes has another page besides.
    context = browser.new_context(viewport={"width": 1600, "height": 900}, locale="zh-CN")
    context.set_default_timeout(PATIENT)
    sit_down(context, app[0], "林晓")
    desk = sit("林晓", context).open(1)
    desk.is_now("saved")
    page = desk.page
    context.set_offline(True)
    desk.field(BUDGET).fill("还没送出")
    if end == "crash":
        with page.expect_event("crash"), suppress(Error):
            page.goto("chrome://crash")
        page.close()
        desk = sit("林晓", context)
    else:
        page.once("dialog", lambda dialog: dialog.accept())
    context.set_offline(False)
    desk.open(1)
    expect(desk.field(BUDGET)).to_have_value("还没送出")
    desk.is_now("saved")
    assert desk.value(1, BUDGET) == "还没送出"
    assert len(desk.history(1)) == 1
    context.close()


def test_two_reviewers_see_one_another_and_settle_by_field(sit: Sit) -> None:
    xiao, mo = sit("林晓").open(1), sit("陈默")
    xiao.is_now("saved")
    mo.open()
    expect(mo.root).not_to_have_attribute("data-chat", "1", timeout=PATIENT)  # passed over: somebody is on it
    mo.open(1)
    expect(mo.page.get_by_text("林晓 正在审阅这一条")).to_be_visible()
    mo.field(BUDGET).fill("三万")
    mo.field(RIVAL).fill("林间家居")
    mo.is_now("saved")
    xiao.field(BUDGET).fill("四万")
    expect(xiao.page.get_by_text("陈默 正在审阅这一条")).to_be_visible()  # who was here first is told, too
    banner = xiao.page.get_by_test_id("conflict")
    expect(banner).to_contain_text("陈默")
    xiao.is_now("unsaved")
    expect(banner.get_by_role("button", name="三万")).to_have_attribute("aria-pressed", "false")
    expect(banner.get_by_role("button", name="林间家居")).to_have_attribute("aria-pressed", "true")
    assert (xiao.value(1, BUDGET), xiao.value(1, RIVAL)) == ("三万", "林间家居")
    xiao.page.evaluate(LATER)
    banner.get_by_role("button", name="按所选保存").click()
    xiao.is_now("saved")
    assert (xiao.value(1, BUDGET), xiao.value(1, RIVAL), xiao.value(1, NAME)) == ("四万", "林间家居", "林木1")
    assert {event.who for event in xiao.history(1)} == {"林晓", "陈默"}
    discuss_a_field(xiao, mo)


def press(desk: ReviewerPage, *keys: str) -> None:
    for key in keys:
        desk.look()
        desk.page.keyboard.press(key)


def discuss_a_field(xiao: ReviewerPage, mo: ReviewerPage) -> None:
    """By keys alone: asked, answered while somebody types, resolved under their hands, and said before an approval."""
    mine, theirs = (desk.page.get_by_test_id("discussion") for desk in (xiao, mo))
    xiao.field(BUDGET).focus()
    press(xiao, "Escape", ";")  # the letter of command mode
    xiao.page.keyboard.type("四万还是三万？ @陈")
    press(xiao, "Enter")  # takes the name
    expect(mine.get_by_role("textbox")).to_have_value("四万还是三万？ @陈默 ")
    press(xiao, "Enter")
    expect(mine.locator(".words")).to_have_text("四万还是三万？ @陈默")
    xiao.page.keyboard.type("还没写完")

    mo.open(1)
    expect(mo.page.locator(".talks")).to_have_text("讨论 1 · @我 1")
    mo.field(RIVAL).focus()
    press(mo, "Alt+;")  # nothing is said of this field: once more leads to where something is
    expect(theirs).to_contain_text("还没有讨论")
    press(mo, "Alt+;")
    expect(theirs.locator(".words")).to_have_text("四万还是三万？ @陈默")
    mo.page.keyboard.type("四万")
    press(mo, "Enter")
    expect(mine.locator(".words")).to_have_text(["四万还是三万？ @陈默", "四万"], timeout=PATIENT)
    expect(mine.get_by_role("textbox")).to_have_value("还没写完")
    mo.look()
    mo.page.evaluate(STILL)
    mo.page.keyboard.press("Control+Enter")
    expect(theirs).to_be_hidden()
    mo.page.keyboard.press("Control+Enter")  # meant for the panel, which it closed: no chat is approved unread
    expect(mo.page.get_by_text("刚关上，按得太快的键没有生效")).to_be_visible()
    expect(mo.root).to_have_attribute("data-chat", "1")
    mo.look()
    expect(xiao.page.get_by_text("陈默 解决了「总体金额」的讨论")).to_be_visible(timeout=PATIENT)
    expect(mine.get_by_role("textbox")).to_have_value("还没写完")
    press(xiao, "Control+Enter")  # opens it again, with what was typed
    expect(mine.locator(".words").last).to_have_text("还没写完")
    expect(mine.locator(".talk-state")).to_have_text("未解决")
    expect(mine.locator(".turn.waiting")).to_have_count(0, timeout=PATIENT)
    mine.get_by_role("button", name="删除").last.click()
    press(xiao, "Escape")
    expect(mine).to_be_hidden()
    xiao.page.locator(".message").get_by_role("button", name="撤销").click()  # the panel is closed by now
    expect(xiao.page.get_by_text("已恢复评论")).to_be_visible()
    press(xiao, ";")
    expect(mine.locator(".words").last).to_have_text("还没写完", timeout=PATIENT)
    press(xiao, "Escape")
    expect(mine).to_be_hidden()
    expect(xiao.page.locator(".mode")).to_be_visible()  # command mode, as before
    for _ in range(4):  # other things may stop an approval, too
        if xiao.page.get_by_text("您提的「总体金额」的讨论还没有解决（Alt+; 看）").is_visible():
            break
        press(xiao, "a")
    expect(xiao.page.get_by_text("您提的「总体金额」的讨论还没有解决（Alt+; 看）")).to_be_visible()
    press(xiao, "a")
    expect(xiao.page.get_by_text("还有 1 处讨论没有解决")).to_be_visible()


SKIP = "window.skipped = 0; const real = Date.now; Date.now = () => real() + window.skipped;"
"""The page's clock, which a test can put forward."""


def test_a_chat_stays_with_who_reads_it_and_is_free_once_they_leave(sit: Sit) -> None:
    xiao = sit("林晓")
    xiao.page.add_init_script(SKIP)
    xiao.open(1).is_now("saved")
    with xiao.store.read() as session:
        chat_id = queries.chat(session, xiao.dataset, 1).id

    def until() -> datetime | None:
        with xiao.store.read() as session:
            claim = session.get(Claim, chat_id)
            return claim.until if claim else None

    with xiao.store.write() as session:
        session.get_one(Claim, chat_id).until = now() + timedelta(seconds=20)
    soon = until()
    xiao.page.mouse.move(300, 300)
    xiao.page.evaluate("window.skipped = 61_000")
    wait_until(lambda: until() != soon, 60)
    expect(xiao.root).to_have_attribute("data-chat", "1")
    xiao.page.get_by_role("link", name="总览").first.click()
    wait_until(lambda: until() is None, 60)


QUICK = """
([first, last, key]) => new Promise((done, fail) => {
  const find = (root, selector) => {
    const found = root.querySelector(selector);
    if (found) return found;
    for (const element of root.querySelectorAll("*")) {
      const inside = element.shadowRoot && find(element.shadowRoot, selector);
      if (inside) return inside;
    }
    return null;
  };
  const desk = find(document, "[data-testid=workbench]");
  const start = "1";
  const press = (options) => (desk.getRootNode().activeElement ?? desk).dispatchEvent(
    new KeyboardEvent("keydown", { bubbles: true, composed: true, cancelable: true, ...options }));
  const clock = performance.now.bind(performance);
  let ahead = 0;
  performance.now = () => clock() + ahead;
  let made = first - 1;
  let presses = 0;
  const step = () => {
    ahead += 500;
    if (made === last) { done(); return; }
    if (desk.dataset.chat !== start) {
      presses += 1;
      if (presses === 2000) { fail(new Error(`never back at chat ${start} after ${made} saves`)); return; }
      press({ key: "ArrowUp", code: "ArrowUp", altKey: true });
    } else {
      made += 1;
      presses = 0;
      const field = desk.querySelector(`[data-field="${key}"]`);
      field.value = String(made);
      field.dispatchEvent(new InputEvent("input", { bubbles: true, composed: true }));
      press({ key: "Enter", code: "Enter", ctrlKey: true });
    }
    setTimeout(step, 0);
  };
  step();
})
"""
"""Type numbers, approve each, go back to chat 1, as fast as the page takes keys; nothing waits for the server."""


@pytest.mark.timeout(600)
def test_hundreds_of_quick_saves_are_each_stored_once_and_in_order(sit: Sit) -> None:
    desk = sit("林晓").open(1)
    desk.is_now("saved")
    desk.page.evaluate(QUICK, [1, 100, BUDGET])
    # The others come without layout and paint, which are most of what a save costs: three times as fast.
    desk.page.locator("#root").evaluate("(root) => { root.style.display = 'none'; }")
    desk.page.evaluate(QUICK, [101, 400, BUDGET])
    expect(desk.root).to_have_attribute("data-save-state", "saved", timeout=300_000)
    events = sorted(desk.history(1), key=lambda event: event.version)
    assert [event.version for event in events] == list(range(1, len(events) + 1))
    typed = [event.change["customers"][0]["values"][BUDGET] for event in events if event.status == "已确认"]
    assert typed == [str(number) for number in range(1, 401)]


def test_a_planted_error_that_went_through_is_told_and_not_stored(browser: Browser, app: App) -> None:
    server, store = app
    dataset = make_dataset(store, [f"林木{n}：书架怎么卖？\n客服小陈：一万起。" for n in (1, 2)], "预埋")
    answers = {n: [{NAME: f"林木{n}", STAGE: "报价"}] for n in (1, 2)}
    make_run(store, dataset, "模型", answers)
    make_run(store, dataset, "标注", answers, RunKind.LABELS)
    with store.write() as session:
        session.add(ReviewCheck(dataset_id=dataset.id, planted_share=1.0, lot_secret="x"))
    assert plant_errors(store, FORM, dataset.id) == 2
    with seats(browser, server, store, dataset.id) as arrive:
        desk = arrive("林晓").open(1)
        desk.approve()
        desk.at(2)
        expect(desk.page.get_by_text("预埋错误")).to_be_visible(timeout=PATIENT)
        desk.is_now("saved")
        assert desk.value(1, STAGE) == "报价"
