"""A verb of ours in a process of its own: ``python -m bench.child FILE verb …`` writes what it used into FILE."""

import json
import resource
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory


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


def _peak_megabytes() -> float:
    status = Path("/proc/self/status")
    if status.exists():  # ru_maxrss would count the parent's memory from before exec
        return next(int(line.split()[1]) for line in status.read_text().splitlines() if line.startswith("VmHWM")) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 << 20)


if __name__ == "__main__":
    from core.cli import main

    code = main(sys.argv[2:])
    used = resource.getrusage(resource.RUSAGE_SELF)
    Path(sys.argv[1]).write_text(json.dumps({"processor": used.ru_utime + used.ru_stime, "peak": _peak_megabytes()}))
    sys.exit(code)
