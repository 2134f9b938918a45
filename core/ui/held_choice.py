"""Choices that stay what they are when the titles of their options change."""

from collections.abc import Sequence
from typing import TypeVar

import streamlit as st

T = TypeVar("T")


def held_choice(key: str, options: Sequence[T], first: int = 0, *, may_be_new: bool = False) -> str:
    """Key of a select box, radio or segmented control; call it right where the widget is drawn.

    A browser sends back the title of what is chosen. Where titles hold a count or a state, that of the last run may be
    none of this one, and Streamlit would fall back to the first option, or take the title for a new value. What is set
    here goes to the browser under its title of now.

    Args:
        key: of the widget; its own ``index`` or ``default`` must not be given.
        options: that it offers.
        first: number of the option that is chosen at first.
        may_be_new: a person may type what is not among the options.
    """
    value = st.session_state.get(key)
    known = value in options or may_be_new and isinstance(value, str) and bool(value)
    if options:
        st.session_state[key] = value if known else options[first]
    return key
