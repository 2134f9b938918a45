"""记录表: every chat of a dataset with its record, filtered, edited in place, changed many at a time."""

from typing import Any

import streamlit as st

from core.adapters.store import DatasetView
from core.domain.form import Form, text_of
from core.services.review import Filter, base_run, record_table
from core.ui import grid, navigation, state
from core.ui.notices import empty_state, fragment
from core.ui.review import bulk_edit, filter_controls, record_sheet

# The table takes what the window has: more columns beside one another, more rows below.
_CSS = """
<style>
.stMainBlockContainer { max-width: none; padding-left: 2.5rem; padding-right: 2.5rem; padding-bottom: .5rem; }
.st-key-records-grid iframe { height: max(320px, calc(100vh - 284px)) !important; }
.st-key-records-head h1 { padding: 0 !important; }
.st-key-records-news p { margin: 0; }
</style>
"""
_HINT = (
    "双击或按 Enter 修改，Esc 放弃，改动立即保存，Ctrl+Z 撤销；点序号（或 Alt+Enter）在审阅台打开。"
    "右上角有角标的值是人改过的。"
)


def said_about_edits(dataset: DatasetView, form: Form, sheet: record_sheet.Sheet, run_id: int | None) -> None:
    """Edits that could not be made, each with the two ways out."""
    for held in list(sheet.held.values()):
        request, row = held.request, sheet.rows.get(held.request.row)
        chat = request.row.split(":")[0]
        label = form.field(request.key).label
        now = text_of(row.values[request.key]) if row else ""
        with st.container(border=True, horizontal=True, vertical_alignment="center", key=f"records-held-{request.id}"):
            st.markdown(
                f":material/sync_problem: **第 {chat} 条「{label}」没有保存**：{held.why}。"
                f"您填的是「{request.value or '空'}」，现在是「{now or '空'}」。",
                width="stretch",
            )
            if st.button("用我填的", key=f"mine-{request.id}", disabled=row is None):
                record_sheet.settle(dataset, form, sheet, held, run_id, mine=True)
                st.rerun(scope="fragment")
            if st.button("留现在的", key=f"theirs-{request.id}"):
                record_sheet.settle(dataset, form, sheet, held, run_id, mine=False)
                st.rerun(scope="fragment")


def news(dataset: DatasetView, form: Form, sheet: record_sheet.Sheet, run_id: int | None) -> None:
    """What the last edit did, and how to take it back; before the first one, how to edit."""
    with st.container(horizontal=True, vertical_alignment="center", key="records-news"):
        if not state.reviewer():
            st.markdown(
                ":material/person: 还不知道是谁在修改：先在审阅台填写名字，这里的修改才会保存。", width="stretch"
            )
            return
        if not sheet.news:
            st.caption(_HINT, width="stretch")
            return
        remarks = "".join(f" &nbsp; :orange[:material/warning: {text}]" for text in sheet.remarks)
        st.markdown(f":material/check: {sheet.news}{remarks}", width="stretch")
        if sheet.last and st.button("撤销", icon=":material/undo:", key=f"undo-{sheet.last}"):
            record_sheet.undo(dataset, form, sheet, sheet.last, run_id)
            st.rerun(scope="fragment")


def tools(dataset: DatasetView, form: Form) -> tuple[Filter, str, list[Any]]:
    """The row above the table: filters and order, and places for what changes many rows."""
    labels = {field.key: field.label for field in form.fields}
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        queue = filter_controls.statuses(first="全部")
        given = filter_controls.given()
        with st.popover(f"筛选 · {given}" if given else "筛选", icon=":material/filter_list:", key="records-filter"):
            wanted = filter_controls.conditions(dataset, form, queue=queue)
        if wanted.narrow:
            st.button("清除筛选", icon=":material/filter_list_off:", on_click=filter_controls.clear)
        sort = st.selectbox(
            "排序",
            [*record_table.SORTS, *form.keys],
            format_func=lambda key: f"按{labels.get(key, key)}",
            key="sort",
            bind="query-params",
            label_visibility="collapsed",
            width=170,
        )
        st.space("stretch")
        places = [
            st.popover("填充", icon=":material/south:"),
            st.popover("替换", icon=":material/find_replace:"),
            st.popover("批量修改记录", icon=":material/history:"),
        ]
    return wanted, str(sort), places


