"""合并任务: several runs of a dataset become one, by priority, by majority, or per field the one that scores best."""

import streamlit as st

from core.ui import navigation, state
from core.ui.extraction.merge_preview import draw_merge, mergeable_runs
from core.ui.heading import heading
from core.ui.notices import empty_state

available = state.datasets()
if not available:
    st.title("合并任务")
    empty_state("还没有群聊", "先导入群聊，再由模型填写表单。", page=navigation.IMPORT, label="导入群聊")
else:
    dataset, _ = heading("合并任务", available)
    runs = mergeable_runs(dataset)
    if len(runs) < 2:
        empty_state(
            "还差一个抽取任务",
            "合并需要同一个数据集的两个以上任务：换一个模型或提示词再抽取一次，或导入另一份提交文件。",
            page=navigation.RUNS,
            label="新建抽取任务",
        )
    else:
        draw_merge(dataset, state.form_of(dataset), runs)
