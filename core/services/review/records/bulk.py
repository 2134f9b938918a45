"""Bulk changes of records: previewed first, applied as ordinary versions, undone as one.

A bulk change is a set of new versions, one per record, whose save ids share the change's id. Nothing else is stored:
the events say what it did, and undoing it writes the versions before it anew, except where somebody has saved since.
"""

from collections import defaultdict
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import uuid4

from sqlalchemy import exists, func, select
from sqlmodel import Session, col

from core.adapters.store import Store, queries
from core.adapters.store.draft_events import status_after
from core.adapters.store.models import Chat, Confirmation, Record, RecordEvent, RecordStatus
from core.adapters.store.save_ids import BULK, CELL, FORM_CHANGE, PASSED, UNDO, is_saved_as
from core.domain.form import Form
from core.domain.permissions import Permission
from core.errors import ConflictError, InputError, NotFoundError
from core.services.review.records.baselines import answered_run, run_of_event
from core.services.review.records.bulk_plan import CellEdit, Plan, PlannedChange, Skipped, plan_edits, plan_replace
from core.services.review.records.other_forms import require_current_form
from core.services.review.records.others_records import others_record_refusal
from core.services.review.records.versions import (
    ChatState,
    Customer,
    baseline_of,
    event_of,
    initial_customers,
    new_version,
    record_states,
    reviewer_of,
    saved_by,
    saved_under,
)
from core.services.team import everything_shown, permitted, require

__all__ = [
    "BulkChange",
    "PlannedChange",
    "CellEdit",
    "BulkOutcome",
    "Plan",
    "Skipped",
    "apply",
    "plan_edits",
    "plan_replace",
    "recent",
    "undo",
    "versions_of_cell_edit",
]

_CHUNK = 200
"""Records per transaction: short enough that other saves do not wait for long."""


@dataclass(frozen=True, slots=True)
class BulkOutcome:
    """The result of a bulk change.

    Attributes:
        id: of the change; what :func:`undo` takes.
        saved: ``{chat index: new version}``.
        skipped: records that were left alone.
        cells: cells that changed.
    """

    id: str
    saved: dict[int, int]
    skipped: tuple[Skipped, ...]
    cells: int


@dataclass(frozen=True, slots=True)
class BulkChange:
    """A past bulk change; ``undone`` once somebody has undone it."""

    id: str
    at: datetime
    who: str
    reason: str
    records: int
    undone: bool


@permitted(Permission.REVIEW)
def apply(
    store: Store,
    form: Form,
    plan: Plan,
    *,
    who: str,
    reason: str,
    base_run: int | None = None,
    cell_id: str = "",
) -> BulkOutcome:
    """Apply a plan: one new version per record, never over a newer version by somebody else.

    A record keeps its status and its reviewer, for a change is not an approval; a chat without a record gets a draft.

    Args:
        store: the open store.
        form: the dataset's form.
        plan: as it was shown.
        who: who does it.
        reason: why, for the history of each record.
        base_run: as given to :func:`plan_edits`.
        cell_id: 12 characters of one's own for an edit of one cell, which counts as 逐项确认 and is no bulk change of
            the list; see :func:`versions_of_cell_edit`.

    Raises:
        InputError: nobody's name.
        PermissionDeniedError: more than one chat is changed, and the role does not allow bulk changes.
    """
    if not who.strip():
        raise InputError("还不知道是谁在修改", "请先填写名字")
    if not cell_id or len({change.chat for change in plan.changes}) > 1:
        require(Permission.BULK)
    bulk_id = cell_id or uuid4().hex[:12]
    kind, confirmation = (CELL, Confirmation.SINGLE) if cell_id else (BULK, Confirmation.BULK)
    cells: dict[int, list[PlannedChange]] = defaultdict(list)
    for change in plan.changes:
        cells[change.chat].append(change)
    saved: dict[int, int] = {}
    skipped = list(plan.skipped)
    done = 0
    for chunk in queries.chunked(list(cells), _CHUNK):
        with store.write() as session:
            require_current_form(session, plan.dataset_id, form)
            for state in record_states(session, form, plan.dataset_id, chunk, base_run, lock=True):
                changes = cells[state.index]
                if state.version != changes[0].version:
                    skipped.append(Skipped(state.index, f"{saved_by(session, state.record)}在预览之后改过"))
                    continue
                if refusal := others_record_refusal(session, state.record):
                    skipped.append(Skipped(state.index, refusal))
                    continue
                customers = deepcopy(state.customers)
                for change in changes:
                    customer = customers[change.customer]
                    customer["values"][change.key] = change.after
                    customer["origin"] = customer.get("origin", {}) | {change.key: "reviewer"}
                    customer["confirmed"] = customer.get("confirmed", {}) | {change.key: str(confirmation)}
                version = _write(
                    session, form, plan.dataset_id, state, customers, base_run, who, reason, f"{kind}-{bulk_id}"
                )
                if version is None:
                    skipped.append(Skipped(state.index, "有人同时保存"))
                else:
                    saved[state.index] = version
                    done += len(changes)
    return BulkOutcome(bulk_id, saved, tuple(sorted(skipped, key=lambda s: s.chat)), done)


