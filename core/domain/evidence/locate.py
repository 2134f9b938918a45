"""Locates evidence for every field of one customer's form."""

import re
from collections.abc import Mapping, Sequence

from core.domain.chat.parsed_chat import Span
from core.domain.evidence.evidence_types import MAX_SPANS, EvidenceStatus, FieldEvidence
from core.domain.evidence.index import ChatIndex, Hit, MessagePart
from core.domain.evidence.normalised_matchers import SHAPES, Search, cuts_amount
from core.domain.form import Field, Form, Kind, Nature, Value, items_of
from core.domain.person_names import match_people

_CLAUSE = re.compile(r"[、，,；;。\n]")
_NUMBERS = re.compile(r"[、，,；;/或\s]+")
_PEOPLE = frozenset({Kind.PERSON, Kind.STAFF})
_IN_CLAUSES = _PEOPLE | {Kind.TEXT, Kind.ADDRESS, Kind.DATE, Kind.PHONE}
"""Kinds whose single text may contain several items, each located separately."""
_MAX_KNOWN = 1000
"""Most results that are cached for one chat."""
_SHORTEST_JUDGEMENT = 2
"""Fewest characters of a judgement that is searched for; one character (男) occurs everywhere and proves nothing."""


def locate(
    form: Form,
    index: ChatIndex,
    values: Mapping[str, Value],
    customer_name: str = "",
    customers: Sequence[str] = (),
) -> dict[str, FieldEvidence]:
    """Locate the values of one customer's form in the chat.

    Messages said by the customer count most, then those said to the customer. Residue is never searched.

    Args:
        form: which fields there are, of which kind and nature.
        index: the chat.
        values: one customer's form.
        customer_name: whose messages to prefer; ``""`` for nobody's.
        customers: names of all customers of the chat: nobody gets the messages of another one by a part of the name.

    Returns:
        A mark for every key of the form.
    """
    nearness = _nearness(index, customer_name.strip(), customers)
    return {field.key: _mark(index, field, values.get(field.key) or field.empty, nearness) for field in form.fields}


def _nearness(index: ChatIndex, name: str, customers: Sequence[str]) -> dict[int, int]:
    """By message: 0 said by the customer, 1 to the customer, 2 by and to others."""
    if not name:
        return {}
    speakers = index.parsed.speakers
    own = {speakers[place] for place in match_people([name, *customers], speakers)[0]}
    near: dict[int, int] = {}
    for person in own:
        for number, place in index.messages_near(person):
            near[number] = min(place, near.get(number, place))
    return near


def _mark(index: ChatIndex, field: Field, value: Value, nearness: Mapping[int, int]) -> FieldEvidence:
    items = items_of(value)
    if not items:
        return FieldEvidence(EvidenceStatus.NONE)
    results = [_search(index, field, item) for item in items]
    status = max((one for one, _ in results), key=_WORST_LAST.index)
    if status is EvidenceStatus.MISSING and field.nature is Nature.JUDGEMENT:
        status = EvidenceStatus.INFERRED
    places = [hits for _, lists in results for hits in lists]
    spans, messages = _best(places, nearness, people=field.kind in _PEOPLE)
    return FieldEvidence(status, spans, messages)


_WORST_LAST = (EvidenceStatus.VERBATIM, EvidenceStatus.NORMALISED, EvidenceStatus.MISSING)


def _search(index: ChatIndex, field: Field, item: str) -> tuple[EvidenceStatus, list[list[Hit]]]:
    """How one value is supported, and where: one list, or one for each of its clauses."""
    if field.nature is Nature.JUDGEMENT and len(item) < _SHORTEST_JUDGEMENT:
        return EvidenceStatus.MISSING, []
    status, hits = _whole(index, field, item)
    if hits or field.kind not in _IN_CLAUSES:
        return status, [hits]
    separator = _NUMBERS if field.kind is Kind.PHONE else _CLAUSE
    clauses = [clause.strip() for clause in separator.split(item) if clause.strip()]
    if len(clauses) < 2:
        return EvidenceStatus.MISSING, []
    parts = [_whole(index, field, clause)[1] for clause in clauses]
    return (EvidenceStatus.NORMALISED if all(parts) else EvidenceStatus.MISSING), parts


def _whole(index: ChatIndex, field: Field, item: str) -> tuple[EvidenceStatus, list[Hit]]:
    """How one text is supported, unsplit; looked up once per chat."""
    key = (field.kind.value, item)
    if key not in index.known:
        if len(index.known) >= _MAX_KNOWN:
            index.known.clear()
        index.known[key] = _look_up(index, field.kind, item)
    return index.known[key]


def _look_up(index: ChatIndex, kind: Kind, item: str) -> tuple[EvidenceStatus, list[Hit]]:
    searches: tuple[Search, ...] = (ChatIndex.find, ChatIndex.find_compact, *SHAPES.get(kind, ()))
    for number, search in enumerate(searches):
        hits = [hit for hit in search(index, item) if kind in _PEOPLE or hit.region.part is not MessagePart.NAME]
        if kind is Kind.AMOUNT:
            hits = [hit for hit in hits if not cuts_amount(index, hit)]
        hits = [hit for hit in hits if hit.region.part is not MessagePart.QUOTE] or hits
        if hits:
            return (EvidenceStatus.NORMALISED if number else EvidenceStatus.VERBATIM), hits
    return EvidenceStatus.MISSING, []


def _in_turn(lists: list[list[Hit]]) -> list[Hit]:
    """The first of each list, then the second of each, and so on."""
    longest = max((len(hits) for hits in lists), default=0)
    return [hits[n] for n in range(longest) for hits in lists if n < len(hits)]


def _best(
    hit_lists: list[list[Hit]], nearness: Mapping[int, int], *, people: bool
) -> tuple[tuple[Span, ...], tuple[int, ...]]:
    """The best places, every value in turn, and their messages."""

    def rank(hit: Hit) -> tuple[int, int, int]:
        return hit.region.part, nearness.get(hit.region.message, 2), hit.span.start

    ordered: list[list[Hit]] = []
    for hits in hit_lists:
        ranked = sorted(hits, key=rank)
        names = [hit for hit in ranked if hit.region.part is MessagePart.NAME]
        if people and names:  # where they first speak says most about who they are
            ranked = [names[0], *(hit for hit in ranked if hit is not names[0])]
        ordered.append(ranked)
    chosen: list[Hit] = []
    for hit in _in_turn(ordered):
        if all(hit.span.end <= other.span.start or other.span.end <= hit.span.start for other in chosen):
            chosen.append(hit)
            if len(chosen) == MAX_SPANS:
                break
    return tuple(hit.span for hit in chosen), tuple(dict.fromkeys(hit.region.message for hit in chosen))
