"""导出: say what goes in, see what will be in it before it is made, make it, take it, and find earlier ones."""

import streamlit as st

from core.services.export import export_log_entries
from core.ui import navigation, state
from core.ui.export.finished_exports import draw_export, draw_export_log
from core.ui.heading import heading
from core.ui.notices import empty_state, reported

datasets = state.datasets()
if not datasets:
    st.title("导出")
    empty_state(
        "还没有可以导出的内容",
        "先导入群聊，抽取并审阅；确认过的记录在这里变成提交文件和训练集。",
        page=navigation.IMPORT,
        label="去导入",
    )
else:
    with reported():
        dataset, _ = heading("导出", datasets)
        draw_export(dataset)
    draw_export_log(export_log_entries(state.store()))
