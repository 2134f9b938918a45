"""The best assignment of rows to columns (Hungarian method)."""

from typing import Any

import numpy.typing as npt


def best_assignment(totals: npt.NDArray[Any]) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """Rows and columns of the pairs with the largest sum, each row and column at most once.

    Args:
        totals: worth of each pair, rows × columns.
    """
    from scipy.optimize import linear_sum_assignment  # takes half a second to import; most chats have one customer

    rows, columns = linear_sum_assignment(totals, maximize=True)
    return rows, columns
