"""The page of the workbench: what has to come first, its controls, and the workbench itself."""

import streamlit as st

from core.errors import StoreUnavailableError
from core.services.review.records.save_types import PRIMARY_REVIEW
from core.ui import state
from core.ui.first_steps import draw_first_steps
from core.ui.notices import wait_for_store
from core.ui.review import blind_review, workbench_fragment
from core.ui.review.default_run_banner import draw_default_run_banner
from core.ui.review.first_answer_wait import waits_for_first_answer
from core.ui.review.workbench_controls import ask_reviewer, choose_session, draw_controls_stand_in


def draw_workbench_page() -> None:
    """Draw the page; while the database is away, the workbench that was on the screen keeps its place and goes on."""
    blind_review.note_unknown_pass()
    try:
        available = state.available_datasets()
    except StoreUnavailableError as outage:
        draw_controls_stand_in()
        workbench_fragment.draw_last(outage)
        wait_for_store()
        return
    if not available:
        st.title("审阅台")
        draw_first_steps("还没有群聊可以审阅", "先导入群聊；抽取任务填的值是审阅的起点。", label="去导入")
    elif not state.reviewer():
        dataset = state.current_dataset(available, title="审阅台")
        st.title("审阅台")
        if dataset is not None:
            workbench_fragment.chat_of_address(dataset)  # what is not there is no reason to ask for a name
        ask_reviewer()
    elif blind_review.is_blind_review():
        blind_review.draw_blind_review(available)
    else:
        try:
            current = state.current_dataset(available, title="审阅台")
            if current is not None and waits_for_first_answer(current):
                return
            table = choose_session(available)
            blind_review.draw_blind_chat_note(table.dataset)
            draw_default_run_banner(table.dataset, table.base)
        except StoreUnavailableError as outage:
            workbench_fragment.draw_last(outage)
            wait_for_store()
            return
        kind = "" if table.review == PRIMARY_REVIEW else f"{table.review}-"
        workbench_fragment.draw(table, f"workbench-{kind}{table.dataset.id}-{table.reviewer}")
