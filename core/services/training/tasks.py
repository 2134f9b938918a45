"""Tasks of training rows: the whole form, the customers alone, or one field; each asks for a part of the form.

The same prompt asks them all, rendered for the smaller form, and the same parser reads the answers with it.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from core.domain.form import Form, FormValues
from core.errors import ExportError
from core.services.training.training_options import CUSTOMERS_TASK, FIELDS_TASK, FORM_TASK


@dataclass(frozen=True, slots=True)
class TrainingTask:
    """One thing that a row asks about a chat.

    Attributes:
        name: ``form``, ``customers`` or the key of a field.
        form: what is asked: the whole form, or the customer's name with at most one more field.
    """

    name: str
    form: Form

    def restrict(self, forms: Sequence[FormValues]) -> list[FormValues]:
        """The part of the answer that this task asks for."""
        return [{key: values[key] for key in self.form.keys} for values in forms]


def target_text(forms: Sequence[FormValues]) -> str:
    """The answer that a row teaches: a JSON list of forms, as the prompt asks for it and the parser reads it.

    On one line: line breaks would cost tokens in every answer of the tuned model.
    """
    return json.dumps(list(forms), ensure_ascii=False)


def tasks_of(form: Form, names: Sequence[str]) -> list[TrainingTask]:
    """The tasks of these names, each once, in order.

    Raises:
        ExportError: the form has no such field.
    """
    task_names: list[str] = []
    for name in names:
        task_names += [key for key in form.keys if key != form.name_field] if name == FIELDS_TASK else [name]
    return [_task(form, name) for name in dict.fromkeys(task_names)]


def _task(form: Form, name: str) -> TrainingTask:
    if name == FORM_TASK:
        return TrainingTask(name, form)
    if name == CUSTOMERS_TASK or name == form.name_field:
        return TrainingTask(CUSTOMERS_TASK, form.subset(()))
    if name not in form:
        raise ExportError(
            f"不认识训练任务「{name}」", "可以是 form（整张表）、customers（找客户）、fields（每个字段一行）或字段名"
        )
    return TrainingTask(name, form.subset([name]))