@fragment
def table(dataset: DatasetView) -> None:
    """Filters, the page of rows, and what can be done with them."""
    form = state.form_of(dataset)
    with state.store().read() as session:
        run = base_run(session, dataset.id)
    run_id = run.id if run else None
    wanted, sort, (fill, replace, past) = tools(dataset, form)
    scope: dict[str, Any] = {"wanted": wanted, "base_run": run_id, "reviewer": state.reviewer()}
    above, place, foot = st.container(), st.container(key="records-grid"), st.container()

    def load(number: int) -> record_table.Page:
        return record_table.page(state.store(), form, dataset.id, **scope, sort=sort, number=number)

    number = int(st.session_state.get("page") or st.query_params.get("page") or 1)
    token = (dataset.id, run_id, wanted, sort, number, state.reviewer())
    sheet = record_sheet.sheet(token, lambda: load(number))
    chat = record_sheet.handle(dataset, form, sheet, run_id)
    if not sheet.token:  # customers came or went with an edit
        sheet = record_sheet.sheet(token, lambda: load(number))
    if chat is not None:
        state.keep_records_address()
        st.switch_page(navigation.WORKBENCH, query_params={"dataset": str(dataset.id), "chat": str(chat)})
    with above:
        said_about_edits(dataset, form, sheet, run_id)
    if not sheet.rows:
        with place:
            empty_state("没有符合条件的记录", "放宽筛选条件，或换一种状态。")
        return
    with place:
        record_sheet.draw(dataset, form, sheet)
    ticked = [name for name in sheet.rows if name in grid.ticked(record_sheet.key_of(dataset))]
    with foot:
        news(dataset, form, sheet, run_id)
        line(dataset, sheet, ticked)
    with fill:
        bulk_edit.offer_fill(dataset, form, sheet, ticked, run_id)
    with replace:
        bulk_edit.offer_replace(dataset, form, lambda: record_table.matching_chats(state.store(), dataset.id, **scope))
    with past:
        bulk_edit.list_recent(dataset, form, sheet)


def line(dataset: DatasetView, sheet: record_sheet.Sheet, ticked: list[str]) -> None:
    """Below the table: how much there is, the pages, and where a ticked row leads."""
    chosen = sheet.rows[ticked[0]] if ticked else None
    count = max(1, -(-sheet.chats // record_table.PAGE))
    with st.container(horizontal=True, vertical_alignment="center"):
        of = f"共 {sheet.chats:,} 条群聊" + (f"（筛选自 {dataset.chats:,} 条）" if sheet.chats < dataset.chats else "")
        picked = f" · 已勾选 {len(ticked)} 行" if ticked else ""
        st.caption(f"{of} · 本页 {len(sheet.rows):,} 行，每位客户一行{picked}", width="content")
        st.space("stretch")
        if count > 1:
            st.pagination(count, key="page", bind="query-params", width=440)
        target = {"dataset": str(dataset.id), "chat": str(chosen.chat)} if chosen else {}
        history = st.button("记录历史", disabled=chosen is None or not chosen.version, help="先勾选一行")
        label = f"在审阅台打开第 {chosen.chat} 条" if chosen else "在审阅台打开"
        opened = st.button(label, type="primary", disabled=chosen is None, help="先勾选一行，或点它的序号")
    if history:
        st.switch_page(navigation.HISTORY, query_params=target)
    if opened:
        state.keep_records_address()
        st.switch_page(navigation.WORKBENCH, query_params=target)


available = state.datasets()
if not available:
    st.title("记录表")
    empty_state("还没有记录", "先导入群聊，审阅后这里会列出每一条记录。", page=navigation.IMPORT, label="去导入")
else:
    st.html(_CSS)
    with st.container(horizontal=True, vertical_alignment="center", key="records-head"):
        st.title("记录表", width="content")
        with st.container(width=340):
            chosen = state.choose_dataset(available, label_visibility="collapsed")
    table(chosen)
