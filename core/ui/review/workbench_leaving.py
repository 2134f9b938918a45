"""What is left to do of the workbench on another page; without the workbench itself, which takes long to import."""

from contextlib import suppress

from core.errors import StoreUnavailableError
from core.ui import state


def leave_workbench() -> None:
    """Release the chats that this session claimed, as the reviewer went to another page."""
    state.forget_texts_sent()
    claimed = state.remembered_claims()
    if not claimed:
        return
    from core.services.review import claim

    with suppress(StoreUnavailableError):  # then they run out by themselves, or the next page frees them
        claim(state.store(), (), state.reviewer(), leaving=claimed)
        state.set_claimed_chats(())
