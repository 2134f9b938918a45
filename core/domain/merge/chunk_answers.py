"""Merges the forms from the chunks of one long chat into one form per customer, by type of field.

* Lists: all items of all chunks, in order.
* Verbatim fields: the value that most chunks give, those that stand in the chat before those that do not; of equals
  the last one (people correct themselves).
* Judgements: the latest chunk that says something, for what counts is how things stand at the end.

What lost is kept as an alternative. Customers are the same where their names are (:mod:`core.domain.person_names`);
two forms of one chunk are two customers, whatever their names.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from core.domain.form import Field, Form, FormValues, Nature, Value, split_list
from core.domain.person_names import name_groups

OccursInChat = Callable[[Field, str], bool]
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
    form: Form, answers: Sequence[Sequence[FormValues]], occurs_in_chat: OccursInChat = lambda field, value: True
) -> list[JoinedForm]:
    """Merge the forms of consecutive chunks per customer.

    Args:
        form: which fields there are.
        answers: per chunk in order, its forms. Empty forms of chunks without a customer vanish among others.
        occurs_in_chat: whether a verbatim value stands in the chat.

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
            chosen = _choose(field, texts, occurs_in_chat)
            values[field.key] = chosen
            if others := tuple(text for text in dict.fromkeys(reversed(texts)) if text != chosen):
                alternatives[field.key] = others
        members = tuple((number, place) for number, place, _ in group)
        joined.append(JoinedForm(values, alternatives, tuple(dict.fromkeys(number for number, _ in members)), members))
    return joined


_Group = list[tuple[int, int, FormValues]]


def _groups(form: Form, answers: Sequence[Sequence[FormValues]]) -> list[_Group]:
    person = name_groups([[form.name_of(values) for values in forms] for forms in answers])
    named: dict[tuple[str, int], _Group] = {}
    nameless: dict[int, _Group] = {}
    for number, forms in enumerate(answers):
        # Two forms of one chunk with one name stay apart: the first of each chunk go together, then the second ones.
        count: Counter[str] = Counter()
        for place, values in enumerate(forms):
            name = person.get(form.name_of(values), "")
            if name:
                named.setdefault((name, count[name]), []).append((number, place, values))
            elif not form.is_empty(values):
                nameless.setdefault(count[name], []).append((number, place, values))
            else:
                continue
            count[name] += 1
    groups = list(named.values())
    if len(groups) == 1 and 0 in nameless:
        # Among several customers nobody can say whose it is; an only one it is, except beside that one's own form.
        chunks = {number for number, _, _ in groups[0]}
        own = [member for member in nameless[0] if member[0] not in chunks]
        nameless[0] = [member for member in nameless[0] if member[0] in chunks]
        groups[0] = sorted([*groups[0], *own], key=lambda member: member[0])
    return [*groups, *(group for group in nameless.values() if group)]


def _union(given: Sequence[Value]) -> Value:
    lists = [value if isinstance(value, list) else [value] for value in given]
    filled = [items for items in lists if items]
    if len(filled) == 1:
        return list(filled[0])
    return split_list(item for items in filled for item in items)


def _choose(field: Field, texts: Sequence[str], occurs_in_chat: OccursInChat) -> str:
    if not texts:
        return ""
    if field.nature is Nature.JUDGEMENT:
        return texts[-1]
    # Indices grow with the chunks, so of equals the last one wins.
    return max(
        enumerate(texts),
        key=lambda numbered: (occurs_in_chat(field, numbered[1]), texts.count(numbered[1]), numbered[0]),
    )[1]
