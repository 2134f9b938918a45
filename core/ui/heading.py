"""The first line of a page: its title, the dataset beside it, and room at the right for what one does here."""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.adapters.store import DatasetView
from core.ui import state

_LINE = (2, 4, 5)
"""Title, dataset, the rest: the same on every page, so that the box never moves."""


def heading(title: str, available: list[DatasetView]) -> tuple[DatasetView, DeltaGenerator]:
    """Draw the line.

    Args:
        title: of the page.
        available: all datasets, at least one.

    Returns:
        The dataset in hand, and the place at the right.
    """
    head, pick, rest = st.columns(_LINE, vertical_alignment="center")
    head.title(title)
    with pick:
        dataset = state.choose_dataset(available, label_visibility="collapsed")
    return dataset, rest
