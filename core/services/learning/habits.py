"""Habits: what people do with a run's cells again and again, as a count table per field and state of the cell.

A model that does not know what annotators fill in loses against an empty form. For each field, what the run filled and
what it left empty are looked at apart, and kept, emptied, or given the most frequent answer, whichever would have
earned most on approved chats. A field takes part only if that gains on chats that did not decide it.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal, NamedTuple

import numpy as np

from core.domain.form import Form, FormValues, Value
from core.domain.scoring import Interval, Scorer
from core.domain.scoring.bootstrap import difference_intervals
from core.services.learning.evaluation import folds_of, mean_by_group

Action = Literal["keep", "blank", "replace"]
State = Literal["filled", "empty"]
STATES: Final[tuple[State, State]] = ("filled", "empty")
FEWEST: Final = 5
"""Fewest approved chats from which habits are learned."""
_FOLDS: Final = 5
_REPEATS: Final = 3
_LEAST_GAIN: Final = 2.0
"""Least gain, in cells, before a cell is not simply kept: one more approved chat would turn less."""


class Case(NamedTuple):
    """One chat: the run's forms, and the approved ones.

    Attributes:
        preds: the run's.
        golds: the approved ones.
        group: among its copies; ``None`` where it has none.
        passed: per approved form, keys of values that passed by a threshold: they show no habit. Empty: none.
    """

    preds: Sequence[FormValues]
    golds: Sequence[FormValues]
    group: int | None = None
    passed: Sequence[Collection[str]] = ()


@dataclass(frozen=True, slots=True)
class Habit:
    """What is done with the cells of a field.

    Attributes:
        actions: per state.
        value: what ``replace`` puts in.
    """

    actions: Mapping[State, Action]
    value: Mapping[State, Value] = field(default_factory=dict)

    def apply(self, value: Value, empty: Value) -> Value:
        """The corrected value of a cell."""
        state: State = "filled" if value else "empty"
        match self.actions[state]:
            case "blank":
                return empty
            case "replace":
                return self.value[state]
            case _:
                return value


Habits = Mapping[str, Habit]
"""By field; a field that is not there is kept."""


class _Observation(NamedTuple):
    """One cell of a matched pair: what keeping it earns, and which answer would have been right."""

    key: str
    state: State
    kept: float
    right: str | frozenset[str]
    weight: float


def apply_habits(form: Form, habits: Habits, values: FormValues) -> FormValues:
    """A corrected copy of a form."""
    return {
        key: habits[key].apply(value, form.field(key).empty) if key in habits else value
        for key, value in values.items()
    }


def learn_habits(scorer: Scorer, cases: Sequence[Case], *, keep: Collection[str] = ()) -> Habits:
    """Learn the habits that gain on chats which did not decide them; none from fewer than :data:`FEWEST` chats.

    Args:
        scorer: form and measure.
        cases: approved chats with the run's answers.
        keep: fields that are left alone.
    """
    if len(cases) < FEWEST:
        return {}
    observed = [_observe(scorer, case) for case in cases]
    gains: dict[str, float] = defaultdict(float)
    for training, held in folds_of([case.group for case in cases], _FOLDS, 0):
        habits = _count(scorer, (observed[place] for place in training))
        for place in held:
            for one in observed[place]:
                if one.key in habits:
                    gains[one.key] += one.weight * (_earned(scorer, habits[one.key], one) - one.kept)
    gaining = {key for key, gain in gains.items() if gain > 0} - set(keep)
    return {key: habit for key, habit in _count(scorer, observed).items() if key in gaining}


def _observe(scorer: Scorer, case: Case) -> list[_Observation]:
    preds = [scorer.prepare(values) for values in case.preds]
    golds = [scorer.prepare(values) for values in case.golds]
    larger = max(len(preds), len(golds), 1)
    return [
        _Observation(one.key, "filled" if preds[pair.pred][at] else "empty", credit, golds[pair.gold][at], 1 / larger)
        for pair in scorer.chat(preds, golds).pairs
        for at, (one, credit) in enumerate(zip(scorer.form.fields, pair.credits, strict=True))
        if not case.passed or one.key not in case.passed[pair.gold]
    ]


def _count(scorer: Scorer, observed: Iterable[Sequence[_Observation]]) -> Habits:
    kept: dict[tuple[str, State], float] = defaultdict(float)
    right: dict[tuple[str, State], dict[str | frozenset[str], float]] = defaultdict(lambda: defaultdict(float))
    for observations in observed:
        for one in observations:
            cell = one.key, one.state
            kept[cell] += one.weight * one.kept
            right[cell][one.right] += one.weight
    habits: dict[str, Habit] = {}
    for one_field in scorer.form.fields:
        actions: dict[State, Action] = {}
        values: dict[State, Value] = {}
        for state in STATES:
            answers = right.get((one_field.key, state), {})
            best = min(answers, key=lambda answer: (-answers[answer], sorted(answer)), default="")
            gain = answers.get(best, 0.0) - kept[one_field.key, state]
            actions[state] = "keep" if gain < _LEAST_GAIN else "replace" if best else "blank"
            if actions[state] == "replace":
                values[state] = sorted(best) if one_field.is_list else str(best)
        if set(actions.values()) != {"keep"}:
            habits[one_field.key] = Habit(actions, values)
    return habits


def _earned(scorer: Scorer, habit: Habit, one: _Observation) -> float:
    match habit.actions[one.state]:
        case "keep":
            return one.kept
        case "blank":
            return float(not one.right)
        case _:
            value = habit.value[one.state]
            answer = frozenset(value) if isinstance(value, list) else value
            return float(answer == one.right)


@dataclass(frozen=True, slots=True)
class HabitEstimate:
    """What correcting can be expected to bring on chats that nobody has approved yet.

    Attributes:
        chats: approved chats that it was estimated on.
        before: mean points of the run there.
        after: mean points corrected, each chat by habits that were learned without it.
        interval: 95 % of the difference, paired by chat.
        corrected: per chat, its forms as corrected by habits that were learned without it.
    """

    chats: int
    before: float
    after: float
    interval: Interval
    corrected: tuple[Sequence[FormValues], ...] = ()

    @property
    def gain(self) -> float:
        """Mean points that correcting brings."""
        return self.after - self.before

    def as_json(self) -> dict[str, Any]:
        """The estimate's part of ``calibrate --json``."""
        return {
            "chats": self.chats,
            "before": self.before,
            "after": self.after,
            "delta": self.gain,
            "interval": list(self.interval),
        }


