"""Chats that are equal or nearly so: MinHash over runs of five characters, looked up by locality-sensitive hashing.

Equal chats are told by their digest, so short ones need no sketch. For 10,000 chats of 1,800 characters this takes
about 10 s, which is why it is done only where somebody asks: for a split, for dropping, for a preflight.
"""

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
from datasketch import MinHash, MinHashLSH

SIMILAR = 0.8
"""From this share of common runs of characters on, two chats are called nearly equal."""

_RUN = 5
_PERMUTATIONS = 64
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)


class NearDuplicates:
    """Groups conversations that are equal or nearly equal."""

    def __init__(self) -> None:
        self._blank = MinHash(_PERMUTATIONS, hashfunc=int)
        self._sketches: dict[bytes, MinHash] = {}
        self._position: dict[bytes, int] = {}

    def add(self, digest: bytes, conversation: str) -> None:
        """Add a conversation; equal ones count once."""
        if digest in self._sketches:
            return
        sketch = self._blank.copy()
        sketch.update_batch(_runs(conversation).tolist())
        self._position[digest] = len(self._sketches)
        self._sketches[digest] = sketch

    def groups(self) -> dict[bytes, bytes]:
        """Digest of a conversation → digest that names its group: that of its first member."""
        index = MinHashLSH(threshold=SIMILAR, num_perm=_PERMUTATIONS)
        leader: dict[bytes, bytes] = {}

        def root(digest: bytes) -> bytes:
            while leader[digest] != digest:
                digest = leader[digest]
            return digest

        for digest, sketch in self._sketches.items():
            leader[digest] = digest
            for other in index.query(sketch):
                if sketch.jaccard(self._sketches[other]) >= SIMILAR:
                    first, second = root(other), root(digest)
                    # Whoever came first names the group, in whatever order the index finds its members.
                    early, late = sorted((first, second), key=self._position.__getitem__)
                    leader[late] = early
            index.insert(digest, sketch)
        return {digest: root(digest) for digest in leader}


def _runs(text: str) -> npt.NDArray[np.uint32]:
    """Hashes of all runs of characters of a text, white space left out, each once."""
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
