"""Versions of a record, what each changed, and bringing one back."""

import streamlit as st

from core.adapters.store import DatasetView
from core.domain.form import Form, cell_text
from core.services.review.records.history import ORDER, CellChange, Version, restore
from core.ui import state
from core.ui.markdown import Markdown, code_span, escape_markdown
from core.ui.notices import show_errors

_MOST_CHANGES = 12


def change_text(change: CellChange, *, first: bool) -> Markdown:
    """One change as a line of Markdown; values are code, so that Markdown in them stays text."""
    name = f"客户 {change.customer + 1:d} · {escape_markdown(change.label)}"
    if change.key == ORDER:
        name = escape_markdown(change.label)
    if not change.key:
        taken = code_span(cell_text(change.before or change.after))
        return f"{name}：{'删去' if change.after is None else '新增'} {taken}"
    after = code_span(cell_text(change.after))
    if first:
        return f"{name}：改为 {after}"
    return f"{name}：{code_span(cell_text(change.before))} → {after}"


def draw_version(dataset: DatasetView, form: Form, chat: int, one: Version, newest: int, refusal: str) -> None:
    """One version of a record: who, when, why, and its changes.

    Args:
        dataset: the dataset.
        form: its form.
        chat: index of the chat.
        one: the version.
        newest: number of the newest one.
        refusal: why who looks at it may not bring it back; ``""`` where they may.
    """
    with st.container(border=True):
        head, action = st.columns([7, 2], vertical_alignment="center")
        why = f" · {one.reason}" if one.reason else ""
        head.markdown(
            f"**版本 {one.version:d}** &nbsp; {escape_markdown(one.status)} &nbsp; "
            f":gray[{escape_markdown(one.who)} · {one.at.astimezone():%Y-%m-%d %H:%M:%S}{escape_markdown(why)}]"
        )
        if one.version == newest:
            action.caption("现在的版本")
        else:
            action.button(
                "恢复到这个版本",
                key=f"history-{dataset.id}-{chat}-{one.version}",
                width="stretch",
                disabled=bool(refusal),
                help=escape_markdown(refusal) or None,
                on_click=restore_version,
                args=(dataset, form, chat, one.version, newest, False),
            )
        lines = [change_text(change, first=one.version == 1) for change in one.changes]
        if not lines:
            st.caption("值没有变化（状态、确认或备注变了）。" if one.version > 1 else "值与抽取任务相同。")
        for line in lines[:_MOST_CHANGES]:
            st.markdown(f"- {line}")
        if len(lines) > _MOST_CHANGES:
            st.caption(f"另有 {len(lines) - _MOST_CHANGES:,} 处。")
        if one.note:
            st.caption(f"备注：{escape_markdown(one.note)}")


def restore_version(dataset: DatasetView, form: Form, chat: int, version: int, newest: int, undo: bool) -> None:
    """Restore a version as a new one. A button's callback: it gets what stood on screen when it was clicked.

    Args:
        dataset: the dataset.
        form: its form.
        chat: index of the chat.
        version: to bring back.
        newest: the newest one on screen; where there is a newer one now, that is said and nothing is done.
        undo: whether the last change is undone; else this version was picked.
    """
    with show_errors():
        made = restore(state.store(), form, dataset.id, chat, version, who=state.reviewer(), seen=newest, undo=undo)
        st.toast(f"已恢复：版本 {made:d} 与版本 {version} 相同", icon=":material/undo:")
