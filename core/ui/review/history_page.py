"""The page 记录历史: one record with all its versions."""

import streamlit as st

from core.adapters.store import DatasetView, queries
from core.services.review.records.history import restore_refusal, versions
from core.ui import address, navigation, state
from core.ui.heading import draw_heading
from core.ui.links import draw_workbench_link
from core.ui.markdown import escape_markdown
from core.ui.notices import draw_empty_state, guarded
from core.ui.review.record_history import draw_version, restore_version


@guarded
def draw_history(available: list[DatasetView]) -> None:
    """One record and its versions."""
    dataset, rest = draw_heading("记录历史", available)
    form = state.form_of(dataset)
    number, undo, opener = rest.columns([3, 3, 3], vertical_alignment="center")
    chat = address.index_input(number, "第几条群聊", key="chat", first=1, label_visibility="collapsed")
    with state.store().read() as session:
        if not queries.has_chat(session, dataset.id, chat):
            link = address.Link(navigation.RECORDS, "到记录表里选择", {"dataset": str(dataset.id)})
            address.draw_missing("群聊", f"第 {chat} 条", [link], advice="请换一个序号，或从记录表里打开。")
    saved_versions = versions(state.store(), form, dataset.id, chat)
    with opener:
        draw_workbench_link(dataset.id, chat, "在审阅台打开")
    if not saved_versions:
        draw_empty_state(f"第 {chat} 条群聊还没有记录", "在审阅台保存一次，这里就有它的第一个版本。")
        return
    newest = saved_versions[0].version
    refusal = restore_refusal(state.store(), dataset.id, chat)
    if len(saved_versions) > 1:
        undo.button(
            "撤销最后一次修改",
            type="primary",
            width="stretch",
            key="history-undo",
            disabled=bool(refusal),
            help=escape_markdown(refusal) or None,
            on_click=restore_version,
            args=(dataset, form, chat, saved_versions[1].version, newest, True),
        )
    st.caption(f"第 {chat} 条群聊共 {len(saved_versions):,} 个版本，新的在上。恢复和撤销都写成新的版本，原来的不会丢。")
    for one in saved_versions:
        draw_version(dataset, form, chat, one, newest, refusal)
