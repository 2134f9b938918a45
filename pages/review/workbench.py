"""审阅台: the chat beside the form. Reads the address, passes on the browser's saves, draws the workbench."""

import streamlit as st

from core.services.review.records.save_types import PRIMARY_REVIEW
from core.ui import navigation, state
from core.ui.notices import draw_empty_state
from core.ui.review import blind_review, workbench_fragment
from core.ui.review.workbench_controls import CONTROLS_CSS, ask_reviewer, choose_session

available = state.available_datasets()
if not available:
    st.title("审阅台")
    draw_empty_state(
        "还没有群聊可以审阅", "先导入群聊；模型填的值是审阅的起点。", page=navigation.IMPORT, label="去导入"
    )
elif not state.reviewer():
    st.title("审阅台")
    ask_reviewer()
elif blind_review.is_blind_review():
    blind_review.draw_blind_review(available)
else:
    st.html(CONTROLS_CSS)
    table = choose_session(available)
    kind = "" if table.review == PRIMARY_REVIEW else f"{table.review}-"
    workbench_fragment.draw(table, f"workbench-{kind}{table.dataset.id}-{table.reviewer}")
