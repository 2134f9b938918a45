"""Whether there is room for what is written: database, log, backups."""

import os
import shutil
from enum import StrEnum

from core.adapters.store import Store
from core.places import var_folder

LEAST_FREE = 500_000_000
"""Bytes below which a disk counts as nearly full."""


class DiskState(StrEnum):
    """What a disk allows."""

    OK = "ok"
    LOW = "low"
    READ_ONLY = "read-only"


def free_bytes(store: Store | None) -> int:
    """Free bytes of the fullest disk that is written to; 0 where none can be asked."""
    return min((shutil.disk_usage(folder).free for folder in _folders(store)), default=0)


def disk_state(store: Store | None) -> DiskState:
    """Whether the folders of data and database can be written, and have room."""
    folders = _folders(store)
    if not folders or not all(os.access(folder, os.W_OK) for folder in folders):
        return DiskState.READ_ONLY
    return DiskState.LOW if free_bytes(store) < LEAST_FREE else DiskState.OK


def _folders(store: Store | None) -> list[str]:
    """Folders that are there: our own data folder may not be made yet, where the database is a server's."""
    named = {var_folder(), *([store.path.parent] if store is not None and store.path is not None else [])}
    return [str(folder) for folder in named if folder.is_dir()]
