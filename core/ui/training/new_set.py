"""A new training set: its choices, the preflight, and the button that builds it."""

import streamlit as st

from core.adapters.store import DatasetView
from core.ui import state
from core.ui.notices import show_errors
from core.ui.training import choices, recipe_choice, set_preview


def draw_new_set(datasets: list[DatasetView]) -> None:
    """Choices on the left; preflight, main button and the built set on the right."""
    left, right = st.columns([4, 7], gap="large")
    with left:
        recipe = recipe_choice.choose_recipe()
        options = choices.choose_options(datasets)
    with right, show_errors():
        if options is None:
            st.caption("先在左边选数据集。")
            return
        chosen = [dataset for dataset in datasets if dataset.id in options.datasets]
        chats = sum(dataset.chats for dataset in chosen)
        if recipe is not None:
            sets, options = recipe_choice.choose_set(recipe, options, state.form_of(chosen[0]))
            recipe_choice.draw_build_all(recipe, sets, [dataset.name for dataset in chosen], chats)
        set_preview.draw_newest_set()
        report = set_preview.cached_preflight(options, chats)
        if report is not None:
            set_preview.draw_build(report, options, [dataset.name for dataset in chosen], chats)
            set_preview.draw_preflight(report, options)
