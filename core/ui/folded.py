"""Parts of a page that are folded away, and drawn once somebody opens them."""

from collections.abc import Callable

import streamlit as st

from core.ui.markdown import Markdown
from core.ui.notices import fragment


@fragment
def draw_folded(label: Markdown, draw: Callable[[], None], *, key: str) -> None:
    """An expander whose content comes when it is opened: a browser draws charts and tables out of sight as well.

    Args:
        label: its heading.
        draw: draws the content; no widget in it whose value the page needs.
        key: of the expander, which stays open while the page is drawn anew.
    """
    part = st.expander(label, key=key, on_change="rerun")
    if part.open:
        with part:
            draw()
