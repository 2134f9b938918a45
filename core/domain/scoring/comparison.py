"""Comparison of two runs against one reference: fixed and broken cells, and whether the difference is significant."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from core.domain.form import Form
from core.domain.scoring.bootstrap import SAMPLES, SEED, difference_intervals
from core.domain.scoring.correct_cells import CORRECT_FROM, CorrectCells, correct_cells
from core.domain.scoring.interval import Interval
from core.domain.scoring.run_score import RunScore


class CorrectnessChange(StrEnum):
    """How the correctness of a reference cell changed from run A to run B."""

    BOTH_RIGHT = "both_right"
    BROKEN = "broken"
    FIXED = "fixed"
    BOTH_WRONG = "both_wrong"


CHANGES = tuple(CorrectnessChange)


class Cell(NamedTuple):
    """One cell of a reference form.

    Attributes:
        chat: index of the chat.
        customer: position of the reference form.
        key: the field.
    """

    chat: int
    customer: int
    key: str


@dataclass(frozen=True, slots=True)
class FieldChange:
    """Changes of one field from run A to run B.

    Attributes:
        delta: mean points per chat, B − A.
        interval: 95 % of it, paired over chats.
        counts: reference cells by what became of them.
    """

    delta: float
    interval: Interval
    counts: Mapping[CorrectnessChange, int]

    def as_json(self) -> dict[str, Any]:
        """The field's part of ``compare --json``."""
        return {
            "delta": self.delta,
            "fixed": self.counts[CorrectnessChange.FIXED],
            "broken": self.counts[CorrectnessChange.BROKEN],
            "both_right": self.counts[CorrectnessChange.BOTH_RIGHT],
            "both_wrong": self.counts[CorrectnessChange.BOTH_WRONG],
        }


@dataclass(frozen=True, slots=True)
class Comparison:
    """Comparison of run B with run A against the same reference.

    Attributes:
        a: the score that is compared with.
        b: the score that is compared.
        interval: 95 % of B − A, paired bootstrap over chats.
        fields: by key, in the form's order.
        right_from: from which similarity a free text counts as right.
        rights_a: A's cells.
        rights_b: B's cells, in the same order.
    """

    a: RunScore
    b: RunScore
    interval: Interval
    fields: Mapping[str, FieldChange]
    right_from: float
    rights_a: CorrectCells
    rights_b: CorrectCells

    @property
    def delta(self) -> float:
        """Difference B − A, points per chat."""
        return self.b.score - self.a.score

    @property
    def distinguishable(self) -> bool:
        """Whether the confidence interval excludes 0."""
        return not self.interval.has_zero

    @property
    def deltas(self) -> dict[int, float]:
        """Difference B − A by chat index."""
        return {index: self.b.chats[index].score - chat.score for index, chat in self.a.chats.items()}

    def changed(self, key: str) -> npt.NDArray[np.int64]:
        """Per reference customer, the position in :data:`CHANGES` of the field's cell."""
        column = list(self.fields).index(key)
        a, b = self.rights_a.right[:, column], self.rights_b.right[:, column]
        return np.where(a, np.where(b, 0, 1), np.where(b, 2, 3)).astype(np.int64)

    def cells(self, key: str, change: CorrectnessChange) -> list[Cell]:
        """Reference cells of a field with this change, in order."""
        rows = np.flatnonzero(self.changed(key) == CHANGES.index(change))
        own = self.rights_a
        return [Cell(int(own.chats[i]), int(own.customers[i]), key) for i in rows]

    def as_json(self) -> dict[str, Any]:
        """The output of ``compare --json``; ``a`` and ``b`` are the two scores."""
        return {
            "a": self.a.score,
            "b": self.b.score,
            "delta": self.delta,
            "interval": [self.interval.low, self.interval.high],
            "distinguishable": self.distinguishable,
            "measure": self.a.measure.name,
            "right_from": self.right_from,
            "left_out": self.a.left_out,
            "missing": {"a": list(self.a.missing), "b": list(self.b.missing)},
            "fields": {key: change.as_json() for key, change in self.fields.items()},
        }


def compare_scores(
    form: Form,
    a: RunScore,
    b: RunScore,
    *,
    right_from: float = CORRECT_FROM,
    samples: int = SAMPLES,
    seed: int = SEED,
) -> Comparison:
    """Compare two scores made against the same reference.

    Args:
        form: the form of both.
        a: the run that is compared with.
        b: the run that is compared; differences are B − A.
        right_from: from which similarity a free text counts as right.
        samples: of the bootstrap.
        seed: of the bootstrap.

    Raises:
        ValueError: the scores are of different chats.
    """
    if list(a.chats) != list(b.chats):
        raise ValueError("scores of different chats cannot be compared")
    free = np.array([not field.one_right_answer for field in form.fields])
    own, other = correct_cells(a, free, right_from), correct_cells(b, free, right_from)
    gain = points_table(b, len(free)) - points_table(a, len(free))
    intervals = difference_intervals(np.column_stack([gain, gain.sum(axis=1)]), samples=samples, seed=seed)
    fixed, broken = (~own.right & other.right).sum(axis=0), (own.right & ~other.right).sum(axis=0)
    both_right, both_wrong = (own.right & other.right).sum(axis=0), (~own.right & ~other.right).sum(axis=0)
    fields = {
        field.key: FieldChange(
            b.fields[field.key].points - a.fields[field.key].points,
            intervals[i],
            {
                CorrectnessChange.BOTH_RIGHT: int(both_right[i]),
                CorrectnessChange.BROKEN: int(broken[i]),
                CorrectnessChange.FIXED: int(fixed[i]),
                CorrectnessChange.BOTH_WRONG: int(both_wrong[i]),
            },
        )
        for i, field in enumerate(form.fields)
    }
    return Comparison(a, b, intervals[-1], fields, right_from, own, other)


def points_table(score: RunScore, width: int) -> npt.NDArray[np.float64]:
    """Points as a table: one row per chat, one column per field."""
    return np.array([chat.points for chat in score.chats.values()], dtype=np.float64).reshape(len(score.chats), width)
