"""微调: the loop in six steps, from a built training set to the next chats to review."""

import streamlit as st

from core.errors import NotFoundError
from core.ui import navigation
from core.ui.notices import draw_empty_state, show_errors
from core.ui.training.tuning_steps import draw_tuning

st.title("微调")
st.caption("从训练集到更好的模型，六步一圈：训练集 → 上传训练 → 登记 → 测试 → 抽取 → 对比，再审阅。")
try:
    with show_errors():
        draw_tuning()
except NotFoundError:
    draw_empty_state("这个训练集已不存在", "请重新选择。", page=navigation.TRAINING_SETS, label="训练集")
