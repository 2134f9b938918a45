"""The first guidelines that a form brings along, and the rules that the provider ``local`` goes by."""

from dataclasses import replace
from typing import Any

import streamlit as st

from core.domain.form.toml_file import parse_tables
from core.errors import FormError
from core.services.forms.form_text import entries
from core.services.forms.renames import guidelines_text
from core.ui.forms.open_form import OpenForm, may_change
from core.ui.markdown import escape_markdown

LONGEST = 4000


def draw_guideline_boxes(opened: OpenForm) -> None:
    """A box for each field's guideline, and the text of the rules."""
    st.caption(
        "随表单提供的规范：数据集用哪一版表单，提示词里写的就是那一版的规范。"
        "在「标注规范」页改的只给审阅的人看，不进提示词，各版共用。"
    )
    guidelines = _guidelines_of(opened.shown.guidelines)
    typed: dict[str, str] = {}
    labels = {str(one.get("key", "")): str(one.get("label") or one.get("key", "")) for one in _fields(opened)}
    # What is about a field that is not there is shown too: looking at the page drops nothing.
    labels |= {key: f"{key}（表单里没有这个字段，清空就是删掉）" for key in guidelines if key not in labels}
    columns = st.columns(2, gap="medium")
    for place, (key, label) in enumerate(labels.items()):
        typed[key] = columns[place % 2].text_area(
            escape_markdown(label),
            str(guidelines.get(key, "")),
            height=76,
            max_chars=LONGEST,
            placeholder="怎么填、举一两个例子",
            key=opened.key(f"guideline-{place}"),
            disabled=not may_change(),
        )
    st.markdown("**本地规则**")
    st.caption(
        "不用模型时按什么词填选项：TOML，一条一段 [[choice]]，写 key、value、words，可加 unless、by、least、weight。"
    )
    rules = st.text_area(
        "本地规则",
        opened.shown.rules,
        height=220,
        label_visibility="collapsed",
        placeholder='[[choice]]\nkey = "字段"\nvalue = "值"\nwords = ["说明它的词"]',
        key=opened.key("rules"),
        disabled=not may_change(),
    )
    if may_change():
        kept = {key: text.strip() for key, text in typed.items() if text.strip()}
        same = kept == {key: str(text).strip() for key, text in guidelines.items() if str(text).strip()}
        text = opened.shown.guidelines if same else guidelines_text(kept)
        opened.change(replace(opened.shown, guidelines=text, rules=rules))


def _fields(opened: OpenForm) -> list[dict[str, Any]]:
    return entries(opened.shown_tables, "field")


def _guidelines_of(source: str) -> dict[str, Any]:
    try:
        return parse_tables(source, "规范")
    except FormError:
        return {}
