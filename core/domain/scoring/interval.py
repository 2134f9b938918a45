"""The interval of a score. Needs no NumPy: who only names one need not import it."""

from typing import NamedTuple


class Interval(NamedTuple):
    """A 95 % confidence interval.

    Attributes:
        low: lower end.
        high: upper end.
    """

    low: float
    high: float

    @property
    def has_zero(self) -> bool:
        """Whether the interval contains 0."""
        return self.low <= 0.0 <= self.high
