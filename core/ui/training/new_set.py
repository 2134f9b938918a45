"""A new training set: its choices, the preflight, and the button that builds it."""

import streamlit as st

from core.adapters.store import DatasetView
from core.ui.notices import show_errors
from core.ui.training import choices, set_preview


def draw_new_set(datasets: list[DatasetView]) -> None:
    """Choices on the left; preflight, main button and the built set on the right."""
    left, right = st.columns([4, 7], gap="large")
    with left:
        options = choices.choose_options(datasets)
    with right, show_errors():
        if options is None:
            st.caption("先在左边选数据集。")
            return
        chosen = [dataset for dataset in datasets if dataset.id in options.datasets]
        chats = sum(dataset.chats for dataset in chosen)
        set_preview.draw_newest_set()
        report = set_preview.cached_preflight(options, chats)
        if report is not None:
            set_preview.draw_build(report, options, [dataset.name for dataset in chosen], chats)
            set_preview.draw_preflight(report, options)
