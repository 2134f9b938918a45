"""``kill -9`` of the app server, again and again, in the middle of saves and of a run."""

import time

from bench.chaos.ground import ground
from bench.chaos.options import Options
from bench.chaos.oracle import Oracle
from bench.chaos.reviewers import working
from bench.chaos.run_watch import CountingService, RunWatch
from bench.chaos.tally import Tally

REVIEWERS = 4
_RUN_CHATS_PER_KILL = 12
_CALL_SECONDS = 120.0


def run(options: Options) -> Tally:
    """Kill the server so many times under reviewers and a run."""
    tally, oracle, chance = Tally(), Oracle(), options.random("kills")
    calls: list[int] = []
    stored: list[int] = []
    with CountingService() as service, ground(60, env=service.environment()) as place:
        watch = RunWatch(place, service, max(1, options.kills) * _RUN_CHATS_PER_KILL, concurrency=4)
        with working(REVIEWERS, place.server.port, place.dataset_id, oracle, tally, options):
            for _ in range(options.kills):
                calls_before, stored_before = service.calls(), oracle.stored
                watch.wake(tally)
                until = time.monotonic() + _CALL_SECONDS
                while time.monotonic() < until and (service.calls() == calls_before or oracle.stored == stored_before):
                    time.sleep(0.02)
                time.sleep(chance.uniform(0.0, 3.0))  # each time at another place of a call and of a save
                calls.append(service.calls() - calls_before)
                stored.append(oracle.stored - stored_before)
                place.server.stop(kill=True)
                watch.killed()
                place.server.start()
            watch.wake(tally)
            watch.count(tally)
        tally.memory.clear()
        place.finish(tally, oracle)
    if idle := sum(not (asked and saved) for asked, saved in zip(calls, stored, strict=True)):
        tally.count("not_done", f"{idle} kills found no call or no save under way: they prove nothing", idle)
    tally.figures["kills"] = f"{len(calls)}; calls before each: {_words(calls)}; saves stored: {_words(stored)}"
    return tally


def _words(numbers: list[int]) -> str:
    return ", ".join(map(str, numbers))
