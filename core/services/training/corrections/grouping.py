"""Groups of corrections: the same field changed in the same way, in several chats."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import func, select
from sqlmodel import Session, col

from core.adapters.store import RecordView, RunView, Store, queries
from core.adapters.store.models import Record
from core.domain.form import Field, Form, FormValues, Value, split_list
from core.services.quality.answered_runs import database_address
from core.services.quality.cache import cached
from core.services.quality.data_versions import records_version, run_version
from core.services.team import remember_seen_in


class CorrectionKind(StrEnum):
    """How a reviewer changed a model's value."""

    FILLED = "补填"  # the model left it empty
    CLEARED = "清空"  # the model made something up
    CHANGED = "改写"
    ADDED = "加一项"
    REMOVED = "去一项"


@dataclass(frozen=True, slots=True)
class Correction:
    """One correction: chat index from 1, customer from 0 in the record, the model's value and the reviewer's."""

    chat: int
    customer: int
    before: Value
    after: Value


@dataclass(frozen=True, slots=True)
class CorrectionGroup:
    """The same correction in several chats.

    Attributes:
        key: the field.
        how: what was done.
        before: the model's value (an item, of a list), where all cases share it; else ``""``.
        after: the reviewer's, likewise.
        cases: in order of the chats.
    """

    key: str
    how: CorrectionKind
    before: str
    after: str
    cases: tuple[Correction, ...]

    @property
    def id(self) -> str:
        """Identifies the group, also in a later session."""
        return "|".join((self.key, self.how, self.before, self.after))

    @property
    def chats(self) -> list[int]:
        """Indices of the chats, in order, each once."""
        return list(dict.fromkeys(case.chat for case in self.cases))


def corrected_runs(store: Store, dataset_id: int) -> list[tuple[RunView, int]]:
    """Runs that confirmed records of a dataset started from, with the number of records, most first."""
    with store.read() as session:
        rows = session.execute(
            select(col(Record.base_run_id), func.count())
            .where(
                col(Record.dataset_id) == dataset_id,
                col(Record.base_run_id).is_not(None),
                queries.is_final(),
                ~queries.is_passed(),
            )
            .group_by(col(Record.base_run_id))
        )
        counts = [(queries.run(session, int(run_id)), int(count)) for run_id, count in rows]
    return sorted(counts, key=lambda run_count: (-run_count[1], run_count[0].name))


def correction_groups(store: Store, form: Form, run: RunView, *, least: int = 2) -> list[CorrectionGroup]:
    """Groups of corrections that reviewers made in a run's answers, each in at least ``least`` chats.

    Customers that a person added or removed are not counted: they are no change of a field. Groups with the most
    points behind them (chats × weight of the field) come first.

    Args:
        store: the open store.
        form: the dataset's form.
        run: the run that records started from.
        least: chats that make a group.
    """
    with store.read() as session:
        versions = (run_version(run), records_version(session, run.dataset_id), form.reference)
        key = ("corrections", database_address(session), run.dataset_id, *versions)
        grouped = cached(key, lambda: _all_groups(session, form, run), chats=max(1, run.done))
        groups = [group for group in grouped if len(group.chats) >= least]
        remember_seen_in(session, run.dataset_id, {chat for group in groups for chat in group.chats})
    weights = {field.key: field.points for field in form.fields}
    return sorted(
        groups,
        key=lambda group: (-len(group.chats) * weights[group.key], form.keys.index(group.key), group.id),
    )


def _all_groups(session: Session, form: Form, run: RunView) -> list[CorrectionGroup]:
    """Groups of all sizes. Reads every answer of the run: seconds for tens of thousands of chats."""
    grouped: dict[tuple[str, CorrectionKind, str, str], list[Correction]] = defaultdict(list)
    model_forms = queries.forms_by_index(session, run.id)
    for record in queries.confirmed(session, run.dataset_id, passed=False):
        if record.base_run_id != run.id:
            continue
        for number, before, after in _pairs(form, record, model_forms.get(record.index, [])):
            for field in form.fields:
                case = Correction(record.index, number, before[field.key], after[field.key])
                for how, old, new in _changes(field, case):
                    grouped[field.key, how, old, new].append(case)
    return [CorrectionGroup(*identity, tuple(cases)) for identity, cases in grouped.items()]


def _pairs(
    form: Form, record: RecordView, model_forms: list[FormValues]
) -> Iterator[tuple[int, Mapping[str, Value], Mapping[str, Value]]]:
    for number, customer in enumerate(record.customers):
        source: Any = customer.get("source")
        if isinstance(source, int) and 0 <= source < len(model_forms):
            yield number, form.coerce(model_forms[source]).values, form.coerce(customer["values"]).values


def _changes(field: Field, case: Correction) -> Iterator[tuple[CorrectionKind, str, str]]:
    """Group names of one correction; free texts are grouped without their words."""
    before, after = case.before, case.after
    if before == after:
        return
    if isinstance(before, list) and isinstance(after, list):
        # As the score does: several values in one string are several values.
        had, has = split_list(before), split_list(after)
        for item in has:
            if item not in had:
                yield CorrectionKind.ADDED, "", _named(field, item)
        for item in had:
            if item not in has:
                yield CorrectionKind.REMOVED, _named(field, item), ""
    elif not before:
        yield CorrectionKind.FILLED, "", _named(field, str(after))
    elif not after:
        yield CorrectionKind.CLEARED, _named(field, str(before)), ""
    else:
        yield CorrectionKind.CHANGED, _named(field, str(before)), _named(field, str(after))


def _named(field: Field, value: str) -> str:
    # Fields with suggested values are choices: which one matters. Everything else is different in every chat.
    return value if field.values else ""
