"""Corrects a run by habits: a new run, made of the old one's answers and what approved chats say about them."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from core.adapters.store import RunView, Store, queries
from core.domain.form import Form, FormValues, cell_text, load_named_form
from core.domain.permissions import Permission
from core.domain.scoring import Scorer
from core.errors import InputError
from core.services.learning.habits import (
    FEWEST,
    STATES,
    Case,
    HabitEstimate,
    Habits,
    apply_habits,
    estimate_habits,
    learn_habits,
)
from core.services.quality.merged_run import MergedChat, store_merged_run
from core.services.quality.scores import reference
from core.services.team import permitted


@dataclass(frozen=True, slots=True)
class CorrectionPlan:
    """A correction before anything is stored.

    Attributes:
        form: of the run's dataset.
        run: the run that is corrected.
        against: what the habits were learned from.
        habits: by field; empty where cross-validation shows no gain: then the run stays as it is.
        estimate: what to expect.
        answers: the run's forms by chat index.
    """

    form: Form
    run: RunView
    against: str
    habits: Habits
    estimate: HabitEstimate
    answers: Mapping[int, list[FormValues]]

    def as_json(self) -> dict[str, Any]:
        """The output of ``calibrate --json``, but for the new run."""
        fields = {
            key: {
                state: {"do": habit.actions[state]} | ({"value": habit.value[state]} if state in habit.value else {})
                for state in STATES
            }
            for key, habit in self.habits.items()
        }
        return {"against": self.against, "estimate": self.estimate.as_json(), "fields": fields}


def plan_correction(
    store: Store, *, dataset: str | int, run: str | int, against: str = "records", keep: Collection[str] = ()
) -> CorrectionPlan:
    """Learn how people correct a run, and estimate what doing so everywhere would bring.

    Args:
        store: open store.
        dataset: name or id.
        run: name or id of the run.
        against: ``records`` (已确认) or ``labels``.
        keep: fields that are left alone.

    Raises:
        NotFoundError: no such dataset, run or reference.
        InputError: fewer than five chats in common, or a field that is not there.
    """
    with store.read() as session:
        data = queries.dataset(session, dataset)
        view = queries.run(session, run, data.id)
        golds = reference(session, data, against)
        answers = queries.forms_by_index(session, view.id)
    form = load_named_form(data.form)
    if unknown := [key for key in keep if key not in form]:
        raise InputError(f"表单「{form.title}」没有字段「{unknown[0]}」", "请检查字段名")
    cases = [Case(answers[index], golds[index]) for index in sorted(answers.keys() & golds.keys())]
    if len(cases) < FEWEST:
        raise InputError(f"「{view.name}」只有 {len(cases)} 条群聊可以对照，看不出习惯", f"请先确认至少 {FEWEST} 条")
    scorer = Scorer(form)
    estimate = estimate_habits(scorer, cases, keep=keep)
    gains = estimate.after > estimate.before
    habits = learn_habits(scorer, cases, keep=keep) if gains else {}
    return CorrectionPlan(form, view, against, habits, estimate, answers)


@permitted(Permission.RUNS)
def correct_run(store: Store, plan: CorrectionPlan, *, name: str, who: str = "") -> RunView:
    """Store a planned correction as a new run; the old one stays.

    Args:
        store: open store.
        plan: of :func:`plan_correction`.
        name: of the new run.
        who: for the record.

    Raises:
        InputError: no name.
        ConflictError: the name is taken.
    """
    chats = {}
    for index, forms in plan.answers.items():
        corrected = [apply_habits(plan.form, plan.habits, values) for values in forms]
        notes = [
            f"第 {number} 位客户的「{key}」按习惯从「{cell_text(before[key])}」改为「{cell_text(after[key])}」"
            for number, (before, after) in enumerate(zip(forms, corrected, strict=True), 1)
            for key in plan.habits
            if before.get(key) != after.get(key)
        ]
        chats[index] = MergedChat(corrected, notes)
    about = {"method": "habits", "runs": [plan.run.name], "who": who, **plan.as_json()}
    return store_merged_run(store, plan.run.dataset_id, name=name, about=about, chats=chats)
