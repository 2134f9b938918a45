"""Changes a form in use as a plan says, in one transaction, and undoes it.

Records with all their versions, answers of runs, labels, disputes, discussions, planted values and picks are carried by
the mapping; how each row was is kept beside it (``FormChangeRow``). Models' raw replies, built training sets and
exported files stay as they are. All of it is computed before anything is locked (``staged_rows``), then written in one
transaction: a process that dies in the middle has done nothing.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass

from sqlalchemy import delete, select
from sqlmodel import Session, col

from core.adapters.store import Store
from core.adapters.store.models import AppliedFormChange, Chat, Dataset, FormChangeRow, now
from core.adapters.store.models.form_changes import FORGOTTEN
from core.adapters.store.save_ids import FORM_CHANGE
from core.domain.form.mapping import FormChange
from core.domain.permissions import Permission
from core.errors import ConflictError, NotFoundError
from core.services.forms.change_plan import FormChangePlan, running_sentence
from core.services.forms.change_writing import (
    add_versions,
    backward_carrier,
    carry_guidelines,
    forget_derived,
    forward_carrier,
    mark_runs,
    unmark_runs,
    write_carried,
)
from core.services.forms.changed_rows import TABLES
from core.services.forms.earlier_forms import form_change_of
from core.services.forms.lost_values import LostValues
from core.services.forms.staged_rows import Carrier, OnRows, StagedRows
from core.services.team import AuditKind, everything_shown, permitted, record_audit


@dataclass(frozen=True, slots=True)
class AppliedChange:
    """A change of a form that was done.

    Attributes:
        id: names it.
        old: reference of the form before.
        new: reference of the form after.
        datasets: names of the datasets.
        counts: rows by table, ``cells`` and ``lost``.
        who: who did it.
        at: when, ISO 8601.
        undone_by: who took it back; ``""`` while it holds.
        forgotten: names of the datasets of which how the rows were has been deleted since, as their days of retention
            say: what the change took out of them does not come back.
    """

    id: int
    old: str
    new: str
    datasets: tuple[str, ...]
    counts: dict[str, int]
    who: str
    at: str
    undone_by: str
    forgotten: tuple[str, ...] = ()

    @property
    def rows(self) -> int:
        """Rows that changed, whatever they are."""
        return sum(self.counts.values()) - self.cells - self.lost

    @property
    def cells(self) -> int:
        """Filled cells that changed."""
        return self.counts.get("cells", 0)

    @property
    def lost(self) -> int:
        """Cells that lost something."""
        return self.counts.get("lost", 0)


@permitted(Permission.FORMS)
def apply_form_change(store: Store, plan: FormChangePlan, *, who: str, on_rows: OnRows | None = None) -> AppliedChange:
    """Do what a plan says, in one transaction.

    Args:
        store: the open store.
        plan: as somebody has looked at it.
        who: who does it.
        on_rows: called now and then, before anything is written.

    Raises:
        ConflictError: a dataset has another form by now, a run is under way, or other values would be lost than those
            that the plan counts.
    """
    prepared = prepare_form_change(store, plan, who=who, on_rows=on_rows)
    with store.write() as session:
        return prepared(session)


@permitted(Permission.FORMS)
def undo_form_change(store: Store, change_id: int, *, who: str, on_rows: OnRows | None = None) -> AppliedChange:
    """Take a change of a form back: every cell that nobody has changed since is exactly as it was.

    What was changed or added since is carried back as near as the old form allows; it stays in the records' history.
    So is everything of datasets whose days of retention are over: ``forgotten`` of what is returned names them.

    Args:
        store: the open store.
        change_id: the change.
        who: who does it.
        on_rows: called now and then, before anything is written.

    Raises:
        NotFoundError: no such change.
        ConflictError: it has been taken back already, a dataset was changed again since, or a run is under way.
    """
    prepared = prepare_undo(store, change_id, who=who, on_rows=on_rows)
    with store.write() as session:
        return prepared(session)


PreparedChange = Callable[[Session], AppliedChange]
"""Writes a change that was computed: call it once, in the transaction that is to hold it."""


@permitted(Permission.FORMS)
def prepare_form_change(
    store: Store, plan: FormChangePlan, *, who: str, on_rows: OnRows | None = None
) -> PreparedChange:
    """Compute what :func:`apply_form_change` writes; arguments and errors as there.

    Nobody waits for this part. What is changed between it and the transaction is computed anew in there.
    """
    change = plan.change
    change.check()
    carry, staged = forward_carrier(change), StagedRows(TABLES)
    with store.read() as session, everything_shown(session):
        _check(session, plan.dataset_ids, change.old.reference, plan.datasets, "再改表单")
        staged.stage(session, plan.dataset_ids, carry, on_rows)

    def write(session: Session) -> AppliedChange:
        with closing(staged):
            return _write(session, plan, staged, carry, who)

    return write


def _write(session: Session, plan: FormChangePlan, staged: StagedRows, carry: Carrier, who: str) -> AppliedChange:
    change = plan.change
    chosen = _check(session, plan.dataset_ids, change.old.reference, plan.datasets, "再改表单", lock=True)
    ids = [dataset.id or 0 for dataset in chosen]
    entry = AppliedFormChange(
        old=change.old.reference,
        new=change.new.reference,
        mapping=change.mapping.model_dump(mode="json"),
        datasets={str(dataset.id): dataset.name for dataset in chosen},
        who=who.strip(),
    )
    session.add(entry)
    session.flush()
    change_id = entry.id or 0
    rows: dict[str, int] = {}
    cells, lost = 0, LostValues()
    for table in staged.tables:
        for pairs in staged.take(session, table, ids, carry):
            rows[table.name] = rows.get(table.name, 0) + write_carried(session, table, pairs, keep_for=change_id)
            cells += sum(carried.moved for _, carried in pairs)
            for _, carried in pairs:
                lost.add(carried.lost)
    if lost.cells and (lost.cells > plan.lost_cells or lost.digest != plan.lost_digest):
        raise ConflictError("预览之后又有人改了这次会丢掉的值，没有改", "请重新预览，看过会丢掉的值再改")
    reason = f"表单从「{change.old.label}」改为「{change.new.label}」"
    add_versions(session, ids, change_id, f"{FORM_CHANGE}-{change_id}", who, reason)
    mark_runs(session, change_id, ids, change.old.reference)
    carry_guidelines(session, change, who)
    for dataset in chosen:
        dataset.form = change.new.reference
    entry.counts = {name: count for name, count in rows.items() if count} | {"cells": cells, "lost": lost.cells}
    forget_derived(session, ids)
    names = "、".join(dataset.name for dataset in chosen)
    versions = f"{change.old.reference} → {change.new.reference}"
    record_audit(session, AuditKind.FORM, versions, f"{names}：{cells:,} 个值")
    session.flush()
    return _view(entry)


@permitted(Permission.FORMS)
def prepare_undo(store: Store, change_id: int, *, who: str, on_rows: OnRows | None = None) -> PreparedChange:
    """Compute what :func:`undo_form_change` writes; arguments and errors as there."""
    staged = StagedRows(tuple(reversed(TABLES)))
    with store.read() as session, everything_shown(session):
        entry, change = _to_undo(session, change_id)
        carry = backward_carrier(change, change_id)
        chosen = _still_there(session, entry)
        _check(session, chosen, entry.new, tuple(entry.datasets.values()), "再撤销")
        staged.stage(session, chosen, carry, on_rows)

    def write(session: Session) -> AppliedChange:
        with closing(staged):
            return _write_undo(session, change_id, staged, carry, who)

    return write


def _write_undo(session: Session, change_id: int, staged: StagedRows, carry: Carrier, who: str) -> AppliedChange:
    entry, change = _to_undo(session, change_id)
    chosen = _check(
        session, _still_there(session, entry), entry.new, tuple(entry.datasets.values()), "再撤销", lock=True
    )
    ids = [dataset.id or 0 for dataset in chosen]
    for table in staged.tables:
        for pairs in staged.take(session, table, ids, carry):
            write_carried(session, table, pairs)
    reason = f"撤销表单改动：回到「{change.old.label}」"
    add_versions(session, ids, change_id, f"{FORM_CHANGE}-undo-{change_id}", who, reason)
    unmark_runs(session, change_id, ids, entry.new)
    for dataset in chosen:
        dataset.form = entry.old
    entry.undone_by, entry.undone_at = who.strip() or "—", now()
    forgotten = _forgotten(session, [entry])
    session.execute(delete(FormChangeRow).where(col(FormChangeRow.change_id) == change_id))
    forget_derived(session, ids)
    record_audit(session, AuditKind.FORM, f"{entry.new} → {entry.old}", "撤销表单改动")
    session.flush()
    return _view(entry, forgotten)


def _to_undo(session: Session, change_id: int) -> tuple[AppliedFormChange, FormChange]:
    entry = session.get(AppliedFormChange, change_id)
    if entry is None:
        raise NotFoundError("没有这次表单改动", "请从列表里选择")
    if entry.undone_by or entry.undone_at is not None:
        raise ConflictError("这次表单改动已经撤销过", "需要时请再做一次改动")
    return entry, form_change_of(entry.old, entry.new, entry.mapping)


def _still_there(session: Session, entry: AppliedFormChange) -> list[int]:
    """Ids of the datasets of a change that were not deleted since."""
    there = select(col(Dataset.id)).where(col(Dataset.id).in_([int(one) for one in entry.datasets]))
    return sorted(number for number in session.execute(there).scalars() if number)


def form_changes(session: Session, name: str = "") -> list[AppliedChange]:
    """Changes of forms, newest first.

    Args:
        session: open session.
        name: of the form, without a version; ``""``: of all.
    """
    every = session.execute(select(AppliedFormChange).order_by(col(AppliedFormChange.id).desc())).scalars()
    rows = [row for row in every if not name or row.old.partition("@")[0] == name]
    forgotten = _forgotten(session, rows)
    return [_view(row, forgotten) for row in rows]


def _view(row: AppliedFormChange, forgotten: Collection[tuple[int, str]] = ()) -> AppliedChange:
    number, names = row.id or 0, tuple(map(str, row.datasets.values()))
    return AppliedChange(
        number,
        row.old,
        row.new,
        names,
        dict(row.counts),
        row.who,
        row.at.isoformat(),
        row.undone_by,
        tuple(str(name) for dataset, name in row.datasets.items() if (number, dataset) in forgotten),
    )


def _forgotten(session: Session, entries: Iterable[AppliedFormChange]) -> set[tuple[int, str]]:
    """Changes with their datasets, ids as text, of which how the rows were is kept no more."""
    statement = select(col(FormChangeRow.change_id), col(FormChangeRow.row_id)).where(
        col(FormChangeRow.kind) == FORGOTTEN, col(FormChangeRow.change_id).in_([entry.id for entry in entries])
    )
    return {(change_id, str(dataset_id)) for change_id, dataset_id in session.execute(statement)}


def _check(
    session: Session, ids: Sequence[int], reference: str, names: Sequence[str], then: str, *, lock: bool = False
) -> list[Dataset]:
    """The datasets, all of the form that they should have, and none of their runs under way.

    Args:
        session: open session.
        ids: of the datasets.
        reference: of the form that they have.
        names: of the datasets, for the message.
        then: what to do once the runs have ended.
        lock: nobody else saves anything in them until the transaction ends.

    Raises:
        ConflictError: something is otherwise by now.
    """
    statement = select(Dataset).where(col(Dataset.id).in_(list(ids))).order_by(col(Dataset.id))
    chosen = list(session.execute(statement.with_for_update() if lock else statement).scalars())
    if len(chosen) != len(ids) or any(dataset.form != reference for dataset in chosen):
        other = next((dataset.name for dataset in chosen if dataset.form != reference), "、".join(names))
        raise ConflictError(f"数据集「{other}」的表单刚刚被改过或数据集已删除，没有改", "请重新打开再看")
    if lock and session.get_bind().dialect.name != "sqlite":  # there a writing transaction is alone
        session.execute(select(col(Chat.id)).where(col(Chat.dataset_id).in_(list(ids))).with_for_update()).all()
    if problem := running_sentence(session, ids):
        raise ConflictError(problem, f"请等它完成或先暂停，{then}")
    return chosen
