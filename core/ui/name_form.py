"""The form that asks for the reviewer's name, once per browser."""

from typing import Literal

import streamlit as st

from core.ui import state
from core.ui.markdown import Markdown


def ask_name(label: Markdown, *, side: Literal["left", "center"] = "center") -> bool:
    """Draw the form; the focus is in its box, and Enter goes on.

    Args:
        label: of its button: what comes next.
        side: where it stands in its place.

    Returns:
        Whether a name was given just now; it is remembered already.
    """
    with (
        st.container(key="opens-at-name", horizontal_alignment=side),
        st.form("reviewer", width=420, enter_to_submit=True),
    ):
        st.markdown("**请问怎么称呼您？**")
        st.caption("您保存的每条记录都会写上这个名字；这个浏览器会记住它，不用每次填。")
        name = st.text_input("您的名字", max_chars=40, placeholder="例如：林晓")
        if st.form_submit_button(label, type="primary"):
            if name.strip():
                state.set_reviewer(name)
                return True
            st.error("请先填写名字。")
    return False
