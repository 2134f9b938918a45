"""记录表: a dataset's chats with their records; filter, edit in place, change many at once."""

import streamlit as st

from core.ui import state
from core.ui.heading import datasets_or_empty_state
from core.ui.review.record_table import draw_record_table

# The table takes what the window has.
_CSS = """
<style>
#root .stMainBlockContainer { padding-bottom: .5rem; }
.st-key-records-grid iframe { height: max(320px, calc(100vh - 284px)) !important; }
.st-key-records-news p { margin: 0; }
</style>
"""


available = datasets_or_empty_state("记录表", "还没有记录", "先导入群聊，审阅后这里会列出每一条记录。")
if available:
    st.html(_CSS)
    with st.container(horizontal=True, vertical_alignment="center", key="records-head"):
        st.title("记录表", width="content")
        with st.container(width=340):
            chosen = state.choose_dataset(available, label_visibility="collapsed")
    draw_record_table(chosen)
