"""导入: upload a file or paste a chat, preview what is imported and what is rejected, then import."""

import streamlit as st

from core.ui import state
from core.ui.data.import_report import draw_import_report, last_report
from core.ui.data.import_sources import draw_paste, draw_upload

FILE, PASTE = "上传文件", "粘贴聊天"


st.title("导入")
if report := last_report():
    draw_import_report(report)
datasets = state.available_datasets()
if st.segmented_control("来源", [FILE, PASTE], default=FILE, required=True, label_visibility="collapsed") == PASTE:
    draw_paste(datasets)
else:
    draw_upload(datasets)
