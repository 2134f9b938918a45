"""学习模型: extractors that are learned from approvals, without key or network."""

import streamlit as st

from core.ui import navigation
from core.ui.extraction.run_list import NEW
from core.ui.heading import datasets_or_empty_state
from core.ui.training.learned_models import draw_models, draw_progress, draw_training

available = datasets_or_empty_state("学习模型", "还没有数据集", "导入群聊并确认几条以后，会从它们学出一个抽取模型。")
if available:
    st.title("学习模型")
    st.caption("从大家确认过的记录学习怎样填表：不需要密钥，不连网络，几秒钟训练好。抽取时和别的模型一样用。")
    draw_progress(sorted({dataset.form for dataset in available}))
    in_use = draw_models()
    st.subheader("现在训练")
    draw_training(available)
    if in_use:
        st.page_link(
            navigation.RUNS,
            label="用学习模型新建抽取任务",
            icon=":material/arrow_forward:",
            query_params={"run": NEW, "model": in_use},
        )
