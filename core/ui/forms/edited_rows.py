"""A table that is edited in the browser: rows as plain values, before and after what somebody typed."""

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

Row = dict[str, Any]


def typed_rows(rows: Sequence[Mapping[str, Any]], key: str) -> list[Row]:
    """The rows with what was typed into their table so far, before it is drawn.

    Args:
        rows: as the table was drawn first.
        key: of the table.
    """
    kept = st.session_state.get(key)
    edits = kept.get("edited_rows", {}) if isinstance(kept, Mapping) else {}
    return [{**row, **edits.get(place, edits.get(str(place), {}))} for place, row in enumerate(rows)]


def plain(value: Any, *, like: Any = "") -> Any:
    """A cell's value as TOML has it: whole numbers whole, nothing for ``None``.

    Args:
        value: of the cell.
        like: an empty value of the right kind.
    """
    if value is None:
        return like
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, list | tuple):
        return [str(one).strip() for one in value if str(one).strip()]
    return value.strip() if isinstance(value, str) else value
