"""The words of chats as numbers: character n-grams of three views, and how alike two chats are.

The views are what the customer said, what the customer's side said, and what anybody said. Similarity is the cosine of
their weighted n-grams. A linear model over n-grams needs only the similarities to the examples it learned from, so
these are what is kept: as many numbers as there are examples, instead of one per n-gram.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import numpy as np

from core.services.learning.forest import Floats

_BUCKETS: Final = 2**18
"""n-grams are counted by hash: no vocabulary is kept, and two of a chat hardly ever meet in one bucket."""
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


@lru_cache(maxsize=1)
def _counter() -> Any:
    from sklearn.feature_extraction.text import HashingVectorizer

    return HashingVectorizer(
        analyzer="char", ngram_range=(1, 3), n_features=_BUCKETS, norm=None, alternate_sign=False, dtype=np.float32
    )


@lru_cache(maxsize=12_288)
def _counts(text: str) -> tuple[Any, Any]:
    """Buckets of a text's n-grams and their damped counts, for one view."""
    row = _counter().transform([text])
    row.sort_indices()
    return row.indices.astype(np.int32), (1.0 + np.log(row.data)).astype(np.float32)


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
        alike: Floats = np.asarray((_weighted(texts, self.rarity) @ self.rows.T).toarray(), dtype=np.float64)
        return alike


def _matrix(texts: Sequence[Texts]) -> Any:
    from scipy import sparse

    buckets, counts, ends = [], [], [0]
    for views in texts:
        for view, text in enumerate(views):
            indices, values = _counts(text)
            buckets.append(indices + view * _BUCKETS)
            counts.append(values)
        ends.append(ends[-1] + sum(len(part) for part in buckets[-_VIEWS:]))
    return sparse.csr_matrix(
        (np.concatenate(counts), np.concatenate(buckets), np.array(ends)), shape=(len(texts), _VIEWS * _BUCKETS)
    )


def _weighted(texts: Sequence[Texts], rarity: Any) -> Any:
    """n-grams × rarity, each view of each text brought to the same length."""
    matrix = _matrix(texts)
    matrix.data = matrix.data * rarity[matrix.indices]
    rows = np.repeat(np.arange(len(texts)), np.diff(matrix.indptr))
    cells = rows * _VIEWS + matrix.indices // _BUCKETS
    squares = np.bincount(cells, weights=matrix.data.astype(np.float64) ** 2, minlength=len(texts) * _VIEWS)
    lengths = np.sqrt(np.maximum(squares, 1e-12) * _VIEWS)
    matrix.data = (matrix.data / lengths[cells]).astype(np.float32)
    return matrix


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
    matrix = _matrix(texts)
    frequency = np.bincount(matrix.indices, minlength=_VIEWS * _BUCKETS)
    rarity = np.where(frequency >= min(2, len(texts)), np.log((1 + len(texts)) / (1 + frequency)) + 1.0, 0.0).astype(
        np.float32
    )
    rows = _weighted(texts, rarity)
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
