"""A table with in-cell editing, column groups and row selection: the only place that imports AgGrid.

The table never changes a value by itself. What somebody did comes as requests, each with an id, again and again until
the rows say that it is answered; the rows that are given next replace those on screen, without drawing the table anew
and without taking a cell away from who is typing in it.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import pandas as pd
import streamlit as st
from st_aggrid import AgGrid, JsCode

from core.ui.grid.grid_theme import CSS, theme
from core.ui.javascript import join_modules

HERE: Final = Path(__file__).parent
MODULES: Final = (
    HERE.parent / "js" / "hidden_columns.js",
    HERE.parent / "js" / "unanswered.js",
    HERE / "behaviour.js",
)
_MARKS: Final = {name: f"shiyao-{name}" for name in ("waits", "fresh", "held", "corrected")}
_HIDDEN: Final = ("_id", "_version", "_fresh", "_kept", "_corrected", "_answered", "_held")
_WORDS: Final = {
    "noRowsToShow": "没有记录",
    "loadingOoo": "载入中…",
    "ariaHeaderSelection": "全选",
    "ariaColumn": "列",
    "ariaRowToggleSelection": "按空格勾选这一行",
    "ariaRowSelect": "按空格勾选这一行",
    "ariaRowDeselect": "按空格取消勾选",
    "ariaChecked": "已勾选",
    "ariaUnchecked": "未勾选",
    "ariaIndeterminate": "部分勾选",
    "ariaVisible": "可见",
    "ariaHidden": "隐藏",
    "ariaSortableColumn": "按回车排序",
    "page": "页",
    "to": "到",
    "of": "共",
    "firstPage": "第一页",
    "previousPage": "上一页",
    "nextPage": "下一页",
    "lastPage": "最后一页",
}
CHAT: Final = "_chat"
"""Name of the column whose cells open the row's chat."""
_ID = 12


@dataclass(frozen=True, slots=True)
class Column:
    """One column.

    Attributes:
        key: name in the rows.
        title: header.
        group: header above it, ``""`` for none; neighbours of one group share it.
        width: pixels at first.
        tip: said when the mouse rests on the header.
        pinned: stays in view.
        editable: whether it is.
        choices: values that are offered; others stay possible.
        several: values are lists, joined with ``、``.
        long: edited in a box of several lines.
    """

    key: str
    title: str
    group: str = ""
    width: int = 120
    tip: str = ""
    pinned: bool = False
    editable: bool = False
    choices: tuple[str, ...] = ()
    several: bool = False
    long: bool = False


@dataclass(frozen=True, slots=True)
class GridAction:
    """An action of a person in the table: an edit, an undo, or opening a row.

    Attributes:
        id: 12 characters; the same one when it is sent again.
        kind: edit, undo or open.
        row: id of the row.
        key: column, of an edit.
        value: what was typed.
        was: what stood there.
        version: of the record as it was on screen.
        of: the edit that is to be undone.
    """

    id: str
    kind: str
    row: str = ""
    key: str = ""
    value: str = ""
    was: str = ""
    version: int = 0
    of: str = ""


@cache
def grid_source() -> str:
    """The table's JavaScript as one expression: AgGrid evaluates it, and its value gives a row its id."""
    return f"(() => {{\n{join_modules(MODULES)}\nreturn setUpGrid(window);\n}})()"


def grid_requests(key: str) -> list[GridAction]:
    """Unanswered actions in a table, oldest first; may be read before the table is drawn."""
    requests = []
    for raw in _sent(key).get("outbox") or []:
        name, version = str(raw.get("id", "")), raw.get("version")
        if len(name) != _ID or not name.isalnum():
            continue
        texts = {part: str(raw.get(part) or "") for part in ("kind", "row", "key", "value", "was", "of")}
        requests.append(GridAction(name, version=version if type(version) is int else 0, **texts))
    return requests


def ticked_rows(key: str) -> list[str]:
    """Ids of the rows that are ticked."""
    return [str(name) for name in _sent(key).get("ticked") or []]


def _sent(key: str) -> dict[str, Any]:
    value = st.session_state.get(key)
    return value if isinstance(value, dict) else {}


