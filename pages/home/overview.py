"""总览: progress and next step of each dataset, how the work goes, and the latest saves."""

import streamlit as st

from core.services.review import overview
from core.ui import state
from core.ui.first_steps import draw_first_steps
from core.ui.home.dataset_status import draw_dataset_status, draw_recent_saves
from core.ui.home.lead_panel import draw_progress_of, view_of

st.title("总览")
states, events = overview(state.store())
if not states:
    draw_first_steps("欢迎使用拾要", "从导入群聊开始：train.json、JSONL、表格或一段粘贴的群聊都可以。")
leads = {item.dataset.id: view_of(item) for item in states}
for number, dataset_state in enumerate(states):
    draw_dataset_status(dataset_state, leads[dataset_state.dataset.id], first=not number)
draw_progress_of(states, leads)
draw_recent_saves(events)
