"""Bootstrap over chats: confidence intervals of means and of paired differences.

Chats are drawn with replacement, the same draws for every column, so that the interval of a difference of two runs is
a paired one: what makes a chat hard is hard for both. Intervals are percentiles of the resampled means (Efron 1979).
Seeded: the same data give the same interval.
"""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from core.domain.scoring.interval import Interval

SAMPLES = 2_000
SEED = 20_240
FEWEST = 6
"""Fewest chats for a paired test: below it, none can reach 5 % (5 chats, all better: 2/2⁵ = 6 %)."""
_BLOCK = 4_000_000

Floats = npt.NDArray[np.float64]


def mean_intervals(rows: Floats, *, samples: int = SAMPLES, seed: int = SEED, level: float = 0.95) -> list[Interval]:
    """Confidence intervals of column means.

    Args:
        rows: one row per chat, one column per quantity.
        samples: how many times the chats are drawn.
        seed: of the draws.
        level: how much of the resampled means the interval holds.

    Returns:
        One interval per column; ``(0, 0)`` where there are no rows.
    """
    count, width = rows.shape
    if not count:
        return [Interval(0.0, 0.0)] * width
    means = np.concatenate([weights @ rows for weights in _draws(count, samples, seed)]) / count
    tail = 50.0 * (1.0 - level)
    low, high = np.percentile(means, [tail, 100.0 - tail], axis=0)
    return [Interval(float(a), float(b)) for a, b in zip(low, high, strict=True)]


def difference_intervals(rows: Floats, *, samples: int = SAMPLES, seed: int = SEED) -> list[Interval]:
    """Like :func:`mean_intervals` for paired differences; with fewer than ``FEWEST`` chats, extended to contain 0."""
    intervals = mean_intervals(rows, samples=samples, seed=seed)
    if len(rows) >= FEWEST:
        return intervals
    return [Interval(min(low, 0.0), max(high, 0.0)) for low, high in intervals]


def _draws(count: int, samples: int, seed: int) -> Iterator[Floats]:
    """How often each chat was drawn: blocks of rows, one row per sample, small enough for the memory."""
    random = np.random.default_rng(seed)
    step = max(1, _BLOCK // count)
    for start in range(0, samples, step):
        size = min(step, samples - start)
        drawn = random.integers(0, count, (size, count)) + np.arange(size)[:, None] * count
        yield np.bincount(drawn.ravel(), minlength=size * count).reshape(size, count).astype(np.float64)
