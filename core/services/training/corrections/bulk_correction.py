"""Bulk correction: the same mistake where nobody has corrected it yet, shown before anything is written."""

from dataclasses import replace

from core.adapters.store import RunView, Store, queries
from core.adapters.store.models import Confirmation
from core.domain.form import Form, Value, split_list
from core.errors import InputError
from core.services.review.records.bulk import CellEdit, Plan, Skipped, plan_edits
from core.services.training.corrections.grouping import CorrectionGroup, CorrectionKind


def plan_bulk_correction(store: Store, form: Form, run: RunView, group: CorrectionGroup) -> Plan:
    """Plan the correction of the same mistake in all other chats.

    Looks at every chat of the run's dataset: at its record where there is one, else at the run's forms. A cell counts
    where it still has the value that the group corrects. Only groups with a former value can be carried over. What a
    person has confirmed by itself (逐项确认) is left as it is and named among the skipped.

    Raises:
        InputError: the group has no former value to look for.
    """
    if not group.before:
        raise InputError("这一组没有固定的旧值，不能批量更正", "请写进提示词，或在审阅台逐条处理")
    edits: list[CellEdit] = []
    looked_at: list[Skipped] = []
    with store.read() as session:
        model_forms = queries.forms_by_index(session, run.id)
        records = {record.index: record for record in queries.records(session, run.dataset_id)}
        for index in queries.chat_ids(session, run.dataset_id):
            record = records.get(index)
            forms = record.forms if record else model_forms.get(index, [])
            for number, values in enumerate(forms):
                corrected = _corrected(group, values.get(group.key, form.field(group.key).empty))
                if corrected is None:
                    continue
                if record and record.customers[number].get("confirmed", {}).get(group.key) == Confirmation.SINGLE:
                    looked_at.append(Skipped(index, f"第 {number + 1} 位{form.subject}的「{group.key}」已逐项确认"))
                else:
                    edits.append(CellEdit(index, number, group.key, corrected, record.version if record else 0))
    plan = plan_edits(store, form, run.dataset_id, edits, base_run=run.id)
    return replace(plan, skipped=(*plan.skipped, *looked_at))


def _corrected(group: CorrectionGroup, value: Value) -> Value | None:
    """The corrected value of a cell; ``None`` where the mistake is not in it."""
    if isinstance(value, list):
        items = split_list(value)
        if group.how is not CorrectionKind.REMOVED or group.before not in items:
            return None
        return [item for item in items if item != group.before]
    return group.after if value == group.before else None
