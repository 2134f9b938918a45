"""批次: assigns chats to reviewers and shows the progress of each."""

import streamlit as st

from core.adapters.store import DatasetView
from core.services.review.batches import batches
from core.ui import state
from core.ui.heading import datasets_or_empty_state, draw_heading
from core.ui.notices import draw_empty_state, guarded
from core.ui.review.batch_list import draw_batches, draw_new_batch


@guarded
def page(available: list[DatasetView]) -> None:
    """Draw the existing batches and the form for a new one."""
    dataset, _ = draw_heading("批次", available)
    views = batches(state.store(), dataset.id)
    if views:
        draw_batches(dataset, views)
    else:
        draw_empty_state("还没有批次", "在下面选好条件、条数和审阅人，把群聊分派出去。")
    st.subheader("新的批次")
    draw_new_batch(dataset)


available = datasets_or_empty_state("批次", "还没有群聊可以分派", "先导入群聊。")
if available:
    page(available)
