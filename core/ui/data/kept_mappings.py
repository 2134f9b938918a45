"""Columns kept under a name: offered for a file with the same header, and kept from the one at hand."""

from dataclasses import asdict, replace

import streamlit as st

from core.domain.permissions import Permission
from core.errors import ShiyaoError
from core.services.datasets import ImportPreview, TableColumns, mapping_for, save_mapping
from core.ui import state
from core.ui.data.reading_choices import set_choice
from core.ui.markdown import escape_markdown
from core.ui.notices import show_error
from core.ui.only_for import only_for


def offer_mapping(file_id: str, names: tuple[str, ...], chosen: TableColumns) -> str:
    """Draw the offer of a mapping that was kept for a file with these columns; gives its name, or ``""``."""
    kept = mapping_for(state.store(), names)
    if kept is not None and kept[1] != chosen:
        st.button(
            f"采用已存的列的对应「{escape_markdown(kept[0])}」",
            icon=":material/bookmark:",
            on_click=_take,
            args=(file_id, kept[1], names),
            key=f"import-mapping-take-{file_id}",
        )
    return kept[0] if kept else ""


def keep_mapping(file_id: str, previewed: ImportPreview, chosen: TableColumns, suggested: str) -> None:
    """Draw a box to keep the columns of a file under a name.

    Args:
        file_id: of the upload.
        previewed: its preview, which says which columns were used.
        chosen: columns that were pointed at.
        suggested: a name to begin with.
    """
    left, right = st.columns([4, 1], vertical_alignment="bottom")
    name = left.text_input("把这次的列的对应存为", suggested, key=f"import-mapping-name-{file_id}")
    off = only_for(Permission.IMPORT, disabled=not name.strip())
    if right.button("存下", key=f"import-mapping-keep-{file_id}", **off):
        used = {part: column for part, column in previewed.reading.columns.items() if part in asdict(chosen)}
        pointed_at = {part: value for part, value in asdict(chosen).items() if value}
        try:
            save_mapping(state.store(), name, previewed.columns, replace(chosen, **(used | pointed_at)))
        except ShiyaoError as error:
            show_error(error)
        else:
            st.toast(f"已存下「{escape_markdown(name.strip())}」")


def _take(file_id: str, columns: TableColumns, names: tuple[str, ...]) -> None:
    """Point at the columns of a mapping; those that the file does not have are left to be found."""
    for part, value in asdict(columns).items():
        if part in ("pause_minutes", "join") or not value or value in names or part == "index":
            set_choice(file_id, part, value)
