"""Tables with sorting, filters and row selection: the only place that imports AgGrid."""

from collections.abc import Mapping
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
