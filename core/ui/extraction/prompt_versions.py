"""Versions of prompts: two of them compared, and a new one made from what is there."""

from collections.abc import Callable, Sequence

import streamlit as st

from core.domain.diff import diff_text
from core.services.extraction import prompt_library
from core.services.extraction.prompt_library import PromptEntry
from core.ui import diff, state
from core.ui.markdown import escape_markdown
from core.ui.notices import show_errors


def draw_comparison(entry: PromptEntry, entries: Sequence[PromptEntry]) -> None:
    """The prompt beside another one, with differences marked."""
    others = [other for other in entries if other.prompt.id != entry.prompt.id]
    if not others:
        st.caption("没有别的提示词可以比较。")
        return
    same = next((n for n, other in enumerate(others) if other.prompt.name == entry.prompt.name), 0)
    number = st.selectbox(
        "和它比较",
        range(len(others)),
        index=same,
        format_func=lambda n: f"{others[n].prompt.title} · {others[n].prompt.id}",
        key=f"prompts-other-{entry.prompt.id}",
    )
    other = others[number].prompt
    pieces = diff_text(other.source, entry.prompt.source)
    st.html(diff.STYLE)
    left, right = st.columns(2, gap="large")
    with left:
        st.caption(escape_markdown(other.id))
        with st.container(height=620):
            st.html(diff.text_html(pieces, "left"))
    with right:
        st.caption(escape_markdown(entry.prompt.id))
        with st.container(height=620):
            st.html(diff.text_html(pieces, "right"))


def draw_new_version(entry: PromptEntry, show_prompt: Callable[[str], None]) -> None:
    """Edit a version that no run has used, or copy one into a new version.

    Args:
        entry: the prompt.
        show_prompt: shows a prompt (id).
    """
    store = state.store()
    prompt = entry.prompt
    if entry.fixed:
        why = "已发布" if entry.draft_id is None else f"已用在抽取任务「{entry.runs[0]}」里"
        with store.read() as session:
            version = prompt_library.next_version(session, prompt.name)
        source = prompt_library.with_front_matter(prompt.source, version=version)
        st.caption(
            f"{escape_markdown(prompt.id)} {escape_markdown(why)}，不能再改；"
            f"下面是它的副本，保存为 {escape_markdown(prompt.name)}.v{version:d}。"
        )
    else:
        source = prompt.source
        st.caption(f"{escape_markdown(prompt.id)} 还没有抽取任务用过，可以直接改；一旦用过就不再变。")
    text = st.text_area("全文", source, height=520, key=f"prompts-text-{prompt.id}-{prompt.sha256}")
    save, publish, remove = st.columns([2, 2, 1])
    label = "保存为新版本" if entry.fixed else "保存修改"
    if save.button(label, type="primary", icon=":material/save:", width="stretch", key=f"save-{prompt.id}"):
        with show_errors():
            draft = None if entry.fixed else entry.draft_id
            saved = prompt_library.save(store, text, who=state.reviewer(), draft_id=draft)
            show_prompt(saved.prompt.id)
    if entry.draft_id is None:
        return
    if publish.button(
        "写成文件", icon=":material/description:", width="stretch", help="写进 prompts 目录，成为已发布的版本"
    ):
        with show_errors():
            path = prompt_library.publish(store, entry.draft_id)
            st.toast(f"已写成 {escape_markdown(path.name)}")
            show_prompt(prompt.id)
    if not entry.fixed:
        with remove.popover("", icon=":material/delete:", help="删除"):
            st.markdown(f"删除 {escape_markdown(prompt.id)}？")
            if st.button("删除", type="primary", key=f"remove-{prompt.id}"):
                with show_errors():
                    prompt_library.remove(store, entry.draft_id)
                    show_prompt("")
