"""What a change of a form in use would do to all that datasets hold, and which values would be lost."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from core.adapters.store import Store, queries
from core.adapters.store.models import Chat, Dataset, Record, Run, RunStatus
from core.domain.form.mapping import FormChange
from core.domain.permissions import Permission
from core.errors import InputError
from core.services.forms.change_writing import forward_carrier
from core.services.forms.changed_rows import TABLES
from core.services.forms.staged_rows import OnRows, number_of_rows, row_batches
from core.services.team import everything_shown, permitted, remember_seen_among, withheld

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


@permitted(Permission.FORMS)
def plan_form_change(
    store: Store, change: FormChange, *, datasets: Sequence[str] = (), on_rows: OnRows | None = None
) -> FormChangePlan:
    """What a change of a form would do; nothing is stored.

    Values of reviews that are withheld from who looks are counted and not named.

    Args:
        store: the open store.
        change: both forms and the mapping.
        datasets: names of datasets that use the old form; none: all of them.
        on_rows: called now and then.

    Raises:
        FormError: the mapping cannot be used.
        InputError: both are the same form, or no dataset uses the old one.
    """
    change.check()
    with store.read() as session:
        hidden = withheld(session).records
        chosen = datasets_of_form(session, change, datasets)
        ids = [dataset.id or 0 for dataset in chosen]
        carry = forward_carrier(change)
        rows: Counter[str] = Counter()
        lost: Counter[tuple[str, str]] = Counter()
        cells = lost_cells = done = 0
        named: set[int] = set()
        with everything_shown(session):
            total = number_of_rows(session, ids) if on_rows is not None else 0
            for table in TABLES:
                for batch in row_batches(session, table, ids):
                    for row, carried in zip(batch, carry(session, table, batch), strict=True):
                        rows[table.title] += carried.after is not None
                        cells += carried.moved
                        lost_cells += len(carried.lost)
                        is_record = table.model is Record
                        if carried.lost and not (is_record and row["row_id"] in hidden):
                            lost.update(carried.lost)
                            if is_record:
                                named.add(row["chat_id"])
                    done += len(batch)
                    if on_rows is not None:
                        on_rows(min(done, total), total)
        for chat_ids in queries.chunked(sorted(named)):  # what somebody's review says is shown
            remember_seen_among(session, select(col(Chat.id)).where(col(Chat.id).in_(chat_ids)))
        return FormChangePlan(
            change,
            tuple(dataset.name for dataset in chosen),
            tuple(ids),
            {table.title: rows[table.title] for table in TABLES if rows[table.title]},
            cells,
            _lost(change, lost),
            lost_cells,
            running_sentence(session, ids),
        )


def rows_of_form(session: Session, change: FormChange, datasets: Sequence[str] = ()) -> int:
    """Number of rows that a change of a form looks at; arguments and errors as for :func:`plan_form_change`."""
    chosen = datasets_of_form(session, change, datasets)
    with everything_shown(session):
        return number_of_rows(session, [dataset.id or 0 for dataset in chosen])


def datasets_of_form(session: Session, change: FormChange, names: Sequence[str]) -> list[Dataset]:
    """The datasets that a change is for, in order of their ids; errors as for :func:`plan_form_change`."""
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


def running_sentence(session: Session, ids: Sequence[int]) -> str:
    """Why a form cannot be changed just now, without the full stop: a run is under way; ``""`` where none is."""
    names = session.execute(
        select(col(Run.name)).where(col(Run.dataset_id).in_(list(ids)), col(Run.status) == RunStatus.RUNNING).limit(1)
    ).scalar_one_or_none()
    return f"抽取任务「{names}」正在运行" if names else ""


def _lost(change: FormChange, lost: Counter[tuple[str, str]]) -> tuple[DroppedValue, ...]:
    ranked = sorted(lost.items(), key=lambda one: (-one[1], one[0]))[:_NAMED]
    return tuple(DroppedValue(key, change.old.field(key).label, value, count) for (key, value), count in ranked)