@permitted(Permission.REVIEW)
def undo(
    store: Store,
    form: Form,
    dataset_id: int,
    bulk_id: str,
    *,
    who: str,
    on_records: Callable[[int, int], None] | None = None,
) -> BulkOutcome:
    """Undo a bulk change or a cell edit: each record gets its previous state as a new version.

    Records that somebody has saved since are left alone and named.

    Args:
        store: the open store.
        form: the dataset's form.
        dataset_id: the dataset.
        bulk_id: of the change.
        who: does it.
        on_records: told how many records of how many were looked at.

    Raises:
        NotFoundError: no such change in this dataset.
        ConflictError: it has been taken back already.
    """
    with store.read() as session:
        passed = _events_of(session, dataset_id, PASSED, bulk_id)
        bulk = _events_of(session, dataset_id, BULK, bulk_id) or passed
        events = bulk or _events_of(session, dataset_id, CELL, bulk_id)
        if not events:
            raise NotFoundError("没有这次批量修改", "请从列表里选择")
        if bulk:
            require(Permission.BULK)
        taken_back = {event[1] for event in _events_of(session, dataset_id, UNDO, bulk_id)}
        # A rule may have let more pass since.
        events = [event for event in events if event[1] not in taken_back] if passed else events
        if taken_back and (not passed or not events):
            raise ConflictError("这次批量修改已经撤销过", "需要时请在记录历史里恢复某个版本")
    saved: dict[int, int] = {}
    skipped: list[Skipped] = []
    cells = 0
    for start in range(0, len(events), _CHUNK):
        with store.write() as session:
            for index, record_id, version, fields in events[start : start + _CHUNK]:
                record = session.get(Record, record_id)
                if record is None or not _is_untouched_since(session, record, version):
                    skipped.append(Skipped(index, f"{saved_by(session, record)}后来又改过"))
                    continue
                if refusal := others_record_refusal(session, record):
                    skipped.append(Skipped(index, refusal))
                    continue
                before = _before(session, form, record, version)
                if before is None:
                    skipped.append(Skipped(index, f"改之前的第 {version - 1} 版已按保留期限删除"))
                    continue
                written = new_version(
                    session,
                    record,
                    form,
                    customers=before.customers,
                    status=before.status,
                    note=before.note,
                    reviewer=before.reviewer,
                    columns={"base_run_id": before.base_run_id},
                    who=who,
                    reason="撤回放行" if passed else "撤销批量修改" if bulk else "撤销在记录表里的修改",
                    save_id=f"{UNDO}-{bulk_id}-{record_id}",
                )
                if written is None:
                    skipped.append(Skipped(index, "有人同时保存"))
                else:
                    saved[index] = written
                    cells += len(fields)
        if on_records is not None:
            on_records(min(start + _CHUNK, len(events)), len(events))
    return BulkOutcome(bulk_id, saved, tuple(skipped), cells)


def versions_of_cell_edit(store: Store, dataset_id: int, cell_id: str) -> dict[int, int]:
    """``{chat index: version}`` written by a cell edit; empty if it has not been stored.

    A browser sends an edit again when it does not know whether it has arrived.
    """
    with store.read() as session:
        return {index: version for index, _, version, _ in _events_of(session, dataset_id, CELL, cell_id)}


