"""A lesson as a bulk change: the same mistake where nobody has corrected it yet, shown before anything is written."""

from core.adapters.store import RunView, Store, queries
from core.domain.form import Form, Value, split_list
from core.errors import InputError
from core.services.review.records.bulk import Edit, Plan, plan_edits
from core.services.training.corrections.grouping import CorrectionGroup, CorrectionKind


def plan_bulk_correction(store: Store, form: Form, run: RunView, lesson: CorrectionGroup) -> Plan:
    """What correcting the same mistake everywhere else would do.

    Looks at every chat of the run's dataset: at its record where there is one, else at the run's forms. A cell counts
    where it still says what the lesson corrects. Only lessons with a value to look for can be carried over; what was
    left empty has no place to look at.

    Raises:
        InputError: the lesson has no value to look for.
    """
    if not lesson.before:
        raise InputError("这一组没有固定的旧值，不能批量更正", "请写进提示词，或在审阅台逐条处理")
    edits: list[Edit] = []
    with store.read() as session:
        said = queries.forms_by_index(session, run.id)
        records = {record.index: record for record in queries.records(session, run.dataset_id)}
        for index in queries.chat_ids(session, run.dataset_id):
            record = records.get(index)
            forms = record.forms if record else said.get(index, [])
            for number, values in enumerate(forms):
                wanted = _corrected(lesson, values.get(lesson.key, form.field(lesson.key).empty))
                if wanted is not None:
                    edits.append(Edit(index, number, lesson.key, wanted, record.version if record else 0))
    return plan_edits(store, form, run.dataset_id, edits, base_run=run.id)


def _corrected(lesson: CorrectionGroup, value: Value) -> Value | None:
    """What the cell would become; ``None`` where the mistake is not in it."""
    if isinstance(value, list):
        items = split_list(value)
        if lesson.how is not CorrectionKind.REMOVED or lesson.before not in items:
            return None
        return [item for item in items if item != lesson.before]
    return lesson.after if value == lesson.before else None
