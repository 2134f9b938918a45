"""Starts the process that reads files; imports next to nothing, so that a command can do so before all else.

The process imports and finds out what a file is while the command imports on another processor. What is started here is
taken by the next :class:`core.services.datasets.reader_pool.Reader`.
"""

import atexit
import os
import socket
import subprocess
import sys
import threading
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from core.places import ROOT
from core.services.datasets.reader_jobs import LookAhead, send_job

# No key is handed on: what reads a stranger's file needs none.
_ENVIRONMENT = ("PATH", "LANG", "LC_ALL", "LC_CTYPE", "TMPDIR", "TZ", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")

# pydantic would look through all installed packages for some.
_NO_PLUGINS = {"PYDANTIC_DISABLE_PLUGINS": "__all__"}

_lock = threading.Lock()
_started: list["ReaderProcess"] = []


@dataclass(frozen=True, slots=True)
class ReaderProcess:
    """A process of :mod:`core.services.datasets.reader_process`, and this side of its channel."""

    process: subprocess.Popen[bytes]
    channel: socket.socket

    def end(self) -> None:
        """End the process, whatever it does."""
        self.channel.close()
        self.process.kill()
        self.process.wait()


def start_early() -> None:
    """Start the process that the next reader will be, if none was started."""
    with _lock:
        if not _started:
            _started.append(_start())


def look_ahead(path: Path, encoding: str = "", file_format: str = "") -> None:
    """Have what was started early find out what a file is that it will be asked to read; nobody waits for that.

    Args:
        path: the file; one that cannot be opened is passed over: whoever reads it is told.
        encoding: of its text, if somebody said so.
        file_format: how it is written, if somebody said so.
    """
    with _lock, suppress(OSError):  # the process may have ended: whoever reads takes another
        if _started and path.is_file():
            with path.open("rb") as file:
                send_job(_started[-1].channel, LookAhead(path.name, encoding, file_format), file.fileno())


def take_process() -> ReaderProcess:
    """The process that was started early, or else a new one."""
    with _lock:
        while _started:
            started = _started.pop()
            if started.process.poll() is None:
                return started
            started.end()
    return _start()


@atexit.register
def end_started() -> None:
    """End what was started early and never taken."""
    with _lock:
        while _started:
            _started.pop().end()


def _start() -> ReaderProcess:
    ours, theirs = socket.socketpair()
    with theirs:
        process = subprocess.Popen(
            [sys.executable, "-m", "core.services.datasets.reader_process"],
            stdin=theirs.fileno(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=ROOT,
            env={name: os.environ[name] for name in _ENVIRONMENT if name in os.environ} | _NO_PLUGINS,
        )
    return ReaderProcess(process, ours)
