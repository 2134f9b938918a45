"""Which text of a chat a question shows. Spreadsheet residue is in none of them."""

from enum import StrEnum

from core.chat import parse_chat
from core.clean import without_placeholders


class InputKind(StrEnum):
    """What a question shows of its chat."""

    RAW = "raw"  # the conversation, letter for letter
    CLEAN = "clean"  # without messages that are nothing but a placeholder
    SUMMARY = "summary"  # what a person or a model condensed it to


def cleaned(conversation: str) -> str:
    """The text of :attr:`InputKind.CLEAN`.

    Args:
        conversation: a chat without residue.
    """
    return without_placeholders(parse_chat(conversation))
