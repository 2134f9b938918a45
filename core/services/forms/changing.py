"""Changes a form in use: tells what it would do to all that datasets hold, does it in one transaction, undoes it.

Records with all their versions, answers of runs, labels, disputes, discussions, planted values and picks are carried by
the mapping; how each row was is kept beside it (``FormChangeRow``). Models' raw replies, built training sets and
exported files stay as they are. A process that dies in the middle has done nothing.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, select
from sqlmodel import Session, col

from core.adapters.store import Store, queries
from core.adapters.store.models import AppliedFormChange, Chat, Dataset, FormChangeRow, Record, Run, RunStatus, now
from core.domain.form import Form
from core.domain.form.mapping import FormChange
from core.domain.permissions import Permission
from core.errors import ConflictError, InputError, NotFoundError
from core.services.forms.change_writing import (
    SAVED_BY_CHANGE,
    OnRows,
    RowProgress,
    add_versions,
    carried_columns,
    carry_guidelines,
    forget_derived,
    mark_runs,
    row_batches,
    unmark_runs,
    write_back,
    write_forward,
)
from core.services.forms.changed_rows import TABLES, ChangeTally
from core.services.forms.earlier_forms import form_change_of
from core.services.team import AuditKind, permitted, record_audit, remember_seen_among

_NAMED = 200
"""Different lost values that are named."""


@dataclass(frozen=True, slots=True)
class DroppedValue:
    """A value that has no place in the new form.

    Attributes:
        key: of the old field.
        label: of the old field.
        value: the value.
        count: how many records and answers hold it.
    """

    key: str
    label: str
    value: str
    count: int


@dataclass(frozen=True, slots=True)
class FormChangePlan:
    """What a change of a form would do.

    Attributes:
        change: both forms and the mapping.
        datasets: names of the datasets that use the old form and would use the new one.
        dataset_ids: their ids.
        rows: ``{what they are: number}`` of rows that change.
        cells: filled cells of records and answers whose field or value changes.
        lost: values that would be lost, the most frequent first, at most 200.
        lost_cells: number of all cells that would lose something.
        problem: why it cannot be done just now; ``""`` where it can.
    """

    change: FormChange
    datasets: tuple[str, ...]
    dataset_ids: tuple[int, ...]
    rows: dict[str, int]
    cells: int
    lost: tuple[DroppedValue, ...]
    lost_cells: int
    problem: str = ""

    def as_json(self) -> dict[str, Any]:
        """The output of ``form migrate --json``."""
        return {
            "from": self.change.old.reference,
            "to": self.change.new.reference,
            "datasets": list(self.datasets),
            "rows": self.rows,
            "cells": self.cells,
            "lost_cells": self.lost_cells,
            "lost": [{"key": one.key, "label": one.label, "value": one.value, "count": one.count} for one in self.lost],
            "problem": self.problem,
        }


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
    """

    id: int
    old: str
    new: str
    datasets: tuple[str, ...]
    counts: dict[str, int]
    who: str
    at: str
    undone_by: str

    @property
    def cells(self) -> int:
        """Filled cells that changed."""
        return self.counts.get("cells", 0)

    @property
    def lost(self) -> int:
        """Cells that lost something."""
        return self.counts.get("lost", 0)


@permitted(Permission.FORMS)
def plan_form_change(store: Store, change: FormChange, *, datasets: Sequence[str] = ()) -> FormChangePlan:
    """What a change of a form would do; nothing is stored.

    Args:
        store: the open store.
        change: both forms and the mapping.
        datasets: names of datasets that use the old form; none: all of them.

    Raises:
        FormError: the mapping cannot be used.
        InputError: both are the same form, or no dataset uses the old one.
    """
    change.check()
    with store.read() as session:
        chosen = _datasets_of(session, change, datasets)
        ids = [dataset.id or 0 for dataset in chosen]
        tally = ChangeTally()
        named: set[int] = set()
        for table in TABLES:
            for batch in row_batches(session, table, ids):
                for row in batch:
                    lost = tally.lost.total()
                    carried_columns(change, table, row, tally)
                    if table.model is Record and tally.lost.total() > lost:
                        named.add(row["chat_id"])
        for chat_ids in queries.chunked(sorted(named)):  # what somebody's review says is shown
            remember_seen_among(session, select(col(Chat.id)).where(col(Chat.id).in_(chat_ids)))
        return FormChangePlan(
            change,
            tuple(dataset.name for dataset in chosen),
            tuple(ids),
            {table.title: tally.rows[table.name] for table in TABLES if tally.rows[table.name]},
            tally.cells,
            _lost(change, tally.lost),
            tally.lost.total(),
            _running(session, ids),
        )


