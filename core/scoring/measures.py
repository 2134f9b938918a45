"""How alike two free texts are: named measures that can be swapped, as the organisers' own is not public."""

from collections.abc import Callable
from dataclasses import dataclass

from rapidfuzz.distance import LCSseq

from core.errors import NotFoundError


@dataclass(frozen=True, slots=True)
class Measure:
    """A similarity of texts.

    Attributes:
        name: for settings and the command line.
        title: for pages, in Chinese.
        similarity: of two stripped texts, 0 to 1, symmetric; 1 if both are empty, 0 if one is.
    """

    name: str
    title: str
    similarity: Callable[[str, str], float]


def _lcs(a: str, b: str) -> float:
    """``2·LCS / (len(a) + len(b))`` on characters, LCS being the longest common subsequence."""
    return 1.0 if a == b else 2.0 * LCSseq.similarity(a, b) / (len(a) + len(b))


LCS = Measure("lcs", "最长公共子序列相似度", _lcs)
"""What the project scores free texts with (PRODUCT rules)."""

EXACT = Measure("exact", "完全一致", lambda a, b: float(a == b))
"""All or nothing, to see how much of a score is similarity."""

MEASURES: dict[str, Measure] = {measure.name: measure for measure in (LCS, EXACT)}


def measure_named(name: str) -> Measure:
    """The measure of a name.

    Raises:
        NotFoundError: no such measure; names those that exist.
    """
    try:
        return MEASURES[name]
    except KeyError as error:
        raise NotFoundError(f"没有名为「{name}」的相似度", f"可用的有：{'、'.join(MEASURES)}") from error
