"""记录表: every chat of a dataset with its record, filtered, edited in place, changed many at a time."""

import streamlit as st

from core.review import base_run, rows
from core.store import DatasetView
from core.ui import narrow, pages, records, state
from core.ui.notices import empty_state, guarded


@guarded
def table(dataset: DatasetView) -> None:
    """Filters, the page of rows, and what can be done with them."""
    form = state.form_of(dataset)
    with state.store().read() as session:
        run = base_run(session, dataset.id)
    run_id = run.id if run else None
    statuses, conditions, order, fill, replace, past = st.columns([7, 2, 3, 2, 2, 3], vertical_alignment="bottom")
    with statuses:
        queue = narrow.statuses(first="全部")
    with conditions.popover("筛选", icon=":material/filter_list:", width="stretch"):
        wanted = narrow.conditions(dataset, form, queue=queue)
    labels = {field.key: field.label for field in form.fields}
    sort = order.selectbox(
        "排序",
        [*rows.SORTS, *form.keys],
        format_func=lambda key: f"按{labels.get(key, key)}",
        key="sort",
        bind="query-params",
        label_visibility="collapsed",
    )
    scope = {"wanted": wanted, "base_run": run_id, "reviewer": state.reviewer()}
    place = st.container()
    foot, opener, history = st.columns([6, 2, 2], vertical_alignment="center")

    def load(number: int) -> rows.Page:
        return rows.page(state.store(), form, dataset.id, **scope, sort=sort, number=number)

    number = int(st.session_state.get("page") or st.query_params.get("page") or 1)
    token = (dataset.id, run_id, wanted, sort, number, state.reviewer())
    sheet = records.sheet(token, lambda: load(number))
    count = max(1, -(-sheet.page.chats // rows.PAGE))
    with foot:
        if count > 1:
            st.pagination(count, key="page", bind="query-params")
        given = "，没有填的格子是空的；还没审阅的群聊显示抽取任务的值" if sheet.page.rows else ""
        st.caption(f"共 {sheet.page.chats} 条群聊，每位客户一行{given}。双击格子修改，改动立即保存。")
    if not sheet.page.rows:
        with place:
            empty_state("没有符合条件的记录", "放宽筛选条件，或换一种状态。")
        return
    with place:
        data, ticked = records.draw(form, sheet)
        if state.reviewer():
            records.save_edits(dataset, form, sheet, data, run_id)
        else:
            st.warning("还不知道是谁在修改：先在审阅台填写名字，这里的修改才会保存。", icon=":material/person:")
    with fill.popover("填充", icon=":material/south:", width="stretch"):
        records.offer_fill(dataset, form, sheet, ticked, run_id)
    with replace.popover("替换", icon=":material/find_replace:", width="stretch"):
        records.offer_replace(dataset, form, lambda: rows.matching(state.store(), dataset.id, **scope))
    with past.popover("批量修改记录", icon=":material/history:", width="stretch"):
        records.list_recent(dataset, form)
    chosen = sheet.page.rows[ticked[0]] if ticked else None
    target = {"dataset": str(dataset.id), "chat": str(chosen.chat)} if chosen else {}
    label = f"打开第 {chosen.chat} 条" if chosen else "在审阅台打开"
    if opener.button(label, type="primary", disabled=chosen is None, help="先勾选一行", width="stretch"):
        st.switch_page(pages.WORKBENCH, query_params=target | {"queue": "全部"})
    if history.button("记录历史", disabled=chosen is None or not chosen.version, width="stretch"):
        st.switch_page(pages.HISTORY, query_params=target)


st.title("记录表")
available = state.datasets()
if not available:
    empty_state("还没有记录", "先导入群聊，审阅后这里会列出每一条记录。", page=pages.IMPORT, label="去导入")
else:
    table(state.choose_dataset(available, label_visibility="collapsed"))
