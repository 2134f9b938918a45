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
from core.services.quality.passed_cells import Keys, passed_by_index
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
        method: ``table``, ``stacked``, or ``none`` where cross-validation shows no gain, or one that may be chance:
            then the run stays as it is.
        habits: of the table, by field.
        stacked: of the stacked correction.
        extractor: what was learned from the approved chats, for the stacked correction.
        estimate: what to expect.
        effects: per field that takes part, how many cells of the approved chats are kept, blanked, replaced, filled.
        answers: the run's forms by chat index.
        held_out: by chat index, the forms of chats that the correction was learned from, corrected by what was learned
            from the others: a score against them says what the estimate says.
        unsure: whether there is a gain whose interval contains 0; corrected all the same only where that is asked for.
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
    held_out: Mapping[int, Sequence[FormValues]]
    unsure: bool

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
            "unsure": self.unsure,
            "held_out": len(self.held_out),
            "fields": fields,
            "effects": effects,
        }


def plan_correction(
    store: Store,
    *,
    dataset: str | int,
    run: str | int,
    against: str = "records",
    keep: Collection[str] = (),
    if_unsure: bool = False,
) -> CorrectionPlan:
    """Learn how people correct a run, and estimate what doing so everywhere would bring.

    From 20 approved chats on both ways are cross-validated, and the better one is planned; takes seconds then.

    Args:
        store: open store.
        dataset: name or id.
        run: name or id of the run.
        against: ``records`` (已确认), ``labels`` or ``blind``: answers of people.
        keep: fields that are left alone.
        if_unsure: correct also where the interval of the gain contains 0.

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
        index_of = _index_of(session, data.id)
        passed = {index: one for index, one in passed_by_index(session, data.id).items() if against == RECORDS}
        golds = {index: forms for index, forms in golds.items() if index not in passed or not passed[index].whole}
        chats = _approved_chats(
            session,
            form,
            view,
            {key: golds.get(index, ()) for key, index in index_of.items()},
            {key: passed[index].keys for key, index in index_of.items() if index in passed},
        )
        indices = sorted(answers.keys() & golds.keys())
        groups = _copy_groups(session, data.id, indices)
    if unknown := [key for key in keep if key not in form]:
        raise InputError(f"表单「{form.title}」没有字段「{unknown[0]}」", "请检查字段名")
    cases = [
        Case(answers[index], golds[index], group, passed[index].keys if index in passed else ())
        for index, group in zip(indices, groups, strict=True)
    ]
    if len(cases) < FEWEST:
        raise InputError(f"「{view.name}」只有 {len(cases):,} 条群聊可以对照，看不出习惯", f"请先确认至少 {FEWEST} 条")
    scorer = Scorer(form)
    by_table = estimate_habits(scorer, cases, keep=keep)
    best: HabitEstimate | None = by_table if _is_enough(by_table, if_unsure) else None
    shown = by_table
    if len(chats) >= FEWEST_APPROVED:
        judged, examples = judged_with_learned(scorer, chats, texts_learned(store, view))
        stacked_cases = [StackedCase(one, chat.approved) for one, chat in zip(judged, chats, strict=True)]
        by_cell = estimate_stacked(scorer, stacked_cases, keep=keep)
        if by_cell.gain > shown.gain:
            shown = by_cell
        if _is_enough(by_cell, if_unsure) and (best is None or by_cell.gain > best.gain):
            stacked = learn_stacked(scorer, stacked_cases, keep=keep)
            if stacked is not None:
                held_out = {index_of[one.chat_id]: by_cell.corrected[at] for at, one in enumerate(chats)}
                pairs = [(case.judged.signs.forms, stacked.apply(case.judged.signs)) for case in stacked_cases]
                effects = _effects(stacked.keys, pairs)
                extractor = learner.fit(form, examples)
                unsure = by_cell.interval.has_zero
                return CorrectionPlan(
                    form, view, against, STACKED, {}, stacked, extractor, by_cell, effects, answers, held_out, unsure
                )
    habits = learn_habits(scorer, cases, keep=keep) if best else {}
    changes = [(case.preds, [apply_habits(form, habits, values) for values in case.preds]) for case in cases]
    method = TABLE if habits else NOTHING
    estimate = best if best and habits else shown
    held_out = dict(zip(indices, estimate.corrected, strict=True)) if habits else {}
    unsure = estimate.gain > 0 and estimate.interval.has_zero
    effects = _effects(habits.keys(), changes)
    return CorrectionPlan(form, view, against, method, habits, None, None, estimate, effects, answers, held_out, unsure)


def _is_enough(estimate: HabitEstimate, if_unsure: bool) -> bool:
    """Whether a gain is worth a correction: one that is hardly chance, or any where that is asked for."""
    return estimate.gain > 0 and (if_unsure or not estimate.interval.has_zero)


def _index_of(session: Session, dataset_id: int) -> dict[int, int]:
    """Index of each chat of a dataset, by its id."""
    statement = select(col(Chat.id), col(Chat.index)).where(col(Chat.dataset_id) == dataset_id)
    return {int(chat_id or 0): index for chat_id, index in session.execute(statement)}


def _approved_chats(
    session: Session,
    form: Form,
    run: RunView,
    golds: Mapping[int, Sequence[FormValues]],
    passed: Mapping[int, Keys],
) -> list[AnsweredChat]:
    """The run's answers to the newest chats that have right forms; these and what passed of them by chat id."""
    newest = sorted(chat_id for chat_id, forms in golds.items() if forms)[-MOST_CHATS:]
    approved = {chat_id: tuple(form.coerce(values).values for values in golds[chat_id]) for chat_id in newest}
    return answered_chats(session, form, run, approved, passed)


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
            for number, (before, after) in enumerate(zip(forms, corrected, strict=False), 1)
            for key in plan.effects
            if before.get(key) != after.get(key)
        ]
        chats[index] = MergedChat(corrected, notes)
    about = {**plan.as_json(), "how": plan.method, "method": "habits", "runs": [plan.run.name], "who": who}
    return store_merged_run(store, plan.run.dataset_id, name=name, about=about, chats=chats)


def _corrected(store: Store, plan: CorrectionPlan) -> dict[int, list[FormValues]]:
    """The corrected forms of every chat that the run has answered, by index; those learned from as held out."""
    if plan.stacked is None or plan.extractor is None:
        return {
            index: list(plan.held_out.get(index) or (apply_habits(plan.form, plan.habits, values) for values in forms))
            for index, forms in plan.answers.items()
        }
    form, scorer = plan.form, Scorer(plan.form)
    with store.read() as session:
        index_of = _index_of(session, plan.run.dataset_id)
        unapproved = {
            chat_id: () for chat_id, index in index_of.items() if plan.answers.get(index) and index not in plan.held_out
        }
        chats = answered_chats(session, form, plan.run, unapproved)
    corrected = {index: list(forms) for index, forms in (*plan.answers.items(), *plan.held_out.items())}
    for chat in chats:
        signs = read_signs(scorer, chat.text, chat.answers, chat.others, chat.votes)
        learned = plan.extractor.assess(cached_features(form.reference, chat.text), signs.forms)
        corrected[index_of[chat.chat_id]] = plan.stacked.apply(signs.with_learned(learned))
    return corrected
