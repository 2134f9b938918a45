"""标注规范: how each field is to be filled, as agreed; the lead edits it, reviewers have it one key away."""

import difflib

import streamlit as st

from core.adapters.store import DatasetView
from core.domain.form import Form
from core.services.review import guidelines
from core.ui import navigation, state
from core.ui.notices import empty_state, guarded


def listed(form: Form, now: dict[str, guidelines.GuidelineView]) -> str:
    """All fields with the first line of their guideline; the picked one."""
    labels = {field.key: field.label for field in form.fields}
    return str(
        st.radio(
            "字段",
            form.keys,
            # The address carries this text: it must not change with a new version.
            format_func=labels.__getitem__,
            captions=[f"第 {now[key].version} 版" if now[key].version else "" for key in form.keys],
            key="field",
            bind="query-params",
        )
    )


def edit(form: Form, view: guidelines.GuidelineView) -> None:
    """The text in force, to read and to change."""
    field = form.field(view.field)
    st.subheader(field.label)
    points = f"{field.points:g} 分 · {field.description}"
    written = (
        f"版本 {view.version}，{view.who} 写于 {view.at.astimezone():%Y-%m-%d %H:%M}"
        if view.at
        else "随表单提供的第一版"
    )
    st.caption(f"{points}  \n{written}")
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
            st.toast(f"「{field.label}」的规范已保存为版本 {made}", icon=":material/check:")
            st.rerun()


def past(versions: list[guidelines.GuidelineView]) -> None:
    """What each version changed."""
    if len(versions) < 2:
        return
    with st.expander(f"历史（{len(versions)} 个版本）"):
        for new, old in zip(versions, versions[1:], strict=False):
            when = f"{new.at.astimezone():%Y-%m-%d %H:%M}" if new.at else ""
            why = f" · {new.reason}" if new.reason else ""
            st.markdown(f"**版本 {new.version}** :gray[{new.who} · {when}{why}]")
            lines = difflib.ndiff(old.text.splitlines(), new.text.splitlines())
            st.code("\n".join(line for line in lines if not line.startswith("?")), language="diff", wrap_lines=True)


@guarded
def page(dataset: DatasetView) -> None:
    """Fields on the left, the guideline of one on the right."""
    form = state.form_of(dataset)
    with state.store().read() as session:
        now = guidelines.current(session, form)
        left, right = st.columns([2, 6], gap="large")
        with left:
            key = listed(form, now)
        versions = guidelines.history(session, form, key)
    with right:
        if not state.reviewer():
            st.info("先在审阅台填写名字，才能修改规范。", icon=":material/person:")
        edit(form, versions[0])
        past(versions)


st.title("标注规范")
available = state.datasets()
if not available:
    empty_state(
        "还没有数据集", "导入群聊后，这里按它的表单列出每个字段的规范。", page=navigation.IMPORT, label="去导入"
    )
else:
    st.caption("审阅时在字段旁按 G 看这里的内容。规范属于表单，用同一张表单的数据集共用一份。")
    chosen = state.current_dataset(available)
    if chosen is not None:
        page(chosen)
