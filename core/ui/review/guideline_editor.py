"""Guidelines of a form: the fields, the text of one, and its earlier versions."""

import difflib

import streamlit as st

from core.domain.form import Form
from core.domain.permissions import Permission
from core.services.review import guidelines
from core.ui import address, state
from core.ui.kept_text import empty_box, fill_once, filled_from
from core.ui.markdown import escape_markdown
from core.ui.notices import show_errors
from core.ui.only_for import only_for


def choose_field(form: Form, now: dict[str, guidelines.GuidelineView]) -> str:
    """Radio buttons for the field, each with the version of its guideline; the chosen key."""
    labels = {field.key: field.label for field in form.fields}
    place = st.container()
    chosen = address.select(
        place,
        "字段",
        form.keys,
        key="field",
        what="字段",
        format_func=lambda key: escape_markdown(labels[key]),
        draw=place.radio,
        captions=[f"第 {now[key].version:d} 版" if now[key].version else "" for key in form.keys],
    )
    return chosen or form.keys[0]


def draw_guideline(form: Form, versions: list[guidelines.GuidelineView]) -> None:
    """The current guideline of a field, with the form that saves a new version.

    Where somebody else saves meanwhile, what was typed stays beside what they wrote.

    Args:
        form: the form.
        versions: of the field's guideline, newest first.
    """
    view = versions[0]
    field = form.field(view.field)
    st.subheader(escape_markdown(field.label))
    points = f"{field.points:g} 分 · {field.description}"
    written = (
        f"版本 {view.version}，{view.who} 写于 {view.at.astimezone():%Y-%m-%d %H:%M}"
        if view.at
        else "随表单提供的第一版"
    )
    st.caption(f"{escape_markdown(points)}  \n{escape_markdown(written)}")
    st.caption(
        "写给审阅的人：审阅台的「规范 · 为什么」里就是它，保存后马上生效，不进提示词。"
        "提示词里是随表单提供的规范；要让模型也照新的填，请在「表单」的「规范」里改，存成新的一版，再给数据集换上。"
    )
    key = f"guideline-{form.name}-{view.field}"
    if fill_once(key, view.version, view.text):
        _draw_newer_version(versions, key)
    fill_once(f"{key}-reason", view.field, "")
    with st.form(f"{key}-form", enter_to_submit=False):
        st.text_area(
            "规范、例子和已作的决定",
            height=240,
            max_chars=guidelines.LONGEST,
            placeholder="怎么填、举一两个例子",
            key=key,
        )
        st.text_input("为什么改", placeholder="例如：示例群聊第 12 条讨论后决定", key=f"{key}-reason")
        # The callback gets the version that stands on screen now, not the one that is there once somebody clicks.
        st.form_submit_button(
            "保存为新版本",
            type="primary",
            on_click=_save,
            args=(form, view.field, view.version, key),
            **only_for(Permission.GUIDELINES),
        )


def _save(form: Form, field: str, base_version: int, key: str) -> None:
    """Write what stands in the box as a new version."""
    with show_errors():
        text, reason = st.session_state[key], st.session_state[f"{key}-reason"]
        made = guidelines.write(
            state.store(), form, field, text, who=state.reviewer(), base_version=base_version, reason=reason
        )
        empty_box(key)
        empty_box(f"{key}-reason")
        label = form.field(field).label
        st.toast(f"「{escape_markdown(label)}」的规范已保存为版本 {made:d}", icon=":material/check:")


def _draw_newer_version(versions: list[guidelines.GuidelineView], key: str) -> None:
    """What somebody else has written since the box was filled, beside the box that keeps what was typed."""
    newest = versions[0]
    before = next((one for one in versions if one.version == filled_from(key)), versions[-1])
    st.warning(
        f"{escape_markdown(newest.who)} 写了版本 {newest.version:d}，"
        f"下面的框里还是您的文字（从版本 {before.version:d} 改起）。"
        f"看过新的版本再保存，就成为版本 {newest.version + 1:d}。",
        icon=":material/sync_problem:",
    )
    st.code(_diff_text(before.text, newest.text), language="diff", wrap_lines=True)
    st.button(f"放弃我的，换成版本 {newest.version:d}", key=f"{key}-theirs", on_click=empty_box, args=(key,))


def _diff_text(old: str, new: str) -> str:
    lines = difflib.ndiff(old.splitlines(), new.splitlines())
    return "\n".join(line for line in lines if not line.startswith("?"))


def draw_guideline_history(versions: list[guidelines.GuidelineView]) -> None:
    """Expander with what each version changed."""
    if len(versions) < 2:
        return
    with st.expander(f"历史（{len(versions):,} 个版本）"):
        for new, old in zip(versions, versions[1:], strict=False):
            when = f"{new.at.astimezone():%Y-%m-%d %H:%M}" if new.at else ""
            why = f" · {new.reason}" if new.reason else ""
            st.markdown(f"**版本 {new.version:d}** :gray[{escape_markdown(new.who)} · {when}{escape_markdown(why)}]")
            st.code(_diff_text(old.text, new.text), language="diff", wrap_lines=True)
