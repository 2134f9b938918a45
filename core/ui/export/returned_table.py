"""Section of 导出: a table that a colleague has edited is compared with the records and brought back."""

import streamlit as st

from core.adapters.store import DatasetView
from core.domain.form import Form, text_of
from core.domain.permissions import Permission
from core.errors import ShiyaoError
from core.services.review.records.returned_table import ReturnedTable
from core.services.review.records.table_return import preview_table, return_table
from core.ui import state
from core.ui.markdown import escape_markdown
from core.ui.notices import show_error
from core.ui.only_for import only_for
from core.ui.planned_changes import change_rows
from core.ui.uploader import draw_uploader

_ROUND = "shiyao.returned-table.round"
_PREVIEW = "shiyao.returned-table.preview"
_SHOWN = 200


def draw_returned_table(dataset: DatasetView) -> None:
    """Upload an edited table, look at what it changes, apply it."""
    with st.expander("带回改过的表格", icon=":material/move_to_inbox:"):
        st.caption(
            "同事在「导出表格」写的 CSV 或 Excel 里改过的值，在这里带回记录：先比较，"
            "记录后来又改过的字段算冲突，不会覆盖。"
        )
        number = st.session_state.setdefault(_ROUND, 0)
        uploaded = draw_uploader("改过的表格", key=f"returned-table-{dataset.id}-{number}")
        if uploaded is None:
            st.session_state.pop(_PREVIEW, None)
            return
        name = (dataset.id, uploaded.file_id)
        if st.session_state.get(_PREVIEW, (None,))[0] != name:
            try:
                with st.spinner("正在比较…"):
                    preview = preview_table(state.store(), uploaded, filename=uploaded.name, dataset=dataset.id)
            except ShiyaoError as error:
                show_error(error)
                return
            st.session_state[_PREVIEW] = (name, *preview)
        _, form, returned = st.session_state[_PREVIEW]
        _draw_preview(form, returned)


def _draw_preview(form: Form, returned: ReturnedTable) -> None:
    plan = returned.plan
    st.markdown(
        f"**{returned.rows:,} 行**：{len(plan.chats):,} 条记录的 {len(plan.changes):,} 个值会改，"
        f"冲突 {len(returned.conflicts):,}，没有带回 {len(returned.refused):,}"
    )
    if plan.changes:
        st.dataframe(
            change_rows(form, plan.changes[:_SHOWN]),
            hide_index=True,
            width="stretch",
        )
    if returned.conflicts:
        st.warning("这些字段在导出之后又改过，保持记录里的值。", icon=":material/sync_problem:")
        st.dataframe(
            [
                {
                    "序号": conflict.chat,
                    "客户": conflict.customer + 1,
                    "字段": form.field(conflict.key).label,
                    "导出时": text_of(conflict.exported),
                    "记录里": text_of(conflict.current),
                    "谁改的": conflict.who,
                    "表格里": text_of(conflict.edited),
                }
                for conflict in returned.conflicts[:_SHOWN]
            ],
            hide_index=True,
            width="stretch",
        )
    for one in returned.refused[:_SHOWN]:
        label = escape_markdown(form.field(one.key).label)
        st.caption(
            f"第 {one.line:d} 行，第 {one.chat:d} 条第 {one.customer + 1:d} 位"
            f"{escape_markdown(form.subject)}的{label}没有带回：{escape_markdown(one.why)}。"
        )
    for note in returned.notes[:_SHOWN]:
        st.caption(f"{escape_markdown(note)}。")
    if not plan.changes:
        st.info("没有要改的内容。", icon=":material/info:")
        return
    st.button(
        f"改这 {len(plan.changes):,} 个值",
        type="primary",
        key="returned-table-apply",
        **only_for(
            Permission.BULK,
            disabled=not state.reviewer(),
            hint=None if state.reviewer() else "请先在审阅台填写名字",
        ),
        on_click=_apply,
        args=(form, returned),
    )


def _apply(form: Form, returned: ReturnedTable) -> None:
    """Apply what was shown; a button's callback."""
    try:
        outcome = return_table(state.store(), form, returned, who=state.reviewer())
    except ShiyaoError as error:
        show_error(error)
        return
    st.session_state[_ROUND] += 1
    st.session_state.pop(_PREVIEW, None)
    for skipped in outcome.skipped[:_SHOWN]:
        st.toast(f"第 {skipped.chat:d} 条没有改：{escape_markdown(skipped.why)}。", icon=":material/sync_problem:")
    st.toast(f"改了 {len(outcome.saved):,} 条记录。可以在记录表的「批量修改记录」里撤销。", icon=":material/check:")
