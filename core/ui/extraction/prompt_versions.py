"""Versions of prompts: two of them compared, and a new one made from what is there."""

from collections.abc import Sequence

import streamlit as st

from core.domain.diff import diff_text
from core.domain.permissions import Permission
from core.services.extraction import prompt_library
from core.services.extraction.prompt_library import PromptEntry
from core.ui import diff, state
from core.ui.extraction.prompt_list import draw_cache_hint
from core.ui.held_choice import held_choice
from core.ui.kept_text import empty_box, fill_once
from core.ui.markdown import escape_markdown
from core.ui.notices import show_errors
from core.ui.only_for import only_for


def draw_comparison(entry: PromptEntry, entries: Sequence[PromptEntry]) -> None:
    """The prompt beside another one, with differences marked."""
    others = [other for other in entries if other.prompt.id != entry.prompt.id]
    if not others:
        st.caption("没有别的提示词可以比较。")
        return
    same = next((n for n, other in enumerate(others) if other.prompt.name == entry.prompt.name), 0)
    numbers = range(len(others))
    number = st.selectbox(
        "和它比较",
        numbers,
        format_func=lambda n: f"{others[n].prompt.title} · {others[n].prompt.id}",
        key=held_choice(f"prompts-other-{entry.prompt.id}", numbers, same),
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


def _save(key: str, draft_id: int | None, seen: str) -> None:
    """Save the text that stands in a box, and show it."""
    with show_errors():
        text = st.session_state[key]
        saved = prompt_library.save(state.store(), text, who=state.reviewer(), draft_id=draft_id, seen=seen)
        empty_box(key)
        st.query_params["prompt"] = saved.prompt.id


def draw_new_version(entry: PromptEntry) -> None:
    """Edit a version that no run has used, or copy one into a new version."""
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
    key = f"prompts-text-{prompt.id}"
    if fill_once(key, prompt.sha256, source):
        st.warning(
            "这个版本刚刚有人改过，框里还是您的文字；新的文字在下面。看过再保存，就用您的代替它。",
            icon=":material/sync_problem:",
        )
        st.code(source, language=None, wrap_lines=True, height=200)
        st.button("放弃我的，换成新的文字", key=f"{key}-theirs", on_click=empty_box, args=(key,))
    draw_cache_hint(entry)
    st.text_area("全文", height=520, key=key)
    save, publish, remove = st.columns([2, 2, 1])
    label = "保存为新版本" if entry.fixed else "保存修改"
    draft = None if entry.fixed else entry.draft_id
    save.button(
        label,
        type="primary",
        icon=":material/save:",
        width="stretch",
        key=f"save-{prompt.id}",
        on_click=_save,  # over the text on screen
        args=(key, draft, prompt.sha256),
        **only_for(Permission.PROMPTS),
    )
    if entry.draft_id is None:
        return
    on_screen = (entry.draft_id, prompt.sha256)
    publish.button(
        "写成文件",
        icon=":material/description:",
        width="stretch",
        **only_for(Permission.PROMPTS, hint="写进 prompts 目录，成为已发布的版本"),
        key=f"publish-{prompt.id}",
        on_click=_publish,
        args=on_screen,
    )
    if not entry.fixed:
        with remove.popover("", icon=":material/delete:", **only_for(Permission.PROMPTS, hint="删除")):
            st.markdown(f"删除 {escape_markdown(prompt.id)}？")
            off = only_for(Permission.PROMPTS)
            st.button("删除", type="primary", key=f"remove-{prompt.id}", on_click=_remove, args=on_screen, **off)


def _publish(draft_id: int, seen: str) -> None:
    with show_errors():
        path = prompt_library.publish(state.store(), draft_id, seen=seen)
        st.toast(f"已写成 {escape_markdown(path.name)}")


def _remove(draft_id: int, seen: str) -> None:
    with show_errors():
        prompt_library.remove(state.store(), draft_id, seen=seen)
        st.query_params.pop("prompt", None)
