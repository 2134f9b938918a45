"""What browser tests share: fresh contexts of the Chromium, and `serve` to start Streamlit scripts on free ports."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Error, Page, expect

from tests.browser.reviewer_page import App, app_over
from tests.browser.serving import Serve, Server, serving
from tests.browser.visitors import visiting
from tests.browser.workbench_page import desk, workbench_server, workbench_tab  # noqa: F401

expect.set_options(timeout=20_000)  # what is expected comes at once, but on a busy machine


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """The real app over a blank database, for all tests of a module."""
    with app_over(tmp_path_factory.mktemp("app")) as started:
        yield started


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A reviewer's browser: own storage, Chinese, 1600×900."""
    with visiting(browser) as opened:
        yield opened


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """A page that fails the test if a script on it throws."""
    opened = context.new_page()
    errors: list[Error] = []
    opened.on("pageerror", lambda error: errors.append(error))
    yield opened
    assert not errors, [str(error) for error in errors]


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    """``serve("app.py", env={…})`` starts a server for this test alone and waits until it answers."""
    with ExitStack() as opened:

        def start(script: str | Path, env: Mapping[str, str] | None = None) -> Server:
            return opened.enter_context(serving(script, tmp_path, env))

        yield start
