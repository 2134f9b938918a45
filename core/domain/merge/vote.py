"""Voting: several answers about one chat (samples, runs, chunks) decide every field of every customer.

Empty is an answer like any other. What lost is kept, so that a person can see where the answers did not agree.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from core.domain.form import Field, Form, FormValues, Value, split_list
from core.domain.merge.customers import Group, group_customers
from core.domain.scoring import LCS, Measure

_SAME = 1e-9
"""Weights closer to each other than this are a tie."""


class Choice(NamedTuple):
    """One value that answers gave for a field.

    Attributes:
        value: as the first of them wrote it.
        weight: of all answers that gave it.
        ballots: numbers of those answers.
    """

    value: Value
    weight: float
    ballots: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class VotedForm:
    """One customer's form as decided by vote.

    Attributes:
        values: the form, every key in order.
        choices: per field on which the answers differ, all values that were given, the heaviest first.
        agreement: per field, the share (0 to 1) of the weight of this customer's answers that gave the chosen value.
        support: the share of all answers' weight that has this customer.
        members: which form of which answer this is.
    """

    values: FormValues
    choices: Mapping[str, tuple[Choice, ...]]
    agreement: Mapping[str, float]
    support: float
    members: Group


def vote(
    form: Form,
    ballots: Sequence[Sequence[FormValues]],
    *,
    weights: Sequence[float] | None = None,
    field_weights: Mapping[str, Sequence[float]] | None = None,
    quorum: float = 0.5,
    empty_counts: bool = True,
    measure: Measure = LCS,
) -> list[VotedForm]:
    """Decide one form per customer from several answers about one chat.

    A text with one right answer: the value with the most weight. A list: each item by itself, in if more than half of
    the weight has it (of two halves, the one with the earlier answer wins). Free text: empty if more than half of the
    weight says so, else the text that is most like all others. Ties go to the answer that comes first.

    Majority is equal weights; priority is weights that fall steeply (4, 2, 1); "the best run per field" is
    ``field_weights`` with 1 for that run and 0 for the others.

    Args:
        form: which fields there are.
        ballots: the answers, each one form per customer; ``[]`` says that there is no customer.
        weights: how much each answer counts; all the same where ``None``. They also decide which customers there are.
        field_weights: other weights for single fields, by key.
        quorum: a customer stays if answers with at least this share of all weight have it.
        empty_counts: whether an empty cell is a vote; else it only stays empty where nobody filled it.
        measure: likeness of free texts.

    Returns:
        One entry per customer; ``[]`` where the answers have none.
    """
    heavy = list(weights) if weights is not None else [1.0] * len(ballots)
    total = sum(heavy)
    voted: list[VotedForm] = []
    for group in group_customers(form, ballots, heavy):
        support = sum(heavy[number] for number in group) / total if total else 0.0
        if support < quorum - _SAME:
            continue
        values: FormValues = {}
        choices: dict[str, tuple[Choice, ...]] = {}
        agreement: dict[str, float] = {}
        for field in form.fields:
            own = (field_weights or {}).get(field.key, heavy)
            given = _given(field, ballots, group, own)
            value, chosen = _decide(field, given, empty_counts=empty_counts, measure=measure)
            values[field.key] = value
            cast = sum(choice.weight for choice in given)
            agreement[field.key] = chosen / cast if cast > _SAME else 1.0
            if len(given) > 1:
                choices[field.key] = given
        voted.append(VotedForm(values, choices, agreement, support, group))
    return voted


def _given(
    field: Field, ballots: Sequence[Sequence[FormValues]], group: Group, weights: Sequence[float]
) -> tuple[Choice, ...]:
    """The distinct values of a field, the heaviest first, ties by the earliest answer."""
    choices: dict[str | frozenset[str], Choice] = {}
    for number in sorted(group):
        value = ballots[number][group[number]].get(field.key) or field.empty
        key = _comparable(value)
        before = choices.get(key, Choice(value, 0.0, ()))
        choices[key] = Choice(before.value, before.weight + weights[number], (*before.ballots, number))
    return tuple(sorted(choices.values(), key=lambda choice: (-choice.weight, choice.ballots[0])))


def _decide(field: Field, given: tuple[Choice, ...], *, empty_counts: bool, measure: Measure) -> tuple[Value, float]:
    """The value, and the weight of the answers that gave exactly it."""
    pool = given
    if not empty_counts:
        pool = tuple(choice for choice in given if choice.value and choice.weight > _SAME) or given
    if len(pool) == 1:
        return pool[0].value, pool[0].weight
    if field.is_list:
        return _items(pool)
    if field.one_right_answer:
        return pool[0].value, pool[0].weight
    filled = tuple(choice for choice in pool if choice.value)
    cast = sum(choice.weight for choice in pool)
    empty = next((choice for choice in pool if not choice.value), None)
    if empty and empty.weight > cast / 2 + _SAME:
        return empty.value, empty.weight
    best = max(filled, key=lambda choice: (round(_likeness(choice, filled, measure), 9), -choice.ballots[0]))
    return best.value, best.weight


def _likeness(choice: Choice, others: tuple[Choice, ...], measure: Measure) -> float:
    """How much weight speaks for a text, others' texts counted by how like it they are; an outsider gets nothing."""
    if choice.weight <= _SAME:
        return -1.0
    text = str(choice.value)
    return sum(other.weight * measure.similarity(text, str(other.value)) for other in others)


def _items(pool: tuple[Choice, ...]) -> tuple[Value, float]:
    cast = sum(choice.weight for choice in pool)
    weight: dict[str, float] = {}
    first: dict[str, int] = {}
    for choice in sorted(pool, key=lambda choice: choice.ballots[0]):
        for item in split_list(choice.value):
            weight[item] = weight.get(item, 0.0) + choice.weight
            first.setdefault(item, choice.ballots[0])
    lead = pool[0]
    leading = set(split_list(lead.value))
    chosen = [
        item
        for item in sorted(weight, key=lambda item: first[item])
        if weight[item] > cast / 2 + _SAME or (weight[item] >= cast / 2 - _SAME and item in leading)
    ]
    # As somebody wrote it, if somebody said exactly this: labels write several values into one string.
    for choice in pool:
        if set(split_list(choice.value)) == set(chosen):
            return list(choice.value), choice.weight
    return list(chosen), 0.0


def _comparable(value: Value) -> str | frozenset[str]:
    """Equal for values that a score takes for equal."""
    return frozenset(split_list(value)) if isinstance(value, list) else value.strip()
