"""The words of chats as numbers: character n-grams of three views, and how alike two chats are.

The views are what the customer said, what the customer's side said, and what anybody said. Similarity is the cosine of
their weighted n-grams. A linear model over n-grams needs only the similarities to the examples it learned from, so
these are what is kept: as many numbers as there are examples, instead of one per n-gram.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import numpy as np

from core.services.learning.forest import Floats

_BITS: Final = 18
_BUCKETS: Final = 2**_BITS
"""n-grams are counted by hash: no vocabulary is kept, and two of a chat hardly ever meet in one bucket."""
_GAP: Final = re.compile(r"\s\s+")
_SCATTER: Final = np.uint64(0x9E3779B97F4A7C15)
_VIEWS: Final = 3
_EXACT: Final = 1_200
"""Most examples for which all similarities are decomposed exactly; above, only the leading directions are."""
_COMMON: Final = 0.04
"""Share of the examples from which an n-gram counts as common: dense arithmetic is quicker there than sparse."""
_AT_ONCE: Final = 4_096
"""Common n-grams that are made dense at a time."""
_DIRECTIONS: Final = 128
_SMALLEST: Final = 1e-6
"""Directions with less than this share of the largest one's weight are noise of the arithmetic."""


@lru_cache(maxsize=1_024)
def _counts(text: str) -> tuple[Any, Any]:
    """Buckets of a text's n-grams and their damped counts, for one view; capitals and long gaps make no difference."""
    plain = _GAP.sub(" ", text.lower())
    codes = np.frombuffer(plain.encode("utf-32-le", "surrogatepass"), np.uint32).astype(np.uint64)
    # A character takes 21 bits: each n-gram is one number of its own, and is then scattered over the buckets.
    grams = np.concatenate([codes, codes[:-1] | codes[1:] << 21, codes[:-2] | codes[1:-1] << 21 | codes[2:] << 42])
    grams ^= grams >> 32
    grams *= _SCATTER
    grams ^= grams >> 29
    grams *= _SCATTER
    buckets, counts = np.unique((grams >> (64 - _BITS)).astype(np.int32), return_counts=True)
    return buckets, (1.0 + np.log(counts)).astype(np.float32)


Texts = tuple[str, str, str]
"""The three views of one customer in one chat."""


@dataclass(frozen=True, slots=True)
class Words:
    """The n-grams of the examples that a model learned from.

    Attributes:
        rarity: weight of each bucket of each view; 0 for n-grams of a single example.
        rows: weighted n-grams of the examples, a sparse matrix.
        basis: from similarities to coordinates, shape (examples, directions).
    """

    rarity: Any
    rows: Any
    basis: Floats

    def similarities(self, texts: Sequence[Texts]) -> Floats:
        """Cosine of each text with each example, shape (texts, examples)."""
        weighted = _weighted([[_counts(text) for text in views] for views in texts], self.rarity)
        alike: Floats = np.asarray((weighted @ self.rows.T).toarray(), dtype=np.float64)
        return alike


_Counted = list[list[tuple[Any, Any]]]
"""Per text and view, buckets and damped counts."""


def _weighted(counted: _Counted, rarity: Any) -> Any:
    """n-grams × rarity, each view of each text brought to the same length; a sparse matrix.

    Args:
        counted: of the texts; is used up, so that a thousand chats need not be held twice.
        rarity: weight of each bucket of each view.
    """
    from scipy import sparse

    rows, buckets, weights, ends = len(counted), [], [], [0]
    while counted:
        size = 0
        for view, (indices, counts) in enumerate(counted.pop(0)):
            own = counts * rarity[view, indices]
            kept = own > 0
            own = own[kept]
            length = np.sqrt(max(float(own @ own), 1e-12) * _VIEWS)
            buckets.append(indices[kept] + np.int32(view * _BUCKETS))
            weights.append(own / np.float32(length))
            size += len(own)
        ends.append(ends[-1] + size)
    return sparse.csr_matrix(
        (_joined(weights, np.float32), _joined(buckets, np.int32), np.array(ends)), shape=(rows, _VIEWS * _BUCKETS)
    )


def _joined(parts: list[Any], kind: Any) -> Any:
    """One array of many, which are let go one after the other."""
    joined = np.empty(sum(map(len, parts)), kind)
    at = len(joined)
    while parts:
        last = parts.pop()
        joined[at - len(last) : at] = last
        at -= len(last)
    return joined


def _gram(rows: Any) -> Floats:
    """Products of all rows of a sparse matrix with each other; columns that many rows have are made dense for it."""
    count = np.bincount(rows.indices, minlength=rows.shape[1])
    is_common = count > max(1.0, _COMMON * rows.shape[0])
    rare = rows[:, np.flatnonzero((count > 0) & ~is_common)]
    gram: Floats = np.asarray((rare @ rare.T).toarray(), dtype=np.float64)
    common = np.flatnonzero(is_common)
    for part in np.array_split(common, 1 + len(common) // _AT_ONCE):
        dense = rows[:, part].toarray()
        gram += dense @ dense.T
    return gram


def fit_words(texts: Sequence[Texts], seed: int) -> tuple[Words, Floats]:
    """Weigh the n-grams of examples and find the directions in which they differ.

    Returns:
        The n-grams, and the similarities of the examples with each other.
    """
    counted = [[_counts(text) for text in views] for views in texts]
    frequency = np.zeros((_VIEWS, _BUCKETS), np.int32)
    for of_views in counted:
        for view, (buckets, _) in enumerate(of_views):
            frequency[view, buckets] += 1
    rarity = np.where(frequency >= min(2, len(texts)), np.log((1 + len(texts)) / (1 + frequency)) + 1.0, 0.0).astype(
        np.float32
    )
    rows = _weighted(counted, rarity)
    gram = _gram(rows)
    if len(texts) <= _EXACT:
        sizes, directions = np.linalg.eigh(gram)
        order = np.argsort(-sizes)[: 2 * _DIRECTIONS]
        order = order[sizes[order] > _SMALLEST * max(float(sizes.max()), 1e-12)]
        basis = directions[:, order] / np.sqrt(sizes[order])
    else:
        from sklearn.utils.extmath import randomized_svd

        left, singular, _ = randomized_svd(rows, _DIRECTIONS, n_iter=2, random_state=seed)
        basis = left / np.maximum(singular, 1e-9)
    # The sign of a direction is arbitrary: fixed, so that the same examples give the same model everywhere.
    largest = basis[np.abs(basis).argmax(axis=0), np.arange(basis.shape[1])]
    return Words(rarity, rows, basis * np.where(largest < 0, -1.0, 1.0)), gram
