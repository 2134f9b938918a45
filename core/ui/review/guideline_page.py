"""The page 标注规范 for one dataset: its fields, and the guideline of the chosen one."""

import streamlit as st

from core.adapters.store import DatasetView
from core.services.review import guidelines
from core.ui import state
from core.ui.notices import guarded
from core.ui.review.guideline_editor import choose_field, draw_guideline, draw_guideline_history


@guarded
def draw_guidelines(dataset: DatasetView) -> None:
    """Fields on the left, the guideline of one on the right."""
    form = state.form_of(dataset)
    with state.store().read() as session:
        now = guidelines.current(session, form)
        left, right = st.columns([2, 6], gap="large")
        with left:
            key = choose_field(form, now)
        versions = guidelines.history(session, form, key)
    with right:
        if not state.reviewer():
            st.info("先在审阅台填写名字，才能修改规范。", icon=":material/person:")
        draw_guideline(form, versions)
        draw_guideline_history(versions)
