"""标注规范: annotation guidelines per field; the lead edits them, reviewers open them with one key."""

import streamlit as st

from core.adapters.store import DatasetView
from core.services.review import guidelines
from core.ui import navigation, state
from core.ui.notices import draw_empty_state, guarded
from core.ui.review.guideline_editor import choose_field, draw_guideline, draw_guideline_history


@guarded
def page(dataset: DatasetView) -> None:
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


st.title("标注规范")
available = state.available_datasets()
if not available:
    draw_empty_state(
        "还没有数据集", "导入群聊后，这里按它的表单列出每个字段的规范。", page=navigation.IMPORT, label="去导入"
    )
else:
    st.caption("审阅时在字段旁按 G 看这里的内容。规范属于表单，用同一张表单的数据集共用一份。")
    chosen = state.current_dataset(available)
    if chosen is not None:
        page(chosen)
