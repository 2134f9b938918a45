"""A row of a table as it was read."""

from typing import Any, NamedTuple


class TableRow(NamedTuple):
    """One row of a CSV or Excel file.

    Attributes:
        line: where it begins, from 1.
        cells: what stands in it; of a row with a ``problem`` what could be read, to be shown.
        problem: why it cannot be used, a Chinese clause, or ``""``.
    """

    line: int
    cells: list[Any]
    problem: str = ""

    @property
    def is_blank(self) -> bool:
        """Whether nothing stands in it."""
        return not self.problem and all(cell is None or cell == "" for cell in self.cells)
