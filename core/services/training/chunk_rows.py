"""A chat that is too long, cut at message borders; and the part of its answer that a piece gives evidence of."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from core.domain.chat import parse_chat
from core.domain.cleaning import Chunk, clean, split_chunks
from core.domain.evidence import locate, text_index
from core.domain.form import Form, FormValues, split_list
from core.services.training.lost_evidence import STATED, Pins


def split_chat(text: str, room: int, size: Callable[[str], int], overlap: float) -> list[Chunk]:
    """Cut a text at message borders into windows, as extraction cuts a chat that is too long for its model.

    Args:
        text: conversation or cleaned conversation.
        room: longest window, in the unit of ``size``.
        size: measures a text (characters or tokens).
        overlap: share of a window that may be repeated from the one before.

    Returns:
        Empty where there is no room at all.
    """
    if room < 1:
        return []
    parsed = parse_chat(text)
    return split_chunks(parsed, clean(parsed), room, size, overlap)


def supported_forms(
    form: Form,
    text: str,
    forms: Sequence[FormValues],
    pinned: Sequence[Pins] = (),
    inside: Callable[[int], bool] = lambda message: False,
) -> dict[int, FormValues]:
    """Reduce forms to the values that a part of the chat supports, so that no training row teaches invention.

    A value is kept if it stands in the piece, as it is or in another shape, or if a reviewer pinned it to a message
    that lies in the piece. Lists keep the items that do. Customers without any value are left out.

    Args:
        form: of the answer.
        text: the piece.
        forms: the whole answer.
        pinned: per customer, field key → messages of the whole chat that a reviewer pinned.
        inside: whether a message of the whole chat lies in the piece.

    Returns:
        Position of the customer in the whole answer → what the piece gives evidence of.
    """
    index = text_index(text)
    supported: dict[int, FormValues] = {}
    for number, values in enumerate(forms):
        name = form.name_of(values)
        marks = locate(form, index, values, name)
        pins = pinned[number] if number < len(pinned) else {}
        kept_values = form.empty()
        for field in form.fields:
            value = values[field.key]
            if marks[field.key].status in STATED or any(inside(message) for message in pins.get(field.key, ())):
                kept_values[field.key] = value
            elif isinstance(value, list):
                items = split_list(value)
                kept_values[field.key] = [
                    item
                    for item in items
                    if len(items) > 1 and locate(form, index, {field.key: [item]}, name)[field.key].status in STATED
                ]
        if not form.is_empty(kept_values):
            supported[number] = kept_values
    return supported


def pins_of(customers: Sequence[Mapping[str, Any]]) -> list[Pins]:
    """Pinned messages per customer: field key → messages that a reviewer pinned as evidence."""
    return [customer.get("pinned") or {} for customer in customers]


def filled_cells(forms: Sequence[FormValues]) -> int:
    """Number of cells that are not empty."""
    return sum(1 for values in forms for value in values.values() if value)
