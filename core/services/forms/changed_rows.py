"""What a change of a form means for each table: which columns hold cells or keys of fields, forward and back."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Select, select
from sqlmodel import col

from core.adapters.store.models import (
    Base,
    Discussion,
    Dispute,
    Extraction,
    Pick,
    PlantedError,
    PlantedStatus,
    Record,
    RecordEvent,
    Run,
)
from core.domain.form.mapping import Carried, FormChange, Kept
from core.domain.form.values import items_of, text_of

Columns = dict[str, Any]
"""Columns of one row by name."""
OPEN_PLANTED = frozenset({str(one) for one in (PlantedStatus.WAITING, PlantedStatus.STANDING, PlantedStatus.CHANGED)})
"""States of planted values that nobody has decided over yet."""


@dataclass(slots=True)
class ChangeTally:
    """What a change did or would do.

    Attributes:
        cells: filled cells of records and answers as they are now whose field or value changes.
        lost: ``{(old key, value): how often}`` of records and answers as they are now.
    """

    cells: int = 0
    lost: Counter[tuple[str, str]] = field(default_factory=Counter)

    def add(self, moved: int, lost: tuple[tuple[str, str], ...]) -> None:
        """Count one customer of a record or an answer."""
        self.cells += moved
        self.lost.update(lost)


@dataclass(frozen=True, slots=True)
class ChangedTable:
    """One table that a change of a form goes through.

    Attributes:
        name: of the table, as ``FormChangeRow`` has it.
        title: what its rows are, for people.
        columns: that may change.
        rows: selects id, dataset, chat and the columns; to be narrowed by the dataset's id.
        forward: the columns in the new form; counts what is carried.
        backward: the columns in the old form, given those of before the change, where the row was there already.
    """

    name: str
    title: str
    model: type[Base]
    columns: tuple[str, ...]
    rows: Select[Any]
    forward: Callable[[FormChange, Columns, ChangeTally], Columns]
    backward: Callable[[FormChange, Columns, Columns | None], Columns]


def _selected(model: Any, dataset: Any, chat: Any, columns: tuple[str, ...], row_id: str = "id") -> Select[Any]:
    named: list[Any] = [col(getattr(model, name)).label(name) for name in columns]
    number: Any = col(getattr(model, row_id)).label("row_id")
    return select(number, col(dataset).label("dataset_id"), col(chat).label("chat_id"), *named).order_by(number)


def kept_beside(change: FormChange, customers: list[Any]) -> list[Kept]:
    """What the new form of each customer does not give back."""
    return [change.carry(customer).kept for customer in customers]


def customers_back(change: FormChange, customers: list[Any], before: list[Any]) -> list[Any]:
    """Customers in the old form again, each with what the change took from this very one.

    Customers may have been changed, moved, taken away and put in since: whoever cannot be told to be one of before is
    given nothing of theirs.

    Args:
        change: what was applied.
        customers: as they are now.
        before: as they were before the change, in the old form.
    """
    carried = [change.carry(customer) for customer in before]
    own = _same_customers(customers, carried, change.new.name_field)
    return [
        change.carry_back(customer, carried[own[place]].kept if place in own else {})
        for place, customer in enumerate(customers)
    ]


def _same_customers(customers: list[Any], carried: list[Carried], name_field: str) -> dict[int, int]:
    """Which customer of before each one is, by place: the unchanged ones first, then by source, then by name.

    Of several that are alike each is one of them where all are still there, or where it makes no difference. Where as
    many customers are there as before, who has neither source nor name is the one at the same place.

    Args:
        customers: as they are now.
        carried: those of before, in the same form.
        name_field: key of the field that names a customer.
    """
    own: dict[int, int] = {}
    left, free = dict(enumerate(customers)), {place: one.customer for place, one in enumerate(carried)}

    def pair(place: int, other: int) -> None:
        own[place] = other
        del left[place], free[other]

    def name(customer: Any) -> str:
        return str(customer["values"].get(name_field) or "").strip()

    for customer in list(left.values()):
        now_alike = [place for place, one in left.items() if one == customer]
        were_alike = [other for other, one in free.items() if one == customer]
        is_one_like_another = all(carried[other].kept == carried[were_alike[0]].kept for other in were_alike)
        if len(now_alike) == len(were_alike) or is_one_like_another:
            for place, other in zip(now_alike, were_alike, strict=False):
                pair(place, other)
    for told_by in (lambda customer: customer.get("source"), name):
        for place, customer in list(left.items()):
            mark = told_by(customer)
            now_so = [one for one in left.values() if told_by(one) == mark]
            were_so = [other for other, one in free.items() if told_by(one) == mark]
            if mark not in (None, "") and len(now_so) == len(were_so) == 1:
                pair(place, were_so[0])
    for place, customer in list(left.items()) if len(customers) == len(carried) else ():
        if place in free and not any(name(one) or one.get("source") is not None for one in (customer, free[place])):
            pair(place, place)
    return own


def _record(change: FormChange, row: Columns, tally: ChangeTally) -> Columns:
    carried = [change.carry(customer) for customer in row["customers"]]
    for one in carried:
        tally.add(one.moved, one.lost)
    return {"customers": [one.customer for one in carried]}


def _record_back(change: FormChange, row: Columns, before: Columns | None) -> Columns:
    return {"customers": customers_back(change, row["customers"], (before or {}).get("customers", []))}


def _event(change: FormChange, row: Columns, tally: ChangeTally) -> Columns:
    def carried(customers: list[Any]) -> list[Any]:
        return [change.carry(customer).customer for customer in customers]

    return {"change": _stored(row["change"], carried, change.new_keys)}


def _event_back(change: FormChange, row: Columns, before: Columns | None) -> Columns:
    """An event of since: what the record held before the change says what its cells were."""
    if before is not None and "change" in before:
        return before
    old = (before or {}).get("customers", [])
    return {"change": _stored(row["change"], lambda now_there: customers_back(change, now_there, old), change.old_keys)}


def _stored(value: Any, carry: Callable[[list[Any]], list[Any]], keys: Callable[[str], tuple[str, ...]]) -> Any:
    """An event's state: customers at any depth, and the keys of changed cells and of time spent."""
    if not isinstance(value, dict):
        return value
    stored: dict[str, Any] = {}
    for name, inner in value.items():
        if name == "customers" and isinstance(inner, list):
            stored[name] = carry(inner)
        elif name == "fields" and isinstance(inner, list):
            stored[name] = [cell for one in inner for cell in _places(str(one), keys)]
        elif name == "field_seconds" and isinstance(inner, dict):
            seconds: dict[str, float] = {}
            for key, spent in inner.items():
                for to in keys(key)[:1]:
                    seconds[to] = round(seconds.get(to, 0.0) + spent, 1)
            stored[name] = seconds
        else:
            stored[name] = _stored(inner, carry, keys)
    return stored


