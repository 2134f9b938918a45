"""The shipped samples on the pages: beside the first steps, and as a source on 导入."""

import streamlit as st

from core.domain.form import load_named_form
from core.domain.permissions import Permission
from core.ui import navigation, state
from core.ui.markdown import Markdown, escape_markdown
from core.ui.notices import show_errors
from core.ui.only_for import only_for


def draw_sample_buttons(label: Markdown, *, opens_desk: bool) -> None:
    """Draw the button of the default form's sample, and behind another one those of other forms.

    Args:
        label: of the first button.
        opens_desk: whether the sample opens on the desk at once, rather than on this page.
    """
    off = only_for(Permission.IMPORT, hint="28 条自编的群聊，带标注和一个完成的抽取任务")
    if st.button(label, icon=":material/visibility:", **off):
        _load("", opens_desk=opens_desk)
    if not state.may(Permission.IMPORT):
        return
    from core.services.datasets import shipped_samples

    with st.popover("别的表单的示例", icon=":material/library_books:", width="content"):
        st.caption("表单不限于一种：下面的示例各有自己的表单。")
        for sample in shipped_samples()[1:]:
            title = load_named_form(sample.form).title
            if st.button(escape_markdown(title), key=f"sample-{sample.form}", width="stretch"):
                _load(sample.form, opens_desk=opens_desk)


def draw_samples() -> None:
    """Draw all samples with their forms, as a source of chats: each can be loaded, or opened where it is there."""
    from core.services.datasets import shipped_samples

    st.caption("自编的群聊，人名、电话和公司都是虚构的；每套带一个表单、标注和一个完成的抽取任务，随时可以删除。")
    there = {dataset.name: dataset.id for dataset in state.available_datasets()}
    for sample in shipped_samples():
        with st.container(border=True, horizontal=True, vertical_alignment="center"), show_errors():
            form = load_named_form(sample.form)
            fields = "、".join(field.label for field in form.fields[:6])
            st.markdown(
                f"**{escape_markdown(sample.dataset)}**　表单「{escape_markdown(form.title)}」，"
                f"{len(form.fields):,d} 个字段，满分 {form.max_points:g}  \n"
                f":gray[{escape_markdown(fields)}…]"
            )
            if sample.dataset in there:
                st.page_link(
                    navigation.WORKBENCH,
                    label="打开审阅台",
                    icon=":material/arrow_forward:",
                    query_params={"dataset": str(there[sample.dataset])},
                    width="content",
                )
            elif st.button("载入", key=f"load-{sample.form}", **only_for(Permission.IMPORT)):
                _load(sample.form, opens_desk=False)


def _load(form: str, *, opens_desk: bool) -> None:
    from core.services.datasets import load_sample  # all that imports: not while a page is only looked at

    with st.spinner("正在载入示例…"):
        chats, _ = load_sample(state.store(), form) if form else load_sample(state.store())
    if opens_desk:
        st.switch_page(navigation.WORKBENCH, query_params={"dataset": str(chats.dataset_id)})
    st.rerun()
