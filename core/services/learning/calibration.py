"""How far probabilities can be believed: of the cells that are called 80 % sure, are four in five right?"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

_BINS: Final = 10


@dataclass(frozen=True, slots=True)
class ReliabilityBin:
    """Cells of about the same confidence.

    Attributes:
        low: least confidence of the bin.
        high: below which confidences fall into it; 1 belongs to the last one.
        cells: number of cells.
        confidence: their mean confidence; 0 without cells.
        right: share that is right; 0 without cells.
    """

    low: float
    high: float
    cells: int
    confidence: float
    right: float


@dataclass(frozen=True, slots=True)
class Reliability:
    """A reliability diagram.

    Attributes:
        chats: approved chats that it was measured on.
        cells: number of cells.
        ece: expected calibration error, 0 (perfect) to 1.
        bins: of equal width, from 0 to 1.
    """

    chats: int
    cells: int
    ece: float
    bins: tuple[ReliabilityBin, ...]

    def as_json(self) -> dict[str, Any]:
        """The diagram as it is stored and printed."""
        bins = [
            {
                "from": round(one.low, 3),
                "to": round(one.high, 3),
                "cells": one.cells,
                "confidence": round(one.confidence, 4),
                "right": round(one.right, 4),
            }
            for one in self.bins
        ]
        return {"chats": self.chats, "cells": self.cells, "ece": round(self.ece, 4), "bins": bins}


def stored_reliability(stored: dict[str, Any]) -> Reliability:
    """The diagram of :meth:`Reliability.as_json`."""
    bins = tuple(
        ReliabilityBin(one["from"], one["to"], one["cells"], one["confidence"], one["right"]) for one in stored["bins"]
    )
    return Reliability(stored["chats"], stored["cells"], stored["ece"], bins)


def reliability_of(cells: Sequence[tuple[float, bool]], *, chats: int, bins: int = _BINS) -> Reliability:
    """The reliability diagram of judged cells.

    The error is the mean difference of confidence and share of right cells over bins of equal width, each weighing as
    many cells as it has (Naeini, Cooper and Hauskrecht, 2015).

    Args:
        cells: ``(probability, right)`` of each cell.
        chats: number of chats that they are from.
        bins: number of bins.
    """
    sure = np.array([cell[0] for cell in cells], dtype=np.float64)
    right = np.array([float(cell[1]) for cell in cells], dtype=np.float64)
    place = np.minimum((np.clip(sure, 0.0, 1.0) * bins).astype(int), bins - 1)
    counts = np.bincount(place, minlength=bins)
    confidence = np.bincount(place, weights=sure, minlength=bins)
    shares = np.bincount(place, weights=right, minlength=bins)
    most = np.maximum(counts, 1)
    error = float(np.abs(confidence - shares).sum() / len(cells)) if cells else 0.0
    made = tuple(
        ReliabilityBin(
            at / bins,
            (at + 1) / bins,
            int(counts[at]),
            float(confidence[at] / most[at]),
            float(shares[at] / most[at]),
        )
        for at in range(bins)
    )
    return Reliability(chats, len(cells), error, made)


def calibration_error(cells: Sequence[tuple[float, bool]], *, bins: int = _BINS) -> float:
    """Expected calibration error of judged cells, see :func:`reliability_of`; 0 without cells."""
    return reliability_of(cells, chats=0, bins=bins).ece
