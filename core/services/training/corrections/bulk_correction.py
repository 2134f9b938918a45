"""Bulk correction: the same mistake where nobody has corrected it yet, shown before anything is written."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from core.adapters.store import RunView, Store, queries
from core.adapters.store.models import Confirmation
from core.domain.form import Form, FormValues, Value, split_list
from core.errors import InputError
from core.services.review.records.bulk import CellEdit, Plan, Skipped, plan_edits
from core.services.training.corrections.grouping import CorrectionGroup, CorrectionKind


def plan_bulk_corrections(store: Store, form: Form, run: RunView, groups: Sequence[CorrectionGroup]) -> list[Plan]:
    """Plan the correction of the same mistakes in all other chats, a plan for each group.

    Looks at every chat of the run's dataset: at its record where there is one, else at the run's forms. A cell counts
    where it still has the value that the group corrects. Only groups with a former value can be carried over. What a
    person has confirmed by itself (逐项确认) is left as it is and named among the skipped.

    Raises:
        InputError: a group has no former value to look for.
    """
    if not all(group.before for group in groups):
        raise InputError("这一组没有固定的旧值，不能批量更正", "请写进提示词，或在审阅台逐条处理")
    edits: list[list[CellEdit]] = [[] for _ in groups]
    looked_at: list[list[Skipped]] = [[] for _ in groups]
    with store.read() as session:
        records = {record.index: record for record in queries.records(session, run.dataset_id)}
        for index, answered in queries.stream_forms(session, run.id) if groups else ():
            if index not in records:
                for place, group in enumerate(groups):
                    edits[place] += (
                        CellEdit(index, number, group.key, corrected, 0)
                        for number, corrected in _mistakes(form, group, answered)
                    )
    for index, record in records.items():
        for place, group in enumerate(groups):
            for number, corrected in _mistakes(form, group, record.forms):
                if record.customers[number].get("confirmed", {}).get(group.key) == Confirmation.SINGLE:
                    why = f"第 {number + 1} 位{form.subject}的「{group.key}」已逐项确认"
                    looked_at[place].append(Skipped(index, why))
                else:
                    edits[place].append(CellEdit(index, number, group.key, corrected, record.version))
    plans = [plan_edits(store, form, run.dataset_id, of_group, base_run=run.id) for of_group in edits]
    return [
        replace(plan, skipped=(*plan.skipped, *sorted(skipped, key=lambda one: one.chat)))
        for plan, skipped in zip(plans, looked_at, strict=True)
    ]


def _mistakes(form: Form, group: CorrectionGroup, forms: Sequence[FormValues]) -> Iterator[tuple[int, Value]]:
    """Each customer, from 0, in whose form the mistake is, with the corrected value."""
    for number, values in enumerate(forms):
        corrected = _corrected(group, values.get(group.key, form.field(group.key).empty))
        if corrected is not None:
            yield number, corrected


def _corrected(group: CorrectionGroup, value: Value) -> Value | None:
    """The corrected value of a cell; ``None`` where the mistake is not in it."""
    if isinstance(value, list):
        items = split_list(value)
        if group.how is not CorrectionKind.REMOVED or group.before not in items:
            return None
        return [item for item in items if item != group.before]
    return group.after if value == group.before else None
