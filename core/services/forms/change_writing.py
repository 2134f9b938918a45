"""Writes the rows of a change of a form: forward with what they were kept beside, and back."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from sqlalchemy import delete, func, insert, select, update
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
from core.services.forms.changed_rows import OPEN_PLANTED, TABLES, ChangedTable, ChangeTally, Columns

OnRows = Callable[[int, int], None]
"""Called with the number of rows that are done and the number of all."""
SAVED_BY_CHANGE = "form"
"""What save ids of versions begin with, before a dash, that a change of a form wrote."""
_AT_ONCE = 200


def row_batches(session: Session, table: ChangedTable, ids: Sequence[int]) -> Iterator[list[dict[str, Any]]]:
    """Rows of a table in these datasets, in order of their ids; what is written meanwhile is behind the last one."""
    number, dataset = table.rows.selected_columns[0], table.rows.selected_columns[1]
    last = 0
    while True:
        statement = table.rows.where(dataset.in_(list(ids)), number > last).limit(_AT_ONCE)
        batch = [dict(row) for row in session.execute(statement).mappings()]
        if not batch:
            return
        last = batch[-1]["row_id"]
        yield batch


def _columns(table: ChangedTable, row: dict[str, Any]) -> Columns:
    return {name: row[name] for name in table.columns}


def carried_columns(change: FormChange, table: ChangedTable, row: dict[str, Any], tally: ChangeTally) -> Columns | None:
    """The row's columns in the new form; ``None`` where nothing changes."""
    before = _columns(table, row)
    after = table.forward(change, before, tally)
    if after == before:
        return None
    tally.rows[table.name] += 1
    return after


def write_forward(
    session: Session,
    change: FormChange,
    change_id: int,
    table: ChangedTable,
    batch: list[dict[str, Any]],
    tally: ChangeTally,
) -> None:
    """Carry rows forward; how those that change were is kept beside them."""
    kept: list[dict[str, Any]] = []
    for row in batch:
        after = carried_columns(change, table, row, tally)
        if after is None:
            continue
        place = {name: row[name] for name in ("row_id", "dataset_id", "chat_id")}
        kept.append({"change_id": change_id, "kind": table.name, **place, "before": _columns(table, row)})
        _update(session, table, row, after)
    if kept:
        session.execute(insert(FormChangeRow), kept)


def write_back(
    session: Session, change: FormChange, change_id: int, table: ChangedTable, batch: list[dict[str, Any]]
) -> None:
    """Carry rows back: as they were where nobody changed them since, else as near as the old form allows."""
    before = _before(session, change_id, table.name, [row["row_id"] for row in batch])
    records = _records_before(session, change_id, batch) if table.name == "recordevent" else {}
    for row in batch:
        current, old = _columns(table, row), before.get(row["row_id"], records.get(row["row_id"]))
        is_whole = old is not None and set(old) == set(table.columns)
        if is_whole and table.forward(change, old or {}, ChangeTally()) == current:
            after = old or {}
        else:
            after = table.backward(change, current, old)
        if after != current:
            _update(session, table, row, after)


def _update(session: Session, table: ChangedTable, row: dict[str, Any], values: Columns) -> None:
    rows = Base.metadata.tables[table.name]
    more: Columns = {}
    if table.model is PlantedError and values["status"] != row["status"]:
        more = {"decided_at": None if values["status"] in OPEN_PLANTED else now()}
    this = [column == row["row_id"] for column in rows.primary_key.columns]
    session.execute(update(rows).where(*this).values(**values, **more))


def _before(session: Session, change_id: int, kind: str, row_ids: Sequence[int]) -> dict[int, Columns]:
    statement = select(col(FormChangeRow.row_id), col(FormChangeRow.before)).where(
        col(FormChangeRow.change_id) == change_id,
        col(FormChangeRow.kind) == kind,
        col(FormChangeRow.row_id).in_(row_ids),
    )
    return {row_id: dict(before) for row_id, before in session.execute(statement)}


def _records_before(session: Session, change_id: int, batch: list[dict[str, Any]]) -> dict[int, Columns]:
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
    last = 0
    while True:
        statement = (
            select(Record).where(col(Record.dataset_id).in_(list(ids)), col(Record.id) > last).order_by(col(Record.id))
        )
        records = list(session.execute(statement.limit(_AT_ONCE).execution_options(populate_existing=True)).scalars())
        if not records:
            return
        newest = {
            event.record_id: event.change
            for event in session.execute(
                select(RecordEvent)
                .join(Record, col(Record.id) == col(RecordEvent.record_id))
                .where(
                    col(Record.id).in_([record.id for record in records]),
                    col(RecordEvent.version) == col(Record.version),
                )
                .execution_options(populate_existing=True)
            ).scalars()
        }
        for record in records:
            draft = newest.get(record.id or 0, {}).get("pending")
            change = {
                "customers": record.customers,
                "note": record.note,
                "fields": [],
                "base_run_id": record.base_run_id,
                "reviewer": record.reviewer,
                "form_change": change_id,
            } | ({"pending": draft} if draft else {})
            record.version += 1
            record.updated_at = now()
            session.add(
                RecordEvent(
                    record_id=record.id or 0,
                    version=record.version,
                    who=who.strip() or "—",
                    status=record.status,
                    change=change,
                    reason=reason,
                    save_id=f"{prefix}-{record.id}",
                )
            )
        session.flush()
        last = records[-1].id or 0


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


def unmark_runs(session: Session, change_id: int) -> None:
    """Runs say again what they said before a change."""
    for run in session.execute(select(Run).where(col(Run.form_change) == change_id)).scalars():
        kept = session.get(FormChangeRow, (change_id, "run", run.id))
        run.form = kept.before["form"] if kept else ""
        run.form_change = kept.before["form_change"] if kept else 0
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
    forget_job_results(session)


class RowProgress:
    """How many rows of all are done."""

    def __init__(self, session: Session, ids: Sequence[int], on_rows: OnRows | None) -> None:
        self._tell, self._done, self._total = on_rows, 0, 0
        if on_rows is not None:
            for table in TABLES:
                rows = table.rows.where(table.rows.selected_columns[1].in_(list(ids))).order_by(None).subquery()
                self._total += session.execute(select(func.count()).select_from(rows)).scalar_one()

    def add(self, rows: int) -> None:
        """Count rows that are done."""
        self._done += rows
        if self._tell is not None:
            self._tell(min(self._done, self._total), self._total)
