"""Guidelines of a form: the fields, the text of one, and its earlier versions."""

import difflib

import streamlit as st

from core.domain.form import Form
from core.services.review import guidelines
from core.ui import state
from core.ui.markdown import escape_markdown


def choose_field(form: Form, now: dict[str, guidelines.GuidelineView]) -> str:
    """Radio buttons for the field, each with the version of its guideline; the chosen key."""
    labels = {field.key: field.label for field in form.fields}
    return str(
        st.radio(
            "字段",
            form.keys,
            # The address carries this text: it must not change with a new version.
            format_func=lambda key: escape_markdown(labels[key]),
            captions=[f"第 {now[key].version:d} 版" if now[key].version else "" for key in form.keys],
            key="field",
            bind="query-params",
        )
    )


def draw_guideline(form: Form, view: guidelines.GuidelineView) -> None:
    """The current guideline of a field, with the form that saves a new version."""
    field = form.field(view.field)
    st.subheader(escape_markdown(field.label))
    points = f"{field.points:g} 分 · {field.description}"
    written = (
        f"版本 {view.version}，{view.who} 写于 {view.at.astimezone():%Y-%m-%d %H:%M}"
        if view.at
        else "随表单提供的第一版"
    )
    st.caption(f"{escape_markdown(points)}  \n{escape_markdown(written)}")
    with st.form(f"guideline-{view.field}-{view.version}", enter_to_submit=False):
        text = st.text_area(
            "规范、例子和已作的决定",
            view.text,
            height=240,
            max_chars=guidelines.LONGEST,
            placeholder="怎么填、举一两个例子",
        )
        reason = st.text_input("为什么改", placeholder="例如：示例群聊第 12 条讨论后决定")
        if st.form_submit_button("保存为新版本", type="primary"):
            made = guidelines.write(
                state.store(),
                form,
                view.field,
                text,
                who=state.reviewer(),
                base_version=view.version,
                reason=reason,
            )
            st.toast(f"「{escape_markdown(field.label)}」的规范已保存为版本 {made:d}", icon=":material/check:")
            st.rerun()


def draw_guideline_history(versions: list[guidelines.GuidelineView]) -> None:
    """Expander with what each version changed."""
    if len(versions) < 2:
        return
    with st.expander(f"历史（{len(versions)} 个版本）"):
        for new, old in zip(versions, versions[1:], strict=False):
            when = f"{new.at.astimezone():%Y-%m-%d %H:%M}" if new.at else ""
            why = f" · {new.reason}" if new.reason else ""
            st.markdown(f"**版本 {new.version:d}** :gray[{escape_markdown(new.who)} · {when}{escape_markdown(why)}]")
            lines = difflib.ndiff(old.text.splitlines(), new.text.splitlines())
            st.code("\n".join(line for line in lines if not line.startswith("?")), language="diff", wrap_lines=True)
