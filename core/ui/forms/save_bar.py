"""The line above an open form: what it is, a step back, throwing the draft away, saving it as a version."""

from functools import partial

import streamlit as st

from core.domain.form import form_label, load_named_form
from core.domain.permissions import Permission
from core.services.forms import save_form_version
from core.services.forms.drafts import discard_draft, keep_draft
from core.services.forms.form_text import renamed
from core.services.forms.left_behind import without_fields
from core.services.forms.library import LONGEST_NOTE, KnownForm
from core.ui import state
from core.ui.forms.labels import problem_sentence
from core.ui.forms.open_form import OpenForm, act, forget_open_form, later, may_change
from core.ui.markdown import escape_markdown
from core.ui.notices import announce, show_errors
from core.ui.only_for import only_for

_SHOWN = 8


def base_version(opened: OpenForm) -> int:
    """Version that the draft began with; 0 for a new form."""
    return load_named_form(opened.base).version if opened.base else 0


def draw_save_bar(opened: OpenForm, versions: list[KnownForm]) -> None:
    """Draw the line; its buttons act on what stands on screen."""
    newest = versions[0] if versions else None
    next_version = newest.version + 1 if newest else 1
    problems, note_key = opened.problems(), f"form-note-{opened.name}-{next_version}"
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.caption(escape_markdown(_what_it_is(opened, newest)))
        if may_change():
            st.button(
                "撤销",
                icon=":material/undo:",
                shortcut="Alt+Z",
                key="form-undo",
                disabled=not opened.steps,
                on_click=later(OpenForm.step_back),
            )
            with st.popover("放弃草稿", disabled=not opened.is_draft):
                st.markdown("草稿里没有保存的改动都会丢掉。")
                st.button("放弃草稿", type="primary", key="form-discard", on_click=_discard, args=(opened,))
            st.text_input(
                "这一版改了什么",
                max_chars=LONGEST_NOTE,
                placeholder="这一版改了什么",
                label_visibility="collapsed",
                width=220,
                key=note_key,
                disabled=not opened.is_draft,
            )
        st.button(
            f"保存为第 {next_version:d} 版",
            type="primary",
            icon=":material/save:",
            shortcut="Mod+S",
            key="form-save",
            on_click=later(partial(_save, note_key=note_key)),
            **only_for(
                Permission.FORMS,
                disabled=not opened.is_draft or bool(problems),
                hint="保存以后这一版不再变；已有的数据集仍用它们原来的一版",
            ),
        )
    if not state.reviewer():
        st.info("先在「总览」填写名字，才能修改表单。", icon=":material/info:")
    if opened.problem:
        st.error(escape_markdown(opened.problem), icon=":material/error:")
        st.button("放下这里的改动，换成那边的草稿", key="form-reopen", on_click=forget_open_form)
    if newest and opened.is_draft and newest.version > base_version(opened):
        _draw_newer_version(opened, newest)
    if problems:
        tables = opened.tables
        lines = [f"- {escape_markdown(problem_sentence(one, tables))}" for one in problems[:_SHOWN]]
        rest = f"\n- 还有 {len(problems) - _SHOWN:,} 处" if len(problems) > _SHOWN else ""
        st.warning("改正以后才能保存：\n" + "\n".join(lines) + rest, icon=":material/warning:")
        _draw_left_behind(opened)


def _draw_left_behind(opened: OpenForm) -> None:
    """Offer to take out what speaks of fields that are not there."""
    texts, told = without_fields(opened.texts)
    if told and may_change():
        named = "、".join(told[:_SHOWN]) + ("等" if len(told) > _SHOWN else "")
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.caption(f"字段已经不在表单里的：{escape_markdown(named)}。", width="content")
            st.button("把它们删掉", key="form-left-behind", type="tertiary", on_click=act(lambda _: texts))


def _what_it_is(opened: OpenForm, newest: KnownForm | None) -> str:
    if opened.is_draft:
        base = f"，从{form_label(opened.base)}改起" if opened.base else ""
        return f"草稿{base} · 改动随时存着"
    return newest.label if newest else "还没有保存过"


def _draw_newer_version(opened: OpenForm, newest: KnownForm) -> None:
    st.warning(
        f"{escape_markdown(newest.who)} 存了{escape_markdown(newest.label)}，您的草稿是从更早的一版改起的。"
        "请在「版本」里看过新的一版，再决定。",
        icon=":material/sync_problem:",
    )
    st.button("看过了，我的草稿代替它", key="form-rebase", on_click=_rebase, args=(opened, newest.reference))


def _save(opened: OpenForm, *, note_key: str) -> None:
    """Save the draft as the next version."""
    reference = save_form_version(
        state.store(),
        renamed(opened.texts, opened.name),
        who=state.reviewer(),
        note=str(st.session_state.get(note_key, "")),
        base_version=base_version(opened),
    )
    forget_open_form()
    announce(f"已存为「{escape_markdown(form_label(reference))}」")


def _discard(opened: OpenForm) -> None:
    with show_errors():
        discard_draft(state.store(), opened.name, who=state.reviewer())
        forget_open_form()
        if not opened.base:  # nothing is left of a new form
            st.query_params.pop("form", None)
        announce("草稿已放弃")


def _rebase(opened: OpenForm, reference: str) -> None:
    """Let the draft stand on a newer version, which it replaces when it is saved."""
    with show_errors():
        kept = keep_draft(
            state.store(),
            opened.name,
            opened.texts,
            who=state.reviewer(),
            base=reference,
            revision=opened.revision,
        )
        opened.base, opened.revision = kept.base, kept.revision
