"""Similarity measures of free texts; interchangeable, as the organisers' own is not public."""

from collections.abc import Callable
from dataclasses import dataclass

from rapidfuzz.distance import LCSseq

from core.domain.scoring import embedding
from core.errors import NotFoundError


@dataclass(frozen=True, slots=True)
class Measure:
    """A similarity measure of two texts.

    Attributes:
        name: for settings and the command line.
        title: for pages, in Chinese.
        similarity: of two stripped texts, 0 to 1, symmetric; never called with an empty one.
        threshold: whether "right from so much similarity" means anything; where not, only equal texts are right.
        caveat: what a person must know who reads a number of this measure; empty for none.
    """

    name: str
    title: str
    similarity: Callable[[str, str], float]
    threshold: bool = True
    caveat: str = ""


def _lcs(a: str, b: str) -> float:
    """``2·LCS / (len(a) + len(b))`` on characters, LCS being the longest common subsequence."""
    return 1.0 if a == b else 2.0 * LCSseq.similarity(a, b) / (len(a) + len(b))


def _exact(a: str, b: str) -> float:
    return float(a == b)


_BORDERS = str.maketrans(dict.fromkeys("、，,；;。\n", "|"))


def _items(text: str) -> frozenset[str]:
    return frozenset(part for raw in text.translate(_BORDERS).split("|") if (part := raw.strip()))


def _sets(a: str, b: str) -> float:
    """Dice over the parts between separators: order does not count, a part is right as a whole or not at all."""
    left, right = _items(a), _items(b)
    both = len(left) + len(right)
    return 2.0 * len(left & right) / both if both else float(a == b)


LCS = Measure("lcs", "最长公共子序列", _lcs)
"""Longest common subsequence: the project's measure for free texts (PRODUCT rules)."""

EXACT = Measure("exact", "完全一致", _exact)
"""Exact match, to see how much of a score is due to similarity."""

SET = Measure("set", "分项集合", _sets)
"""Set comparison, for lists written as one text; order does not count."""

EMBEDDING = Measure(
    "embedding",
    "语义向量",
    embedding.similarity,
    threshold=False,
    caveat="语义向量给不相干的两句话也在 0.85 上下，只宜用来排先后，不能当作得分高低或对错的界线。",
)
"""Cosine of sentence embeddings; needs the extra ``embedding``."""

MEASURES: dict[str, Measure] = {measure.name: measure for measure in (LCS, EXACT, SET, EMBEDDING)}


def usable() -> tuple[Measure, ...]:
    """The measures whose packages are installed."""
    return tuple(m for m in MEASURES.values() if m is not EMBEDDING or embedding.installed())


def measure_named(name: str) -> Measure:
    """The measure with this name.

    Raises:
        NotFoundError: no such measure, or its package is not installed; names those that can be used.
    """
    candidate = MEASURES.get(name)
    if candidate is None or candidate not in usable():
        can = "、".join(measure.name for measure in usable())
        if candidate is not None:
            raise NotFoundError(f"相似度「{name}」还没有安装", f"请安装 shiyao[embedding]；现在可用的有：{can}")
        raise NotFoundError(f"没有名为「{name}」的相似度", f"可用的有：{can}")
    return candidate
