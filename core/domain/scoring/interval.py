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


_Z = 1.96


def wilson_interval(share: float, count: int) -> Interval:
    """95 % interval of a share of independent cases (Wilson 1927), honest for few cases and for shares of 0 and 1.

    Args:
        share: that was seen, 0 to 1.
        count: of how many cases, at least 1.
    """
    spread = _Z * _Z / count
    middle, half = share + spread / 2, (spread * (share * (1 - share) + spread / 4)) ** 0.5
    return Interval((middle - half) / (1 + spread), (middle + half) / (1 + spread))
