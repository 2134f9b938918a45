"""Repeated corrections of a run, and what to do with the chosen ones."""

import streamlit as st

from core.adapters.store import DatasetView
from core.ui import state
from core.ui.heading import draw_heading
from core.ui.notices import show_errors
from core.ui.training.correction_actions import (
    draw_applied_correction,
    draw_bulk_correction,
    draw_prompt_rules,
    draw_trial_run,
)
from core.ui.training.correction_groups import choose_groups, choose_run, draw_cases

PROMPT, BULK, TRY = "写进提示词", "批量更正", "试跑"


def draw_lessons(datasets: list[DatasetView]) -> None:
    """Corrections of one run, and what to do with the selected ones."""
    dataset, _ = draw_heading("经验", datasets)
    form = state.form_of(dataset)
    choice = choose_run(dataset, form)
    if choice is None:
        return
    run, groups = choice
    if not groups:
        st.info("没有反复出现的修改：把上面的条数调低，或再确认一些群聊。", icon=":material/info:")
        return
    chosen = choose_groups(form, groups)
    draw_applied_correction(form, dataset)
    if not chosen:
        st.caption("选一组或几组，再决定怎么办：写成提示词里的规则，批量更正还没改的地方，或只对这些群聊试跑。")
        return
    draw_cases(dataset, form, chosen)
    what = st.segmented_control(
        "怎么办", [PROMPT, BULK, TRY], default=PROMPT, required=True, label_visibility="collapsed", key="lessons-what"
    )
    with show_errors():
        if what == PROMPT:
            draw_prompt_rules(dataset, form, run, chosen)
        elif what == BULK:
            draw_bulk_correction(form, dataset, run, chosen)
        else:
            draw_trial_run(dataset, run, chosen)
