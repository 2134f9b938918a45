"""What a change of a form in use would do to all that datasets hold, and which values would be lost."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import func, select
from sqlmodel import Session, col

from core.adapters.store import Store, queries
from core.adapters.store.models import Chat, Dataset, Record, Retention, Run, RunStatus
from core.domain.form import Value, text_of
from core.domain.form.guidelines import first_guidelines
from core.domain.form.mapping import FormChange
from core.domain.form.mapping_steps import MoveField
from core.domain.permissions import Permission
from core.errors import InputError
from core.services.forms.change_writing import forward_carrier
from core.services.forms.changed_rows import TABLES, Columns
from core.services.forms.lost_values import LostValues, most_frequent
from core.services.forms.staged_rows import OnRows, number_of_rows, row_batches
from core.services.team import everything_shown, permitted, remember_seen_among, withheld

_NAMED = 5_000
"""Different lost values that are named."""
_EXAMPLES_OF_FIELD = 3


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
class ChangedValue:
    """A value that changes, or goes to another field.

    Attributes:
        dataset: name of the dataset that it is from.
        chat: index of the chat that it is from, from 1.
        before: the old field's key and its value.
        after: the new fields' keys and their values.
    """

    dataset: str
    chat: int
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class FormChangePlan:
    """What a change of a form would do.

    Attributes:
        change: both forms and the mapping.
        datasets: names of the datasets that use the old form and would use the new one.
        dataset_ids: their ids.
        rows: ``{what they are: number}`` of rows that change.
        cells: filled cells of records and answers whose field or value changes.
        lost: values that would be lost, the most frequent first, at most 5,000.
        lost_cells: number of all cells that would lose something.
        problem: why it cannot be done just now; ``""`` where it can.
        examples: some of the values that change, at most three of each old field.
        lost_kinds: number of different values that would be lost, also of those that ``lost`` does not name.
        lost_hidden: cells that would lose something and that are withheld from who looks.
        lost_digest: of all values that would be lost, see :class:`~core.services.forms.lost_values.LostValues`.
        history_days: days after which retention deletes how the rows were, the fewest of all datasets; ``None``: never.
    """

    change: FormChange
    datasets: tuple[str, ...]
    dataset_ids: tuple[int, ...]
    rows: dict[str, int]
    cells: int
    lost: tuple[DroppedValue, ...]
    lost_cells: int
    problem: str = ""
    examples: tuple[ChangedValue, ...] = ()
    lost_kinds: int = 0
    lost_hidden: int = 0
    lost_digest: str = ""
    history_days: int | None = None

    @property
    def renamed(self) -> tuple[tuple[str, str], ...]:
        """Old and new key of each field that gets another key."""
        moves = (step for step in self.change.steps if isinstance(step, MoveField))
        return tuple((step.key, step.to) for step in moves if step.key != step.to)

    @property
    def guidelines_left(self) -> tuple[str, ...]:
        """Labels of the fields whose first guideline the new form has none for."""
        old, new, renamed = self.change.old, first_guidelines(self.change.new), dict(self.renamed)
        gone = [key for key, text in first_guidelines(old).items() if text and renamed.get(key, key) not in new]
        return tuple(old.field(key).label for key in gone if key in old)

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
            "guidelines_left": list(self.guidelines_left),
            "renamed": [list(keys) for keys in self.renamed],
            "examples": [asdict(one) for one in self.examples],
            "lost_kinds": self.lost_kinds,
            "lost_hidden": self.lost_hidden,
            "lost_digest": self.lost_digest,
            "history_days": self.history_days,
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
        all_lost = LostValues()
        cells = done = 0
        named: set[int] = set()
        examples: dict[tuple[str, str, str], tuple[int, int]] = {}
        with everything_shown(session):
            total = number_of_rows(session, ids) if on_rows is not None else 0
            for table in TABLES:
                for batch in row_batches(session, table, ids):
                    for row, carried in zip(batch, carry(session, table, batch), strict=True):
                        rows[table.title] += carried.after is not None
                        cells += carried.moved
                        all_lost.add(carried.lost)
                        is_record = table.model is Record
                        if is_record and row["row_id"] in hidden:
                            continue
                        if carried.after is not None:
                            for change_of_value in _changed_values(change, row, carried.after):
                                key = change_of_value[0]
                                if sum(one[0] == key for one in examples) < _EXAMPLES_OF_FIELD:
                                    examples.setdefault(change_of_value, (row["dataset_id"], row["chat_id"]))
                                    named.update([row["chat_id"]] if is_record else ())
                        if carried.lost:
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
            tuple(
                DroppedValue(key, change.old.field(key).label, value, count)
                for (key, value), count in most_frequent(lost, _NAMED)
            ),
            all_lost.cells,
            running_sentence(session, ids),
            _examples(session, chosen, examples),
            len(lost),
            all_lost.cells - lost.total(),
            all_lost.digest,
            _history_days(session, ids),
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
        raise InputError(f"数据集「{missing[0]}」用的不是表单「{change.old.label}」", "请从在用它的数据集里选择")
    chosen = [dataset for dataset in using if not names or dataset.name in names]
    if not chosen:
        raise InputError(f"没有数据集在用表单「{change.old.label}」", "新建数据集时直接选新的版本就行")
    return chosen


def running_sentence(session: Session, ids: Sequence[int]) -> str:
    """Why a form cannot be changed just now, without the full stop: a run is under way; ``""`` where none is."""
    names = session.execute(
        select(col(Run.name)).where(col(Run.dataset_id).in_(list(ids)), col(Run.status) == RunStatus.RUNNING).limit(1)
    ).scalar_one_or_none()
    return f"抽取任务「{names}」正在运行" if names else ""


def _history_days(session: Session, ids: Sequence[int]) -> int | None:
    """Days that how rows were is kept in all of these datasets; ``None``: as long as the datasets."""
    days = select(func.min(col(Retention.history_days))).where(col(Retention.dataset_id).in_(list(ids)))
    fewest: int | None = session.execute(days).scalar_one()
    return fewest


def _changed_values(change: FormChange, before: Columns, after: Columns) -> Iterator[tuple[str, str, str]]:
    """Old key, old key with its value, and new keys with theirs, of a row's values that change and are not lost."""
    for old, new in zip(_customers(before), _customers(after), strict=False):
        for key in change.old.keys:
            targets, value = change.new_keys(key), old.get(key)
            if not value or not targets or (targets == (key,) and new.get(key) == value):
                continue
            yield key, _told(key, value), "；".join(_told(to, new[to]) for to in targets if new.get(to))


def _customers(row: Columns) -> list[dict[str, Value]]:
    """The filled forms of a record or an answer; none of other rows."""
    return [one["values"] for one in row.get("customers") or ()] or list(row.get("forms") or ())


def _told(key: str, value: Value) -> str:
    return f"{key}：{text_of(value)}"


def _examples(
    session: Session, datasets: Sequence[Dataset], examples: dict[tuple[str, str, str], tuple[int, int]]
) -> tuple[ChangedValue, ...]:
    """Examples by old field, with the names of their datasets and the indexes of their chats."""
    names = {dataset.id: dataset.name for dataset in datasets}
    ids = {chat_id for _, chat_id in examples.values()}
    statement = select(col(Chat.id), col(Chat.index)).where(col(Chat.id).in_(ids))
    indexes = {row[0]: row[1] for row in session.execute(statement)}
    return tuple(
        ChangedValue(names[dataset_id], indexes[chat_id], before, after)
        for (_, before, after), (dataset_id, chat_id) in examples.items()
        if chat_id in indexes
    )
