"""A desk on the page: one turn per rerun of its fragment, whichever desk it is, and giving chats back on leaving it."""

import streamlit as st

from core.services.review import ReviewSession, claim, claimed_chats
from core.ui import state
from core.ui import workbench as component
from core.ui.notices import fragment, reported


@fragment
def draw(table: ReviewSession, key: str) -> None:
    """One turn; only this reruns while somebody reviews.

    Args:
        table: the desk.
        key: the component's. One per dataset, person and kind of review: what one of them still has to send must not
            reach another's records.
    """
    sent = component.outbox_of(key)
    asked = st.query_params.get("chat", "")
    at = sent.at if sent.at is not None else int(asked) if asked.isdecimal() else None
    data = table.turn(
        state.store(), outbox=sent.outbox, at=at, want_residue=sent.want_residue, leaving=state.claimed_chats()
    )
    state.set_claimed_chats(claimed_chats(data))
    if data["open"] is not None and asked != str(data["open"]):
        st.query_params["chat"] = str(data["open"])
    # The callback also runs when somebody leaves the page right after a save: then this fragment does not.
    component.workbench(data, key=key, on_outbox_change=lambda: _save(table, key))


def leave() -> None:
    """Somebody is on another page: the chats that their desk kept are free for others."""
    held = state.claimed_chats()
    if held:
        claim(state.store(), (), state.reviewer(), leaving=held)
        state.set_claimed_chats(())


def _save(table: ReviewSession, key: str) -> None:
    with reported():
        table.save(state.store(), component.outbox_of(key).outbox)
