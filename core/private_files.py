"""Files for the user of the program alone: they hold customers' words, phone numbers and addresses."""

import os
from pathlib import Path

_FILE, _FOLDER = 0o600, 0o700
MODE = _FILE
"""What lock files are given, which a library makes."""


def keep_new_files_private() -> None:
    """From now on no file of this process, nor of those that it starts, can be read by other users; call at start."""
    os.umask(0o077)


def private_opener(path: str, flags: int) -> int:
    """For ``open``: a new file is its user's alone, whatever the process is set to."""
    return os.open(path, flags, _FILE)


def create_private(path: Path) -> None:
    """Make an empty file for its user alone unless it is there: SQLite's files beside it take over its mode.

    Raises:
        OSError: the folder is missing or cannot be written.
    """
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, _FILE))


def private_folder(path: Path) -> None:
    """Make a folder for its user alone, and its parents; one that is there stays as it is.

    Raises:
        OSError: it cannot be made.
    """
    if not path.is_dir():
        path.mkdir(parents=True, exist_ok=True, mode=_FOLDER)


def close_folder(path: Path) -> None:
    """Take a folder of ours away from other users; older versions left it open to all."""
    try:
        if path.stat().st_mode & 0o077:
            path.chmod(_FOLDER)
    except OSError:
        return  # missing, or somebody else's: not ours to change