@permitted(Permission.FORMS)
def apply_form_change(store: Store, plan: FormChangePlan, *, who: str, on_rows: OnRows | None = None) -> AppliedChange:
    """Do what a plan says, in one transaction.

    Args:
        store: the open store.
        plan: as somebody has looked at it.
        who: who does it.
        on_rows: called now and then.

    Raises:
        ConflictError: a dataset has another form by now, a run is under way, or values would be lost that the plan does
            not name.
    """
    change = plan.change
    change.check()
    with store.write() as session:
        chosen = _locked(session, plan.dataset_ids, change.old.reference, plan.datasets)
        ids = [dataset.id or 0 for dataset in chosen]
        if problem := _running(session, ids):
            raise ConflictError(problem, "请等它完成或先暂停，再改表单")
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
        tally = ChangeTally()
        progress = RowProgress(session, ids, on_rows)
        for table in TABLES:
            for batch in row_batches(session, table, ids):
                write_forward(session, change, change_id, table, batch, tally)
                progress.add(len(batch))
        if tally.lost.total() > plan.lost_cells:
            raise ConflictError("预览之后又有人填了这次会丢掉的值，没有改", "请重新预览，看过会丢掉的值再改")
        reason = f"表单从「{_called(change.old)}」改为「{_called(change.new)}」"
        add_versions(session, ids, change_id, f"{SAVED_BY_CHANGE}-{change_id}", who, reason)
        mark_runs(session, change_id, ids, change.old.reference)
        carry_guidelines(session, change, who)
        for dataset in chosen:
            dataset.form = change.new.reference
        entry.counts = dict(tally.rows) | {"cells": tally.cells, "lost": tally.lost.total()}
        forget_derived(session, ids)
        names = "、".join(dataset.name for dataset in chosen)
        record_audit(
            session, AuditKind.FORM, f"{change.old.reference} → {change.new.reference}", f"{names}：{tally.cells} 个值"
        )
        session.flush()
        return _view(entry)


@permitted(Permission.FORMS)
def undo_form_change(store: Store, change_id: int, *, who: str, on_rows: OnRows | None = None) -> AppliedChange:
    """Take a change of a form back: every cell that nobody has changed since is exactly as it was.

    What was changed or added since is carried back as near as the old form allows; it stays in the records' history.

    Args:
        store: the open store.
        change_id: the change.
        who: who does it.
        on_rows: called now and then.

    Raises:
        NotFoundError: no such change.
        ConflictError: it has been taken back already, a dataset was changed again since, or a run is under way.
    """
    with store.write() as session:
        entry = session.get(AppliedFormChange, change_id)
        if entry is None:
            raise NotFoundError("没有这次表单改动", "请从列表里选择")
        if entry.undone_by or entry.undone_at is not None:
            raise ConflictError("这次表单改动已经撤销过", "需要时请再做一次改动")
        change = form_change_of(entry.old, entry.new, entry.mapping)
        there = session.execute(
            select(col(Dataset.id)).where(col(Dataset.id).in_([int(one) for one in entry.datasets]))
        )
        chosen = _locked(session, sorted(there.scalars()), entry.new, tuple(entry.datasets.values()))
        ids = [dataset.id or 0 for dataset in chosen]
        if problem := _running(session, ids):
            raise ConflictError(problem, "请等它完成或先暂停，再撤销")
        progress = RowProgress(session, ids, on_rows)
        for table in reversed(TABLES):
            for batch in row_batches(session, table, ids):
                write_back(session, change, change_id, table, batch)
                progress.add(len(batch))
        reason = f"撤销表单改动：回到「{_called(change.old)}」"
        add_versions(session, ids, change_id, f"{SAVED_BY_CHANGE}-undo-{change_id}", who, reason)
        unmark_runs(session, change_id)
        for dataset in chosen:
            dataset.form = entry.old
        entry.undone_by, entry.undone_at = who.strip() or "—", now()
        session.execute(delete(FormChangeRow).where(col(FormChangeRow.change_id) == change_id))
        forget_derived(session, ids)
        record_audit(session, AuditKind.FORM, f"{entry.new} → {entry.old}", "撤销表单改动")
        session.flush()
        return _view(entry)


