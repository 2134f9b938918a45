"""A disk of a few megabytes that can be filled: a mount of its own, gone afterwards."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest


@contextmanager
def small_disk(megabytes: int = 4) -> Iterator[Path]:
    """Context manager: a folder on such a disk; skips the test where nobody may mount one."""
    mount = shutil.which("mount")
    if mount is None or os.getuid():
        pytest.skip("a disk can be mounted by root alone")
    place = Path(tempfile.mkdtemp(prefix="shiyao-disk-"))
    command = [mount, "-t", "tmpfs", "-o", f"size={megabytes}m,mode=0755", "tmpfs", str(place)]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        place.rmdir()
        pytest.skip("no disk can be mounted here")
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)
        place.rmdir()


def fill(disk: Path) -> None:
    """Take all the room that is left."""
    with suppress(OSError), (disk / "full").open("ab", buffering=0) as file:
        while True:
            file.write(bytes(4096))
