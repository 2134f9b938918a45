"""The desk as a form would look on it: the workbench itself, without anything that can be reached."""

import json
from typing import Final

import streamlit as st

from core.services.review.workbench.contract import WorkbenchPayload
from core.ui.javascript import join_modules
from core.ui.workbench import HERE, module_files

_SOURCE: Final = HERE.parent / "forms" / "js" / "desk_preview.js"


def preview_source() -> str:
    """The component's JavaScript as one module: the workbench's, with another beginning."""
    return join_modules([*module_files(without="main"), _SOURCE])


_component = st.components.v2.component(
    "shiyao_desk_preview",
    js=preview_source(),
    css=(HERE / "workbench.css").read_text("utf-8"),
)


def draw_desk_preview(payload: WorkbenchPayload, *, key: str) -> None:
    """Draw the workbench as a picture.

    Args:
        payload: as :func:`core.services.review.workbench.preview.preview_payload` makes it.
        key: the component's.
    """
    _component(key=key, data=json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode(errors="replace"))
