"""记录历史: every version of one record, what each changed and why; any of them can be brought back."""

from typing import Any

import streamlit as st

from core.adapters.store import DatasetView
from core.domain.form import Form, text_of
from core.services.review.records.history import CellChange, Version, restore, versions
from core.ui import navigation, state
from core.ui.heading import heading
from core.ui.notices import empty_state, guarded

_CHANGES = 12


def _said(value: Any) -> str:
    return text_of(value, empty="空").replace("\n", " ")


def describe(change: CellChange, *, first: bool) -> str:
    """One change as a line of Markdown; the values are code, so that nothing in them is taken for Markdown."""
    name = f"客户 {change.customer + 1} · {change.label}"
    if not change.key:
        return f"{name}：{'删去' if change.after is None else '新增'} `{_said(change.before or change.after)}`"
    after = f"`{_said(change.after).replace('`', '')}`"
    if first:
        return f"{name}：改为 {after}"
    return f"{name}：`{_said(change.before).replace('`', '')}` → {after}"


def draw(dataset: DatasetView, form: Form, chat: int, one: Version, newest: int) -> None:
    """One version."""
    with st.container(border=True):
        head, action = st.columns([7, 2], vertical_alignment="center")
        why = f" · {one.reason}" if one.reason else ""
        head.markdown(
            f"**版本 {one.version}** &nbsp; {one.status} &nbsp; "
            f":gray[{one.who} · {one.at.astimezone():%Y-%m-%d %H:%M:%S}{why}]"
        )
        if one.version == newest:
            action.caption("现在的版本")
        elif action.button(
            "恢复到这个版本", key=f"history-{dataset.id}-{chat}-{newest}-{one.version}", width="stretch"
        ):
            bring_back(dataset, form, chat, one.version, newest)
        lines = [describe(change, first=one.version == 1) for change in one.changes]
        if not lines:
            st.caption("值没有变化（状态、确认或备注变了）。" if one.version > 1 else "值与抽取任务相同。")
        for line in lines[:_CHANGES]:
            st.markdown(f"- {line}")
        if len(lines) > _CHANGES:
            st.caption(f"另有 {len(lines) - _CHANGES} 处。")
        if one.note:
            st.caption(f"备注：{one.note}")


def bring_back(dataset: DatasetView, form: Form, chat: int, version: int, newest: int) -> None:
    """Restore and say so."""
    made = restore(state.store(), form, dataset.id, chat, version, who=state.reviewer(), seen=newest)
    st.toast(f"已恢复：版本 {made} 与版本 {version} 相同", icon=":material/undo:")
    st.rerun()


@guarded
def page(available: list[DatasetView]) -> None:
    """The record in hand and its versions."""
    dataset, rest = heading("记录历史", available)
    form = state.form_of(dataset)
    number, undo, opener = rest.columns([3, 3, 3], vertical_alignment="center")
    chat = int(
        number.number_input(
            "第几条群聊",
            min_value=1,
            value=1,
            step=1,
            key="chat",
            bind="query-params",
            label_visibility="collapsed",
        )
    )
    found = versions(state.store(), form, dataset.id, chat)
    target = {"dataset": str(dataset.id), "chat": str(chat), "queue": "全部"}
    opener.page_link(navigation.WORKBENCH, label="在审阅台打开", icon=":material/arrow_forward:", query_params=target)
    if not found:
        empty_state(f"第 {chat} 条群聊还没有记录", "在审阅台保存一次，这里就有它的第一个版本。")
        return
    newest = found[0].version
    if len(found) > 1 and undo.button("撤销最后一次修改", type="primary", width="stretch"):
        bring_back(dataset, form, chat, found[1].version, newest)
    st.caption(f"第 {chat} 条群聊共 {len(found)} 个版本，新的在上。恢复和撤销都写成新的版本，原来的不会丢。")
    for one in found:
        draw(dataset, form, chat, one, newest)


available = state.datasets()
if not available:
    st.title("记录历史")
    empty_state("还没有记录", "先导入群聊并审阅。", page=navigation.IMPORT, label="去导入")
else:
    page(available)
