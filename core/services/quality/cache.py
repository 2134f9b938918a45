"""Computed values that are kept for a while, shared by all users: keyed on versions, so they are never stale."""

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
    """The value of a key, made if it is not there.

    Two threads that ask at once may both make it; the values are equal.

    Args:
        key: all that the value depends on.
        make: how to get it.
        chats: how big it is, in scored chats; what was used longest ago goes first.
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
    """Drop everything (tests and benchmarks)."""
    with _lock:
        _kept.clear()
