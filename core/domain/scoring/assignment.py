"""The best assignment of rows to columns (Hungarian method)."""

from collections.abc import Sequence
from math import inf

_SMALL = 144
"""Pairs up to which the assignment is found here: SciPy takes half a second to import, and chats have few customers."""


def best_assignment(totals: Sequence[Sequence[float]]) -> list[tuple[int, int]]:
    """Pairs of a row and a column with the largest sum, by row; each row and column at most once.

    Args:
        totals: worth of each pair, rows × columns; at least one of each.
    """
    rows, columns = len(totals), len(totals[0])
    if rows * columns > _SMALL:
        from scipy.optimize import linear_sum_assignment

        chosen = (indices.tolist() for indices in linear_sum_assignment(totals, maximize=True))
        return list(zip(*chosen, strict=True))
    if rows > columns:
        chosen_rows = cheapest_columns([[-total for total in column] for column in zip(*totals, strict=True)])
        return sorted((row, column) for column, row in enumerate(chosen_rows))
    return list(enumerate(cheapest_columns([[-total for total in row] for row in totals])))


def cheapest_columns(costs: list[list[float]]) -> list[int]:
    """The column of each row, no two the same, so that the costs' sum is smallest.

    Shortest augmenting paths (Crouse, "On implementing 2D rectangular assignment algorithms", 2016), step by step as in
    SciPy's ``linear_sum_assignment``, so that of equal sums it is the same one.

    Args:
        costs: rows × columns, at least as many columns as rows.
    """
    width = len(costs[0])
    of_rows, of_columns = [0.0] * len(costs), [0.0] * width
    column_of, row_of = [-1] * len(costs), [-1] * width
    for start in range(len(costs)):
        lengths, before = [inf] * width, [-1] * width
        open_columns, closed_columns = list(range(width - 1, -1, -1)), []
        rows_seen, row, shortest, sink = [start], start, 0.0, -1
        while sink < 0:
            nearest, at = inf, -1
            for place, column in enumerate(open_columns):
                length = shortest + costs[row][column] - of_rows[row] - of_columns[column]
                if length < lengths[column]:
                    lengths[column], before[column] = length, row
                if lengths[column] < nearest or (lengths[column] == nearest and row_of[column] < 0):
                    nearest, at = lengths[column], place
            shortest, column = nearest, open_columns[at]
            closed_columns.append(column)
            open_columns[at] = open_columns[-1]
            open_columns.pop()
            if row_of[column] < 0:
                sink = column
            else:
                row = row_of[column]
                rows_seen.append(row)
        of_rows[start] += shortest
        for row in rows_seen[1:]:
            of_rows[row] += shortest - lengths[column_of[row]]
        for column in closed_columns:
            of_columns[column] -= shortest - lengths[column]
        column = sink
        while True:
            row = before[column]
            row_of[column] = row
            column_of[row], column = column, column_of[row]
            if row == start:
                break
    return column_of