def estimate_habits(scorer: Scorer, cases: Sequence[Case], *, keep: Collection[str] = ()) -> HabitEstimate:
    """Cross-validate the correction as a whole, the choice of fields included.

    Args:
        scorer: form and measure.
        cases: approved chats with the run's answers.
        keep: fields that are left alone.
    """
    before = np.array([_points(scorer, case.preds, case.golds) for case in cases])
    after = np.tile(before, (_REPEATS, 1))
    corrected = [case.preds for case in cases]
    if len(cases) > FEWEST:
        for repeat in range(_REPEATS):
            for training, held in folds_of([case.group for case in cases], _FOLDS, repeat):
                habits = learn_habits(scorer, [cases[place] for place in sorted(training)], keep=keep)
                for place in held if habits else ():
                    forms = [apply_habits(scorer.form, habits, values) for values in cases[place].preds]
                    if repeat == 0:
                        corrected[place] = forms
                    after[repeat, place] = _points(scorer, forms, cases[place].golds)
    mean = after.mean(axis=0)
    differences = (mean - before)[:, None]
    [interval] = difference_intervals(mean_by_group(differences, [case.group for case in cases]))
    return HabitEstimate(len(cases), float(before.mean()), float(mean.mean()), interval, tuple(corrected))


def _points(scorer: Scorer, preds: Sequence[FormValues], golds: Sequence[FormValues]) -> float:
    prepared = [scorer.prepare(values) for values in preds]
    return scorer.chat(prepared, [scorer.prepare(values) for values in golds]).score
