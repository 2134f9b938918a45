"""审阅台: the chat beside the form. Reads the address, hands the browser's saves to the desk, draws the component."""

import streamlit as st

from core.review import FILTERS, Desk, open_desk
from core.store import DatasetView
from core.ui import pages, second, state
from core.ui import workbench as component
from core.ui.notices import empty_state, guarded, reported

# Forty pixels more for the form: its last group would not fit on a 900 pixel screen otherwise.
CONTROLS_CSS = """
<style>
.st-key-desk-controls { position: fixed; top: 7px; right: 16px; width: min(860px, 62vw); z-index: 999991; }
.st-key-desk-controls [data-baseweb="select"] > div { min-height: 32px; }
</style>
"""


def ask_reviewer() -> None:
    """Ask for the reviewer's name, once per browser."""
    with st.form("reviewer", width=420, enter_to_submit=True):
        st.markdown("**请问怎么称呼您？**")
        st.caption("名字会记在每一次保存上，只存在这个浏览器里。")
        name = st.text_input("您的名字", max_chars=40, placeholder="例如：林晓")
        if st.form_submit_button("开始审阅", type="primary"):
            if name.strip():
                state.set_reviewer(name)
                st.rerun()
            st.error("请先填写名字。")


def controls(available: list[DatasetView]) -> tuple[DatasetView, str, str]:
    """Dataset, run to start from, and which chats to walk through; they stand in the free half of the menu's line."""
    with st.container(key="desk-controls"):
        left, middle, right = st.columns([5, 5, 8], vertical_alignment="center", gap="small")
    with left:
        dataset = state.choose_dataset(available, label_visibility="collapsed")
    with middle:
        names = state.run_names(dataset)
        run = st.selectbox(
            "起始值来自",
            names or [""],
            format_func=lambda name: f"起始值：{name}" if name else "起始值：空表单",
            key=f"run-{dataset.id}",
            bind="query-params",
            label_visibility="collapsed",
            disabled=len(names) < 2,
        )
    with right:
        wanted = st.segmented_control(
            "队列",
            list(FILTERS),
            default=next(iter(FILTERS)),
            key="queue",
            bind="query-params",
            label_visibility="collapsed",
        )
    return dataset, run, wanted or next(iter(FILTERS))


@st.fragment
@guarded
def desk(dataset: DatasetView, run: str, wanted: str) -> None:
    """One turn of the desk; only this reruns while somebody reviews."""
    store, who = state.store(), state.reviewer()
    table = open_desk(store, dataset, state.form_of(dataset), base=run, wanted=wanted, reviewer=who)
    # One component per dataset and person: what one of them still has to send must not reach the other's records.
    key = f"workbench-{dataset.id}-{who}"
    sent = component.outbox_of(key)
    asked = st.query_params.get("chat", "")
    at = sent.at if sent.at is not None else int(asked) if asked.isdecimal() else None
    data = table.turn(store, outbox=sent.outbox, at=at, want_residue=sent.want_residue)
    if data["open"] is not None and asked != str(data["open"]):
        st.query_params["chat"] = str(data["open"])
    # The callback also runs when somebody leaves the page right after a save: then this fragment does not.
    component.workbench(data, key=key, on_outbox_change=lambda: save(table, key))


def save(table: Desk, key: str) -> None:
    """Apply what the browser sent."""
    with reported():
        table.save(state.store(), component.outbox_of(key).outbox)


available = state.datasets()
if not available:
    st.title("审阅台")
    empty_state("还没有群聊可以审阅", "先导入群聊，或载入示例数据。", page=pages.IMPORT, label="去导入")
elif not state.reviewer():
    st.title("审阅台")
    ask_reviewer()
elif second.wanted():
    second.draw(available)
else:
    st.html(CONTROLS_CSS)
    desk(*controls(available))
