"""Types of what the workbench is told of an echo: chats like those that somebody has corrected three times."""

from typing import TypedDict

from core.domain.form import Value

WalkPayload = dict[str, list[int]]
"""Chats of a walk that can be opened (``open``), and that others are at (``held``); the rest are decided."""


class EchoPayload(TypedDict):
    """Undecided ``chats`` in which the run said ``was``; the reviewer approved ``now`` instead for the third time.

    Those behind the approved chat come first. There may be ``more`` than these; others are at ``held`` further ones.
    """

    key: str
    was: Value
    now: Value
    chats: list[int]
    more: bool
    held: int
