"""How figures are printed: one aligned line each, with the goal beside the ones that have one. Nothing is asserted."""

from collections.abc import Sequence
from statistics import median, quantiles


def line(what: str, value: str, goal: str = "") -> None:
    """Print one figure."""
    print(f"  {what:<50} {value:>14}{'   goal ' + goal if goal else ''}".rstrip(), flush=True)


def spread(what: str, values: Sequence[float], unit: str, goal: str = "") -> None:
    """Print the median of several measurements, their 95th percentile and how many there were."""
    if len(values) < 2:
        line(what, "no measurement" if not values else f"{values[0]:,.0f} {unit}", goal)
        return
    high = quantiles(values, n=20, method="inclusive")[-1]
    line(what, f"{median(values):,.0f} {unit}", goal)
    line(f"    95 % of {len(values)} within", f"{high:,.0f} {unit}")
