"""Summaries: chat on the left, its summary on the right to be edited, and the target values that it lost."""

import streamlit as st
from sqlmodel import Session

from core.adapters.store import DatasetView, queries
from core.domain.chat import strip_residue
from core.domain.form import FormValues
from core.domain.permissions import Permission
from core.services.export.answer_sources import remember_exported, stream_answers
from core.services.training import lost_values, newest_versions, save_summary, summaries_from_run, summary_versions
from core.ui import state
from core.ui.held_choice import held_choice
from core.ui.kept_text import empty_box, fill_once
from core.ui.markdown import escape_markdown
from core.ui.notices import show_errors
from core.ui.only_for import only_for
from core.ui.training.labels import SOURCES

_MESSAGE = "shiyao.training.summary-told"


def draw_summaries(available: list[DatasetView]) -> None:
    """Choose a chat, read it, edit its summary."""
    top, middle, right = st.columns([3, 3, 4], vertical_alignment="bottom")
    with top:
        dataset = state.choose_dataset(available)
    with state.store().read() as session:
        chats = queries.chat_ids(session, dataset.id)
        newest_summaries = newest_versions(session, dataset.id)
        runs = {run.name: run.id for run in queries.runs(session, dataset.id) if run.kind == "model" and run.done}
    if not chats:
        st.caption("这个数据集里没有群聊。")
        return
    index = middle.selectbox(
        "群聊",
        list(chats),
        format_func=lambda one: (
            f"第 {one} 条 · {f'第 {newest_summaries[one]} 版摘要' if one in newest_summaries else '没有摘要'}"
        ),
        key=held_choice(f"summary-chat-{dataset.id}", list(chats)),
    )
    with right:
        _draw_take_from_run(runs, len(newest_summaries), len(chats))
    if told := st.session_state.pop(_MESSAGE, ""):
        st.toast(escape_markdown(told), icon=":material/check:")
    with state.store().read() as session:
        chat = queries.chat(session, dataset.id, index)
        versions = summary_versions(session, chat.id)
        forms = _answer_forms(session, dataset, int(index))
    left, beside = st.columns(2, gap="large")
    with left:
        st.caption(f"第 {index:d} 条群聊的对话原文")
        with st.container(height=520, border=True):
            st.text(strip_residue(chat.text))
    with beside:
        newest = versions[0] if versions else None
        base = newest.version if newest else 0
        st.caption(
            f"第 {base:d} 版 · {escape_markdown(newest.who)} · {newest.created_at.astimezone():%m-%d %H:%M}"
            if newest
            else "还没有摘要"
        )
        form = state.form_of(dataset)
        key = f"summary-text-{chat.id}"
        if fill_once(key, base, newest.text if newest else "") and newest is not None:
            st.warning(
                f"{escape_markdown(newest.who)} 写了第 {base:d} 版，下面的框里还是您的文字。"
                f"看过新的一版再保存，就成为第 {base + 1:d} 版。",
                icon=":material/sync_problem:",
            )
            st.code(newest.text, language=None, wrap_lines=True)
            st.button(f"放弃我的，换成第 {base:d} 版", key=f"{key}-theirs", on_click=empty_box, args=(key,))
        text = st.text_area(
            "摘要",
            height=360,
            key=key,
            label_visibility="collapsed",
            placeholder=f"按 {len(form.sections)} 个小节写：{'、'.join(section.title for section in form.sections)}。",
        )
        st.button(
            "保存摘要",
            type="primary",
            icon=":material/save:",
            key=f"summary-save-{chat.id}",
            on_click=_save,  # over the version on screen
            args=(chat.id, index, base, key),
            **only_for(Permission.TRAINING),
        )
        if not text.strip():
            return
        if not forms:
            st.caption("这条群聊还没有答案，没法检查摘要有没有丢掉答案里的值。")
        elif lost := lost_values(form, chat.text, text, forms):
            st.warning(
                "摘要里找不到这些答案的依据："
                + "；".join(
                    f"{escape_markdown(form.field(one.key).label)}「{escape_markdown(one.value)}」" for one in lost
                ),
                icon=":material/playlist_remove:",
            )
        else:
            st.caption(":green[:material/check:] 原文里有依据的值，摘要里都还在。")


def _save(chat_id: int, index: int, base: int, key: str) -> None:
    """Save the summary that stands in a box."""
    if not state.reviewer():
        st.warning("请先在审阅台填上您的名字，摘要要记下是谁写的。")
        return
    with show_errors():
        text = st.session_state[key]
        saved = save_summary(state.store(), chat_id=chat_id, text=text, who=state.reviewer(), base_version=base)
        empty_box(key)
        st.session_state[_MESSAGE] = f"已保存第 {index} 条的第 {saved.version} 版摘要"


def _draw_take_from_run(runs: dict[str, int], there: int, total: int) -> None:
    left, right = st.columns([3, 2], vertical_alignment="bottom")
    run = left.selectbox(
        f"从抽取任务取摘要（已有 {there:,}/{total:,}）",
        list(runs),
        index=None,
        placeholder="选一个先归纳再填表的抽取任务",
        key="summary-run",
        disabled=not runs,
    )
    off = only_for(Permission.TRAINING, disabled=not run)
    if right.button("取来", key="summary-take", width="stretch", **off) and run:
        stored = summaries_from_run(state.store(), runs[run])
        st.session_state[_MESSAGE] = f"已保存 {stored:,} 条摘要" if stored else "这个抽取任务里没有新的摘要"
        st.rerun()


def _answer_forms(session: Session, dataset: DatasetView, index: int) -> list[FormValues]:
    source = next(iter(SOURCES.values()))
    for answer in stream_answers(session, dataset, state.form_of(dataset), source, index=index):
        remember_exported(session, dataset, source, [index])
        return answer.forms
    return []