def _places(place: str, keys: Callable[[str], tuple[str, ...]]) -> list[str]:
    """``customer:key`` in the other form; ``customer:*`` stays."""
    customer, _, key = place.partition(":")
    return [place] if key == "*" else [f"{customer}:{to}" for to in keys(key)]


def _extraction(change: FormChange, row: Columns, tally: ChangeTally) -> Columns:
    if row["forms"] is None:
        return {"forms": None}
    carried = [change.carry({"values": values}) for values in row["forms"]]
    for one in carried:
        tally.add(one.moved, one.lost)
    return {"forms": [one.customer["values"] for one in carried]}


def _extraction_back(change: FormChange, row: Columns, before: Columns | None) -> Columns:
    if row["forms"] is None:
        return {"forms": None}
    old = [{"values": values} for values in (before or {}).get("forms") or []]
    now_there = [{"values": values} for values in row["forms"]]
    return {"forms": [one["values"] for one in customers_back(change, now_there, old)]}


def _field(change: FormChange, row: Columns, tally: ChangeTally) -> Columns:
    key = row["field"]
    if not key or key not in change.old:
        return {"field": key}
    keys = change.new_keys(key)
    return {"field": keys[0] if keys else ""}


def _field_back(change: FormChange, row: Columns, before: Columns | None) -> Columns:
    if before is not None:
        return before
    keys = change.old_keys(row["field"])
    return {"field": keys[0] if keys else ""}


def _dispute(change: FormChange, row: Columns, tally: ChangeTally) -> Columns:
    """A disputed cell follows its field; one of a field that is dropped keeps its name and counts no more."""
    key = row["field"]
    if key not in change.old or not (keys := change.new_keys(key)):
        return {"field": key, "value": row["value"]}
    values = change.carry({"values": {key: row["value"] or change.old.field(key).empty}}).customer["values"]
    to = next((one for one in keys if values[one]), keys[0])
    return {"field": to, "value": values[to]}


def _dispute_back(change: FormChange, row: Columns, before: Columns | None) -> Columns:
    if before is not None:
        return before
    keys = change.old_keys(row["field"])
    return {"field": keys[0] if keys else row["field"], "value": row["value"]}


