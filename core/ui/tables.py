"""Tables on a page, with the same rows as a CSV download."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from typing import Any

import streamlit as st

from core.adapters.store import DatasetView
from core.domain.permissions import Permission
from core.services.export import log_shown_table
from core.services.export.file_names import MASKED_SUFFIX
from core.services.export.spreadsheet_cells import csv_row
from core.services.team import viewing_as
from core.ui import state
from core.ui.markdown import Markdown

Rows = Sequence[Mapping[str, Any]]
PLACEHOLDER = "—"
_ROW = 31


def table_height(rows: Sequence[Any], *, most: int = 10_000) -> int:
    """Height in pixels of a table with these rows, at most ``most``."""
    return min(most, _ROW * (len(rows) + 1) + 3)


def text_width(text: str) -> int:
    """About how many pixels a text takes in a cell of a table, its margins included."""
    return round(sum(13 if letter > "\u2e7f" else 7.5 for letter in text)) + 20


def percent_value(value: float | None) -> float | None:
    """A share (0 to 1) as a percentage, for a column of :func:`percent_column`."""
    return None if value is None else round(100 * value, 4)  # finer than any column shows, which rounds once


def percent_column(width: int = 72, *, help: Markdown | None = None) -> Any:
    """Column configuration for percentages."""
    return st.column_config.NumberColumn(format="%.1f%%", width=width, help=help)


def count_column(label: str | None = None, *, width: int | None = None, help: Markdown | None = None) -> Any:
    """Column configuration for numbers of things, as all pages write them: 2,000."""
    return st.column_config.NumberColumn(label, format="localized", width=width, help=help)


def count_columns(*labels: str) -> dict[str, Any]:
    """Configuration of columns that are numbers of things and need nothing else."""
    return {label: count_column() for label in labels}


def csv_of(rows: Rows) -> bytes:
    """Rows as CSV for spreadsheets: UTF-8 with BOM, formulas neutralised (strangers write the chats)."""
    lines = [csv_row(rows[0]), *(csv_row(row.values()) for row in rows)] if rows else []
    return ("\ufeff" + "".join(lines)).encode("utf-8")


def _logged_csv(make_rows: Callable[[], Rows], name: str, viewer: str) -> bytes:
    with viewing_as(viewer):  # it is made when the page is drawn no more: what its reader may not see stays out
        rows = make_rows()
    log_shown_table(state.store(), f"{name}.csv", len(rows))
    return csv_of(rows)


def draw_csv_button(
    rows: Rows | Callable[[], Rows],
    *,
    name: str,
    key: str,
    label: Markdown = "下载 CSV",
    dataset: DatasetView | None = None,
) -> None:
    """A button that downloads the rows as ``name.csv``, for who may take something out; it is logged.

    Args:
        rows: all with the same keys, or what makes them once somebody clicks.
        name: of the file, without its ending.
        key: of the button.
        label: of the button.
        dataset: whose chats' values are in the rows: a second button hides what tells a person.
    """
    if not state.may(Permission.EXPORT):
        return
    viewer = state.reviewer()

    def made() -> Rows:
        return rows() if callable(rows) else rows

    with st.container(horizontal=True, gap="small") if dataset is not None else nullcontext():
        st.download_button(
            label,
            data=lambda: _logged_csv(made, name, viewer),
            file_name=f"{name}.csv",
            mime="text/csv",
            icon=":material/download:",
            key=key,
            on_click="ignore",
            type="tertiary",
        )
        if dataset is not None:
            file = f"{name}{MASKED_SUFFIX}"
            st.download_button(
                "遮盖版",
                data=lambda: _logged_csv(lambda: _all_masked(made(), dataset), file, viewer),
                file_name=f"{file}.csv",
                mime="text/csv",
                icon=":material/visibility_off:",
                help="下载一份，其中的人名、号码、地址和账号都换成 *",
                key=f"{key}-masked",
                on_click="ignore",
                type="tertiary",
            )


def _all_masked(rows: Rows, dataset: DatasetView) -> Rows:
    # What finds persons in texts takes half a second to import, which no page waits for that only shows a table.
    from core.domain.masking import Mask, Masked
    from core.services.export import mask_rows

    return mask_rows(state.store(), dataset, rows, Mask(frozenset(Masked)))


def draw_table(
    rows: Rows,
    *,
    name: str,
    key: str,
    columns: Mapping[str, Any] | None = None,
    height: Any = "auto",
    all_rows: Callable[[], Rows] | None = None,
    dataset: DatasetView | None = None,
) -> None:
    """Draw a table with its CSV button below.

    Args:
        rows: what to show; all with the same keys.
        name: of the file, without its ending.
        key: of the widgets.
        columns: Streamlit's column configuration.
        height: pixels, or as Streamlit has it.
        all_rows: makes what the file has, where the table shows only a part of it.
        dataset: whose chats' values are in the rows, see :func:`draw_csv_button`.
    """
    st.dataframe(
        list(rows),
        hide_index=True,
        height=table_height(rows) if height == "auto" else height,
        column_config=dict(columns or {}),
        placeholder=PLACEHOLDER,
        key=f"{key}-table",
    )
    draw_csv_button(all_rows or rows, name=name, key=f"{key}-csv", dataset=dataset)
