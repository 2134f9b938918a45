"""A choice is the same after the titles of its options have changed, and the browser is told its title of now."""

from typing import Any

import pytest
from streamlit.testing.v1 import AppTest


def page() -> None:
    import streamlit as st

    from core.ui.held_choice import held_choice

    ids = ["甲", "乙", "丙"]
    count = st.session_state.setdefault("count", 3)
    typed = st.session_state.get("typed", False)
    chosen = st.selectbox(
        "数据集",
        ids,
        format_func=lambda name: f"{name} · {count} 条" if name in ids else name,
        accept_new_options=typed,
        key=held_choice("box", ids, 1, may_be_new=typed),
    )
    shown = st.segmented_control(
        "内容",
        ids,
        format_func=lambda name: f"{name} {count}",
        required=True,
        key=held_choice("views", ids),
    )
    st.text(f"{chosen} {shown}")


@pytest.mark.parametrize("typed", [False, True])
def test_a_choice_survives_other_titles(typed: bool) -> None:
    app = AppTest.from_function(page, default_timeout=60)
    app.session_state["typed"] = typed
    app.run()
    assert app.text[0].value == "乙 甲"
    app.selectbox(key="box").select("丙").run()
    app.session_state["count"] = 4
    app.run()
    assert app.text[0].value == "丙 甲"
    proto: Any = app.selectbox(key="box").proto
    assert (proto.raw_value, proto.set_value) == ("丙 · 4 条", True)
    assert not app.exception and not app.warning


@pytest.mark.parametrize(
    ("typed", "sent", "chosen"), [(False, "丙 · 3 条", "乙"), (True, "丁", "丁"), (True, "丙", "丙")]
)
def test_a_title_of_before_is_no_choice_and_what_was_typed_is(typed: bool, sent: str, chosen: str) -> None:
    app = AppTest.from_function(page, default_timeout=60)
    app.session_state["typed"], app.session_state["box"] = typed, sent
    app.run()
    assert app.text[0].value == f"{chosen} 甲"
    assert not app.exception and not app.warning
