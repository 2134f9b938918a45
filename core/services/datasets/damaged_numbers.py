"""Numbers that a spreadsheet has shortened (1.38E+10, 15 digits and zeros): different ones may have become the same."""

import re
from collections.abc import Iterable

EXACT_DIGITS = 15
"""A spreadsheet keeps so many digits of a number."""

_SCIENTIFIC = re.compile(r"[+-]?\d{1,3}(?:[.,]\d{1,17}[Ee][+-]?|[Ee]\+)\d{1,3}")


def shortened(values: Iterable[str]) -> frozenset[str]:
    """Those of a column's values that held more digits than they show.

    Digits written out count where all of the column's long numbers end in zeros beyond the fifteenth: of one alone
    that may be so by chance.
    """
    distinct = {value for value in values if value and value.isascii()}
    scientific = {value for value in distinct if _SCIENTIFIC.fullmatch(value)}
    long = {value for value in distinct if len(value) > EXACT_DIGITS and value.isdigit()}
    rounded = all(not value[EXACT_DIGITS:].strip("0") for value in long)
    sure = len(long) > 1 or any(len(value) > EXACT_DIGITS + 1 for value in long)
    return frozenset(scientific | (long if rounded and sure else set()))


def plain_number(value: float) -> str:
    """A whole number of a spreadsheet as text; one that has lost digits is written as a spreadsheet shows it."""
    return str(int(value)) if abs(value) < 10**EXACT_DIGITS else f"{value:.14E}"
