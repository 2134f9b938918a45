"""Box for one file of a person, in Chinese."""

from collections.abc import Callable

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from core.ui.markdown import Markdown


def draw_uploader(label: Markdown, *, key: str, on_change: Callable[[], None] | None = None) -> UploadedFile | None:
    """Draw the box; any file is taken, since who reads it says better than the browser what a wrong one is.

    Args:
        label: what is wanted.
        key: the box's; another key is an empty box.
        on_change: called when a file comes or goes.
    """
    return st.file_uploader(label, key=key, on_change=on_change)
