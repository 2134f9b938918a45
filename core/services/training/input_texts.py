"""Texts of a chat that a question can show: raw, cleaned or a summary, all without spreadsheet residue."""

from collections.abc import Iterable
from enum import StrEnum

from core.domain.chat import parse_chat
from core.domain.cleaning import clean

CLEAN_STEPS = ("placeholders", "recalled")
"""What *clean* means where nothing else is said: without messages that hold nothing but a placeholder."""


class InputKind(StrEnum):
    """Which text of its chat a question shows."""

    RAW = "raw"  # the conversation, letter for letter
    CLEAN = "clean"  # what the cleaning steps leave of it
    SUMMARY = "summary"  # what a person or a model condensed it to


def cleaned_text(conversation: str, steps: Iterable[str] = CLEAN_STEPS) -> str:
    """The text of :attr:`InputKind.CLEAN`.

    Args:
        conversation: a chat without residue.
        steps: names of cleaning steps (:data:`core.domain.cleaning.STEPS`).

    Raises:
        SettingsError: there is no such step.
    """
    return clean(parse_chat(conversation), steps).text
