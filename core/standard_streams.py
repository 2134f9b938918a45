"""The standard streams of a command: there when they were closed, able to write what we say, and why they are not."""

import errno
import io
import os
import sys
from contextlib import suppress
from pathlib import Path

from core.system_errors import system_reason

_CHINESE = "拾要"


def open_closed_streams() -> None:
    """Give a process a standard stream where it was started without one (``>&-``); call at start, before any file.

    Else the next file opened, the database's say, would get its number. Nothing is read from such an input, what is
    written as an error goes nowhere, and writing a result fails: nobody would get it.
    """
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(number)
        except OSError:
            # The lowest number that is free is this one, for those below are open by now.
            os.open(os.devnull, os.O_WRONLY if name == "stderr" else os.O_RDONLY)
        if getattr(sys, name) is None:
            mode = "r" if name == "stdin" else "w"
            # As by Python itself: it is not closed with the object, and errors tell themselves at any cost.
            stream = open(number, mode, encoding="utf-8", errors="backslashreplace", closefd=False)  # noqa: SIM115
            setattr(sys, name, stream)


def write_what_we_say() -> None:
    """Let results and errors be written whatever encoding was asked for.

    An encoding without Chinese (``PYTHONIOENCODING=cp1252``) gives way to UTF-8: a page of question marks helps nobody.
    A single character that an encoding lacks is written out as an escape.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            try:
                _CHINESE.encode(stream.encoding)
            except (UnicodeEncodeError, LookupError):
                stream.reconfigure(encoding="utf-8", errors="backslashreplace")
            else:
                stream.reconfigure(errors="backslashreplace")


def is_unicode(encoding: str | None) -> bool:
    """Whether an encoding has all characters."""
    return (encoding or "").lower().replace("_", "-").startswith("utf")


def why_unwritable() -> str:
    """Why nothing can be written to standard output; empty where it can. What could not be written is dropped."""
    try:
        # Once more, for some streams keep nothing of what a print could not write.
        sys.stdout.write("\n")
        sys.stdout.flush()
    except OSError as error:
        with suppress(OSError, ValueError):  # else the interpreter would say it once more at its end
            with Path(os.devnull).open("wb") as nowhere:
                os.dup2(nowhere.fileno(), sys.stdout.fileno())
        return "标准输出是关着的" if error.errno == errno.EBADF else system_reason(error)
    return ""