def _planted(change: FormChange, row: Columns, tally: ChangeTally) -> Columns:
    """A planted value whose field or value is no more what it was counts for nothing."""
    key = row["field"]
    keys = change.new_keys(key) if key in change.old else ()
    if len(keys) == 1 and keys[0] in change.new:
        pair = [change.carry({"values": {key: _as_value(change, key, row[part])}}) for part in ("value", "right")]
        texts = [text_of(one.customer["values"][keys[0]]) for one in pair]
        if texts == [row["value"], row["right"]]:
            return row | {"field": keys[0]}
    return row | ({"status": str(PlantedStatus.WITHDRAWN)} if row["status"] in OPEN_PLANTED else {})


def _as_value(change: FormChange, key: str, text: str) -> Any:
    return items_of(text) if change.old.field(key).is_list else text


def _planted_back(change: FormChange, row: Columns, before: Columns | None) -> Columns:
    if before is None:
        keys = change.old_keys(row["field"])
        return row | {"field": keys[0] if keys else row["field"]}
    # What was decided since stays decided; what the change itself withdrew is what it was.
    is_as_left = row["status"] == _planted(change, before, ChangeTally())["status"]
    return before | ({} if is_as_left else {"status": row["status"]})


def _pick(change: FormChange, row: Columns, tally: ChangeTally) -> Columns:
    return {"choices": _choices(row["choices"], change.new_keys, change.old.keys)}


def _pick_back(change: FormChange, row: Columns, before: Columns | None) -> Columns:
    """Picks of since stay; those of fields that the change dropped come back."""
    old = (before or {}).get("choices", {})
    if row["choices"] == _choices(old, change.new_keys, change.old.keys):
        return {"choices": old}
    gone = {place: source for place, source in old.items() if _has_gone(change, place)}
    return {"choices": gone | _choices(row["choices"], change.old_keys, change.new.keys)}


def _has_gone(change: FormChange, place: str) -> bool:
    _, is_cell, key = place.partition(":")
    return bool(is_cell) and key in change.old and not change.new_keys(key)


def _choices(choices: Columns, keys: Callable[[str], tuple[str, ...]], known: tuple[str, ...]) -> Columns:
    picked: Columns = {}
    for place, source in choices.items():
        customer, is_cell, key = place.partition(":")
        moved = keys(key) if is_cell and key in known else (key,)
        picked |= {f"{customer}:{to}" if is_cell else place: source for to in moved}
    return picked


TABLES: tuple[ChangedTable, ...] = (
    ChangedTable(
        "record",
        "审阅记录",
        Record,
        ("customers",),
        _selected(Record, Record.dataset_id, Record.chat_id, ("customers",)),
        _record,
        _record_back,
    ),
    ChangedTable(
        "recordevent",
        "记录的各个版本",
        RecordEvent,
        ("change",),
        _selected(RecordEvent, Record.dataset_id, Record.chat_id, ("change",)).join(
            Record, col(Record.id) == col(RecordEvent.record_id)
        ),
        _event,
        _event_back,
    ),
    ChangedTable(
        "extraction",
        "抽取结果和标注",
        Extraction,
        ("forms",),
        _selected(Extraction, Run.dataset_id, Extraction.chat_id, ("forms",)).join(
            Run, col(Run.id) == col(Extraction.run_id)
        ),
        _extraction,
        _extraction_back,
    ),
    ChangedTable(
        "dispute",
        "标注争议",
        Dispute,
        ("field", "value"),
        _selected(Dispute, Dispute.dataset_id, Dispute.chat_id, ("field", "value")),
        _dispute,
        _dispute_back,
    ),
    ChangedTable(
        "discussion",
        "讨论",
        Discussion,
        ("field",),
        _selected(Discussion, Discussion.dataset_id, Discussion.chat_id, ("field",)),
        _field,
        _field_back,
    ),
    ChangedTable(
        "plantederror",
        "预埋错误",
        PlantedError,
        ("field", "value", "right", "status"),
        _selected(
            PlantedError,
            PlantedError.dataset_id,
            PlantedError.chat_id,
            ("field", "value", "right", "status"),
            "chat_id",
        ),
        _planted,
        _planted_back,
    ),
    ChangedTable(
        "pick",
        "对比时选用的值",
        Pick,
        ("choices",),
        _selected(Pick, Pick.dataset_id, Pick.chat_id, ("choices",)),
        _pick,
        _pick_back,
    ),
)
"""Every table that holds cells or names fields, in the order in which it is changed."""
