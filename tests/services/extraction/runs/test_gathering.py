"""Results wait for one another only where many calls are under way and no slot stands empty meanwhile."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from core.adapters.store import Store
from core.services.extraction.runs.call_limiter import ConcurrencySlots
from core.services.extraction.runs.demand import RunDemands
from core.services.extraction.runs.lane_engine import LaneEngine
from core.services.extraction.runs.lanes import OwnLanes
from tests.waiting import wait_until


class Moments(threading.Event):
    """Counts how often somebody waits, and lets nobody wait."""

    def __init__(self) -> None:
        super().__init__()
        self.count = 0

    def wait(self, timeout: float | None = None) -> bool:
        self.count += 1
        return False


@contextmanager
def standing_ready(slots: ConcurrencySlots, calls: int, chats: int) -> Iterator[None]:
    """So many calls under way in as many slots, and so many chats that wait for one."""
    slots.bound(calls, calls)
    for _ in range(calls):
        slots.enter(lambda: False)
    with ThreadPoolExecutor(chats + 1) as threads:
        for _ in range(chats):
            threads.submit(slots.enter, lambda: False)
        wait_until(lambda: slots.waiting == chats, 30)
        yield
        while slots.waiting:
            slots.leave()


@pytest.mark.parametrize(
    ("calls", "chats", "waits"),
    [(16, 4, True), (16, 3, False), (16, 0, False), (15, 15, False)],
    ids=["many calls, well supplied", "soon a slot stands empty", "a slot stands empty", "few calls"],
)
def test_results_wait_only_where_that_hurries_nobody(store: Store, calls: int, chats: int, waits: bool) -> None:
    engine = LaneEngine(store, RunDemands(store), OwnLanes(store), threading.Event())
    moments = engine._stopping = Moments()
    with standing_ready(engine._slots["m"], calls, chats):
        engine._gather()
    assert bool(moments.count) is waits
