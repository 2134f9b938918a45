"""A cache of computed values, shared by all users; its keys contain data versions, so no value is ever stale."""

import os
from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import TypeVar, cast

T = TypeVar("T")

_A_CHAT = 2_500
"""Bytes that a scored chat takes."""
_FEWEST_CHATS, _MOST_CHATS = 60_000, 600_000
_MOST_SMALL = 2_000
"""Values of no size that are kept at most; apart from the others, for one of these must not cost a value of seconds."""

_small: OrderedDict[Hashable, tuple[object, int]] = OrderedDict()
_large: OrderedDict[Hashable, tuple[object, int]] = OrderedDict()
_lock = Lock()


def _most_chats() -> int:
    """Scored chats that are kept at most: in a quarter of the machine's memory, and no more than are of use."""
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return min(_MOST_CHATS, max(_FEWEST_CHATS, memory // 4 // _A_CHAT))


def cached(key: Hashable, make: Callable[[], T], *, chats: int = 0) -> T:
    """Return the cached value of a key, computing it first if necessary.

    Two threads that ask at once may both make it; the values are equal.

    Args:
        key: all that the value depends on.
        make: how to get it.
        chats: size of the value in scored chats, 0 for a small one; of its like the least recently used value is
            dropped first.
    """
    kept, most = (_large, _most_chats()) if chats else (_small, _MOST_SMALL)
    with _lock:
        if key in kept:
            kept.move_to_end(key)
            return cast(T, kept[key][0])
    value = make()
    with _lock:
        kept[key] = (value, max(1, chats))
        kept.move_to_end(key)
        while len(kept) > 1 and sum(size for _, size in kept.values()) > most:
            kept.popitem(last=False)
    return value


def forget() -> None:
    """Empty the cache (for tests and benchmarks)."""
    with _lock:
        _small.clear()
        _large.clear()
