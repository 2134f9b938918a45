"""标注规范: annotation guidelines per field; the lead edits them, reviewers open them with one key."""

import streamlit as st

from core.ui import state
from core.ui.first_steps import draw_first_steps
from core.ui.review.guideline_page import draw_guidelines

st.title("标注规范")
available = state.available_datasets()
if not available:
    draw_first_steps("还没有数据集", "导入群聊后，这里按它的表单列出每个字段的规范。", label="去导入")
else:
    st.caption("审阅时在字段旁按 G 看这里的内容。规范属于表单，用同一张表单的数据集共用一份。")
    chosen = state.current_dataset(available)
    if chosen is not None:
        draw_guidelines(chosen)
