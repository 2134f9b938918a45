"""The database is locked, read-only, restarted: what reviewers and runs have in common in all of these."""

import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass

from bench.chaos.ground import Ground
from bench.chaos.options import Options
from bench.chaos.oracle import Oracle
from bench.chaos.reviewers import working
from bench.chaos.run_watch import RunWatch
from bench.chaos.tally import Tally

REVIEWERS = 4
RUN_CHATS = 60
_SETTLE = 2.0
"""Seconds after which an outage is felt: what was under way has ended by then."""

_BETWEEN = 4.0
"""Seconds of ordinary work before each outage."""

_BACK_SECONDS = 45.0
_STRAY_SAVES = 3
"""Saves that may be stored on what room was left."""


@dataclass(frozen=True)
class Outage:
    """Something that happens to the database for a while.

    Attributes:
        name: for the figures.
        happening: from its beginning to its end.
        seconds: for which it lasts.
        stops_saves: whether nothing can be saved meanwhile.
    """

    name: str
    happening: Callable[[], AbstractContextManager[None]]
    seconds: float
    stops_saves: bool = True


def go_through(
    place: Ground, outages: Sequence[Outage], watch: RunWatch, oracle: Oracle, tally: Tally, options: Options
) -> None:
    """One outage after the other under reviewers and a run; after each, saves have to go on by themselves."""
    watch.wake(tally)
    with working(REVIEWERS, place.server.port, place.dataset_id, oracle, tally, options):
        place.measure(tally, oracle)
        for outage in outages:
            time.sleep(_BETWEEN)
            with outage.happening():
                time.sleep(min(_SETTLE, outage.seconds))
                earlier = oracle.stored
                time.sleep(max(0.0, outage.seconds - _SETTLE))
                stored = oracle.stored - earlier
            if outage.stops_saves and stored > _STRAY_SAVES:
                tally.count("not_done", f"{stored} saves were stored while {outage.name}: it was not")
            began, earlier = time.monotonic(), oracle.stored
            while oracle.stored == earlier and time.monotonic() - began < _BACK_SECONDS:
                time.sleep(0.05)
            seconds = time.monotonic() - began
            tally.figures[f"{outage.name} for {outage.seconds:g} s"] = (
                f"{stored} saves stored meanwhile, the next one {seconds:.1f} s after its end"
            )
            if oracle.stored == earlier:
                tally.count("crashed", f"nobody could save within {seconds:.0f} s after {outage.name}")
    watch.wake(tally)
    watch.count(tally)
    place.finish(tally, oracle)
