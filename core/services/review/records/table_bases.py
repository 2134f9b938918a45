"""What an exported table said, from the log of exports: what an edited one is compared with."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import Select, select
from sqlmodel import Session, col

from core.adapters.store.models import Chat, Export, Extraction, Record, RecordEvent
from core.domain.form import Form, FormValues
from core.domain.masking import NO_MASK, Mask, parse_mask
from core.domain.person_names import Identity

_MOST_EXPORTS = 30
"""Exports of a dataset that an edited table may be of; older ones are not looked at."""
_EVENTS_AT_ONCE = 400


@dataclass(frozen=True, slots=True)
class BaseChat:
    """What a table said about one chat.

    Attributes:
        version: of the record; 0 where the values came from a run or from labels.
        run_id: that run, or the one that the origins of the customers are positions in.
        forms: clean forms, unmasked.
        identities: who each customer is.
        text: of the chat, where the table was masked; else empty.
    """

    version: int
    run_id: int | None
    forms: list[FormValues]
    identities: list[Identity]
    text: str = ""


@dataclass(frozen=True, slots=True)
class TableBase:
    """One exported table: its chats by index, and the run that chats without a record came from."""

    export_id: int
    filename: str
    mask: Mask = NO_MASK
    run_id: int | None = None
    chats: dict[int, BaseChat] = field(default_factory=dict)


def exported_tables(session: Session, form: Form, dataset_id: int) -> list[TableBase]:
    """The last tables that were exported of a dataset, oldest first.

    Two exports of the same versions are one: the older.
    """
    statement = (
        select(Export)
        .where(col(Export.dataset_id) == dataset_id, col(Export.kind) == "table")
        .order_by(col(Export.id).desc())
        .limit(_MOST_EXPORTS)
    )
    unique: dict[str, Export] = {}
    for export in session.execute(statement).scalars():
        unique[f"{export.provenance}{export.parameters.get('mask')}"] = export
    return [_base(session, form, export) for export in sorted(unique.values(), key=lambda export: export.id or 0)]


def _base(session: Session, form: Form, export: Export) -> TableBase:
    chats = _of_records(session, form, export.provenance) | _of_runs(session, form, export.provenance)
    run_id = next((int(item["run_id"]) for item in export.provenance if item.get("run_id")), None)
    mask = parse_mask(export.parameters.get("mask") or ())
    if mask:
        texts = {int(index): str(text) for index, text in session.execute(_texts_of(export.dataset_id, chats))}
        chats = {index: replace(chat, text=texts.get(index, "")) for index, chat in chats.items()}
    return TableBase(export.id or 0, export.filename, mask, run_id, chats)


def _texts_of(dataset_id: int | None, chats: Collection[int]) -> Select[int, str]:
    """Index and text of the chats of a table."""
    first, last = min(chats, default=0), max(chats, default=0)
    return select(col(Chat.index), col(Chat.text)).where(
        col(Chat.dataset_id) == dataset_id, col(Chat.index).between(first, last)
    )


def _of_records(session: Session, form: Form, provenance: Sequence[Mapping[str, Any]]) -> dict[int, BaseChat]:
    versions = {(item["record"], item["version"]): int(item["index"]) for item in provenance if item.get("record")}
    record_ids = [record_id for record_id, _ in versions]
    chats: dict[int, BaseChat] = {}
    for start in range(0, len(record_ids), _EVENTS_AT_ONCE):
        statement = (
            select(RecordEvent, col(Record.base_run_id))
            .join(Record, col(Record.id) == col(RecordEvent.record_id))
            .where(col(RecordEvent.record_id).in_(record_ids[start : start + _EVENTS_AT_ONCE]))
        )
        for event, record_run in session.execute(statement):
            index = versions.get((event.record_id, event.version))
            if index is not None:
                customers = event.change.get("customers", [])
                forms = [form.coerce(customer["values"]).values for customer in customers]
                identities = [
                    Identity(customer.get("source"), form.name_of(values))
                    for customer, values in zip(customers, forms, strict=True)
                ]
                run_id = event.change.get("base_run_id", record_run)
                chats[index] = BaseChat(event.version, run_id, forms, identities)
    return chats


def _of_runs(session: Session, form: Form, provenance: Sequence[Mapping[str, Any]]) -> dict[int, BaseChat]:
    indices: dict[int, set[int]] = {}
    for item in provenance:
        if item.get("run_id"):
            indices.setdefault(int(item["run_id"]), set()).add(int(item["index"]))
    chats: dict[int, BaseChat] = {}
    for run_id, of_run in indices.items():
        statement = (
            select(col(Chat.index), col(Extraction.forms))
            .join(Extraction, col(Extraction.chat_id) == col(Chat.id))
            .where(col(Extraction.run_id) == run_id)
        )
        for index, raw in session.execute(statement):
            if index in of_run:
                forms = [form.coerce(values).values for values in raw or []]
                identities = [Identity(position, form.name_of(values)) for position, values in enumerate(forms)]
                chats[index] = BaseChat(0, run_id, forms, identities)
    return chats
