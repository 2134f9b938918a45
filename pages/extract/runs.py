"""抽取任务: start a run with an estimate of its cost, watch its progress, and handle its failures."""

import streamlit as st

from core.domain.permissions import Permission
from core.services.extraction import runs as run_service
from core.ui import address, state
from core.ui.extraction.run_detail import draw_new_run_form, draw_run
from core.ui.extraction.run_list import NEW, QUIET_SECONDS, current_run, draw_run_list, refresh_seconds, show_run
from core.ui.heading import datasets_or_empty_state, draw_heading
from core.ui.notices import fragment
from core.ui.only_for import only_for

available = datasets_or_empty_state(
    "抽取任务", "还没有可以抽取的群聊", "先导入群聊，再由模型填写表单。", label="导入群聊"
)
if available:
    run_service.ensure_running(state.store())
    dataset, rest = draw_heading("抽取任务", available)
    action = rest.columns([3, 2])[1]
    options = run_service.run_options(state.store())
    runs = run_service.listed_runs(state.store(), dataset.id)
    chosen = current_run(runs)
    new = chosen is None or address.text_parameter("run") == NEW
    if runs and action.button(
        "新建抽取任务",
        type="secondary" if new else "primary",
        icon=":material/add:",
        width="stretch",
        key="runs-new",
        **only_for(Permission.RUNS),
    ):
        show_run(NEW)
    every = refresh_seconds(runs)
    if not runs:
        draw_new_run_form(dataset, options)
    else:
        listed, detail = st.columns([4, 8], gap="large")
        with listed:
            fragment(draw_run_list, every=every or QUIET_SECONDS)(dataset, 0 if new or chosen is None else chosen.id)
        with detail:
            if new or chosen is None:
                draw_new_run_form(dataset, options)
            else:
                fragment(draw_run, every=every or QUIET_SECONDS)(dataset, chosen.id, options, every is not None)
