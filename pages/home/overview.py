"""总览: progress and next step of each dataset, and the latest saves."""

import streamlit as st

from core.services.datasets import load_sample
from core.services.review import overview
from core.ui import navigation, state
from core.ui.home.dataset_status import draw_dataset_status, draw_recent_saves
from core.ui.notices import draw_empty_state

st.title("总览")
states, events = overview(state.store())
if not states:
    draw_empty_state(
        "欢迎使用拾要",
        "从导入群聊开始：train.json、JSONL、表格或一段粘贴的群聊都可以。",
        page=navigation.IMPORT,
        label="导入群聊",
    )
    if st.button("先看看示例", icon=":material/visibility:", help="28 条自编的群聊，带标注和一个完成的抽取任务"):
        with st.spinner("正在载入示例…"):
            load_sample(state.store())
        st.rerun()
for number, dataset_state in enumerate(states):
    draw_dataset_status(dataset_state, first=not number)
draw_recent_saves(events)
