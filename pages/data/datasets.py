"""数据集: lists datasets, pages through the chats of one, takes imports back, deletes datasets."""

import streamlit as st

from core.services.datasets import list_datasets
from core.ui import state
from core.ui.data.dataset_list import draw_chats, draw_datasets, draw_deletion
from core.ui.data.import_history import draw_import_history
from core.ui.first_steps import draw_first_steps
from core.ui.heading import draw_heading
from core.ui.markdown import escape_markdown

summaries = list_datasets(state.store())
if not summaries:
    st.title("数据集")
    draw_first_steps(
        "还没有数据集", "导入 train.json、JSONL、表格、TXT 或一段粘贴的群聊，这里就会列出它们。", label="去导入"
    )
else:
    chosen, _ = draw_heading("数据集", [item.dataset for item in summaries])
    current = next(item for item in summaries if item.dataset.id == chosen.id)
    draw_datasets(summaries)
    st.subheader(f"「{escape_markdown(chosen.name)}」的群聊")
    draw_chats(current.dataset)
    draw_import_history(current.dataset)
    draw_deletion(current)
