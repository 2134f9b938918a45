"""训练集: choose options, preview rows, build; find, compare and rebuild built sets."""

import streamlit as st

from core.ui import address, state
from core.ui.first_steps import draw_first_steps
from core.ui.notices import show_errors
from core.ui.training import built_sets, new_set, summaries

NEW, BUILT, SUMMARIES = "新建", "版本", "摘要"

st.title("训练集")
datasets = state.available_datasets()
if not datasets:
    draw_first_steps(
        "还没有可以训练的内容",
        "先导入带标注的群聊，或抽取并审阅；确认过的记录和标注在这里变成训练集。",
        label="去导入",
    )
else:
    with show_errors():
        views = [NEW, BUILT, SUMMARIES]
        view = address.segments(
            st.container(), "看什么", views, key="view", what="视图", required=True, label_visibility="collapsed"
        )
        if view == BUILT:
            built_sets.draw_set_versions()
        elif view == SUMMARIES:
            summaries.draw_summaries(datasets)
        else:
            new_set.draw_new_set(datasets)
