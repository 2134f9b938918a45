"""Tables with sorting, filters and row selection: the only place that imports AgGrid."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from st_aggrid import AgGrid

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
    columns: list[dict[str, Any]] = [{"field": "_row", "hide": True}]
    for column in (str(name) for name in frame.columns if name != "_row"):
        options: dict[str, Any] = {"field": column, "editable": column in editable, "width": widths.get(column, 120)}
        if column in pinned:
            options["pinned"] = "left"
        if tips and column in tips:
            options["headerTooltip"] = tips[column]
        columns.append(options | {"tooltipField": column})
    # Written out: the builder of the library leaves a file open with each table.
    options = {
        "columnDefs": columns,
        "defaultColDef": {
            "sortable": False,
            "filter": False,
            "resizable": True,
            "minWidth": 60,
            "suppressHeaderMenuButton": True,
        },
        "localeText": _CHINESE,
        "rowHeight": 30,
        "headerHeight": 34,
        "tooltipShowDelay": 500,
        "stopEditingWhenCellsLoseFocus": True,
        "undoRedoCellEditing": True,
        "enterNavigatesVerticallyAfterEdit": True,
        "rowSelection": {
            "mode": "multiRow",
            "checkboxes": True,
            "headerCheckbox": True,
            "enableClickSelection": False,
        },
        "selectionColumnDef": {"pinned": "left", "width": 40},
    }
    reply = AgGrid(
        frame,
        gridOptions=options,
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
