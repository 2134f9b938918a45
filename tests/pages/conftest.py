"""One way to open a page in tests: from the app's entry, on the test's own database, with nobody's keys at hand."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import streamlit as st
from streamlit import config
from streamlit.components.v2 import manifest_scanner
from streamlit.testing.v1 import AppTest
from streamlit.util import calc_hash

from core.adapters.store import Store
from core.settings import settings
from core.ui import navigation

OpenPage = Callable[..., AppTest]
APP = Path(__file__).parents[2] / "app.py"
_ADDRESSES = {script: address for entries in navigation._MENU.values() for script, _, address in entries}
_ADDRESSES[navigation.START] = _ADDRESSES.pop(navigation.OVERVIEW)  # the start page itself answers "/" alone
KEYS = ("SPARKAI_APP_ID", "SPARKAI_API_KEY", "SPARKAI_API_SECRET", "OPENAI_BASE_URL", "OPENAI_API_KEY", "OPENAI_MODEL")


@pytest.fixture(autouse=True, scope="session")
def quick_app_tests() -> Iterator[None]:
    """What Streamlit does besides at each run of an :class:`AppTest` is left out, or done once.

    It looks through all installed packages for components, and collects garbage in all that the tests have imported.
    """
    manifests = manifest_scanner.scan_component_manifests()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(manifest_scanner, "scan_component_manifests", lambda: manifests)
        config.set_option("runner.postScriptGC", False)
        yield
        config.set_option("runner.postScriptGC", True)


@pytest.fixture
def open_page(store: Store, monkeypatch: pytest.MonkeyPatch) -> Iterator[OpenPage]:
    """``open_page(script, reviewer="林晓", state=None, **address)``: the page after its first run."""
    monkeypatch.setenv("SHIYAO_DATABASE_URL", store.engine.url.render_as_string(hide_password=False))
    for name in KEYS:
        monkeypatch.delenv(name, raising=False)

    def opened(
        script: str, *, reviewer: str = "林晓", state: dict[str, object] | None = None, **address: str
    ) -> AppTest:
        app = app_at(script)
        for name, held in {"shiyao.reviewer": reviewer, **(state or {})}.items():
            app.session_state[name] = held
        for name, text in address.items():
            app.query_params[name] = text
        app.run()
        assert not app.exception
        return app

    _forget()
    yield opened
    _forget()


def app_at(script: str) -> AppTest:
    """The app at a page's address, before its first run, as a browser comes to it.

    Before that, ``switch_page`` goes by the names of files, which are not all addresses, and opens the start page
    instead.
    """
    app = AppTest.from_file(str(APP), default_timeout=60)
    if script in _ADDRESSES:
        app._page_hash = calc_hash(_ADDRESSES[script])
    return app


def _forget() -> None:
    settings.cache_clear()
    st.cache_resource.clear()
    st.cache_data.clear()