def draw_grid(
    rows: Sequence[dict[str, Any]],
    columns: Sequence[Column],
    *,
    key: str,
    scope: str,
    reviewer: str,
    answered: Collection[str] = (),
    held: Collection[str] = (),
) -> None:
    """Draw the table.

    Args:
        rows: each with ``_id``, ``_version``, ``_fresh``, ``_kept`` and ``_corrected`` (columns, joined with ``|``)
            beside what is shown.
        columns: what is shown, in order.
        key: widget key; the same one keeps the table and its scroll position.
        scope: what the browser keeps unanswered edits under, apart for each reviewer.
        reviewer: whose edits they are.
        answered: requests that are done with; the browser forgets them.
        held: edits that could not be made; the browser keeps them without showing them.
    """
    frame = pd.DataFrame(rows)
    # The first row carries what is not about rows: anything else would make the component set all its options anew.
    for name, ids in (("_answered", answered), ("_held", held)):
        frame[name] = ["|".join(ids), *[""] * (len(rows) - 1)]
    marks = {css: JsCode(f"(p) => window.shiyao.{name}(p)") for name, css in _MARKS.items()}
    AgGrid(
        frame,
        gridOptions={
            "getRowId": JsCode(grid_source()),  # first, for the others speak of what it sets up
            "onGridReady": JsCode("(event) => window.shiyao.begin(event)"),
            "onRowDataUpdated": JsCode("(event) => window.shiyao.answered(event)"),
            "context": {"dataset": scope, "reviewer": reviewer},
            "columnDefs": [*({"field": name, "hide": True} for name in _HIDDEN), *_grouped(columns)],
            "defaultColDef": {
                "sortable": False,
                "filter": False,
                "resizable": True,
                "minWidth": 56,
                "suppressHeaderMenuButton": True,
                "suppressKeyboardEvent": JsCode("(p) => window.shiyao.ours(p)"),
                "cellClassRules": marks,
            },
            "localeText": _WORDS,
            "rowHeight": 30,
            "headerHeight": 30,
            "groupHeaderHeight": 26,
            # A row that goes would stay for 400 ms, in front of those that come: another page is another page at once.
            "animateRows": False,
            "rowBuffer": 4,
            "tooltipShowDelay": 500,
            "readOnlyEdit": True,
            "suppressFieldDotNotation": True,
            "stopEditingWhenCellsLoseFocus": True,
            "enterNavigatesVerticallyAfterEdit": True,
            "rowSelection": {
                "mode": "multiRow",
                "checkboxes": True,
                "headerCheckbox": True,
                "enableClickSelection": False,
            },
            "selectionColumnDef": {"pinned": "left", "width": 40},
        },
        key=key,
        update_on=["cellEditRequest", "cellClicked", "cellKeyDown", "modelUpdated", ("selectionChanged", 150)],
        data_return_mode="CUSTOM",
        custom_jscode_for_grid_return=JsCode("(sent) => window.shiyao.collect(sent)"),
        should_grid_return=JsCode("(sent) => window.shiyao.wanted(sent)"),
        allow_unsafe_jscode=True,
        theme=theme(),
        custom_css=CSS,
        show_toolbar=False,
        height=600,
    )


def _grouped(columns: Sequence[Column]) -> list[dict[str, Any]]:
    groups: list[dict[str, Any]] = []
    for column in columns:
        if not groups or groups[-1]["headerName"] != column.group:
            groups.append({"headerName": column.group, "children": []})
        groups[-1]["children"].append(_definition(column))
    return groups


def _definition(column: Column) -> dict[str, Any]:
    made: dict[str, Any] = {
        "field": column.key,
        "headerName": column.title,
        "initialWidth": column.width,
        "tooltipField": column.key,
    }
    if column.tip:
        made["headerTooltip"] = column.tip
    if column.pinned:
        made["initialPinned"] = "left"
    if column.editable:
        made |= {
            "editable": True,
            "cellEditor": JsCode("window.shiyao.Editor"),
            "cellEditorParams": {"choices": list(column.choices), "several": column.several, "long": column.long},
        }
    return made
