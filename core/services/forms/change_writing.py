"""Writes the rows of a change of a form: forward with what they were kept beside, and back."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import bindparam, delete, func, insert, select, update
from sqlmodel import Session, col

from core.adapters.store.erasure import forget_job_results
from core.adapters.store.models import (
    Base,
    ChatPriority,
    FormChangeRow,
    Guideline,
    PlantedError,
    Record,
    RecordEvent,
    Run,
    RunConfidence,
    now,
)
from core.domain.form.mapping import FormChange
from core.domain.form.mapping_steps import MoveField
from core.services.forms.changed_rows import OPEN_PLANTED, ChangedTable, ChangeTally, Columns
from core.services.forms.staged_rows import CarriedRow, Carrier, Row, columns_of

CHANGE_JOB, UNDO_JOB = "form_change", "form_undo"
"""Kinds of jobs that change a form in use: the change that one of them makes does not end it."""
_AT_ONCE = 200


def forward_carrier(change: FormChange) -> Carrier:
    """What becomes of rows in the new form."""

    def carry(_session: Session, table: ChangedTable, rows: Sequence[Row]) -> list[CarriedRow]:
        carried = []
        for row in rows:
            before, tally = columns_of(table, row), ChangeTally()
            after = table.forward(change, before, tally)
            lost = tuple(tally.lost.elements())
            carried.append(CarriedRow(None if after == before else after, tally.cells, lost))
        return carried

    return carry


def backward_carrier(change: FormChange, change_id: int) -> Carrier:
    """What becomes of rows in the old form: as they were where nobody changed them since, else as near as it allows."""

    def carry(session: Session, table: ChangedTable, rows: Sequence[Row]) -> list[CarriedRow]:
        before = _before(session, change_id, table.name, [row["row_id"] for row in rows])
        records = _records_before(session, change_id, rows) if table.name == "recordevent" else {}
        carried = []
        for row in rows:
            current, old = columns_of(table, row), before.get(row["row_id"], records.get(row["row_id"]))
            is_whole = old is not None and set(old) == set(table.columns)
            if is_whole and table.forward(change, old or {}, ChangeTally()) == current:
                after = old or {}
            else:
                after = table.backward(change, current, old)
            carried.append(CarriedRow(None if after == current else after))
        return carried

    return carry


def write_carried(
    session: Session, table: ChangedTable, rows: Sequence[tuple[Row, CarriedRow]], *, keep_for: int = 0
) -> int:
    """Write rows as they were carried; the number of those that change.

    Args:
        session: open for writing.
        table: of the rows.
        rows: each row as it is, and what becomes of it.
        keep_for: id of the change for which the rows are kept beside as they were; 0: not at all.
    """
    changed = [(row, carried.after) for row, carried in rows if carried.after is not None]
    if changed and keep_for:
        kept = [
            {name: row[name] for name in ("row_id", "dataset_id", "chat_id")}
            | {"change_id": keep_for, "kind": table.name, "before": columns_of(table, row)}
            for row, _ in changed
        ]
        session.execute(insert(FormChangeRow), kept)
    target = Base.metadata.tables[table.name]
    (key,) = target.primary_key.columns
    for columns, values in _by_columns(table, changed).items():
        written = update(target).where(key == bindparam("this_row")).values({name: bindparam(name) for name in columns})
        session.connection().execute(written, values)
    return len(changed)


def _by_columns(
    table: ChangedTable, changed: Sequence[tuple[Row, Columns]]
) -> dict[tuple[str, ...], list[dict[str, Any]]]:
    """What is written, by which columns: a planted value that is decided, or open again, says so besides."""
    by_columns: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for row, after in changed:
        values = {name: after[name] for name in table.columns}
        if table.model is PlantedError and after["status"] != row["status"]:
            values["decided_at"] = None if after["status"] in OPEN_PLANTED else now()
        by_columns.setdefault(tuple(values), []).append(values | {"this_row": row["row_id"]})
    return by_columns


def _before(session: Session, change_id: int, kind: str, row_ids: Sequence[int]) -> dict[int, Columns]:
    statement = select(col(FormChangeRow.row_id), col(FormChangeRow.before)).where(
        col(FormChangeRow.change_id) == change_id,
        col(FormChangeRow.kind) == kind,
        col(FormChangeRow.row_id).in_(row_ids),
    )
    return {row_id: dict(before) for row_id, before in session.execute(statement)}


def _records_before(session: Session, change_id: int, batch: Sequence[Row]) -> dict[int, Columns]:
    """For events, what their records held before the change."""
    statement = (
        select(col(RecordEvent.id), col(FormChangeRow.before))
        .join(FormChangeRow, col(FormChangeRow.row_id) == col(RecordEvent.record_id))
        .where(
            col(RecordEvent.id).in_([row["row_id"] for row in batch]),
            col(FormChangeRow.change_id) == change_id,
            col(FormChangeRow.kind) == "record",
        )
    )
    return {event_id: dict(before) for event_id, before in session.execute(statement)}


def add_versions(session: Session, ids: Sequence[int], change_id: int, prefix: str, who: str, reason: str) -> None:
    """One more version of each record, so that nothing made over the other form is saved over it unseen."""
    session.flush()
    columns = ("id", "version", "status", "customers", "note", "base_run_id", "reviewer")
    records = select(*(col(getattr(Record, name)) for name in columns)).where(col(Record.dataset_id).in_(list(ids)))
    last = 0
    while True:
        statement = records.where(col(Record.id) > last).order_by(col(Record.id)).limit(_AT_ONCE)
        batch = session.execute(statement).all()
        if not batch:
            break
        last = batch[-1].id
        drafts = _drafts(session, [record.id for record in batch])
        at = now()
        events = [
            {
                "record_id": record.id,
                "version": record.version + 1,
                "who": who.strip() or "—",
                "at": at,
                "status": record.status,
                "change": {
                    "customers": record.customers,
                    "note": record.note,
                    "fields": [],
                    "base_run_id": record.base_run_id,
                    "reviewer": record.reviewer,
                    "form_change": change_id,
                }
                | ({"pending": drafts[record.id]} if record.id in drafts else {}),
                "reason": reason,
                "save_id": f"{prefix}-{record.id}",
            }
            for record in batch
        ]
        session.execute(insert(RecordEvent), events)
    # When somebody saved each record last stays: the way back on the desk, days and weeks of work go by it.
    newer = {"version": col(Record.version) + 1}
    session.execute(update(Record).where(col(Record.dataset_id).in_(list(ids))).values(newer))


def _drafts(session: Session, record_ids: Sequence[int]) -> dict[int, Any]:
    """What lies beside the newest versions of records, where something does."""
    statement = (
        select(col(RecordEvent.record_id), col(RecordEvent.change))
        .join(Record, col(Record.id) == col(RecordEvent.record_id))
        .where(col(Record.id).in_(record_ids), col(RecordEvent.version) == col(Record.version))
    )
    return {number: change["pending"] for number, change in session.execute(statement) if change.get("pending")}


def mark_runs(session: Session, change_id: int, ids: Sequence[int], reference: str) -> None:
    """Runs remember the form that they were made with, and which change their answers were carried by."""
    for run in session.execute(select(Run).where(col(Run.dataset_id).in_(list(ids)))).scalars():
        session.add(
            FormChangeRow(
                change_id=change_id,
                kind="run",
                row_id=run.id or 0,
                dataset_id=run.dataset_id,
                before={"form": run.form, "form_change": run.form_change},
            )
        )
        run.form, run.form_change = run.form or reference, change_id


def unmark_runs(session: Session, change_id: int, ids: Sequence[int], reference: str) -> None:
    """Runs say again what they said before a change; those made since remember the form that is taken back.

    Args:
        session: open for writing.
        change_id: the change.
        ids: of its datasets.
        reference: of the form that it led to.
    """
    before_it = select(col(FormChangeRow.row_id)).where(
        col(FormChangeRow.change_id) == change_id, col(FormChangeRow.kind) == "run"
    )
    since = update(Run).where(col(Run.dataset_id).in_(list(ids)), col(Run.id).not_in(before_it), col(Run.form) == "")
    session.execute(since.values(form=reference, form_change=change_id))
    for run in session.execute(select(Run).where(col(Run.form_change) == change_id)).scalars():
        if (kept := session.get(FormChangeRow, (change_id, "run", run.id))) is not None:
            run.form, run.form_change = kept.before["form"], kept.before["form_change"]
    session.flush()


def carry_guidelines(session: Session, change: FormChange, who: str) -> None:
    """A renamed field that has no guideline of its own gets the one of before."""
    if change.old.name != change.new.name:
        return
    for step in change.mapping.steps:
        if not isinstance(step, MoveField) or step.key == step.to:
            continue
        there = select(func.count()).where(col(Guideline.form) == change.new.name, col(Guideline.field) == step.to)
        newest = session.execute(
            select(col(Guideline.text))
            .where(col(Guideline.form) == change.old.name, col(Guideline.field) == step.key)
            .order_by(col(Guideline.version).desc())
            .limit(1)
        ).scalar_one_or_none()
        if newest and not session.execute(there).scalar_one():
            reason = f"随表单改动从「{step.key}」带来"
            session.add(
                Guideline(form=change.new.name, field=step.to, version=1, text=newest, reason=reason, who=who.strip())
            )


def forget_derived(session: Session, ids: Sequence[int]) -> None:
    """What is computed from answers, and is computed anew: priorities, confidences, results of heavy jobs."""
    runs = select(col(Run.id)).where(col(Run.dataset_id).in_(list(ids)))
    session.execute(delete(ChatPriority).where(col(ChatPriority.run_id).in_(runs)))
    session.execute(delete(RunConfidence).where(col(RunConfidence.run_id).in_(runs)))
    forget_job_results(session, but=(CHANGE_JOB, UNDO_JOB))
