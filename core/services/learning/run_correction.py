"""Corrects a run by habits: a new run, made of the old one's answers and what approved chats say about them."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import select
from sqlmodel import Session, col

from core.adapters.store import RunView, Store, queries
from core.adapters.store.models import Chat
from core.domain.form import Form, FormValues, cell_text, load_named_form
from core.domain.permissions import Permission
from core.domain.scoring import Scorer
from core.errors import InputError
from core.services.learning import learner
from core.services.learning.cell_signs import read_signs
from core.services.learning.chat_features import cached_features
from core.services.learning.confidence import FEWEST_APPROVED
from core.services.learning.copy_groups import MOST_COMPARED, copy_groups
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
from core.services.learning.models import texts_learned
from core.services.learning.run_confidence import MOST_CHATS, AnsweredChat, answered_chats, judged_with_learned
from core.services.learning.stacked_habits import StackedCase, StackedHabits, estimate_stacked, learn_stacked
from core.services.quality.merged_run import MergedChat, store_merged_run
from core.services.quality.scores import BLIND, LABELS, RECORDS, reference
from core.services.team import permitted

TABLE, STACKED, NOTHING = "table", "stacked", "none"
"""How a run is corrected: by a count table, cell by cell with what was learned, or not at all."""
EFFECTS: Final = ("keep", "blank", "replace", "fill")
"""What happens to a cell: its value stays, goes, becomes another one, or an empty cell gets one."""


@dataclass(frozen=True, slots=True)
class CorrectionPlan:
    """A correction before anything is stored.

    Attributes:
        form: of the run's dataset.
        run: the run that is corrected.
        against: what the habits were learned from.
        method: ``table``, ``stacked``, or ``none`` where cross-validation shows no gain: then the run stays as it is.
        habits: of the table, by field.
        stacked: of the stacked correction.
        extractor: what was learned from the approved chats, for the stacked correction.
        estimate: what to expect.
        effects: per field that takes part, how many cells of the approved chats are kept, blanked, replaced, filled.
        answers: the run's forms by chat index.
    """

    form: Form
    run: RunView
    against: str
    method: str
    habits: Habits
    stacked: StackedHabits | None
    extractor: learner.FittedExtractor | None
    estimate: HabitEstimate
    effects: Mapping[str, Mapping[str, int]]
    answers: Mapping[int, list[FormValues]]

    def as_json(self) -> dict[str, Any]:
        """The output of ``calibrate --json``, but for the new run."""
        fields: dict[str, Any] = {
            key: {
                state: {"do": habit.actions[state]} | ({"value": habit.value[state]} if state in habit.value else {})
                for state in STATES
            }
            for key, habit in self.habits.items()
        }
        for key in sorted(self.stacked.keys) if self.stacked else ():
            fields[key] = {state: {"do": "learned"} for state in STATES}
        effects = {key: dict(counts) for key, counts in self.effects.items()}
        return {
            "against": self.against,
            "method": self.method,
            "estimate": self.estimate.as_json(),
            "fields": fields,
            "effects": effects,
        }


def plan_correction(
    store: Store, *, dataset: str | int, run: str | int, against: str = "records", keep: Collection[str] = ()
) -> CorrectionPlan:
    """Learn how people correct a run, and estimate what doing so everywhere would bring.

    From 20 approved chats on both ways are cross-validated, and the better one is planned; takes seconds then.

    Args:
        store: open store.
        dataset: name or id.
        run: name or id of the run.
        against: ``records`` (已确认), ``labels`` or ``blind``: answers of people.
        keep: fields that are left alone.

    Raises:
        NotFoundError: no such dataset, run or reference.
        InputError: fewer than five chats in common, a field that is not there, or answers that are no person's.
    """
    if against not in (RECORDS, LABELS, BLIND):  # what a run says is nobody's habit
        raise InputError(f"习惯不能从「{against}」看", "可以是 records（已确认的记录）、labels（标注）或 blind（盲审）")
    with store.read() as session:
        data = queries.dataset(session, dataset)
        view = queries.run(session, run, data.id)
        golds = reference(session, data, against)
        answers = queries.forms_by_index(session, view.id)
        form = load_named_form(data.form)
        chats = _approved_chats(session, form, view, golds)
        indices = sorted(answers.keys() & golds.keys())
        groups = _copy_groups(session, data.id, indices)
    if unknown := [key for key in keep if key not in form]:
        raise InputError(f"表单「{form.title}」没有字段「{unknown[0]}」", "请检查字段名")
    cases = [Case(answers[index], golds[index], group) for index, group in zip(indices, groups, strict=True)]
    if len(cases) < FEWEST:
        raise InputError(f"「{view.name}」只有 {len(cases)} 条群聊可以对照，看不出习惯", f"请先确认至少 {FEWEST} 条")
    scorer = Scorer(form)
    estimate = estimate_habits(scorer, cases, keep=keep)
    if len(chats) >= FEWEST_APPROVED:
        judged, examples = judged_with_learned(scorer, chats, texts_learned(store, view))
        stacked_cases = [StackedCase(one, chat.approved) for one, chat in zip(judged, chats, strict=True)]
        by_cell = estimate_stacked(scorer, stacked_cases, keep=keep)
        if by_cell.after - by_cell.before > max(estimate.after - estimate.before, 0.0):
            stacked = learn_stacked(scorer, stacked_cases, keep=keep)
            if stacked is not None:
                pairs = [(case.judged.signs.forms, stacked.apply(case.judged.signs)) for case in stacked_cases]
                effects = _effects(stacked.keys, pairs)
                extractor = learner.fit(form, examples)
                return CorrectionPlan(form, view, against, STACKED, {}, stacked, extractor, by_cell, effects, answers)
    habits = learn_habits(scorer, cases, keep=keep) if estimate.after > estimate.before else {}
    changes = [(case.preds, [apply_habits(form, habits, values) for values in case.preds]) for case in cases]
    method = TABLE if habits else NOTHING
    return CorrectionPlan(
        form, view, against, method, habits, None, None, estimate, _effects(habits.keys(), changes), answers
    )


def _approved_chats(
    session: Session, form: Form, run: RunView, golds: Mapping[int, Sequence[FormValues]]
) -> list[AnsweredChat]:
    indices = select(col(Chat.index), col(Chat.id)).where(col(Chat.dataset_id) == run.dataset_id)
    ids = {int(chat_id or 0): index for index, chat_id in session.execute(indices) if golds.get(index)}
    newest = sorted(ids)[-MOST_CHATS:]
    approved = {chat_id: tuple(form.coerce(values).values for values in golds[ids[chat_id]]) for chat_id in newest}
    return answered_chats(session, form, run, approved)


def _copy_groups(session: Session, dataset_id: int, indices: Sequence[int]) -> list[int]:
    """Which chats are copies of one another; of more than can be compared, equal ones."""
    what = col(Chat.text) if len(indices) <= MOST_COMPARED else col(Chat.sha256)
    texts: dict[int, str] = {}
    for some in queries.chunked(indices):
        statement = select(col(Chat.index), what).where(col(Chat.dataset_id) == dataset_id, col(Chat.index).in_(some))
        texts.update((index, text) for index, text in session.execute(statement))
    return copy_groups([texts[index] for index in indices])


def _effects(
    keys: Collection[str], pairs: Sequence[tuple[Sequence[FormValues], Sequence[FormValues]]]
) -> dict[str, dict[str, int]]:
    counts: dict[str, Counter[str]] = {key: Counter() for key in sorted(keys)}
    for before, after in pairs:
        for old, new in zip(before, after, strict=True):
            for key, counted in counts.items():
                was, now = old.get(key), new.get(key)
                counted["keep" if was == now else "fill" if not was else "replace" if now else "blank"] += 1
    return {key: {effect: counted[effect] for effect in EFFECTS} for key, counted in counts.items()}


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
    for index, corrected in _corrected(store, plan).items():
        forms = plan.answers[index]
        notes = [
            f"第 {number} 位客户的「{key}」按习惯从「{cell_text(before[key])}」改为「{cell_text(after[key])}」"
            for number, (before, after) in enumerate(zip(forms, corrected, strict=True), 1)
            for key in plan.effects
            if before.get(key) != after.get(key)
        ]
        chats[index] = MergedChat(corrected, notes)
    about = {**plan.as_json(), "how": plan.method, "method": "habits", "runs": [plan.run.name], "who": who}
    return store_merged_run(store, plan.run.dataset_id, name=name, about=about, chats=chats)


def _corrected(store: Store, plan: CorrectionPlan) -> dict[int, list[FormValues]]:
    """The corrected forms of every chat that the run has answered, by index."""
    if plan.stacked is None or plan.extractor is None:
        return {
            index: [apply_habits(plan.form, plan.habits, values) for values in forms]
            for index, forms in plan.answers.items()
        }
    form, scorer = plan.form, Scorer(plan.form)
    with store.read() as session:
        indices = select(col(Chat.id), col(Chat.index)).where(col(Chat.dataset_id) == plan.run.dataset_id)
        index_of = {int(chat_id or 0): index for chat_id, index in session.execute(indices)}
        unapproved = {chat_id: () for chat_id, index in index_of.items() if plan.answers.get(index)}
        chats = answered_chats(session, form, plan.run, unapproved)
    corrected: dict[int, list[FormValues]] = {index: list(forms) for index, forms in plan.answers.items()}
    for chat in chats:
        signs = read_signs(scorer, chat.text, chat.answers, chat.others, chat.votes)
        learned = plan.extractor.assess(cached_features(form.name, form.version, chat.text), signs.forms)
        corrected[index_of[chat.chat_id]] = plan.stacked.apply(signs.with_learned(learned))
    return corrected
