"""The lock that lets one process at a time bring a dataset's priorities and search index up to date."""

from contextlib import AbstractContextManager
from typing import Final

from core.adapters.store import Store
from core.adapters.store.owner_lock import only_one

_UPKEEP: Final = 0x75706B70


def only_upkeep(store: Store, dataset_id: int) -> AbstractContextManager[bool]:
    """Hold the lock of a dataset inside, if nobody else does; see :func:`core.adapters.store.owner_lock.only_one`.

    Args:
        store: open store.
        dataset_id: whose search index is to be updated.
    """
    return only_one(store, "upkeep", _UPKEEP, dataset_id)
