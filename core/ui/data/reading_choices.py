"""What a person decided about how a file is read: kept while its widgets come and go, until another file is chosen."""

from dataclasses import fields
from typing import Any

import streamlit as st

from core.services.datasets import TableColumns

_PARTS = tuple(part.name for part in fields(TableColumns))


def choice_key(part: str, file_id: str) -> str:
    """Widget key of a choice (a field of :class:`TableColumns`); it belongs to one file."""
    return f"import-column-{part}-{file_id}"


def chosen_columns(file_id: str) -> TableColumns:
    """What was chosen for a file so far; empty where the importer is to find out.

    A widget that is not drawn in one run of the page (a file that cannot be read as chosen has no columns to show)
    forgets what stood in it; here it is remembered.
    """
    kept = _kept(file_id)
    for part in _PARTS:
        if (key := choice_key(part, file_id)) in st.session_state:
            kept[part] = st.session_state[key]
    return TableColumns(**{part: value for part, value in kept.items() if value})


def set_choice(file_id: str, part: str, value: Any) -> None:
    """Decide one part; call it before its widget is drawn, or in a callback."""
    _kept(file_id)[part] = st.session_state[choice_key(part, file_id)] = value


def widget_key(file_id: str, part: str, usual: Any = "") -> str:
    """Key of the widget of a choice, filled with what was chosen; call it right before the widget is drawn.

    It is filled anew in each run, as by :func:`core.ui.held_choice.held_choice`: 「自动：GBK」 may be called
    otherwise now.
    """
    key = choice_key(part, file_id)
    st.session_state[key] = st.session_state.get(key, _kept(file_id).get(part, usual))
    return key


def forget_choices(file_id: str) -> None:
    """Let the importer find out everything anew."""
    _kept(file_id).clear()
    for part in _PARTS:
        st.session_state.pop(choice_key(part, file_id), None)


def _kept(file_id: str) -> dict[str, Any]:
    kept: dict[str, Any] = st.session_state.setdefault(f"shiyao.import.choices-{file_id}", {})
    return kept
