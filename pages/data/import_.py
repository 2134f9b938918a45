"""导入: upload a file, paste a chat or take a sample; preview what is imported and what is rejected, then import."""

import streamlit as st

from core.ui import state
from core.ui.data.form_choice import choose_form
from core.ui.data.import_report import draw_import_report, last_report
from core.ui.data.import_sources import draw_paste, draw_upload
from core.ui.samples import draw_samples

FILE, PASTE, SAMPLES = "上传文件", "粘贴聊天", "示例"


st.title("导入")
if report := last_report():
    draw_import_report(report)
datasets = state.available_datasets()
source = st.segmented_control("来源", [FILE, PASTE, SAMPLES], default=FILE, required=True, label_visibility="collapsed")
if source == SAMPLES:
    draw_samples()
elif source == PASTE:
    draw_paste(datasets, choose_form())
else:
    draw_upload(datasets, choose_form())
