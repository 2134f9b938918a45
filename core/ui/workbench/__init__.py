"""The workbench as one Streamlit component: chat and form together, edited without waiting for the server.

The browser's side lies beside this file as real ES modules (``js/``), which node tests as they are. An app that is not
an installed package can only hand Streamlit one string of source, so they are joined in a fixed order
(:mod:`core.ui.javascript`).
The contract of what goes in and comes out is ``docs/workbench.md``.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import streamlit as st

from core.services.review.workbench.contract import WorkbenchPayload
from core.services.review.workbench.echo import MOST_CHATS
from core.services.review.workbench.sync import is_chat_index
from core.ui.javascript import join_modules

HERE: Final = Path(__file__).parent
MODULES: Final = (
    "words",
    "form_words",
    "readings",
    "values",
    "discussions",
    "keys",
    "dom",
    "composing",
    "model",
    "names",
    "messages",
    "incoming",
    "customers",
    "remember",
    "sides",
    "missed",
    "strange_name",
    "advice",
    "compared",
    "conflict_sides",
    "outbox",
    "journal",
    "open_pages",
    "echo",
    "state",
    "time_spent",
    "why",
    "sync",
    "remarks",
    "find",
    "evidence_text",
    "message_list",
    "chat_view",
    "panes",
    "fields",
    "field_footer",
    "bars",
    "end_card",
    "doubts",
    "doubt_pace",
    "doubt_mode",
    "form_view",
    "rail_ticks",
    "rail",
    "overlays",
    "marks",
    "help",
    "discussion_panel",
    "divider",
    "layers",
    "arrival",
    "guard",
    "press",
    "conflict_keys",
    "desk_layers",
    "frame",
    "banners",
    "leaving",
    "answers",
    "ribbon",
    "workbench",
    "tools",
    "menus",
    "field_commands",
    "missed_commands",
    "customer_commands",
    "chat_commands",
    "echo_commands",
    "discussion_commands",
    "commands",
    "keyboard",
    "palette_offers",
    "main",
)
"""The JavaScript modules, each after those it imports."""
_SHARED: Final = ("unanswered", "page_events", "palette_match")
"""Modules of all pages that the workbench imports as well."""


@dataclass(frozen=True, slots=True)
class WorkbenchState:
    """The component's last state, as sent by the browser.

    Attributes:
        outbox: every save that was not acknowledged when the browser last spoke, oldest first.
        at: index of the chat on screen, from 1; None before the first one.
        remarks: what is said in discussions and was not answered when the browser last spoke, oldest first.
        want_residue: index of the chat whose residue is to be shown, or None.
        want_why: the cell that somebody asks about: chat index, position of the customer, number of the field.
        want_end: whether the card at the end of the queue is on screen.
        want_texts: indices of chats whose messages have to be sent whole again, and when the browser asked.
        walk: indices of the chats that somebody walks through instead of the queue, in order; none mostly.
    """

    outbox: tuple[dict[str, object], ...] = ()
    at: int | None = None
    remarks: tuple[dict[str, object], ...] = ()
    want_residue: int | None = None
    want_why: tuple[int, int, int] | None = None
    want_end: bool = False
    want_texts: tuple[tuple[int, ...], float] = ((), 0.0)
    walk: tuple[int, ...] = ()


_MOST_PLACES = 10_000
"""No chat has so many customers, no form so many fields."""


def module_files(*, without: str = "") -> list[Path]:
    """The JavaScript modules in the order in which they are joined.

    Args:
        without: name of one that is left out.
    """
    own = (HERE / "js" / f"{name}.js" for name in MODULES if name != without)
    return [*(HERE.parent / "js" / f"{name}.js" for name in _SHARED), *own]


def workbench_source() -> str:
    """The component's JavaScript as one module."""
    return join_modules(module_files())


def _nothing() -> None:
    """A state key exists for Streamlit only if it has a callback."""


_component = st.components.v2.component(
    "shiyao_workbench", js=workbench_source(), css=(HERE / "workbench.css").read_text("utf-8")
)


def workbench(
    payload: WorkbenchPayload,
    *,
    key: str,
    on_outbox_change: Callable[[], None] = _nothing,
    on_at_change: Callable[[], None] = _nothing,
    on_want_residue_change: Callable[[], None] = _nothing,
    on_remarks_change: Callable[[], None] = _nothing,
) -> WorkbenchState:
    """Draw the workbench.

    Args:
        payload: ``data`` of the contract (``docs/workbench.md``), plain JSON values.
        key: the component's key; fixed for the page, never carrying a chat: the workbench stays while chats change.
        on_outbox_change: called before the script runs when saves came; read them with :func:`outbox_of`.
        on_at_change: called when another chat is on screen.
        on_want_residue_change: called when residue is asked for or put away.
        on_remarks_change: called before the script runs when somebody spoke in a discussion.

    Returns:
        What the browser last said. Saves in it may have been applied in an earlier run: apply each once by ``save_id``
        and acknowledge all of them.
    """
    result = _component(
        key=key,
        # Streamlit would write JSON twice, once to tell elements apart, and each Chinese character as six.
        data=json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode(errors="replace"),
        on_outbox_change=on_outbox_change,
        on_at_change=on_at_change,
        on_want_residue_change=on_want_residue_change,
        on_remarks_change=on_remarks_change,
        on_want_why_change=_nothing,
        on_want_end_change=_nothing,
        on_want_texts_change=_nothing,
        on_walk_change=_nothing,
        on_beat_change=_nothing,  # the sync that follows renews the claim, and that is all it is for
    )
    return _read(result)


def outbox_of(key: str) -> WorkbenchState:
    """The outbox last sent by the browser, before the component is drawn in this run (for callbacks and payload)."""
    return _read(st.session_state.get(key) or {})


def _read(raw: Any) -> WorkbenchState:
    """What a browser said, whatever it is: what cannot be meant is passed over, and saves are judged one by one."""
    if not isinstance(raw, Mapping):
        return WorkbenchState()
    parts = (raw.get(name) for name in ("outbox", "remarks"))
    outbox, remarks = (part if isinstance(part, list | tuple) else () for part in parts)
    at, residue = raw.get("at"), raw.get("want_residue")
    return WorkbenchState(
        outbox=tuple(dict(save) for save in outbox if isinstance(save, Mapping)),
        at=at if is_chat_index(at) else None,
        remarks=tuple(dict(remark) for remark in remarks if isinstance(remark, Mapping)),
        want_residue=residue if is_chat_index(residue) else None,
        want_why=_wanted_cell(raw.get("want_why")),
        want_end=raw.get("want_end") is not None,
        want_texts=_wanted_texts(raw.get("want_texts")),
        walk=_walk(raw.get("walk")),
    )


def _wanted_cell(raw: Any) -> tuple[int, int, int] | None:
    if not isinstance(raw, list | tuple) or len(raw) != 3 or not is_chat_index(raw[0]):
        return None
    chat, customer, number = raw
    if any(isinstance(one, bool) or not isinstance(one, int) or not 0 <= one < _MOST_PLACES for one in raw[1:]):
        return None
    return chat, customer, number


def _walk(raw: Any) -> tuple[int, ...]:
    return tuple(filter(is_chat_index, raw))[:MOST_CHATS] if isinstance(raw, list | tuple) else ()


def _wanted_texts(raw: Any) -> tuple[tuple[int, ...], float]:
    if not isinstance(raw, list | tuple) or not raw or not isinstance(raw[0], int | float):
        return (), 0.0
    return tuple(filter(is_chat_index, raw[1:])), float(raw[0])
