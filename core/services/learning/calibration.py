"""How far probabilities can be believed: of the cells that are called 80 % sure, are four in five right?"""

from collections.abc import Sequence
from typing import Final

import numpy as np

_BINS: Final = 10


def calibration_error(cells: Sequence[tuple[float, bool]], *, bins: int = _BINS) -> float:
    """Expected calibration error: mean difference of probability and share of right cells, over bins of equal width.

    Naeini, Cooper and Hauskrecht (2015). Each bin weighs as many cells as it has.

    Args:
        cells: ``(probability, right)`` of each cell.
        bins: number of bins.

    Returns:
        0 (perfect) to 1; 0 without cells.
    """
    if not cells:
        return 0.0
    sure = np.array([cell[0] for cell in cells])
    right = np.array([float(cell[1]) for cell in cells])
    place = np.minimum((np.clip(sure, 0.0, 1.0) * bins).astype(int), bins - 1)
    sums = np.bincount(place, weights=sure - right, minlength=bins)
    return float(np.abs(sums).sum() / len(cells))
