"""The first line of a page: title, dataset and actions; or an empty state where there is no dataset."""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.adapters.store import DatasetView
from core.ui import state
from core.ui.first_steps import draw_first_steps
from core.ui.markdown import Markdown

_LINE = (2, 4, 5)
"""Title, dataset, the rest: the same on every page, so that the box never moves."""


def draw_heading(title: Markdown, available: list[DatasetView]) -> tuple[DatasetView, DeltaGenerator]:
    """Draw a page's first line: title, dataset box, and room for actions.

    Args:
        title: of the page.
        available: all datasets, at least one.

    Returns:
        The chosen dataset, and the place at the right.
    """
    state.current_dataset(available, title=title)
    head, pick, rest = st.columns(_LINE, vertical_alignment="center")
    head.title(title)
    with pick:
        dataset = state.choose_dataset(available, label_visibility="collapsed")
    return dataset, rest


def datasets_or_empty_state(
    title: Markdown, missing: Markdown, advice: Markdown, *, label: Markdown = "去导入"
) -> list[DatasetView]:
    """All datasets; without any, the page's title and an empty state that leads to the import.

    Args:
        title: of the page.
        missing: what is not there yet.
        advice: what to do about it.
        label: text of the link to the import.
    """
    available = state.available_datasets()
    if not available:
        st.title(title)
        draw_first_steps(missing, advice, label=label)
    return available
