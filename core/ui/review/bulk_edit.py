"""Many records changed at once: fill down, find and replace, each with a preview, and one undo per change."""

from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from core.adapters.store import DatasetView, queries
from core.domain.form import Form, text_of
from core.domain.permissions import Permission
from core.errors import ShiyaoError
from core.services.review.records import bulk
from core.ui import state
from core.ui.markdown import Markdown, escape_markdown
from core.ui.notices import announce, announce_and_rerun, show_error, show_errors
from core.ui.only_for import only_for
from core.ui.planned_changes import change_rows
from core.ui.review.record_sheet import Sheet, forget_sheet

_PLAN = "shiyao.records.plan"
_SHOWN = 50


def draw_fill(dataset: DatasetView, form: Form, current: Sheet, ticked: list[str], base_run: int | None) -> None:
    """Popover content: fill the first ticked row's value of one field into the other ticked rows."""
    labels = {item.key: item.label for item in form.fields}
    key = st.selectbox("填充哪个字段", form.keys, format_func=lambda name: labels[name], key="records-fill-field")
    if len(ticked) < 2:
        st.caption("先在表里勾选两行以上：第一行的值会填到其余各行。")
        return
    first, *others = (current.rows[name] for name in ticked)
    value = text_of(first.values[key])
    st.caption(f"把第 {first.chat:d} 条的「{escape_markdown(value) or '空'}」填到其余 {len(others):,} 行。")
    if st.button("预览填充", width="stretch", **only_for(Permission.BULK)):
        edits = [bulk.CellEdit(row.chat, row.customer, key, value, row.version) for row in others]
        plan = bulk.plan_edits(state.store(), form, dataset.id, edits, base_run=base_run)
        st.session_state[_PLAN] = (dataset.id, plan, f"向下填充「{labels[key]}」", base_run)
        preview_changes()


def draw_replace(dataset: DatasetView, form: Form, chats: Any) -> None:
    """Popover content: find and replace in the records of all filtered chats.

    Args:
        dataset: the dataset.
        form: its form.
        chats: gives their indices, or ``None`` for all.
    """
    labels = {item.key: item.label for item in form.fields}
    keys = st.multiselect(
        "在哪些字段里",
        form.keys,
        format_func=lambda name: labels[name],
        key="records-replace-fields",
        placeholder="全部",
    )
    find = st.text_input("查找", key="records-replace-find")
    replacement = st.text_input("替换为", key="records-replace-with", placeholder="留空则删去")
    whole = st.checkbox("只替换整个值（列表里的整个一项）", value=True, key="records-replace-whole")
    st.caption("只改已有记录的群聊；范围是上面筛选出来的全部群聊，不只这一页。")
    if st.button("预览替换", width="stretch", **only_for(Permission.BULK)):
        try:
            plan = bulk.plan_replace(
                state.store(),
                form,
                dataset.id,
                find=find,
                replacement=replacement,
                keys=keys,
                whole=whole,
                chats=chats(),
            )
        except ShiyaoError as error:
            show_error(error)
            return
        st.session_state[_PLAN] = (dataset.id, plan, f"把「{find or '空'}」替换为「{replacement or '空'}」", None)
        preview_changes()


@st.dialog("预览批量修改", width="large")
def preview_changes() -> None:
    """Dialog with the planned changes, and the button that saves them."""
    dataset_id, plan, reason, base_run = st.session_state[_PLAN]
    with state.store().read() as session:
        form = state.form_of(queries.dataset(session, dataset_id))
    if not plan.changes:
        st.info("没有要改的内容。", icon=":material/info:")
    else:
        st.markdown(f"**{escape_markdown(reason)}**：{len(plan.chats):,} 条记录的 {len(plan.changes):,} 个值会改。")
        st.dataframe(
            change_rows(form, plan.changes[:_SHOWN]),
            hide_index=True,
            width="stretch",
            height=min(420, 40 + 35 * min(len(plan.changes), _SHOWN)),
        )
        if len(plan.changes) > _SHOWN:
            st.caption(f"这里列出前 {_SHOWN} 个。")
    for skipped in plan.skipped[:_SHOWN]:
        st.caption(f"第 {skipped.chat:d} 条不改：{escape_markdown(skipped.why)}。")
    if plan.changes and st.button(f"改这 {len(plan.changes):,} 个值", type="primary", **only_for(Permission.BULK)):
        try:
            with st.spinner("正在保存…"):
                done = bulk.apply(state.store(), form, plan, who=state.reviewer(), reason=reason, base_run=base_run)
        except ShiyaoError as error:
            show_error(error)
            return
        forget_sheet()
        _say_skipped(done.skipped, "没有改", announce)
        left = f"，{len(done.skipped):,} 条没有改" if done.skipped else ""
        announce_and_rerun(f"改了 {len(done.saved):,} 条记录{left}。可以在「批量修改记录」里撤销。")


def draw_recent_changes(dataset: DatasetView, form: Form, current: Sheet) -> None:
    """Popover content: the last bulk changes, each with its undo button."""
    if current.past is None:
        current.past = bulk.recent(state.store(), dataset.id)
    done = current.past
    if not done:
        st.caption("还没有批量修改。")
    for change in done:
        text, button = st.columns([5, 2], vertical_alignment="center")
        text.markdown(
            f"{escape_markdown(change.reason)}  \n:gray[{change.at.astimezone():%m-%d %H:%M} · "
            f"{escape_markdown(change.who)} · {change.records:,d} 条]"
        )
        if change.undone:
            button.caption("已撤销")
        else:
            key, undone = f"records-undo-{change.id}", (dataset, form, change.id)
            off = only_for(Permission.BULK)
            button.button("撤销", key=key, width="stretch", on_click=undo_change, args=undone, **off)


def undo_change(dataset: DatasetView, form: Form, bulk_id: str) -> None:
    """Undo a bulk change; a button's callback. What stays as it is, is named."""
    with show_errors():
        back = bulk.undo(state.store(), form, dataset.id, bulk_id, who=state.reviewer())
        forget_sheet()
        _say_skipped(back.skipped, "没有撤销", st.toast)
        st.toast(f"已撤销 {len(back.saved):,} 条", icon=":material/undo:")


def _say_skipped(skipped: Sequence[bulk.Skipped], what: Markdown, say: Callable[..., object]) -> None:
    """Name the records that were left alone, and why: in this run, or in the next where this one is about to end."""
    for one in skipped[:_SHOWN]:
        say(f"第 {one.chat:d} 条{what}：{escape_markdown(one.why)}。", icon=":material/sync_problem:")
