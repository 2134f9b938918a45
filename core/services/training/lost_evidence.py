"""Values of an answer whose evidence a shorter text of the chat no longer holds, items of a list one by one."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from core.domain.evidence import ChatIndex, EvidenceStatus, locate, text_index
from core.domain.form import Field, Form, FormValues, items_of

STATED = (EvidenceStatus.VERBATIM, EvidenceStatus.NORMALISED)
"""Evidence of a value that stands in the text itself."""

Pins = Mapping[str, Sequence[int]]
"""Field key → messages of the whole chat that a reviewer pinned as evidence of one customer's value."""


@dataclass(frozen=True, slots=True)
class LostValue:
    """A value of the answer, or some items of it, that has evidence in the chat and none in a shorter text.

    Attributes:
        customer: position of the form, from 0.
        key: of the field.
        value: what is lost, list items joined with ``、``.
    """

    customer: int
    key: str
    value: str


def find_lost_values(
    form: Form,
    whole: str,
    shorter: str,
    forms: Sequence[FormValues],
    pinned: Sequence[Pins] = (),
    is_kept: Callable[[int], bool] = lambda message: False,
) -> list[LostValue]:
    """Values that have evidence in a text, and less or none in a shorter one.

    A model that is trained on such a row learns to invent them. What has no place in the whole text cannot be lost,
    unless a reviewer pinned it to a message.

    Args:
        form: of the answer; its fields are looked at.
        whole: the chat without residue.
        shorter: its beginning, its summary, or what cleaning leaves of it.
        forms: the whole answer, as it stands in the texts (not masked).
        pinned: per customer, messages that a reviewer pinned.
        is_kept: whether a message of the whole chat is still in the shorter text.
    """
    indices = text_index(whole), text_index(shorter)
    losses: list[LostValue] = []
    for number, values in enumerate(forms):
        pins = pinned[number] if number < len(pinned) else {}
        for field in form.fields:
            items = items_of(values[field.key])
            messages = pins.get(field.key, ())
            is_pin_kept = any(map(is_kept, messages))
            if is_pin_kept and len(items) == 1:
                continue
            lost_items: list[str] = []
            for item in items:
                before, after = (_support(form, index, field, item) for index in indices)
                is_pin_lost = bool(messages) and not is_pin_kept and after < _WHOLLY
                if after < before or is_pin_lost:
                    lost_items.append(item)
            if lost_items:
                losses.append(LostValue(number, field.key, "、".join(lost_items)))
    return losses


_WHOLLY, _PARTLY, _NOT = 2, 1, 0


def _support(form: Form, index: ChatIndex, field: Field, item: str) -> int:
    """How much of one item stands in a text: all of it, some of its clauses, nothing."""
    mark = locate(form, index, {field.key: [item] if isinstance(field.empty, list) else item})[field.key]
    if mark.status in STATED:
        return _WHOLLY
    return _PARTLY if mark.spans else _NOT
