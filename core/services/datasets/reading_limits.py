"""Limits for files to import: sizes far beyond any real file, and memory and time of the reading process.

The figures leave an order of magnitude above what people have (10,000 chats with labels are a JSON file of 80 MB, an
Excel file of 30 MB and 230,000 cells). Whoever meets one is told the limit and what to do.
"""

import resource
import sys
from contextlib import suppress
from math import ceil
from pathlib import Path

MEMORY_MB = 1024
"""Memory of the process that reads a file."""

MAX_ROWS = 200_000
"""Rows of a file, bad ones included."""

MAX_CELLS = 5_000_000
"""Cells of a table; for Excel, of the rectangle from A1 to the outermost cell that holds anything."""

MAX_COLUMNS = 16_384
"""Columns of a table: as many as Excel has."""

MAX_UNPACKED_MB = 512
"""Size of everything inside an Excel file or a ZIP archive, unpacked."""

MAX_MEMBER_MB = 64
"""Size of one file inside a ZIP archive, unpacked."""

MAX_MEMBERS = 10_000
"""Files inside a ZIP archive, those included that are not read."""

MAX_ROW_CHARACTERS = 64_000_000
"""Characters of one row of a JSON file; a longer one has no end that could be found within the memory."""

MAX_FIELD_CHARACTERS = 16_000_000
"""Characters of one cell of a CSV; a quotation mark that is never closed makes one cell of the rest of the file."""

MAX_COLUMN_NAME = 200
"""Characters of a column's name; what is longer is a chat, and is cut."""

_SECONDS, _SECONDS_PER_MB = 20.0, 0.5
_WAITING = 3


def processor_seconds(size: int) -> float:
    """Processor time allowed for a file.

    Args:
        size: of the file in bytes.

    Returns:
        Seconds: 20, and half a second per MB (ten times what ordinary files take).
    """
    return _SECONDS + size / 1e6 * _SECONDS_PER_MB


def clock_seconds(size: int) -> float:
    """Wall-clock time allowed for a file: three times the processor time, for busy machines."""
    return _WAITING * processor_seconds(size)


def limit_process() -> None:
    """Permanently limit this process: its memory, no writing of files, no core dump."""
    with suppress(OSError):
        # On a machine with less memory than the limit, the kernel ends this process and not the server.
        Path("/proc/self/oom_score_adj").write_text("1000")
    _lower(resource.RLIMIT_CORE, 0)
    _lower(resource.RLIMIT_FSIZE, 0)
    if not POLLED:
        _lower(resource.RLIMIT_AS, MEMORY_MB << 20)


def limit_processor(seconds: float) -> None:
    """Let the kernel end this process after so many more seconds of processor time."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    soft = ceil(used.ru_utime + used.ru_stime + seconds)
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (soft if hard == resource.RLIM_INFINITY else min(soft, hard), hard))


POLLED = sys.platform == "darwin"
"""Whether the kernel ignores limits of memory (macOS), so that the parent has to look at it."""


def peak_megabytes() -> float:
    """Peak memory of this process in MB."""
    status = Path("/proc/self/status")
    if status.exists():  # ru_maxrss would count the parent's memory from before exec
        return next(int(line.split()[1]) for line in status.read_text().splitlines() if line.startswith("VmHWM")) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 << 20)


def _lower(kind: int, value: int) -> None:
    _, hard = resource.getrlimit(kind)
    limit = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(kind, (limit, limit))
