"""Which reference cells a run has right; the basis for fixed and broken cells.

A cell belongs to a reference customer. It is right if its credit is full; a free text from a similarity that is a
setting. A customer that the run lacks has no cell right, not even an empty one, as it earns no points. Customers that
the run invented have no reference cell; they are counted beside.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.domain.scoring.run_score import RunScore

CORRECT_FROM = 0.8
"""Similarity from which a free text counts as correct (PRODUCT rules)."""
_TOLERANCE = 1e-9


@dataclass(frozen=True, slots=True)
class CorrectCells:
    """Correctness of a run's cells, one row per reference customer, one column per field.

    Attributes:
        chats: chat index of each row.
        customers: position of the reference form of each row.
        right: whether the cell is right.
        invented: forms without a reference customer.
    """

    chats: npt.NDArray[np.int64]
    customers: npt.NDArray[np.int64]
    right: npt.NDArray[np.bool_]
    invented: int


def least_credit(right_from: float) -> float:
    """The share of a field's points from which a cell is right; sums of floats may fall short by a hair."""
    return right_from - _TOLERANCE


def correct_cells(score: RunScore, free: npt.NDArray[np.bool_], right_from: float = CORRECT_FROM) -> CorrectCells:
    """Compute which reference cells a run has right.

    Args:
        score: a run against a reference.
        free: per field, whether it is scored by similarity.
        right_from: from which similarity a free text is right; passed over for measures that have no threshold.
    """
    nothing = (0.0,) * len(free)
    chats: list[int] = []
    customers: list[int] = []
    credits: list[tuple[float, ...]] = []
    invented = 0
    for index, chat in score.chats.items():
        by_gold = {pair.gold: pair.credits for pair in chat.pairs}
        invented += chat.preds - len(by_gold)
        for gold in range(chat.golds):
            chats.append(index)
            customers.append(gold)
            credits.append(by_gold.get(gold, nothing))
    table = np.array(credits, dtype=np.float64).reshape(len(credits), len(free))
    least = np.where(free & score.measure.threshold, least_credit(right_from), least_credit(1.0))
    return CorrectCells(np.array(chats, dtype=np.int64), np.array(customers, dtype=np.int64), table >= least, invented)
