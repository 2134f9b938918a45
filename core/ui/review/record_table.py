"""The page 记录表 below its heading: filters, one page of rows, and what can be done with them."""

from typing import Any

import streamlit as st

from core.adapters.store import DatasetView
from core.domain.form import Form
from core.services.review import Filter, base_run, record_table
from core.ui import address, grid, navigation, state
from core.ui.notices import draw_empty_state, fragment
from core.ui.review import bulk_edit, record_sheet
from core.ui.review.record_toolbar import draw_footer, draw_held_edits, draw_last_edit, draw_toolbar


@fragment
def draw_record_table(dataset: DatasetView) -> None:
    """Filters and changes to many records at once, above the page of rows."""
    form = state.form_of(dataset)
    conditions, sort, (fill, replace, past) = draw_toolbar(dataset, form)
    _draw_page(dataset, form, conditions, sort)
    # These are drawn anew when they are opened: rows and ticks may have changed since without them.
    sheet = record_sheet.sheet_on_screen(dataset)
    if sheet is None or not sheet.rows:
        return
    run_id = _base_run_id(dataset)
    scope = _scope(conditions, run_id)
    with fill:
        bulk_edit.draw_fill(dataset, form, sheet, _ticked(dataset, sheet), run_id)
    with replace:
        bulk_edit.draw_replace(dataset, form, lambda: record_table.matching_chats(state.store(), dataset.id, **scope))
    with past:
        bulk_edit.draw_recent_changes(dataset, form, sheet)


@fragment
def _draw_page(dataset: DatasetView, form: Form, conditions: Filter, sort: str) -> None:
    """One page of rows with what was done in it: all that turning a page or editing a cell draws anew."""
    run_id = _base_run_id(dataset)
    above, place, foot = st.container(), st.container(key="records-grid"), st.container()

    def load(number: int) -> record_table.Page:
        return record_table.page(
            state.store(), form, dataset.id, **_scope(conditions, run_id), sort=sort, number=number
        )

    number = st.session_state.get("page") or address.index_parameter("page") or 1
    if (requested := address.text_parameter("page")) and address.index_parameter("page") is None:
        address.note_unknown("页码", requested, "第 1 页")
    token = (dataset.id, run_id, conditions, sort, number, state.reviewer())
    sheet = record_sheet.load_sheet(token, lambda: load(number))
    chat = record_sheet.handle_requests(dataset, form, sheet, run_id)
    if not sheet.token:  # customers came or went with an edit
        sheet = record_sheet.load_sheet(token, lambda: load(number))
    if chat is not None:
        state.keep_records_address()
        st.switch_page(navigation.WORKBENCH, query_params={"dataset": str(dataset.id), "chat": str(chat)})
    with above:
        draw_held_edits(dataset, form, sheet, run_id)
    if not sheet.rows and number > 1 and sheet.chats:
        with place:
            link = address.Link(navigation.RECORDS, "回到第 1 页", {"dataset": str(dataset.id)})
            advice = f"一共 {sheet.chats:,} 条群聊，没有这么多页。"
            address.draw_missing("这一页：", f"第 {number} 页", [link], advice=advice)
    if not sheet.rows:
        with place:
            draw_empty_state("没有符合条件的记录", "放宽筛选条件，或换一种状态。")
        return
    with place:
        record_sheet.draw_sheet(dataset, form, sheet)
    with foot:
        draw_last_edit(dataset, form, sheet, run_id)
        draw_footer(dataset, sheet, _ticked(dataset, sheet))


def _base_run_id(dataset: DatasetView) -> int | None:
    """The run whose values chats without a record have."""
    with state.store().read() as session:
        run = base_run(session, dataset.id)
    return run.id if run else None


def _scope(conditions: Filter, run_id: int | None) -> dict[str, Any]:
    return {"wanted": conditions, "base_run": run_id, "reviewer": state.reviewer()}


def _ticked(dataset: DatasetView, sheet: record_sheet.Sheet) -> list[str]:
    """Ids of the ticked rows, in their order on the page."""
    ticked = grid.ticked_rows(record_sheet.grid_key(dataset))
    return [name for name in sheet.rows if name in ticked]
