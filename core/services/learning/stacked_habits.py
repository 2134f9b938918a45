"""Stacked habits: a run's value gives way where what was learned from approvals makes another one likelier.

A count table says what people do with a field's cells in general; this one looks at each cell: how sure the run's value
is (:mod:`core.services.learning.confidence`), and which other value the learned extractor holds for likeliest. A field
takes part only if that gains on chats that did not decide it.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np

from core.domain.form import FormValues, Value
from core.domain.scoring import Scorer
from core.domain.scoring.bootstrap import difference_intervals
from core.services.learning.cell_signs import CellSigns, ChatSigns
from core.services.learning.confidence import ConfidenceModel, JudgedSigns, cross_validated_confidences, fit_confidence
from core.services.learning.evaluation import folds_of, mean_by_group
from core.services.learning.habits import HabitEstimate

FEWEST_LEARNED: Final = 12
"""Fewest chats that anything is learned from; a run is corrected from 20 on, of which a fold keeps four in five."""
_MARGIN: Final = 1.15
"""How much likelier than the run's value another one must be."""
_FOLDS: Final = 5
_LEAST_GAIN: Final = 1.0
"""Least gain of a field, in cells, over all chats that it was not learned from."""


class StackedCase(NamedTuple):
    """An approved chat: the judged signs of the run's answer, with what was learned without it, and the right forms."""

    judged: JudgedSigns
    approved: Sequence[FormValues]


@dataclass(frozen=True, slots=True)
class StackedHabits:
    """What is learned.

    Attributes:
        model: how sure the run's values are.
        keys: fields that take part; the others are kept.
    """

    model: ConfidenceModel
    keys: frozenset[str]

    def apply(self, signs: ChatSigns) -> list[FormValues]:
        """Corrected copies of a run's forms.

        Args:
            signs: about the run's answer, with what was learned.
        """
        return _corrected(signs, self.model.of(signs), self.keys)


def _corrected(signs: ChatSigns, confident: Sequence[dict[str, float]], keys: Collection[str]) -> list[FormValues]:
    return [
        {
            **values,
            **{
                cell.field.key: cell.learned.other
                for cell in row
                if cell.field.key in keys and cell.learned is not None and _gives_way(cell, sure[cell.field.key])
            },
        }
        for values, row, sure in zip(signs.forms, signs.cells, confident, strict=True)
    ]


def _gives_way(cell: CellSigns, sure: float) -> bool:
    """Whether another value is clearly likelier than the run's.

    What the run's value lacks in confidence is shared out among the other values as the learned extractor has it.
    """
    if cell.learned is None:
        return False
    share = cell.learned.other_chance / max(1.0 - cell.learned.chance, 1e-6)
    return (1.0 - sure) * min(share, 1.0) > _MARGIN * sure


def learn_stacked(scorer: Scorer, cases: Sequence[StackedCase], *, keep: Collection[str] = ()) -> StackedHabits | None:
    """Learn which fields gain; ``None`` where none does, or from fewer than :data:`FEWEST_LEARNED` chats.

    Args:
        scorer: form and measure.
        cases: approved chats.
        keep: fields that are left alone.
    """
    if len(cases) < FEWEST_LEARNED:
        return None
    judged = [case.judged for case in cases]
    gains: dict[str, float] = defaultdict(float)
    for case, confident in zip(cases, cross_validated_confidences(scorer.form, judged), strict=True):
        for key, gain in _gains(scorer, case, confident):
            gains[key] += gain
    keys = frozenset(key for key, gain in gains.items() if gain >= _LEAST_GAIN) - set(keep)
    return StackedHabits(fit_confidence(scorer.form, judged), keys) if keys else None


def _gains(scorer: Scorer, case: StackedCase, confident: Sequence[dict[str, float]]) -> Iterator[tuple[str, float]]:
    """What each cell that would give way earns more, in cells."""
    signs = case.judged.signs
    preds = [scorer.prepare(values) for values in signs.forms]
    golds = [scorer.prepare(values) for values in case.approved]
    larger = max(len(preds), len(golds), 1)
    for pair in scorer.chat(preds, golds).pairs:
        right = case.judged.right[pair.pred] or ()
        for at, cell in enumerate(signs.cells[pair.pred]):
            if right and right[at] is None:  # nobody has looked at it
                continue
            if cell.learned is not None and _gives_way(cell, confident[pair.pred][cell.field.key]):
                other = _prepared(scorer, cell, cell.learned.other, at)
                yield cell.field.key, (float(other == golds[pair.gold][at]) - pair.credits[at]) / larger


def _prepared(scorer: Scorer, cell: CellSigns, value: Value, at: int) -> str | frozenset[str]:
    return scorer.prepare({cell.field.key: value})[at]


def estimate_stacked(scorer: Scorer, cases: Sequence[StackedCase], *, keep: Collection[str] = ()) -> HabitEstimate:
    """Cross-validate the correction as a whole, the choice of fields included.

    Args:
        scorer: form and measure.
        cases: approved chats.
        keep: fields that are left alone.
    """
    before = np.array([_points(scorer, case.judged.signs.forms, case.approved) for case in cases])
    after = before.copy()
    corrected: list[Sequence[FormValues]] = [case.judged.signs.forms for case in cases]
    groups = [case.judged.group for case in cases]
    for training, held in folds_of(groups, _FOLDS, 1):
        habits = learn_stacked(scorer, [cases[place] for place in sorted(training)], keep=keep)
        for place in held if habits else ():
            corrected[place] = habits.apply(cases[place].judged.signs) if habits else ()
            after[place] = _points(scorer, corrected[place], cases[place].approved)
    [interval] = difference_intervals(mean_by_group((after - before)[:, None], groups))
    return HabitEstimate(len(cases), float(before.mean()), float(after.mean()), interval, tuple(corrected))


def _points(scorer: Scorer, preds: Sequence[FormValues], golds: Sequence[FormValues]) -> float:
    return scorer.chat([scorer.prepare(values) for values in preds], [scorer.prepare(values) for values in golds]).score
