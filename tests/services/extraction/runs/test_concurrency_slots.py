"""Places of a model: never more than there are, in the order of coming, and nobody waits who is not wanted any more."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from core.services.extraction.runs.cached_provider import Withdrawn
from core.services.extraction.runs.concurrency_slots import ConcurrencySlots, prefetch_count
from tests.factories.runs import wait_until

HERE = threading.Event()
"""Nobody is sent home."""


def test_half_as_many_stand_ready_and_none_behind_a_single_one() -> None:
    assert [prefetch_count(limit) for limit in (1, 2, 8, 31)] == [0, 1, 4, 15]


def test_whoever_came_first_is_next_and_more_places_are_filled_at_once() -> None:
    places, leave = ConcurrencySlots(), threading.Event()
    order: list[int] = []
    places.limit = 1

    def take(number: int) -> None:
        with places.slot(HERE):
            order.append(number)
            leave.wait(60)

    with ThreadPoolExecutor(5) as pool:
        done = []
        for number in range(5):
            done.append(pool.submit(take, number))
            wait_until(lambda number=number: places.waiting + len(order) == number + 1)  # type: ignore[misc]
        assert order == [0]
        places.limit = 3
        wait_until(lambda: len(order) == 3)
        places.limit = 1  # those who are in stay in
        leave.set()
        for one in done:
            one.result(60)
    assert sorted(order[:3]) == [0, 1, 2]
    assert order[3:] == [3, 4]


def test_who_is_sent_home_while_waiting_leaves_no_place_taken() -> None:
    places, home = ConcurrencySlots(), threading.Event()
    places.limit = 1
    with ThreadPoolExecutor(1) as pool:
        with places.slot(HERE) as waited:
            assert not waited

            def wait() -> None:
                with places.slot(home):
                    raise AssertionError("nobody may come in any more")

            waiting = pool.submit(wait)
            wait_until(lambda: places.waiting == 1)
            home.set()
            with pytest.raises(Withdrawn):
                waiting.result(60)
        with places.slot(HERE) as waited:
            assert not waited
