"""微调: the loop in six steps, from a built training set to the next chats to review."""

import streamlit as st

from core.errors import NotFoundError
from core.services.extraction import models as model_catalog
from core.services.training import training_sets
from core.ui import navigation, state
from core.ui.notices import draw_empty_state, show_errors
from core.ui.training.tuning_steps import (
    choose_training_set,
    draw_compare_step,
    draw_extract_step,
    draw_register_step,
    draw_test_step,
    draw_upload_step,
    runs_of_set,
)


def draw() -> None:
    """All six steps for the chosen training set."""
    trained = choose_training_set(training_sets(state.store()))
    if trained is None:
        return
    mine = [spec for spec in model_catalog.models(state.store()) if spec.training_set_id == trained.id]
    runs = runs_of_set(trained)
    draw_upload_step(trained)
    draw_register_step(trained, mine)
    draw_test_step(mine)
    draw_extract_step(trained, mine, runs)
    draw_compare_step(runs)


st.title("微调")
st.html("<style>.stMainBlockContainer { max-width: 1000px; }</style>")
st.caption("从训练集到更好的模型，六步一圈：训练集 → 上传训练 → 登记 → 测试 → 抽取 → 对比，再审阅。")
try:
    with show_errors():
        draw()
except NotFoundError:
    draw_empty_state("这个训练集已不存在", "请重新选择。", page=navigation.TRAINING_SETS, label="训练集")
