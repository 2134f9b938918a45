"""A verb of ours in a process of its own: ``python -m bench.child FILE verb …`` writes what it used into FILE."""

import json
import resource
import runpy
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from core.services.datasets.reading_limits import peak_megabytes


@dataclass(frozen=True, slots=True)
class Usage:
    """What a process took: seconds by the clock and on the processor, and its peak memory in MB."""

    seconds: float
    processor: float
    peak: float


def measured(*arguments: str) -> Usage:
    """Run ``python -m core …`` in a fresh process, its start and end included."""
    with TemporaryDirectory() as folder:
        out = Path(folder) / "usage.json"
        started = time.perf_counter()
        command = [sys.executable, "-m", "bench.child", str(out), *arguments]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        return Usage(time.perf_counter() - started, **json.loads(out.read_text()))


if __name__ == "__main__":
    code: str | int | None = 0
    out, sys.argv = sys.argv[1], ["core", *sys.argv[2:]]
    try:
        runpy.run_module("core", run_name="__main__")
    except SystemExit as end:
        code = end.code
    used = resource.getrusage(resource.RUSAGE_SELF)
    Path(out).write_text(json.dumps({"processor": used.ru_utime + used.ru_stime, "peak": peak_megabytes()}))
    sys.exit(code)
