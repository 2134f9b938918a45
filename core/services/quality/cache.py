"""A cache of computed values, shared by all users; its keys contain data versions, so no value is ever stale."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import TypeVar, cast

T = TypeVar("T")

_MOST_CHATS = 60_000
"""Chat scores kept at most: some 100 MB."""

_kept: OrderedDict[Hashable, tuple[object, int]] = OrderedDict()
_lock = Lock()


def cached(key: Hashable, make: Callable[[], T], *, chats: int = 1) -> T:
    """Return the cached value of a key, computing it first if necessary.

    Two threads that ask at once may both make it; the values are equal.

    Args:
        key: all that the value depends on.
        make: how to get it.
        chats: size of the value in scored chats; the least recently used value is dropped first.
    """
    with _lock:
        if key in _kept:
            _kept.move_to_end(key)
            return cast(T, _kept[key][0])
    value = make()
    with _lock:
        _kept[key] = (value, max(1, chats))
        _kept.move_to_end(key)
        while len(_kept) > 1 and sum(size for _, size in _kept.values()) > _MOST_CHATS:
            _kept.popitem(last=False)
    return value


def forget() -> None:
    """Empty the cache (for tests and benchmarks)."""
    with _lock:
        _kept.clear()
