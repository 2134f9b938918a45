"""The workbench on one page, for its browser tests: short names for what they do, one harness for all."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Error, Locator, Page, expect

from tests.browser.serving import Server, serving

LATER = """() => {
    const real = () => Performance.prototype.now.call(performance);
    const ahead = performance.now() + 500 - real();
    performance.now = () => real() + ahead;
}"""
STILL = "() => { const at = performance.now(); performance.now = () => at; }"


class WorkbenchPage:
    """The workbench on one page: short names for what the tests do."""

    def __init__(self, page: Page, server: Server, folder: Path) -> None:
        self.page, self.server, self.folder = page, server, folder
        self.presses = 0
        self.is_hurried = False
        self.root = page.locator("[data-testid=workbench]")

    def open(self, chat: int = 1) -> "WorkbenchPage":
        self.page.goto(f"{self.server.url}/?chat={chat}&state={self.folder.name}")
        expect(self.root).to_have_attribute("data-chat", str(chat), timeout=30_000)  # a busy machine starts slowly
        self.look()
        return self

    def at(self, chat: int) -> None:
        """The chat is there, and somebody has looked at it."""
        expect(self.root).to_have_attribute("data-chat", str(chat), timeout=20_000)
        self.look()

    def look(self) -> None:
        """Time goes by in which the chat, a list or what stops an approval can be seen."""
        self.is_hurried = False
        self.page.evaluate(LATER)

    def hurry(self) -> None:
        """Whatever is pressed now is pressed at once, however slow the machine is, until somebody looks."""
        self.is_hurried = True
        self.page.evaluate(STILL)

    def saved(self) -> None:
        expect(self.root).to_have_attribute("data-save-state", "saved", timeout=20_000)

    def field(self, key: str, customer: int = 0) -> Locator:
        return self.page.locator(f'[data-field="{key}"][data-customer="{customer}"]')

    def press(self, *keys: str) -> None:
        """Press one key after another, each with a look at what the one before has brought, unless in a hurry."""
        for key in keys:
            if not self.is_hurried:
                self.look()
            self.page.keyboard.press(key)
            self.presses += 1

    def type(self, text: str) -> None:
        """Typing, which is no key action."""
        self.page.keyboard.type(text)

    def confirmed(self, index: int, customer: int = 0) -> dict[str, str]:
        return self.chat(index)["customers"][customer]["confirmed"]

    @property
    def stored(self) -> dict[str, Any]:
        return json.loads((self.folder / "state.json").read_text("utf-8"))

    def chat(self, index: int) -> dict[str, Any]:
        return self.stored["chats"][str(index)]

    def value(self, index: int, key: str, customer: int = 0) -> Any:
        return self.chat(index)["customers"][customer]["values"][key]


@pytest.fixture(scope="session")
def workbench_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("workbench")
    with serving("tests/browser/harness_workbench.py", folder, {"HARNESS_STATE": str(folder)}) as started:
        yield started


@pytest.fixture(scope="session")
def workbench_tab(browser: Browser) -> Iterator[Page]:
    """One tab for all tests of the harness: in a new one a browser reads Streamlit's scripts anew, for 1.5 s."""
    context = browser.new_context(viewport={"width": 1600, "height": 900}, locale="zh-CN")
    context.set_default_timeout(15_000)
    yield context.new_page()
    context.close()


_HELD = ("Space", "Enter", "Tab", "Alt", "Control", "Meta", "Shift")


def lift_keys(page: Page) -> None:
    """Whatever a test held down when it failed is up: held in a tab, a key stays held for the tests after it."""
    for key in _HELD:
        page.keyboard.up(key)
    page.mouse.up()


@pytest.fixture
def desk(workbench_tab: Page, workbench_server: Server, request: pytest.FixtureRequest) -> Iterator[WorkbenchPage]:
    """The workbench in a tab that remembers nothing of earlier tests; a script that throws on it fails the test."""
    folder = Path(workbench_server.env["HARNESS_STATE"]) / request.node.name
    folder.mkdir()
    errors: list[Error] = []

    def note(error: Error) -> None:
        errors.append(error)

    workbench_tab.on("pageerror", note)
    lift_keys(workbench_tab)
    yield WorkbenchPage(workbench_tab, workbench_server, folder)
    workbench_tab.goto("about:blank")
    workbench_tab.mouse.move(0, 0)
    workbench_tab.remove_listener("pageerror", note)
    devtools = workbench_tab.context.new_cdp_session(workbench_tab)
    devtools.send("Storage.clearDataForOrigin", {"origin": workbench_server.url, "storageTypes": "all"})
    devtools.detach()
    workbench_tab.context.clear_cookies()
    assert not errors, [str(error) for error in errors]
