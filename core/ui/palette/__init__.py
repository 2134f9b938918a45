"""The palette (Ctrl+K): a field, chat, run, dataset, page or command by name, on every page.

The window itself is part of the page's shell (``core/ui/js/palette.js``): it is there before any page is drawn, and
opens without a word to the server. Names come once from :mod:`core.ui.palette.routes` and are matched in the browser
at each key; only chats are asked for. This module is the way back into the session: what was picked opens without a
reload, and what the session knows and the browser cannot (the current dataset) goes out.
"""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from core.ui import address, navigation, state

_KEY = "shiyao_palette"
_MOST = 200
"""Characters of a parameter: addresses of ours are shorter."""
_PARAMETERS = ("dataset", "run", "chat", "queue", "field", "view")

# Streamlit calls the function at each run, with the same element while it is on the page.
_component = st.components.v2.component(
    _KEY,
    js="""
export default function ({ data, setTriggerValue }) {
  window.shiyaoPalette?.connect(data, (target) => setTriggerValue("go", target));
  return () => window.shiyaoPalette?.disconnect();
}
""",
)


def _nothing() -> None:
    """A trigger exists for Streamlit only if it has a callback."""


def draw_palette() -> None:
    """Connect the palette with this session, and open what was picked in it; call it once, before the page is drawn."""
    dataset = address.text_parameter("dataset") or state.kept_dataset()
    result = _component(key=_KEY, data={"dataset": dataset}, height=1, on_go_change=_nothing)
    target = _target(result.get("go") if isinstance(result, Mapping) else None)
    if target is not None:
        script, query = target
        st.switch_page(script, query_params=query)


def _target(raw: Any) -> tuple[str, dict[str, str]] | None:
    """Script and parameters of what a browser picked; ``None`` for anything that is no page of ours."""
    if not isinstance(raw, Mapping) or not isinstance(raw.get("page"), str):
        return None
    script = navigation.script_at(raw["page"])
    given = raw.get("query")
    query = given if isinstance(given, Mapping) else {}
    kept = {name: str(query[name])[:_MOST] for name in _PARAMETERS if name in query}
    return (script, kept) if script else None
