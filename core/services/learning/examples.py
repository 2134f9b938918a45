"""What a learner learns from: a chat's features with the forms that people approved for it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from core.domain.form import Field, Form, FormValues, Value, items_of
from core.domain.person_names import match_people
from core.services.learning.chat_features import ChatFeatures

Answer = str | frozenset[str]
"""A value as scores compare it: a trimmed text, or the set of a list's items."""


@dataclass(frozen=True, slots=True)
class LabelledChat:
    """A chat with its right forms.

    Attributes:
        chat: what was read of it.
        forms: one per customer.
        customers: per form, which speaker is the customer; ``None`` where the name is not a speaker's.
        passed: per form, keys of values that passed by a threshold: they teach nothing. Empty where there are none.
        name_passed: whether a customer's name is one of them.
    """

    chat: ChatFeatures
    forms: tuple[FormValues, ...]
    customers: tuple[int | None, ...]
    passed: tuple[Collection[str], ...] = ()
    name_passed: bool = False


def example(
    form: Form, chat: ChatFeatures, forms: Sequence[FormValues], passed: Sequence[Collection[str]] = ()
) -> LabelledChat:
    """Join a chat and its right forms; the customers' names are looked up among the speakers.

    Args:
        form: of the values.
        chat: what was read of it.
        forms: one per customer.
        passed: per form, keys of values that teach nothing; empty: none.
    """
    names = [form.name_of(values) for values in forms]
    places = match_people(names, chat.speakers)
    customers = tuple(place[0] if place else None for place in places)
    return LabelledChat(chat, tuple(forms), customers, tuple(passed), any(form.name_field in keys for keys in passed))


def answer_of(field: Field, value: Value | None) -> Answer:
    """A value as scores compare it."""
    items = items_of(value or "")
    if field.is_list:
        return frozenset(items_of(value) if isinstance(value, list) else items)
    return "、".join(items)


def value_of(field: Field, answer: Answer) -> Value:
    """A field's value for an answer; the items of a list in the form's order, others behind."""
    if isinstance(answer, str):
        return [answer] if field.is_list and answer else (field.empty if not answer else answer)
    order = {value: place for place, value in enumerate(field.values)}
    return sorted(answer, key=lambda item: (order.get(item, len(order)), item))


def sort_key(answer: Answer) -> str:
    """Text by which answers are put in an order that is the same everywhere."""
    return "、".join(sorted([answer] if isinstance(answer, str) else answer))
