"""Many sessions for minutes on one server: what they were told is stored, and memory does not grow without end."""

import time

from bench.chaos.ground import ground
from bench.chaos.options import Options
from bench.chaos.oracle import Oracle
from bench.chaos.reviewers import working
from bench.chaos.tally import Tally

_WARM_UP = 0.3
"""Share of the time after which memory is first looked at: until then caches fill."""

_READINGS = 5


def run(options: Options) -> Tally:
    """So many reviewers for so many minutes, each saving about once in two seconds."""
    tally, oracle = Tally(), Oracle()
    seconds = 60 * options.minutes
    with ground(400) as place:
        with working(
            options.sessions, place.server.port, place.dataset_id, oracle, tally, options, pause=2.0
        ) as reviewers:
            time.sleep(seconds * _WARM_UP)
            place.measure(tally, oracle)
            for _ in range(_READINGS):
                time.sleep(seconds * (1 - _WARM_UP) / _READINGS)
                place.measure(tally, oracle)
        idle = sum(not reviewer.seconds for reviewer in reviewers)
        place.finish(tally, oracle)
        tally.memory.pop()  # taken when everybody had left
    if idle:
        tally.count("not_done", f"{idle} sessions saved nothing", idle)
    tally.figures["sessions"] = f"{options.sessions} for {options.minutes:g} minutes"
    tally.figures["memory, MB at saves"] = ", ".join(f"{size:,.0f} at {saves:,}" for size, saves in tally.memory)
    return tally
