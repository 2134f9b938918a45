"""Tables with sorting, filters and row selection: the only place that imports AgGrid."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from st_aggrid import AgGrid, GridOptionsBuilder

_CHINESE = {
    "noRowsToShow": "没有记录",
    "page": "第",
    "of": "/",
    "to": "–",
    "filterOoo": "筛选…",
    "contains": "包含",
    "notContains": "不包含",
    "equals": "等于",
    "notEqual": "不等于",
    "startsWith": "开头是",
    "endsWith": "结尾是",
    "blank": "为空",
    "notBlank": "不为空",
    "pageSizeSelectorLabel": "每页",
    "lessThan": "小于",
    "greaterThan": "大于",
    "andCondition": "并且",
    "orCondition": "或者",
    "loadingOoo": "载入中…",
}


def edit_rows(
    frame: pd.DataFrame,
    *,
    key: str,
    editable: Sequence[str],
    widths: Mapping[str, int],
    pinned: Sequence[str] = (),
    tips: Mapping[str, str] | None = None,
    height: int = 560,
) -> tuple[pd.DataFrame, list[int]]:
    """Draw a table whose cells can be edited; sorting and filters are the server's, for it shows one page of many.

    Args:
        frame: what to show; a column ``_row`` numbers the rows and is hidden.
        key: widget key; a new one draws a new table, the same one keeps what was edited.
        editable: columns that can be edited.
        widths: pixels per column.
        pinned: columns that stay in view.
        tips: header tooltips.
        height: pixels.

    Returns:
        The rows as they stand on screen, and the numbers of the rows that are ticked, in order.
    """
    builder = GridOptionsBuilder.from_dataframe(frame, sortable=False, filter=False, resizable=True)
    builder.configure_default_column(minWidth=60, suppressHeaderMenuButton=True)
    for column in frame.columns:
        options: dict[str, Any] = {"editable": column in editable, "width": widths.get(column, 120)}
        if column in pinned:
            options["pinned"] = "left"
        if tips and column in tips:
            options["headerTooltip"] = tips[column]
        builder.configure_column(column, tooltipField=column, **options)
    builder.configure_column("_row", hide=True)
    builder.configure_selection("multiple", use_checkbox=False)
    builder.configure_grid_options(
        localeText=_CHINESE,
        rowHeight=30,
        headerHeight=34,
        tooltipShowDelay=500,
        singleClickEdit=False,
        stopEditingWhenCellsLoseFocus=True,
        undoRedoCellEditing=True,
        enterNavigatesVerticallyAfterEdit=True,
        rowSelection={"mode": "multiRow", "checkboxes": True, "headerCheckbox": True, "enableClickSelection": False},
        selectionColumnDef={"pinned": "left", "width": 40},
    )
    reply = AgGrid(
        frame,
        gridOptions=builder.build(),
        height=height,
        key=key,
        update_on=["cellValueChanged", ("selectionChanged", 150)],
        data_return_mode="AS_INPUT",
        show_toolbar=False,
        theme="streamlit",
    )
    # The data is None on the first run, selected_rows while nothing is ticked.
    data = reply.data if isinstance(reply.data, pd.DataFrame) else frame
    ticked = reply.selected_rows
    if ticked is None or len(ticked) == 0:
        return data, []
    numbers = ticked["_row"] if isinstance(ticked, pd.DataFrame) else [row["_row"] for row in ticked]
    return data, sorted(int(number) for number in numbers)


def pick_row(
    frame: pd.DataFrame, *, key: str, height: int = 620, widths: Mapping[str, int] | None = None
) -> dict[str, Any] | None:
    """Draw a table; the row that the user picked, or ``None``.

    Args:
        frame: what to show; the index is not shown.
        key: widget key; must change with the data's identity.
        height: pixels.
        widths: pixels per column.
    """
    builder = GridOptionsBuilder.from_dataframe(frame, sortable=True, filter=True, resizable=True)
    builder.configure_default_column(filterParams={"buttons": ["reset"]}, minWidth=70)
    for column, width in (widths or {}).items():
        builder.configure_column(column, width=width)
    builder.configure_selection("single")
    builder.configure_pagination(paginationAutoPageSize=False, paginationPageSize=100)
    builder.configure_grid_options(localeText=_CHINESE, rowHeight=30, headerHeight=34, tooltipShowDelay=300)
    reply = AgGrid(
        frame,
        gridOptions=builder.build(),
        height=height,
        key=key,
        update_on=["selectionChanged"],
        show_toolbar=False,
        theme="streamlit",
    )
    # selected_rows is None (not an empty frame) while nothing is picked.
    picked = reply.selected_rows
    if picked is None or len(picked) == 0:
        return None
    row = picked.iloc[0] if isinstance(picked, pd.DataFrame) else picked[0]
    return dict(row)
