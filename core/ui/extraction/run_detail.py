"""The right side of the page 抽取任务: the run in hand, or the form of a new one."""

import streamlit as st

from core.adapters.store import DatasetView
from core.services.extraction import runs as run_service
from core.services.extraction.runs import RunOption
from core.ui import state
from core.ui.extraction.new_run import draw_new_run
from core.ui.extraction.run_list import refresh_seconds, show_run
from core.ui.extraction.run_panel import draw_run_panel
from core.ui.notices import show_errors


def draw_run(dataset: DatasetView, run_id: int, options: list[RunOption], was_running: bool) -> None:
    """Draw the chosen run; when the first one starts or the last one ends, the page is redrawn with another clock."""
    runs = run_service.listed_runs(state.store(), dataset.id)
    run = next((one for one in runs if one.id == run_id), None)
    if run is None or was_running is (refresh_seconds(runs) is None):
        st.rerun()
    draw_run_panel(run, state.form_of(dataset), options)


def draw_new_run_form(dataset: DatasetView, options: list[RunOption]) -> None:
    """The form of a new run."""
    st.markdown("#### 新建抽取任务")
    with show_errors():
        started = draw_new_run(dataset, options)
        if started is not None:
            show_run(str(started.id))
