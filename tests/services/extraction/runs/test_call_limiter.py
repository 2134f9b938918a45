"""Limits on calls: never more slots than there are, in the order of coming; nobody waits once the run is stopped."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from core.adapters.store import RunView, Store
from core.services.extraction import runs as run_service
from core.services.extraction.runs.call_limiter import CallLimiter, ConcurrencySlots, Withdrawn, prefetch_count
from core.services.extraction.runs.leases import LeasedChat
from tests.factories.runs import add_dataset
from tests.waiting import wait_until

RUNNING = threading.Event()
"""Never set: the process goes on."""


def test_half_as_many_stand_ready_and_none_behind_a_single_one() -> None:
    assert [prefetch_count(limit) for limit in (1, 2, 8, 31)] == [0, 1, 4, 15]


def test_whoever_came_first_is_next_and_more_slots_are_filled_at_once() -> None:
    slots, leave = ConcurrencySlots(), threading.Event()
    order: list[int] = []
    slots.limit = 1

    def take(number: int) -> None:
        with slots.slot(RUNNING):
            order.append(number)
            leave.wait(60)

    with ThreadPoolExecutor(5) as pool:
        done = []
        for number in range(5):
            done.append(pool.submit(take, number))
            wait_until(lambda number=number: slots.waiting + len(order) == number + 1)  # type: ignore[misc]
        assert order == [0]
        slots.limit = 3
        wait_until(lambda: len(order) == 3)
        slots.limit = 1  # those who are in stay in
        leave.set()
        for one in done:
            one.result(60)
    assert sorted(order[:3]) == [0, 1, 2]
    assert order[3:] == [3, 4]


def test_who_is_sent_home_while_waiting_leaves_no_place_taken() -> None:
    slots, stopping = ConcurrencySlots(), threading.Event()
    slots.limit = 1
    with ThreadPoolExecutor(1) as pool:
        with slots.slot(RUNNING) as waited:
            assert not waited

            def wait() -> None:
                with slots.slot(stopping):
                    raise AssertionError("nobody may come in any more")

            waiting = pool.submit(wait)
            wait_until(lambda: slots.waiting == 1)
            stopping.set()
            with pytest.raises(Withdrawn):
                waiting.result(60)
        with slots.slot(RUNNING) as waited:
            assert not waited


@pytest.fixture
def run(store: Store) -> RunView:
    add_dataset(store, 2)
    created = run_service.create_run(store, dataset="d", name="r", provider="local")
    return run_service.start(store, created.id)


class _Clock(threading.Event):
    """A process that goes on, and in which no time passes: waits are noted and end at once."""

    def __init__(self) -> None:
        super().__init__()
        self.waits: list[float] = []

    def wait(self, timeout: float | None = None) -> bool:
        self.waits.append(timeout or 0.0)
        return self.is_set()


def limiter(store: Store, run: RunView, slots: ConcurrencySlots, stopping: threading.Event) -> CallLimiter:
    return CallLimiter(store, LeasedChat(run.id, 1, "local:rules", "here"), slots, stopping)


def test_calls_of_a_model_start_evenly_spread_whoever_asks(store: Store, run: RunView) -> None:
    clock = _Clock()
    first, second = (limiter(store, run, ConcurrencySlots(1), clock) for _ in range(2))
    first.wait_for_rate(None)
    assert clock.waits == [], "no limit, no wait"
    for asks in (first, second, first):
        asks.wait_for_rate(1)
    assert clock.waits[0] == 0
    # Each start is a minute after the one before; the machine's own time is taken off.
    assert 30 < clock.waits[1] <= 60 < 90 < clock.waits[2] <= 120


def test_a_run_that_is_paused_during_a_wait_asks_nothing_more(store: Store, run: RunView) -> None:
    slots = ConcurrencySlots(1)
    limited = limiter(store, run, slots, RUNNING)
    with ThreadPoolExecutor(1) as pool:
        with limited.slot() as waited:
            assert not waited

            def wait() -> None:
                with limited.slot():
                    raise AssertionError("the run is paused")

            waiting = pool.submit(wait)
            wait_until(lambda: slots.waiting == 1)
            run_service.pause(store, run.id)
        with pytest.raises(Withdrawn):
            waiting.result(60)
    with pytest.raises(Withdrawn):
        limiter(store, run, slots, _Clock()).wait_for_rate(1)
    assert not slots.full


def test_no_call_starts_once_the_process_ends(store: Store, run: RunView) -> None:
    clock = _Clock()
    clock.set()
    with pytest.raises(Withdrawn):
        limiter(store, run, ConcurrencySlots(1), clock).wait_for_rate(60)
