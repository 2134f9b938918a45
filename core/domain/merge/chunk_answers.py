"""Merges the forms from the chunks of one long chat into one form per customer, by type of field.

* Lists: all items of all chunks, in order.
* Verbatim fields: the value that most chunks give, those that stand in the chat before those that do not; of equals
  the last one (people correct themselves).
* Judgements: the latest chunk that says something, for what counts is how things stand at the end.

What lost is kept as an alternative. Customers are the same where their names are.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from core.domain.form import Field, Form, FormValues, Nature, Value, split_list

Stands = Callable[[Field, str], bool]
"""Function that tells whether a value of a verbatim field occurs in the chat."""


@dataclass(frozen=True, slots=True)
class JoinedForm:
    """One customer's form, merged from the chunks.

    Attributes:
        values: the form, every key in order.
        alternatives: per text field on which chunks differ, the values that were not taken, the latest first.
        chunks: numbers (from 0) of the chunks that have this customer.
        members: the forms that it was merged from: numbers (from 0) of the chunk and of the form in its answer.
    """

    values: FormValues
    alternatives: Mapping[str, tuple[str, ...]]
    chunks: tuple[int, ...]
    members: tuple[tuple[int, int], ...] = ()


def join_chunks(
    form: Form, answers: Sequence[Sequence[FormValues]], stands: Stands = lambda field, value: True
) -> list[JoinedForm]:
    """Merge the forms of consecutive chunks per customer.

    Args:
        form: which fields there are.
        answers: per chunk in order, its forms. Empty forms of chunks without a customer vanish among others.
        stands: whether a verbatim value stands in the chat.

    Returns:
        Customers in the order in which they first appear; one empty form if chunks gave nothing but empty ones.
    """
    groups = _groups(form, answers)
    if not groups and any(forms for forms in answers):
        members = tuple((n, place) for n, forms in enumerate(answers) for place in range(len(forms)))
        return [JoinedForm(form.empty(), {}, tuple(n for n, forms in enumerate(answers) if forms), members)]
    joined: list[JoinedForm] = []
    for group in groups:
        values: FormValues = {}
        alternatives: dict[str, tuple[str, ...]] = {}
        for field in form.fields:
            given = [chunk_form.get(field.key) or field.empty for _, _, chunk_form in group]
            if field.is_list:
                values[field.key] = _union(given)
                continue
            texts = [text for value in given if (text := str(value).strip())]
            chosen = _choose(field, texts, stands)
            values[field.key] = chosen
            if others := tuple(text for text in dict.fromkeys(reversed(texts)) if text != chosen):
                alternatives[field.key] = others
        members = tuple((number, place) for number, place, _ in group)
        joined.append(JoinedForm(values, alternatives, tuple(dict.fromkeys(number for number, _ in members)), members))
    return joined


_Group = list[tuple[int, int, FormValues]]


def _groups(form: Form, answers: Sequence[Sequence[FormValues]]) -> list[_Group]:
    groups: list[_Group] = []
    names: list[str] = []
    nameless: _Group = []
    for number, forms in enumerate(answers):
        for place, values in enumerate(forms):
            name = form.name_of(values).strip()
            if not name:
                if not form.is_empty(values):
                    nameless.append((number, place, values))
                continue
            at = next((n for n, known in enumerate(names) if _same_person(known, name)), -1)
            if at < 0:
                names.append(name)
                groups.append([(number, place, values)])
            else:
                groups[at].append((number, place, values))
    if nameless and len(groups) == 1:
        groups[0] = sorted([*groups[0], *nameless], key=lambda member: member[0])
    elif nameless:
        # Among several customers nobody can say whose it is; alone, it is the only one there is.
        groups.append(nameless)
    return groups


def _same_person(one: str, other: str) -> bool:
    return one == other or (len(one) > 1 and one in other) or (len(other) > 1 and other in one)


def _union(given: Sequence[Value]) -> Value:
    lists = [value if isinstance(value, list) else [value] for value in given]
    filled = [items for items in lists if items]
    if len(filled) == 1:
        return list(filled[0])
    return split_list(item for items in filled for item in items)


def _choose(field: Field, texts: Sequence[str], stands: Stands) -> str:
    if not texts:
        return ""
    if field.nature is Nature.JUDGEMENT:
        return texts[-1]
    # Indices grow with the chunks, so of equals the last one wins.
    return max(
        enumerate(texts), key=lambda numbered: (stands(field, numbered[1]), texts.count(numbered[1]), numbered[0])
    )[1]
