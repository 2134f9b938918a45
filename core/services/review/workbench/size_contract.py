"""How much there is in a chat; part of :mod:`core.services.review.workbench.contract`."""

from typing import TypedDict


class Counts(TypedDict):
    """How much there is in the chat: messages, people, characters."""

    messages: int
    customers: int
    staff: int
    characters: int


class Residue(TypedDict):
    """Copies of the conversation that a spreadsheet left behind it.

    Attributes:
        text: only where it was asked for (``want_residue``), else empty.
    """

    copies: int
    characters: int
    text: str