def recent(store: Store, dataset_id: int, *, limit: int = 10) -> list[BulkChange]:
    """The last bulk changes of a dataset, newest first."""
    with store.read() as session, everything_shown(session):  # who changed how many chats, not to what
        # "bulk-<12 characters>-<record>": what comes before the last dash names the change.
        name = func.substr(col(RecordEvent.save_id), 1, 17)
        statement = (
            select(name, func.min(col(RecordEvent.id)), func.count())
            .join(Record, col(Record.id) == col(RecordEvent.record_id))
            .where(saved_under(session, BULK))
            .group_by(name)
            # Each is of one dataset. Asked for it before, SQLite would look through all its records.
            .having(func.min(col(Record.dataset_id)) == dataset_id)
            .order_by(func.min(col(RecordEvent.id)).desc())
            .limit(limit)
        )
        changes = []
        for prefix, first, count in session.execute(statement).all():
            event = session.get_one(RecordEvent, first)
            bulk_id = prefix.removeprefix(f"{BULK}-")
            undone = bool(_events_of(session, dataset_id, UNDO, bulk_id, limit=1))
            changes.append(BulkChange(bulk_id, event.at, event.who, event.reason, count, undone))
        return changes


def _write(
    session: Session,
    form: Form,
    dataset_id: int,
    state: ChatState,
    customers: list[Customer],
    base_run: int | None,
    who: str,
    reason: str,
    name: str,
) -> int | None:
    if state.record is not None:
        save_id = f"{name}-{state.record.id}"
        return new_version(session, state.record, form, customers=customers, who=who, reason=reason, save_id=save_id)
    record = Record(
        dataset_id=dataset_id,
        chat_id=state.chat_id,
        customers=state.customers,
        status=RecordStatus.DRAFT,
        base_run_id=answered_run(session, dataset_id, base_run, state.chat_id),
        reviewer=who,
        version=0,
    )
    session.add(record)
    session.flush()
    save_id = f"{name}-{record.id}"
    return new_version(session, record, form, customers=customers, who=who, reason=reason, save_id=save_id)


def _is_untouched_since(session: Session, record: Record, version: int) -> bool:
    """Whether nothing but changes of the form came after a version: they carry the versions before as well."""
    later = exists().where(
        col(RecordEvent.record_id) == record.id, col(RecordEvent.version) > version, ~is_saved_as(FORM_CHANGE)
    )
    return record.version >= version and not session.execute(select(later)).scalar_one()


def _before(session: Session, form: Form, record: Record, written: int) -> ChatState | None:
    """The state before a version of a record, in the form of today; ``None`` where it is kept no more."""
    version = written - 1
    event = event_of(session, record, version)
    now = ChatState.of(0, record)
    if event is not None:
        note, status = event.change.get("note", record.note), status_after(event.status, event.change)
        return replace(
            now,
            customers=event.change["customers"],
            status=status,
            note=note,
            reviewer=reviewer_of(session, record, version),
            base_run_id=run_of_event(session, record.dataset_id, event, record.base_run_id),
        )
    if version > 0:
        return None
    # The bulk change made this record: back to what the chat started as.
    baseline = baseline_of(session, record.base_run_id, record.chat_id)
    return replace(now, customers=initial_customers(form, baseline, record.base_run_id), status=RecordStatus.UNREVIEWED)


def _events_of(
    session: Session, dataset_id: int, kind: str, bulk_id: str, *, limit: int | None = None
) -> list[tuple[int, int, int, list[str]]]:
    """``(chat index, record id, version, changed cells)`` of the versions that a bulk change, or its undoing, wrote."""
    # All are of one dataset, which is compared here: asked for it, SQLite would look through all its records.
    statement = (
        select(col(Record.dataset_id), col(Chat.index), RecordEvent)
        .join(Record, col(Record.id) == col(RecordEvent.record_id))
        .join(Chat, col(Chat.id) == col(Record.chat_id))
        .where(saved_under(session, f"{kind}-{bulk_id}"))
        .order_by(col(Chat.index))
        .limit(limit)
    )
    with everything_shown(session):  # places, no values; what who acts may not change is named by who writes
        return [
            (index, event.record_id, event.version, event.change.get("fields", []))
            for dataset, index, event in session.execute(statement)
            if dataset == dataset_id
        ]
