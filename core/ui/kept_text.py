"""What was typed stays: in a text box when another version comes in between, in a form until it was accepted."""

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


def form_key(name: str) -> str:
    """Key of a form that keeps what was typed until :func:`empty_form`: a refusal must not cost it."""
    return f"{name}-{st.session_state.get(_accepted(name), 0)}"


def empty_form(name: str) -> None:
    """Draw a form empty the next time: what was typed in it was accepted."""
    st.session_state[_accepted(name)] = st.session_state.get(_accepted(name), 0) + 1


def _accepted(name: str) -> str:
    return f"{name}-accepted"
