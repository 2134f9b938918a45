"""Chats that are equal or nearly so: candidates by MinHash and locality-sensitive hashing, confirmed exactly.

The lookup only proposes pairs: its bands are so wide that of the pairs at the threshold not one in a thousand is
missed, at the price of pairs far below it. Whether a pair is nearly equal is then counted on all runs of characters
of both. For 10,000 chats of 1,800 characters this takes about 10 s, which is why it is done only where somebody asks:
for a split, for dropping, for a preflight.
"""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    pass

SIMILAR = 0.8
"""From this share of common runs of characters on (Jaccard index), two chats are called nearly equal."""

_RUN = 5
_BANDS, _ROWS = 16, 4
"""A pair of Jaccard index J is looked at with probability ``1 - (1 - J**4)**16``: 99.98 % at 0.8, 2.5 % at 0.2."""
_PERMUTATIONS = _BANDS * _ROWS
_HOPELESS = 0.6
"""Pairs whose sketches agree less are not counted: the estimate is four standard deviations below the threshold."""
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)

_Hashes = npt.NDArray[np.uint32]


class NearDuplicates:
    """Groups conversations that are equal or nearly equal."""

    def __init__(self) -> None:
        from datasketch import MinHash  # brings SciPy, which takes half a second

        self._blank = MinHash(_PERMUTATIONS, hashfunc=int)
        self._positions: dict[bytes, int] = {}
        self._sketches: list[MinHash] = []
        self._runs: list[_Hashes] = []

    def add(self, digest: bytes, conversation: str) -> None:
        """Add a conversation; equal ones count once."""
        if digest in self._positions:
            return
        runs = _run_hashes(conversation)
        sketch = self._blank.copy()
        sketch.update_batch(runs.tolist())
        self._positions[digest] = len(self._sketches)
        self._sketches.append(sketch)
        self._runs.append(runs)

    def groups(self) -> dict[bytes, bytes]:
        """Digest of a conversation → digest that names its group: that of its first member."""
        leaders = list(range(len(self._sketches)))

        def leader(position: int) -> int:
            while leaders[position] != position:
                leaders[position] = leaders[leaders[position]]
                position = leaders[position]
            return position

        for position, earlier in self._candidates():
            first, second = leader(earlier), leader(position)
            if first != second and _nearly_equal(self._runs[earlier], self._runs[position]):
                # Whoever came first names the group, in whatever order its members are met.
                leaders[max(first, second)] = min(first, second)
        digests = list(self._positions)
        return {digest: digests[leader(position)] for digest, position in self._positions.items()}

    def _candidates(self) -> Iterator[tuple[int, int]]:
        """Pairs of positions that may be nearly equal, the later one first; of each, the likeliest partners first."""
        if not self._sketches:
            return
        from datasketch import MinHashLSH

        index = MinHashLSH(num_perm=_PERMUTATIONS, params=(_BANDS, _ROWS))
        values = np.stack([sketch.hashvalues for sketch in self._sketches])
        for position, sketch in enumerate(self._sketches):
            partners = np.array(sorted(index.query(sketch)), dtype=np.intp)
            agreement = (values[partners] == values[position]).mean(axis=1)
            for at in np.argsort(-agreement, kind="stable"):
                if agreement[at] < _HOPELESS:
                    break
                yield position, int(partners[at])
            index.insert(position, sketch)


def _nearly_equal(first: _Hashes, second: _Hashes) -> bool:
    """Whether two texts have enough runs in common; each text's runs are sorted and distinct."""
    if min(len(first), len(second)) < SIMILAR * max(len(first), len(second)):
        return False
    common = len(np.intersect1d(first, second, assume_unique=True))
    return common / (len(first) + len(second) - common) >= SIMILAR


def _run_hashes(text: str) -> _Hashes:
    """Hashes of all runs of characters of a text, white space left out, each once, sorted."""
    letters = np.frombuffer("".join(text.split()).encode("utf-32-le", "replace"), dtype=np.uint32).astype(np.uint64)
    if not len(letters):
        return np.zeros(1, dtype=np.uint32)
    length = min(_RUN, len(letters))
    mixed = np.zeros(len(letters) - length + 1, dtype=np.uint64)
    for at in range(length):
        mixed = (mixed + letters[at : len(letters) - length + 1 + at]) * _MULTIPLIER
        mixed ^= mixed >> np.uint64(29)
    return np.unique((mixed >> np.uint64(32)).astype(np.uint32))


def group_sizes(chats: Iterable[bytes], groups: dict[bytes, bytes]) -> dict[bytes, int]:
    """Number of rows of each group."""
    sizes: dict[bytes, int] = {}
    for chat in chats:
        name = groups.get(chat, chat)
        sizes[name] = sizes.get(name, 0) + 1
    return sizes
