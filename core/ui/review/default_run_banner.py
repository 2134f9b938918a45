"""A banner on the workbench: the dataset's default run is another one since this reviewer last saw it."""

import streamlit as st

from core.adapters.store import DatasetView
from core.services.quality import DefaultRun, default_run
from core.services.quality.default_run import last_seen_default, remember_default
from core.services.review.base_runs import BaseRun
from core.ui import navigation, state
from core.ui.markdown import escape_markdown
from core.ui.notices import show_errors


def draw_default_run_banner(dataset: DatasetView, base: BaseRun | None) -> None:
    """Say that the default run has changed, until the reviewer has taken note; remember it at the first visit.

    Args:
        dataset: the dataset.
        base: the run that this desk starts from, which the address may have chosen.
    """
    who = state.reviewer()
    with state.store().read() as session:
        default = default_run(session, dataset.id)
    if default is None or not who:
        return
    seen = last_seen_default(state.store(), dataset.id, who)
    if seen is None:
        remember_default(state.store(), dataset.id, who, default)
        return
    seen_id, seen_name = seen
    if seen_id == default.id:
        return
    start = (
        "还没审的群聊从它的值开始；"
        if base is None or base.id == default.id
        else f"这里选的是「{escape_markdown(base.name)}」，还没审的群聊仍从「{escape_markdown(base.name)}」的值开始；"
    )
    with st.container(
        key="default-run-changed", horizontal=True, vertical_alignment="center", gap="small", border=True
    ):
        st.markdown(
            f":material/swap_horiz: 默认任务从「{escape_markdown(seen_name)}」换成了"
            f"「{escape_markdown(default.name)}」（{escape_markdown(default.why)}）。"
            f"{start}已保存的记录不变。",
            width="content",
        )
        st.space("stretch")
        st.page_link(navigation.RUNS, label="抽取任务", query_params={"dataset": str(dataset.id)}, width="content")
        st.button("知道了", key="default-run-seen", on_click=_take_note, args=(dataset.id, who, default))


def _take_note(dataset_id: int, reviewer: str, default: DefaultRun) -> None:
    """Remember the default run that stood on screen; a button's callback."""
    with show_errors():
        remember_default(state.store(), dataset_id, reviewer, default)
