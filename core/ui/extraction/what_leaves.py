"""What of a chat leaves for the chosen model, to be seen before a run is started."""

from typing import Any

import streamlit as st

from core.adapters.store import DatasetView
from core.services.extraction import runs as run_service
from core.services.extraction.pipeline import Pipeline
from core.services.extraction.runs import Departure, RunOption
from core.ui import state
from core.ui.markdown import escape_markdown
from core.ui.notices import show_errors

_SENT, _REAL, _MADE_UP = "这个模型收到的", "不替换", "替换个人信息"


@st.cache_data(show_spinner=False, max_entries=32)
def _departure(
    _option: RunOption, _pipeline: Pipeline, dataset_id: int, scope: dict[str, Any], key: str
) -> Departure | None:
    return run_service.what_leaves(state.store(), _pipeline, _option.spec, dataset=dataset_id, **scope)


def draw_what_leaves(dataset: DatasetView, option: RunOption, pipeline: Pipeline, scope: dict[str, Any]) -> None:
    """A sentence, and for models elsewhere the question about the first chat, with and without made-up values."""
    key = repr((state.store().url, option.spec, pipeline.sha256, pipeline.clean, dataset.chats, dataset.id))
    leaves: Departure | None = None
    with show_errors():
        leaves = _departure(option, pipeline, dataset.id, scope, key)
    if leaves is None:
        return
    warns = leaves.remote and not leaves.replaced and bool(leaves.personal)
    st.caption(
        (":orange[:material/outgoing_mail:] " if warns else ":material/shield: ") + escape_markdown(leaves.sentence)
    )
    if not leaves.remote:
        return
    with st.expander("看发出去的是什么", icon=":material/visibility:"):
        shown = st.segmented_control(
            "看哪一种",
            [_SENT, _REAL, _MADE_UP],
            default=_SENT,
            required=True,
            label_visibility="collapsed",
            key="runs-leaves",
        )
        rendering = {_REAL: leaves.real, _MADE_UP: leaves.made_up}.get(shown, leaves.sent)
        if rendering.rendered.system:
            st.caption("系统提示（system）")
            st.code(rendering.rendered.system, language=None, wrap_lines=True)
        st.caption(f"第 {leaves.chat:d} 条群聊的第一个提问（user）")
        st.code(rendering.rendered.user, language=None, wrap_lines=True, height=360)
        for note in rendering.notes:
            st.caption(escape_markdown(note))
