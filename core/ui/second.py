"""The blind second review on screen: the desk's component with a desk that knows of no model and no first review."""

import streamlit as st

from core.review import BLIND, SecondDesk
from core.store import DatasetView
from core.ui import pages, state
from core.ui import workbench as component
from core.ui.notices import guarded, reported

PASS, SECOND = "pass", "second"
"""The address of the desk says ``?pass=second``."""

_BAR = """
<style>
.st-key-second-bar { position: fixed; top: 7px; right: 16px; z-index: 999991; width: auto; }
</style>
"""


def wanted() -> bool:
    """Whether the address asks for the blind review."""
    return st.query_params.get(PASS, "") == SECOND


def draw(available: list[DatasetView]) -> None:
    """The blind desk for the dataset in hand."""
    dataset = state.current_dataset(available)
    if dataset is None:
        return
    st.html(_BAR)
    with st.container(key="second-bar", horizontal=True, vertical_alignment="center"):
        st.markdown(f":orange-badge[{BLIND}] {dataset.name}：看不到模型和初审的值")
        st.page_link(
            pages.AGREEMENT, label="结束盲审", icon=":material/close:", query_params={"dataset": str(dataset.id)}
        )
    _desk(dataset)


@st.fragment
@guarded
def _desk(dataset: DatasetView) -> None:
    """One turn; only this reruns while somebody reviews."""
    who = state.reviewer()
    table = SecondDesk(dataset, state.form_of(dataset), who)
    # Not the key of the usual desk: what waits in one outbox must not reach the other's records.
    key = f"workbench-second-{dataset.id}-{who}"
    sent = component.outbox_of(key)
    asked = st.query_params.get("chat", "")
    at = sent.at if sent.at is not None else int(asked) if asked.isdecimal() else None
    data = table.turn(state.store(), outbox=sent.outbox, at=at, want_residue=sent.want_residue)
    if data["open"] is not None and asked != str(data["open"]):
        st.query_params["chat"] = str(data["open"])
    component.workbench(data, key=key, on_outbox_change=lambda: _save(table, key))


def _save(table: SecondDesk, key: str) -> None:
    with reported():
        table.save(state.store(), component.outbox_of(key).outbox)
