"""Controls around the record table: filters, held edits, result of the last edit, pages."""

from typing import Any

import streamlit as st

from core.adapters.store import DatasetView
from core.domain.form import Form, text_of
from core.domain.permissions import Permission
from core.services.review import Filter, record_table
from core.ui import address, navigation, state
from core.ui.markdown import escape_markdown
from core.ui.notices import show_errors
from core.ui.only_for import only_for
from core.ui.review import filter_controls, record_sheet

_HINT = (
    "双击或按 Enter 修改，Esc 放弃，改动立即保存，Ctrl+Z 撤销；点序号（或 Alt+Enter）在审阅台打开。"
    "右上角有角标的值是人改过的。"
)


def draw_held_edits(dataset: DatasetView, form: Form, sheet: record_sheet.Sheet, run_id: int | None) -> None:
    """List edits that could not be saved, each with its two resolutions."""
    for held in list(sheet.held.values()):
        request, row = held.request, sheet.rows.get(held.request.row)
        chat = request.row.split(":")[0]
        label = form.field(request.key).label
        now = text_of(row.values[request.key]) if row else ""
        with st.container(border=True, horizontal=True, vertical_alignment="center", key=f"records-held-{request.id}"):
            st.markdown(
                f":material/sync_problem: **第 {escape_markdown(chat)} 条「"
                f"{escape_markdown(label)}」没有保存**：{escape_markdown(held.why)}。"
                f"您填的是「{escape_markdown(request.value) or '空'}」，现在是「{escape_markdown(now) or '空'}」。",
                width="stretch",
            )
            # Callbacks get what stands on screen, whatever has been read since.
            edit = (dataset, form, sheet, held, run_id)
            st.button(
                "用我填的",
                key=f"mine-{request.id}",
                disabled=row is None,
                on_click=_resolve,
                args=(*edit, row.version if row else None),
            )
            st.button("留现在的", key=f"theirs-{request.id}", on_click=_resolve, args=(*edit, None))


def draw_last_edit(dataset: DatasetView, form: Form, sheet: record_sheet.Sheet, run_id: int | None) -> None:
    """Outcome of the last edit with its undo button; before the first one, a hint."""
    with st.container(horizontal=True, vertical_alignment="center", key="records-news"):
        if not state.reviewer():
            st.markdown(
                ":material/person: 还不知道是谁在修改：先在审阅台填写名字，这里的修改才会保存。", width="stretch"
            )
            return
        if not sheet.news:
            st.caption(_HINT, width="stretch")
            return
        remarks = "".join(f" &nbsp; :orange[:material/warning: {escape_markdown(text)}]" for text in sheet.remarks)
        st.markdown(f":material/check: {escape_markdown(sheet.news)}{remarks}", width="stretch")
        if sheet.last:
            edit = (dataset, form, sheet, sheet.last, run_id)
            st.button("撤销", icon=":material/undo:", key=f"undo-{sheet.last}", on_click=_undo, args=edit)


def _resolve(*edit: Any) -> None:
    with show_errors():
        record_sheet.resolve_held_edit(*edit)


def _undo(*edit: Any) -> None:
    with show_errors():
        record_sheet.undo_edit(*edit)


def draw_toolbar(dataset: DatasetView, form: Form) -> tuple[Filter, str, list[Any]]:
    """Filters and order above the table; also the popovers for changes to many rows."""
    labels = {field.key: field.label for field in form.fields}
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        queue = filter_controls.choose_status(first="全部")
        given = filter_controls.condition_count(dataset)
        with st.popover(f"筛选 · {given}" if given else "筛选", icon=":material/filter_list:", key="records-filter"):
            conditions = filter_controls.choose_conditions(dataset, form, queue=queue)
        if conditions.narrow:
            st.button("清除筛选", icon=":material/filter_list_off:", on_click=filter_controls.clear_conditions)
        address.translate("sort", {"按待定分": record_table.BY_STAKE, "待定分": record_table.BY_STAKE})
        sort = address.select(
            st.container(width="content"),
            "排序",
            [*record_table.SORTS, *form.keys],
            key="sort",
            what="排序",
            format_func=lambda key: f"按{labels.get(key, key)}",
            label_visibility="collapsed",
            width=170,
        )
        st.space("stretch")
        places = [
            # Opening one draws its content anew: it is about rows that change without it.
            st.popover(
                "填充", icon=":material/south:", key="records-fill", on_change="rerun", **only_for(Permission.BULK)
            ),
            st.popover("替换", icon=":material/find_replace:", **only_for(Permission.BULK)),
            st.popover("批量修改记录", icon=":material/history:", key="records-past", on_change="rerun"),
        ]
    return conditions, str(sort), places


def draw_footer(dataset: DatasetView, sheet: record_sheet.Sheet, ticked: list[str]) -> None:
    """Row counts, pages, and buttons that open the ticked row."""
    chosen = sheet.rows[ticked[0]] if ticked else None
    count = max(1, -(-sheet.chats // record_table.PAGE))
    with st.container(horizontal=True, vertical_alignment="center"):
        of = f"共 {sheet.chats:,} 条群聊" + (f"（筛选自 {dataset.chats:,} 条）" if sheet.chats < dataset.chats else "")
        picked = f" · 已勾选 {len(ticked):,} 行" if ticked else ""
        st.caption(f"{of} · 本页 {len(sheet.rows):,} 行，一张表单一行{picked}", width="content")
        st.space("stretch")
        if count > 1:
            st.pagination(count, key="page", bind="query-params", width=440)
        target = {"dataset": str(dataset.id), "chat": str(chosen.chat)} if chosen else {}
        history = st.button("记录历史", disabled=chosen is None or not chosen.version, help="先勾选一行")
        label = f"在审阅台打开第 {chosen.chat} 条" if chosen else "在审阅台打开"
        opened = st.button(
            escape_markdown(label), type="primary", disabled=chosen is None, help="先勾选一行，或点它的序号"
        )
    if history:
        st.switch_page(navigation.HISTORY, query_params=target)
    if opened:
        state.keep_records_address()
        st.switch_page(navigation.WORKBENCH, query_params=target)
