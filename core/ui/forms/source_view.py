"""A form as its text: for who would rather type TOML, and for comments."""

from dataclasses import replace

import streamlit as st

from core.domain.form.toml_file import parse_tables
from core.ui.forms.open_form import OpenForm, may_change
from core.ui.notices import show_errors


def draw_source(opened: OpenForm) -> None:
    """The form's TOML in a box; what is typed there takes the tables' place."""
    st.caption("和「字段」「规则」是同一份内容，可以写 # 注释。")
    key = opened.key("source")
    text = st.text_area(
        "表单的 TOML",
        opened.shown.form,
        height=560,
        key=key,
        disabled=not may_change(),
        label_visibility="collapsed",
    )
    text = text.removeprefix("\ufeff")  # what some editors put in front
    if may_change() and text != opened.texts.form:
        with show_errors():
            parse_tables(text, "表单")
            opened.change(replace(opened.texts, form=text))
