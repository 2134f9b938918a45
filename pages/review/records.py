"""记录表: a dataset's chats with their records; filter, edit in place, change many at once."""

import streamlit as st

from core.ui.heading import datasets_or_empty_state, draw_heading
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
    chosen, _ = draw_heading("记录表", available)
    draw_record_table(chosen)
