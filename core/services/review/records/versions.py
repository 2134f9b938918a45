"""Writes versions of records outside the workbench: bulk changes, restored versions.

The rules are those of a save (``saving``): one ``UPDATE … WHERE version = ?`` and one event with the
whole state, in the caller's transaction. Zero rows means that somebody saved in between.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, CursorResult, and_, select, update
from sqlmodel import Session, col

from core.adapters.store import queries
from core.adapters.store.models import (
    Chat,
    Confirmation,
    Extraction,
    Pass,
    PlantedError,
    PlantedStatus,
    Record,
    RecordEvent,
    RecordStatus,
    now,
)
from core.adapters.store.save_ids import BULK, CELL, UNDO, begins_with
from core.domain.form import Form, FormValues
from core.services.review.records.draft_merge import carried_draft
from core.services.review.records.save_types import changed_fields
from core.services.webhooks.outbox import note_decision

_NO_REVIEW = (BULK, CELL, UNDO)

Customer = dict[str, Any]
"""A stored customer: ``{values, origin, confirmed, pinned, source}``."""


def values_of(customers: Sequence[Mapping[str, Any]]) -> list[FormValues]:
    """The forms of stored customers."""
    return [customer["values"] for customer in customers]


def record_of(session: Session, dataset_id: int, index: int) -> Record | None:
    """The primary record of a chat, as a live database row."""
    statement = (
        select(Record)
        .join(Chat, col(Chat.id) == col(Record.chat_id))
        .where(col(Chat.dataset_id) == dataset_id, col(Chat.index) == index, col(Record.review_pass) == Pass.PRIMARY)
    )
    record: Record | None = session.execute(statement).scalar_one_or_none()
    return record


def initial_customers(form: Form, baseline: Sequence[Mapping[str, Any]], run_id: int | None) -> list[Customer]:
    """The customers of a chat without a record: the run's, else one empty form; nothing confirmed."""
    forms = [form.coerce(values).values for values in baseline]
    origin = f"run:{run_id}" if forms else "reviewer"
    return [
        {
            "values": values,
            "origin": dict.fromkeys(form.keys, origin),
            "confirmed": dict.fromkeys(form.keys, str(Confirmation.UNSEEN)),
            "pinned": {},
            "source": position if baseline else None,
        }
        for position, values in enumerate(forms or [form.empty()])
    ]


def new_version(
    session: Session,
    record: Record,
    form: Form,
    *,
    customers: list[Customer],
    who: str,
    reason: str,
    save_id: str,
    status: str | None = None,
    note: str | None = None,
    reviewer: str | None = None,
    more: Mapping[str, Any] | None = None,
    columns: Mapping[str, Any] | None = None,
) -> int | None:
    """Write the next version of a record; a planted error that was still open in its chat counts for nothing.

    Args:
        session: open for writing.
        record: as it was read; its version is the one that must still be there.
        form: of the dataset.
        customers: as they are to be stored.
        who: who does it.
        reason: why, for the history.
        save_id: unique among all events.
        status: ``None``: as it is.
        note: ``None``: as it is.
        reviewer: whose record it is; ``None``: as it is, for a change is not an approval. A record that nobody has
            reviewed is that of who changes it.
        more: further entries of the event's ``change``.
        columns: what else the record holds from now on.

    Returns:
        The new version, or ``None`` if somebody saved in between.
    """
    if status is None:  # what somebody changed is not untouched any more
        status = RecordStatus.DRAFT if record.status == RecordStatus.UNREVIEWED else record.status
    note = record.note if note is None else note
    if reviewer is None:
        reviewer = who if record.status == RecordStatus.UNREVIEWED else record.reviewer
    version = advance(
        session,
        record,
        {"customers": customers, "status": status, "note": note, "reviewer": reviewer} | dict(columns or {}),
        who=who,
        status=status,
        change=event_state(values_of(record.customers), customers, note) | dict(more or {}),
        reason=reason,
        save_id=save_id,
        draft_form=form,
    )
    if version is not None and record.review_pass == Pass.PRIMARY:
        session.execute(
            update(PlantedError)
            .where(col(PlantedError.chat_id) == record.chat_id, col(PlantedError.decided_at).is_(None))
            .values(status=PlantedStatus.WITHDRAWN, version=version, decided_at=now())
        )
    return version


