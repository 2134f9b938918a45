"""What an exported table said, from the log of exports: what an edited one is compared with."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256

from sqlalchemy import Select, select
from sqlmodel import Session, col

from core.adapters.store.models import Chat, Export, Extraction, Record, RecordEvent
from core.domain.form import Form, FormValues
from core.domain.masking import NO_MASK, Mask, parse_mask
from core.domain.person_names import Identity

MOST_EXPORTS = 1_000
"""Exports of a dataset that an edited table may be of; older ones are not looked at, which is said."""
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


def exported_tables(session: Session, form: Form, dataset_id: int) -> tuple[list[TableBase], bool]:
    """The tables that were exported of a dataset, oldest first, and whether there are older ones still.

    Two exports of the same versions are one: the older. What several exports say of a chat is one object.
    """
    statement = (
        select(Export)
        .where(col(Export.dataset_id) == dataset_id, col(Export.kind) == "table")
        .order_by(col(Export.id).desc())
        .limit(MOST_EXPORTS + 1)
    )
    unique: dict[bytes, Export] = {}
    count = 0
    for count, export in enumerate(session.execute(statement).scalars(), start=1):
        if count <= MOST_EXPORTS:
            content = f"{export.provenance}{export.parameters.get('mask')}".encode()
            unique[sha256(content).digest()] = export
    exports = sorted(unique.values(), key=lambda export: export.id or 0)
    chats = _BaseChats(session, form, exports)
    return [_base(session, export, chats.of(export)) for export in exports], count > MOST_EXPORTS


def _base(session: Session, export: Export, chats: dict[int, BaseChat]) -> TableBase:
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


class _BaseChats:
    """What exports said about chats; each version of a record, and each run, is read once for all of them."""

    def __init__(self, session: Session, form: Form, exports: Sequence[Export]) -> None:
        items = [item for export in exports for item in export.provenance]
        versions = {(int(item["record"]), int(item["version"])) for item in items if item.get("record")}
        in_runs: dict[int, set[int]] = {}
        for item in items:
            if item.get("run_id"):
                in_runs.setdefault(int(item["run_id"]), set()).add(int(item["index"]))
        self._by_version = _of_records(session, form, versions)
        self._by_run = {run_id: _of_run(session, form, run_id, indices) for run_id, indices in in_runs.items()}

    def of(self, export: Export) -> dict[int, BaseChat]:
        """The chats of one export, by index."""
        chats: dict[int, BaseChat] = {}
        for item in export.provenance:
            index = int(item["index"])
            if item.get("record") and (chat := self._by_version.get((int(item["record"]), int(item["version"])))):
                chats[index] = chat
            if item.get("run_id") and (chat := self._by_run[int(item["run_id"])].get(index)):
                chats[index] = chat
        return chats


def _of_records(session: Session, form: Form, versions: Collection[tuple[int, int]]) -> dict[tuple[int, int], BaseChat]:
    """Chats by record and version."""
    record_ids = sorted({record_id for record_id, _ in versions})
    chats: dict[tuple[int, int], BaseChat] = {}
    for start in range(0, len(record_ids), _EVENTS_AT_ONCE):
        statement = (
            select(RecordEvent, col(Record.base_run_id))
            .join(Record, col(Record.id) == col(RecordEvent.record_id))
            .where(col(RecordEvent.record_id).in_(record_ids[start : start + _EVENTS_AT_ONCE]))
        )
        for event, record_run in session.execute(statement):
            if (event.record_id, event.version) in versions:
                customers = event.change.get("customers", [])
                forms = [form.coerce(customer["values"]).values for customer in customers]
                identities = [
                    Identity(customer.get("source"), form.name_of(values))
                    for customer, values in zip(customers, forms, strict=True)
                ]
                run_id = event.change.get("base_run_id", record_run)
                chats[event.record_id, event.version] = BaseChat(event.version, run_id, forms, identities)
    return chats


def _of_run(session: Session, form: Form, run_id: int, indices: Collection[int]) -> dict[int, BaseChat]:
    """Chats of a run, by index."""
    statement = (
        select(col(Chat.index), col(Extraction.forms))
        .join(Extraction, col(Extraction.chat_id) == col(Chat.id))
        .where(col(Extraction.run_id) == run_id)
    )
    chats: dict[int, BaseChat] = {}
    for index, raw in session.execute(statement):
        if index in indices:
            forms = [form.coerce(values).values for values in raw or []]
            identities = [Identity(position, form.name_of(values)) for position, values in enumerate(forms)]
            chats[index] = BaseChat(0, run_id, forms, identities)
    return chats
