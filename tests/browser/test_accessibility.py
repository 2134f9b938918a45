"""Every page, light and dark: WCAG 2.1 A and AA by axe, no word of English, no jump, one place for all titles.

The desk besides: reachable on small or zoomed screens.
"""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from core.adapters.store import queries
from core.services.datasets import load_sample
from core.services.datasets.sample_dataset import SAMPLE_DATASET
from core.services.review import apply_saves
from core.ui.navigation import ADDRESSES
from tests.browser.chromium import at_rest, wait_until_drawn
from tests.browser.page_looks import WATCH_SHIFTS, faint_tracks, problems_of_look, title_place
from tests.browser.reviewer_page import BUDGET, NAME, PATIENT, App, ReviewerPage, fill, sit_down
from tests.browser.visitors import visiting
from tests.factories.datasets import FORM

pytestmark = pytest.mark.browser

RULES: dict[str, Any] = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"],
    "resultTypes": ["violations"],
    "preload": False,
}
COLOURS: dict[str, Any] = {"runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}}
"""The rules that go by colours: what else axe looks at is the same in another scheme."""
NOT_OURS = {
    # st.container(height=…) scrolls without tabindex; Chromium and Firefox let the keyboard into such regions.
    "scrollable-region-focusable": 'data-testid="stVerticalBlock"',
    # st.page_link(disabled=True): text that is not in use is exempt, but the link does not say so to axe.
    "color-contrast": 'data-testid="stPageLink-NavLink"',
}
"""What Streamlit draws and we cannot change: the rule, and what the element that breaks it carries."""


@pytest.fixture(scope="module")
def app(app: App) -> App:
    """With the sample in it."""
    load_sample(app[1])
    return app


@pytest.fixture
def opened(browser: Browser, app: App) -> Iterator[Page]:
    """A page of a laptop's size, light, with less motion."""
    with visiting(browser, PATIENT) as context:
        sit_down(context, app[0], "林晓")
        page = context.new_page()
        page.set_viewport_size({"width": 1366, "height": 768})
        page.emulate_media(color_scheme="light", reduced_motion="reduce")
        yield page


def go_to(page: Page, url: str) -> None:
    page.goto(url)
    wait_until_drawn(page)


_SETTLE = """async () => {
  const told = (one) => `${colours(one)} ${one.cloneNode().outerHTML}`;
  const isEndless = ({ effect }) => effect?.getComputedTiming().endTime === Infinity;
  const elements = (root) => [...root.querySelectorAll('*')].flatMap((one) =>
    one.shadowRoot ? [one, ...elements(one.shadowRoot)] : [one]);
  const colours = (one) => {
    const { color, backgroundColor, borderTopColor, fill } = getComputedStyle(one);
    return [color, backgroundColor, borderTopColor, fill].join();
  };
  let before = [], changed = [];
  for (let looks = 0; looks < 80; looks += 1) {
    document.getAnimations().filter((one) => !isEndless(one)).forEach((one) => one.finish());
    const shown = elements(document);
    const after = shown.map(colours);
    changed = shown.filter((_, place) => after.length !== before.length || after[place] !== before[place]);
    if (changed.length === 0) return document.getAnimations().filter(isEndless).map((one) => told(one.effect.target));
    before = after;
    await new Promise((done) => setTimeout(done, 60));
  }
  return changed.slice(-5).map(told);
}"""


def restless(page: Page) -> list[str]:
    """Wait until whatever is about to take another colour has taken it; elements that go on moving.

    Those are ones that move without end, which nobody wants who asked for less motion, and the ones that still change
    after 80 looks. A passing change is put to its end: a Chromium that draws no frames would never come there.
    """
    return [f"never at rest: {line}" for line in page.evaluate(_SETTLE)]


def turn(page: Page, scheme: Any) -> None:
    """Make an open page light or dark, as the system does in the evening."""
    page.emulate_media(color_scheme=scheme)
    expect(page.get_by_test_id("stApp")).to_have_css("color-scheme", scheme)
    at_rest(page)


def problems(page: Page, rules: dict[str, Any] = RULES) -> list[str]:
    if not page.evaluate("'axe' in window"):
        page.evaluate(Axe().axe_script)  # half a megabyte: once a document
    found: list[str] = []
    for violation in page.evaluate("(rules) => axe.run(rules)", rules)["violations"]:
        for node in violation["nodes"]:
            target = " ".join(" ".join(part) if isinstance(part, list) else part for part in node["target"])
            if (mark := NOT_OURS.get(violation["id"])) and mark in target + node["html"]:
                continue
            found.append(f"{violation['id']}: {target[-120:]}: {node['html'][:120]}: {node.get('failureSummary', '')}")
    return found


@pytest.mark.timeout(400)
def test_every_page(opened: Page, app: App) -> None:
    """One visit for both looks, for a visit takes longest: every other page is opened dark, and made light then.

    What no scheme changes is looked at once.
    """
    server, _ = app
    page = opened
    page.add_init_script(WATCH_SHIFTS)
    found: dict[str, list[str]] = {}
    places: dict[str, tuple[float, float]] = {}
    schemes = ["light", "dark"]
    for address in ADDRESSES:
        page.emulate_media(color_scheme=schemes[0])
        go_to(page, f"{server.url}/{'' if address == ADDRESSES[0] else address}")
        for scheme in schemes:
            turn(page, scheme)
            here = f"{address}, {scheme}"
            is_first = scheme == schemes[0]
            found[here] = restless(page) + problems(page, RULES if is_first else COLOURS) + faint_tracks(page)
            if is_first:
                found[here] += problems_of_look(page)
            if place := title_place(page):
                places[here] = place
            if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
                found[here].append("scrolls sideways")
        schemes.reverse()
    assert not {here: lines for here, lines in found.items() if lines}
    assert len(set(places.values())) == 1, places
    assert len(places) == 2 * (len(ADDRESSES) - 1)  # all but the desk


def test_the_desk_in_all_its_states(opened: Page, app: App) -> None:
    server, store = app
    desk = ReviewerPage(opened, server, store, fill(store, "desk", 3)).open(1)
    found: dict[str, list[str]] = {}

    def look(state: str) -> None:
        found[f"{state}, light"] = problems(desk.page)
        turn(desk.page, "dark")
        found[f"{state}, dark"] = restless(desk.page) + problems(desk.page, COLOURS)
        turn(desk.page, "light")

    look("at rest")
    states = {
        "help": ["F1"],
        "search": ["Escape", "Alt+/"],
        "palette": ["Control+k"],
        "palette without a match": ["z", "z", "z", "z"],
        "command mode": ["Escape", "Escape", "Escape"],
        "only doubts": ["Alt+z"],
        "note": ["Escape", "Alt+d"],
    }
    for state, keys in states.items():
        for key in keys:
            desk.page.keyboard.press(key)
        if state == "command mode":
            desk.page.keyboard.down("Space")
            expect(desk.root.locator(".ribbon")).to_be_visible()
        look(state)
        desk.page.keyboard.up("Space")
    desk.page.keyboard.press("Escape")
    desk.page.keyboard.press("Alt+z")
    save = {"save_id": str(uuid4()), "chat": 1, "reviewer": "陈默", "base_version": 0, "status": "草稿"}
    customers = [{"values": {NAME: "林木1", BUDGET: "三万"}, "origin": 0}]
    apply_saves(store, FORM, desk.dataset, [save | {"customers": customers}])
    desk.field(BUDGET).fill("四万")
    expect(desk.page.get_by_test_id("conflict")).to_be_visible()
    look("conflict")
    assert not {state: lines for state, lines in found.items() if lines}


@pytest.mark.parametrize(("width", "height"), [(1366, 768), (1093, 614)], ids=["1366x768", "1366x768 at 125 %"])
def test_the_whole_desk_is_reachable(opened: Page, app: App, width: int, height: int) -> None:
    server, store = app
    with store.read() as session:
        sample = queries.dataset(session, SAMPLE_DATASET).id
    opened.set_viewport_size({"width": width, "height": height})
    desk = ReviewerPage(opened, server, store, sample).open(1)
    page = desk.page
    assert page.evaluate("[document.documentElement.scrollWidth <= innerWidth, scrollY]") == [True, 0]
    assert desk.root.evaluate(
        "root => [root.scrollWidth <= root.clientWidth, root.getBoundingClientRect().bottom]"
    ) == [
        True,
        height,
    ]
    for command in ("approve", "discuss", "skip", "help"):
        expect(desk.root.locator(f"[data-command={command}]").first).to_be_in_viewport(ratio=0.9)
    expect(page.get_by_text("已保存")).to_be_in_viewport(ratio=0.9)
    desk.field(FORM.keys[0]).focus()
    order: list[str | None] = []
    for _ in FORM.keys:
        focused = desk.root.locator(":focus")
        order.append(focused.get_attribute("data-field"))
        expect(focused).to_be_in_viewport(ratio=0.9)
        page.keyboard.press("Tab")
    assert order == list(FORM.keys)  # the order on screen, and nothing that takes a key between the fields
    told = desk.root.locator(".message")
    told.evaluate("""message => {
        Object.assign(message.dataset, { tone: "warn" });
        message.parentElement.dataset.tone = "warn";
        const said = document.createElement("span");
        said.className = "said";
        said.textContent = "聊天里还有没填的「明天上午」（王勇4 · 第 311 条消息）：Alt+F 看，Alt+H 不用填。".repeat(3);
        message.replaceChildren(said);
    }""")
    expect(told).to_be_in_viewport(ratio=1)  # however long a sentence is, it ends with … and covers nothing
    assert told.evaluate("message => message.scrollHeight <= message.clientHeight + 1")
    assert told.evaluate("message => message.offsetTop >= message.parentElement.offsetTop")