def advance(
    session: Session,
    record: Record,
    columns: Mapping[str, Any],
    *,
    who: str,
    status: str,
    change: dict[str, Any],
    reason: str,
    save_id: str,
    draft_form: Form | None,
) -> int | None:
    """Write the next version of a record: the only place where an existing record is changed.

    A delta draft beside the record's values goes along into the new version.

    Args:
        session: open for writing.
        record: as it was read; its version is the one that must still be there.
        columns: what the record holds from now on.
        who: of the event, as the others.
        status: what was done.
        change: the whole state, see :func:`event_state`.
        reason: why.
        save_id: unique among all events.
        draft_form: of the dataset, to carry a delta draft along; ``None`` where the version is itself that of a delta
            review.

    Returns:
        The new version, or ``None`` if somebody saved in between.
    """
    version = record.version + 1
    if draft_form is not None and record.review_pass == Pass.PRIMARY:
        change = change | _carried(session, record, draft_form, columns, who)
    result = session.execute(
        update(Record)
        .where(col(Record.id) == record.id, col(Record.version) == record.version)
        .values(**columns, version=version, updated_at=now())
        .execution_options(synchronize_session=False)
    )
    if not isinstance(result, CursorResult) or result.rowcount != 1:
        return None
    append_event(
        session,
        record,
        version,
        base_run_id=columns.get("base_run_id", record.base_run_id),
        reviewer=columns.get("reviewer", record.reviewer),
        who=who,
        status=status,
        change=change,
        reason=reason,
        save_id=save_id,
    )
    return version


def _carried(session: Session, record: Record, form: Form, columns: Mapping[str, Any], who: str) -> dict[str, Any]:
    """``{"pending": …}``, the delta draft beside the record over its coming values; empty where there is none."""
    newest = newest_event(session, record)
    draft = newest.change.get("pending") if newest is not None else None
    if draft is None:
        return {}
    carried = carried_draft(
        draft,
        record.customers,
        columns.get("customers", record.customers),
        form=form,
        note_before=record.note,
        note_after=columns.get("note", record.note),
        same_run=columns.get("base_run_id", record.base_run_id) == record.base_run_id,
        who=who,
    )
    return {"pending": carried}


def append_event(
    session: Session,
    record: Record,
    version: int,
    *,
    base_run_id: int | None,
    reviewer: str,
    change: dict[str, Any],
    **what: Any,
) -> None:
    """Add the event of a version: ``who``, ``status``, ``change``, ``reason``, ``save_id``.

    The run that the sources of its customers count in, and whose record it was, are kept with it, for restoring.
    """
    change = change | {"base_run_id": base_run_id, "reviewer": reviewer}
    session.add(RecordEvent(record_id=record.id or 0, version=version, change=change, **what))
    note_decision(session, record, version=version, status=what["status"], who=what["who"])


def event_of(session: Session, record: Record, version: int) -> RecordEvent | None:
    """The event of one version of a record."""
    event: RecordEvent | None = session.execute(
        select(RecordEvent).where(col(RecordEvent.record_id) == record.id, col(RecordEvent.version) == version).limit(1)
    ).scalar_one_or_none()
    return event


def newest_event(session: Session, record: Record) -> RecordEvent | None:
    """The event of a record's current version."""
    return event_of(session, record, record.version)


def version_before_own(session: Session, record: Record, who: str) -> RecordEvent | None:
    """The version that a record had before all that somebody has saved last; ``None`` where the last was not theirs."""
    version = record.version
    while (event := event_of(session, record, version)) is not None and event.who == who:
        version -= 1
    return event if version < record.version else None