def form_changes(session: Session, name: str = "") -> list[AppliedChange]:
    """Changes of forms, newest first.

    Args:
        session: open session.
        name: of the form, without a version; ``""``: of all.
    """
    rows = session.execute(select(AppliedFormChange).order_by(col(AppliedFormChange.id).desc())).scalars()
    return [_view(row) for row in rows if not name or row.old.partition("@")[0] == name]


def _view(row: AppliedFormChange) -> AppliedChange:
    names = tuple(map(str, row.datasets.values()))
    return AppliedChange(
        row.id or 0, row.old, row.new, names, dict(row.counts), row.who, row.at.isoformat(), row.undone_by
    )


def _called(form: Form) -> str:
    return f"{form.title} 第 {form.version} 版"


def _datasets_of(session: Session, change: FormChange, names: Sequence[str]) -> list[Dataset]:
    if change.old.reference == change.new.reference:
        raise InputError("改前改后是同一版表单", "请先存一个新的版本，再把数据改过去")
    using = list(
        session.execute(
            select(Dataset).where(col(Dataset.form) == change.old.reference).order_by(col(Dataset.id))
        ).scalars()
    )
    known = {dataset.name for dataset in using}
    if missing := [name for name in names if name not in known]:
        raise InputError(f"数据集「{missing[0]}」用的不是表单 {change.old.reference}", "请从在用它的数据集里选择")
    chosen = [dataset for dataset in using if not names or dataset.name in names]
    if not chosen:
        raise InputError(f"没有数据集在用表单 {change.old.reference}", "新建数据集时直接选新的版本就行")
    return chosen


def _locked(session: Session, ids: Sequence[int], reference: str, names: Sequence[str]) -> list[Dataset]:
    """The datasets, which nobody else saves anything in until the transaction ends."""
    statement = select(Dataset).where(col(Dataset.id).in_(list(ids))).order_by(col(Dataset.id)).with_for_update()
    chosen = list(session.execute(statement).scalars())
    if len(chosen) != len(ids) or any(dataset.form != reference for dataset in chosen):
        other = next((dataset.name for dataset in chosen if dataset.form != reference), "、".join(names))
        raise ConflictError(f"数据集「{other}」的表单刚刚被改过或数据集已删除，没有改", "请重新打开再看")
    if session.get_bind().dialect.name != "sqlite":  # there a writing transaction is alone
        session.execute(select(col(Chat.id)).where(col(Chat.dataset_id).in_(list(ids))).with_for_update()).all()
    return chosen


def _running(session: Session, ids: Sequence[int]) -> str:
    names = session.execute(
        select(col(Run.name)).where(col(Run.dataset_id).in_(list(ids)), col(Run.status) == RunStatus.RUNNING).limit(1)
    ).scalar_one_or_none()
    return f"抽取任务「{names}」正在运行" if names else ""


def _lost(change: FormChange, lost: Counter[tuple[str, str]]) -> tuple[DroppedValue, ...]:
    ranked = sorted(lost.items(), key=lambda one: (-one[1], one[0]))[:_NAMED]
    return tuple(DroppedValue(key, change.old.field(key).label, value, count) for (key, value), count in ranked)
