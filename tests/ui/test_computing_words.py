"""A page that computes for seconds says what, from its first half second on."""

from streamlit.testing.v1 import AppTest


def opening(script: str) -> None:
    import streamlit as st

    from core.ui.page import said_while_computed

    with said_while_computed(script):
        st.write("页面")


def test_only_pages_that_compute_have_a_place_for_it() -> None:
    from core.ui import navigation
    from core.ui.page import COMPUTED

    assert navigation.script_at("scores") in COMPUTED and navigation.script_at("settings") not in COMPUTED
    for script, blocks in ((navigation.SCORES, 1), (navigation.SETTINGS, 0)):
        app = AppTest.from_function(opening, args=(script,), default_timeout=60).run()
        assert [text.value for text in app.markdown] == ["页面"] and not app.exception
        assert sum(child.type == "flex_container" for child in app.main.children.values()) == blocks
