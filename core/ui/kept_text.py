"""A text box over something that has versions: what was typed in it stays when another version comes in between."""

import streamlit as st


def fill_once(key: str, version: int | str, text: str) -> bool:
    """Fill a text box with the newest version, unless somebody is at it already. Call it before the box is drawn.

    The box has to be drawn with this key and no value of its own: what stands in it is the session's.

    Args:
        key: of the box.
        version: of the text as it is now.
        text: as it is now.

    Returns:
        Whether another version has come since the box was filled.
    """
    filled_from = f"{key}-filled-from"
    if key not in st.session_state or filled_from not in st.session_state:
        st.session_state[key], st.session_state[filled_from] = text, version
    return bool(st.session_state[filled_from] != version)


def filled_from(key: str) -> int | str:
    """The version that a box was filled with."""
    version: int | str = st.session_state[f"{key}-filled-from"]
    return version


def empty_box(key: str) -> None:
    """Fill the box anew the next time it is drawn: it was saved, or the newest version is wanted instead."""
    st.session_state.pop(f"{key}-filled-from", None)
