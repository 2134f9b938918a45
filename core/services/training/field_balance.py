"""Balance of fields: how often each is filled, and how many copies rows get that fill rare ones."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.domain.form import Form
from core.services.training.rows import SpooledRow
from core.services.training.training_options import MAX_COPIES


@dataclass(frozen=True, slots=True)
class FieldBalance:
    """How often a field is filled in the training part.

    Attributes:
        key: of the field.
        rows: distinct training rows that ask for it.
        filled: of these, the rows where at least one customer has it.
        lines: lines of one pass over the set that ask for it, copies counted.
        filled_lines: of these, filled ones.
    """

    key: str
    rows: int
    filled: int
    lines: int
    filled_lines: int

    @property
    def share(self) -> float:
        """Share of rows where it is filled, before copies."""
        return self.filled / self.rows if self.rows else 0.0

    @property
    def balanced(self) -> float:
        """Share of lines where it is filled, copies counted."""
        return self.filled_lines / self.lines if self.lines else 0.0


def copies_per_row(rows: Sequence[SpooledRow], target_share: float) -> dict[int, int]:
    """How many copies of each row go into one pass; the rarest field that a row fills decides.

    Args:
        rows: distinct training rows.
        target_share: share of rows (0 to below 1) in which each field should be filled; 0 for no copies.

    Returns:
        Start of the row in the spool → copies, 1 to :data:`MAX_COPIES`.
    """
    if not target_share:
        return {row.start: 1 for row in rows}
    asking: dict[str, int] = {}
    filled: dict[str, int] = {}
    for row in rows:
        for key in row.task.form.keys:
            asking[key] = asking.get(key, 0) + 1
        for key in row.filled:
            filled[key] = filled.get(key, 0) + 1
    factor = {key: target_share * asking[key] / count for key, count in filled.items()}
    return {
        row.start: max(1, min(MAX_COPIES, round(max((factor[key] for key in row.filled), default=1.0)))) for row in rows
    }


def field_balance(form: Form, rows: Sequence[SpooledRow], copies: Mapping[int, int]) -> list[FieldBalance]:
    """How often each field is filled, before and after copies, in the form's order.

    Args:
        form: the form.
        rows: distinct training rows.
        copies: of each row by its start in the spool.
    """
    balance = []
    for key in form.keys:
        asking = [row for row in rows if key in row.task.form]
        filled = [row for row in asking if key in row.filled]
        balance.append(
            FieldBalance(
                key=key,
                rows=len(asking),
                filled=len(filled),
                lines=sum(copies[row.start] for row in asking),
                filled_lines=sum(copies[row.start] for row in filled),
            )
        )
    return balance
