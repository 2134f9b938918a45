"""How much there is in a chat, and what may be lost in it; part of :mod:`core.services.review.workbench.contract`."""

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


class PriorityReason(TypedDict):
    """One reason for a chat's expected loss; an empty key is about a whole customer."""

    customer: int
    key: str
    points: float
    why: str
