"""抽取任务: start a run with an estimate of its cost, watch its progress, and handle its failures."""

import streamlit as st

from core.adapters.store import DatasetView
from core.services.extraction import runs as run_service
from core.services.extraction.runs import RunOption
from core.ui import address, state
from core.ui.extraction.new_run import draw_new_run
from core.ui.extraction.run_list import NEW, current_run, draw_run_list, refresh_seconds, show_run
from core.ui.extraction.run_panel import draw_run_panel
from core.ui.heading import datasets_or_empty_state, draw_heading
from core.ui.notices import fragment, show_errors


def draw_run(dataset: DatasetView, run_id: int, options: list[RunOption], was_running: bool) -> None:
    """Draw the chosen run; when no run is running any more, the page is redrawn without a timer."""
    runs = run_service.model_runs(state.store(), dataset.id)
    run = next((one for one in runs if one.id == run_id), None)
    if run is None or (was_running and refresh_seconds(runs) is None):
        st.rerun()
    draw_run_panel(run, state.form_of(dataset), options)


def draw_new(dataset: DatasetView, options: list[RunOption]) -> None:
    """The form of a new run."""
    st.markdown("#### 新建抽取任务")
    with show_errors():
        started = draw_new_run(dataset, options)
        if started is not None:
            show_run(str(started.id))


available = datasets_or_empty_state(
    "抽取任务", "还没有可以抽取的群聊", "先导入群聊，再由模型填写表单。", label="导入群聊"
)
if available:
    run_service.ensure_running(state.store())
    dataset, rest = draw_heading("抽取任务", available)
    action = rest.columns([3, 2])[1]
    options = run_service.run_options(state.store())
    runs = run_service.model_runs(state.store(), dataset.id)
    chosen = current_run(runs)
    new = chosen is None or address.text_parameter("run") == NEW
    if runs and action.button(
        "新建抽取任务", type="secondary" if new else "primary", icon=":material/add:", width="stretch", key="runs-new"
    ):
        show_run(NEW)
    every = refresh_seconds(runs)
    if not runs:
        draw_new(dataset, options)
    else:
        listed, detail = st.columns([4, 8], gap="large")
        with listed:
            fragment(draw_run_list, every=every)(dataset, 0 if new or chosen is None else chosen.id)
        with detail:
            if new or chosen is None:
                draw_new(dataset, options)
            else:
                fragment(draw_run, every=every)(dataset, chosen.id, options, every is not None)