def saved_by(session: Session, record: Record | None) -> str:
    """Who saved the newest version of a record, whoever reviewed it; 有人 where nobody knows."""
    event = newest_event(session, record) if record is not None else None
    return event.who if event is not None else "有人"


def reviewer_of(session: Session, record: Record, version: int) -> str:
    """Whose record a version was; ``""`` where there is no such version.

    Events from before it was kept say it by who saved: but a change in bulk or of one cell, its undoing, and a draft
    beside approved values left the record to the reviewer before, and a restored version had that one's reviewer.
    """
    while (event := event_of(session, record, version)) is not None:
        if "reviewer" in event.change:
            return str(event.change["reviewer"])
        restored = event.change.get("restored")
        left_alone = event.change.get("pending") or begins_with(event.save_id, _NO_REVIEW)
        if not (left_alone or restored) or version == 1:
            return event.who
        version = restored if isinstance(restored, int) and 0 < restored < version else version - 1
    return ""


def saved_under(session: Session, prefix: str) -> ColumnElement[bool]:
    """Condition on events: save ids that begin with ``prefix-``; on SQLite a range, which its unique index answers."""
    if session.get_bind().dialect.name == "sqlite":
        return and_(col(RecordEvent.save_id) >= f"{prefix}-", col(RecordEvent.save_id) < f"{prefix}.")
    return col(RecordEvent.save_id).startswith(f"{prefix}-")


def event_state(before: Sequence[FormValues], customers: list[Customer], note: str) -> dict[str, Any]:
    """An event's ``change``: the full state, so that any version can be restored alone."""
    return {"customers": customers, "note": note, "fields": changed_fields(list(before), values_of(customers))}


@dataclass(frozen=True, slots=True)
class ChatState:
    """The current state of a chat's record, or its initial state (version 0)."""

    index: int
    chat_id: int
    version: int
    customers: list[Customer]
    reviewer: str = ""
    status: str = RecordStatus.DRAFT
    note: str = ""
    record: Record | None = None
    base_run_id: int | None = None

    @classmethod
    def of(cls, index: int, record: Record) -> "ChatState":
        """The state that a record is in."""
        return cls(
            index,
            record.chat_id,
            record.version,
            record.customers,
            record.reviewer,
            record.status,
            record.note,
            record,
            record.base_run_id,
        )


def record_states(
    session: Session,
    form: Form,
    dataset_id: int,
    indices: Sequence[int],
    base_run: int | None,
    *,
    lock: bool = False,
) -> Iterator[ChatState]:
    """The states of these chats, in order of the index; unknown chats are omitted.

    With ``lock`` nobody else saves one of them until the transaction ends (on SQLite, that is so in any writing one).
    """
    for chunk in queries.chunked(indices):
        statement = (
            select(col(Chat.index), col(Chat.id), Record)
            .outerjoin(Record, (col(Record.chat_id) == col(Chat.id)) & (col(Record.review_pass) == Pass.PRIMARY))
            .where(col(Chat.dataset_id) == dataset_id, col(Chat.index).in_(list(chunk)))
            .order_by(col(Chat.index))
        )
        if lock:
            statement = statement.with_for_update(of=Chat, key_share=True)
        for index, chat_id, record in session.execute(statement).all():
            if record is None:
                customers = initial_customers(form, baseline_of(session, base_run, chat_id), base_run)
                yield ChatState(index, chat_id, 0, customers)
            else:
                yield ChatState.of(index, record)


def baseline_of(session: Session, run_id: int | None, chat_id: int) -> list[dict[str, Any]]:
    """A run's answer about a chat; empty if it has none."""
    if run_id is None:
        return []
    statement = select(col(Extraction.forms)).where(
        col(Extraction.run_id) == run_id, col(Extraction.chat_id) == chat_id
    )
    return session.execute(statement).scalar_one_or_none() or []
