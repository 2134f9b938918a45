"""Versions of a form: what each changed, who uses it, one file to take along, and the way back to it."""

import streamlit as st

from core.domain.form import form_label
from core.domain.form.loading import FormTexts
from core.domain.permissions import Permission
from core.services.forms import save_form_version, write_form_file
from core.services.forms.library import KnownForm, texts_of
from core.ui import state
from core.ui.forms.open_form import OpenForm, forget_open_form, may_change
from core.ui.markdown import escape_markdown
from core.ui.notices import announce, show_errors
from core.ui.only_for import only_for


def draw_versions(opened: OpenForm, versions: list[KnownForm]) -> None:
    """One block for each version, the newest first."""
    if not versions:
        st.caption("还没有保存过。保存以后，每一版都留在这里，不会再变。")
    for place, version in enumerate(versions):
        with st.container(border=True):
            _draw_version(opened, version, newest=versions[0], is_newest=place == 0)


def _draw_version(opened: OpenForm, version: KnownForm, *, newest: KnownForm, is_newest: bool) -> None:
    left, right = st.columns([5, 4], vertical_alignment="center")
    with left:
        st.markdown(f"**{escape_markdown(version.label)}** :gray[{escape_markdown(version.reference)}]")
        when = (
            "随程序提供"
            if version.at is None
            else f"{version.who or '命令行'} {version.at.astimezone():%Y-%m-%d %H:%M}"
        )
        st.caption(
            f"{escape_markdown(when)} · {version.fields:,d} 个字段，满分 {version.points:g}"
            + (f" · {escape_markdown(version.note)}" if version.note else "")
        )
        used = "、".join(version.datasets[:5]) + ("…" if len(version.datasets) > 5 else "")
        st.caption(f"数据集：{escape_markdown(used)}" if used else "还没有数据集用这一版")
    with right, st.container(horizontal=True, horizontal_alignment="right"), show_errors():
        with state.store().read() as session:
            texts = texts_of(session, version.reference)
        st.download_button(
            "下载",
            write_form_file(texts).encode(),
            f"{version.name}.v{version.version}.toml",
            icon=":material/download:",
            key=f"form-download-{version.reference}",
        )
        if may_change():
            st.button(
                "从这一版改起",
                key=f"form-from-{version.reference}",
                on_click=_begin_from,
                args=(opened, texts),
                help="草稿换成这一版的内容，可以撤销",
            )
        if not is_newest:
            st.button(
                "回到这一版",
                key=f"form-back-{version.reference}",
                on_click=_go_back,
                args=(texts, version, newest),
                **only_for(Permission.FORMS, hint=f"存为第 {newest.version + 1:d} 版"),
            )


def _begin_from(opened: OpenForm, texts: FormTexts) -> None:
    with show_errors():
        opened.replace(texts)
        st.toast("草稿已换成这一版的内容")


def _go_back(texts: FormTexts, version: KnownForm, newest: KnownForm) -> None:
    """Save the texts of an earlier version as the next one."""
    with show_errors():
        reference = save_form_version(
            state.store(),
            texts,
            who=state.reviewer(),
            note=f"回到第 {version.version} 版",
            base_version=newest.version,
        )
        forget_open_form()
        announce(f"已存为「{escape_markdown(form_label(reference))}」")
