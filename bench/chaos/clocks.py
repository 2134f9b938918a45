"""The machine's clock jumps by hours and days, forwards and back, under reviewers and a run (libfaketime)."""

import os
import shutil
import subprocess
import time
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import select
from sqlmodel import col

from bench.chaos.ground import ground
from bench.chaos.options import Options
from bench.chaos.oracle import Oracle
from bench.chaos.reviewers import working
from bench.chaos.run_watch import CountingService, RunWatch
from bench.chaos.tally import Tally
from core.adapters.store import Store
from core.adapters.store.models import RecordEvent
from tests.browser.serving import ROOT

JUMPS = ("+2h", "-3h", "+1d", "-1d", "+40d", "+0")
REVIEWERS = 4
_PAUSE = 5.0
_RUN_CHATS = 60


def library() -> Path | None:
    """Where libfaketime is; Debian's package is installed if it is missing and this is root."""
    for attempt in range(2):
        places = [*Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"), *Path("/usr/lib").glob("faketime/*MT.so.1")]
        if places:
            return places[0]
        if attempt or os.getuid() or not shutil.which("apt-get"):
            return None
        install = ["apt-get", "install", "-y", "--no-install-recommends", "faketime"]
        for command in (install, ["apt-get", "update"], install):
            done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
            if command is install and done.returncode == 0:
                break
    return None


def run(options: Options) -> Tally:
    """Let the server's clock jump while people save and a run goes on."""
    tally, oracle = Tally(), Oracle()
    faketime = library()
    if faketime is None:
        tally.count("not_done", "libfaketime is not installed (Debian: faketime)")
        return tally
    with TemporaryDirectory() as folder, CountingService() as service:
        clock = Path(folder) / "clock"
        clock.write_text("+0")
        faked = {
            "LD_PRELOAD": str(faketime),
            "FAKETIME_TIMESTAMP_FILE": str(clock),
            "FAKETIME_CACHE_DURATION": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "PYTHONPATH": f"{Path(__file__).with_name('faked_clock')}{os.pathsep}{ROOT}",
            "DONT_FAKE_MONOTONIC": "1",
        }
        with ground(60, env=service.environment() | faked) as place:
            watch = RunWatch(place, service, _RUN_CHATS)
            with working(REVIEWERS, place.server.port, place.dataset_id, oracle, tally, options):
                watch.wake(tally)
                place.measure(tally, oracle)
                for jump in JUMPS:
                    time.sleep(_PAUSE)
                    clock.write_text(jump)
                time.sleep(_PAUSE)
                watch.wake(tally)
            # Stored moments are of the faked clock; nobody was killed, so no call may be made again.
            watch.count(tally, clocks_agree=False)
            place.finish(tally, oracle)
            _check_moments(place.store, tally)
    tally.figures["jumps"] = ", ".join(JUMPS)
    return tally


def _check_moments(store: Store, tally: Tally) -> None:
    """Versions have to carry moments of the faked clock: else nothing jumped."""
    with store.read() as session:
        moments = session.execute(select(col(RecordEvent.at)).order_by(col(RecordEvent.id))).scalars().all()
    back = sum(later < earlier for earlier, later in pairwise(moments))
    widest = max((later - earlier for earlier, later in pairwise(moments)), default=timedelta())
    tally.figures["seen in the history"] = f"{back} versions dated before the one before, at most {widest} apart"
    if not back or widest < timedelta(hours=1):
        tally.count("not_done", "the server's clock did not jump")
