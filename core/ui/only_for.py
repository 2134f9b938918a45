"""Buttons that not everybody may use are off for the others, and say who may."""

from typing import TypedDict

from core.domain.permissions import Permission, who_may
from core.ui import state
from core.ui.markdown import Markdown


class ButtonState(TypedDict):
    """What a button is given beside its label: whether it is off, and what it says when pointed at."""

    disabled: bool
    help: str | None


def only_for(permission: Permission, *, disabled: bool = False, hint: Markdown | None = None) -> ButtonState:
    """State of a button for who the page is drawn for: ``st.button("删除", **only_for(Permission.DELETE_RUN))``.

    Args:
        permission: that the service behind the button asks for.
        disabled: off for another reason.
        hint: what the button says to those who may use it.
    """
    if state.may(permission):
        return {"disabled": disabled, "help": hint}
    return {"disabled": True, "help": f"由{who_may(permission)}做"}
