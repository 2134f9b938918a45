"""Small tables on a page with the same rows as a file to take away."""

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from core.services.export.table_export import escape_formula

Rows = Sequence[Mapping[str, Any]]
NOTHING = "—"
_ROW = 31


def height_of(rows: Sequence[Any], *, most: int = 10_000) -> int:
    """Pixels that show these rows and their heading, at most ``most``."""
    return min(most, _ROW * (len(rows) + 1) + 3)


def share(value: float | None) -> float | None:
    """A share as a number of per cent, for a column of :func:`percent`."""
    return None if value is None else round(100 * value, 2)


def percent(width: int = 72, *, help: str | None = None) -> Any:
    """Column configuration for per cent."""
    return st.column_config.NumberColumn(format="%.1f%%", width=width, help=help)


def csv_of(rows: Rows) -> bytes:
    """Rows as CSV for a spreadsheet: UTF-8 with its mark, formulas made harmless (chats are written by strangers)."""
    buffer = io.StringIO()
    if rows:
        writer = csv.writer(buffer, lineterminator="\r\n")
        writer.writerow(rows[0])
        for row in rows:
            writer.writerow(escape_formula(cell) if isinstance(cell, str) else cell for cell in row.values())
    return ("\ufeff" + buffer.getvalue()).encode("utf-8")


def download(rows: Rows, *, name: str, key: str, label: str = "下载 CSV") -> None:
    """A button that saves the rows as ``name.csv``."""
    st.download_button(
        label,
        data=lambda: csv_of(rows),
        file_name=f"{name}.csv",
        mime="text/csv",
        icon=":material/download:",
        key=key,
        on_click="ignore",
        type="tertiary",
    )


def table(rows: Rows, *, name: str, key: str, columns: Mapping[str, Any] | None = None, height: Any = "auto") -> None:
    """A table with its CSV below.

    Args:
        rows: what to show; all with the same keys.
        name: of the file, without its ending.
        key: of the widgets.
        columns: Streamlit's column configuration.
        height: pixels, or as Streamlit has it.
    """
    st.dataframe(
        list(rows),
        hide_index=True,
        height=height_of(rows) if height == "auto" else height,
        column_config=dict(columns or {}),
        placeholder=NOTHING,
        key=f"{key}-table",
    )
    download(rows, name=name, key=f"{key}-csv")
