"""The blind second review: the workbench without model values and without the first review."""

import streamlit as st

from core.adapters.store import DatasetView
from core.services.review import BLIND, BlindSession
from core.services.team import withheld_chats
from core.ui import address, navigation, state
from core.ui.markdown import escape_markdown
from core.ui.navigation import PASS, SECOND
from core.ui.review import workbench_fragment


def is_blind_review() -> bool:
    """Whether the address asks for the blind second review."""
    return address.text_parameter(PASS) == SECOND


def note_unknown_pass() -> None:
    """Say so where the address asks for a review that there is none of."""
    requested = address.text_parameter(PASS)
    if requested not in ("", SECOND):
        address.note_unknown("审阅方式", requested, "普通审阅")


def draw_blind_chat_note(dataset: DatasetView) -> None:
    """Say why the desk opens another chat where the address names one that this person reviews blind just now."""
    index = address.index_parameter("chat")
    with state.store().read() as session:
        if index is None or index not in withheld_chats(session, dataset.id):
            return
    with st.container(key="blind-chat", horizontal=True, vertical_alignment="center"):
        st.markdown(
            f":orange[:material/visibility_off: 第 {index:d} 条您正在盲审，确认之后才看得到初审；这里打开的是另一条。]",
            width="content",
        )
        query = {"dataset": str(dataset.id), "chat": str(index), PASS: SECOND}
        st.page_link(navigation.WORKBENCH, label=f"去盲审第 {index:d} 条", query_params=query, width="content")


def draw_blind_review(available: list[DatasetView]) -> None:
    """The workbench of the blind second review, for the current dataset."""
    dataset = state.current_dataset(available, title="审阅台")
    if dataset is None:
        return
    with st.container(key="second-bar", horizontal=True, vertical_alignment="center"):
        st.markdown(f":orange-badge[{BLIND}] {escape_markdown(dataset.name)}：看不到抽取的值和初审的值")
        st.page_link(
            navigation.AGREEMENT, label="结束盲审", icon=":material/close:", query_params={"dataset": str(dataset.id)}
        )
    who = state.reviewer()
    workbench_fragment.draw(BlindSession(dataset, state.form_of(dataset), who), f"workbench-second-{dataset.id}-{who}")
