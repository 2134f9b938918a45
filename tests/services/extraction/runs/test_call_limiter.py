"""Limits on calls: never more slots than there are, in the order of coming; nobody waits once the run is stopped."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from core.adapters.store import RunView, Store
from core.adapters.store.models import Extraction, ExtractionStatus, Reply
from core.services.extraction import runs as run_service
from core.services.extraction.runs.call_limiter import CallLimiter, ConcurrencySlots, Withdrawn, prefetch_count
from core.services.extraction.runs.call_lookups import CallLookups
from core.services.extraction.runs.places import Backlog, PlacedChat, release, take_places
from tests.factories.runs import add_dataset
from tests.waiting import wait_until

RUNNING = threading.Event()
"""Never set: the process goes on."""


def test_half_as_many_stand_ready_and_none_behind_a_single_one() -> None:
    assert [prefetch_count(limit) for limit in (1, 2, 8, 31)] == [0, 1, 4, 15]


@contextmanager
def slot(slots: ConcurrencySlots, stopping: threading.Event = RUNNING) -> Iterator[bool]:
    waited = slots.enter(stopping.is_set)
    try:
        yield waited
    finally:
        slots.leave()


def test_whoever_came_first_is_next_and_more_slots_are_filled_at_once() -> None:
    slots, leave = ConcurrencySlots(1), threading.Event()
    order: list[int] = []

    def take(number: int) -> None:
        with slot(slots):
            order.append(number)
            leave.wait(60)

    with ThreadPoolExecutor(5) as pool:
        done = []
        for number in range(5):
            done.append(pool.submit(take, number))
            wait_until(lambda number=number: slots.waiting + len(order) == number + 1)  # type: ignore[misc]
        assert order == [0]
        assert slots.bound(3, 3) == 3
        wait_until(lambda: len(order) == 3)
        assert slots.bound(1, 3) == 3, "those who are in stay in"
        leave.set()
        for one in done:
            one.result(60)
    assert sorted(order[:3]) == [0, 1, 2]
    assert order[3:] == [3, 4]
    assert slots.bound(1, 3) == 1


def test_who_is_sent_home_while_waiting_leaves_no_place_taken() -> None:
    slots, stopping = ConcurrencySlots(1), threading.Event()
    with ThreadPoolExecutor(1) as pool:
        with slot(slots) as waited:
            assert not waited

            def wait() -> None:
                with slot(slots, stopping):
                    raise AssertionError("nobody may come in any more")

            waiting = pool.submit(wait)
            wait_until(lambda: slots.waiting == 1)
            stopping.set()
            with pytest.raises(Withdrawn):
                waiting.result(60)
        with slot(slots) as waited:
            assert not waited


def test_a_slot_is_others_during_a_back_off_and_who_comes_back_is_first(store: Store, run: RunView) -> None:
    slots = ConcurrencySlots(1)
    order: list[str] = []
    backing_off, begun, end = threading.Event(), threading.Event(), threading.Event()
    first, second, third = (
        CallLimiter(store, chat, slots, RUNNING, backing_off=backing_off.set) for chat in placed(store, run, 3)
    )

    def ask_twice() -> None:
        with first.leaving_slot():
            first.take_slot()
            order.append("first")
            begun.set()
            first.back_off(0.3, paid=False)
            order.append("first again")

    def ask(limiter: CallLimiter, name: str, leave: threading.Event) -> None:
        with limiter.leaving_slot():
            limiter.take_slot()
            order.append(name)
            leave.wait(60)

    with ThreadPoolExecutor(3) as pool:
        one = pool.submit(ask_twice)
        assert begun.wait(60)
        two = pool.submit(ask, second, "second", end)
        wait_until(lambda: order == ["first", "second"])
        assert backing_off.is_set()
        assert slots.bound(1, 1) == 1
        three = pool.submit(ask, third, "third", end)
        # The back-off ends while somebody else is in and a third one has waited for longer.
        wait_until(lambda: slots.waiting == 2)
        end.set()
        for task in (one, two, three):
            task.result(60)
    assert order == ["first", "second", "first again", "third"]
    assert not slots.full


def test_a_slot_is_others_while_an_answer_is_read_and_who_asks_again_is_first(store: Store, run: RunView) -> None:
    slots = ConcurrencySlots(1)
    order: list[str] = []
    end = threading.Event()
    first, second, third = (CallLimiter(store, chat, slots, RUNNING) for chat in placed(store, run, 3))

    def ask(limiter: CallLimiter, name: str, leave: threading.Event) -> None:
        with limiter.leaving_slot(asks_once=True):
            limiter.take_slot()
            order.append(name)
            leave.wait(60)
            limiter.note_answer()

    with ThreadPoolExecutor(3) as pool, first.leaving_slot(asks_once=True):
        first.take_slot()
        two = pool.submit(ask, second, "second", end)
        wait_until(lambda: slots.waiting == 1)
        first.note_answer()
        wait_until(lambda: order == ["second"])
        assert slots.bound(1, 1) == 1
        three = pool.submit(ask, third, "third", end)
        wait_until(lambda: slots.waiting == 1)
        again = pool.submit(first.take_slot)
        wait_until(lambda: slots.waiting == 2)
        end.set()
        assert again.result(60) is False
        assert order == ["second"], "the third one has not begun"
        first.note_answer()
        for task in (two, three):
            task.result(60)
    assert order == ["second", "third"]
    assert not slots.taken
    assert slots.bound(0, 1) == 0, "nobody is at a chat any more"


def test_an_answer_that_is_read_when_the_run_is_paused_may_ask_again(store: Store, run: RunView) -> None:
    slots = ConcurrencySlots(1)
    (chat,) = placed(store, run, 1)
    limiter = CallLimiter(store, chat, slots, RUNNING)
    with limiter.leaving_slot(asks_once=True):
        limiter.take_slot()
        limiter.note_answer()
        run_service.pause(store, run.id)
        assert slots.bound(0, 1) == 1, "the lane is kept for a chat that has begun"
        limiter.take_slot()
        assert slots.taken == 1
    assert slots.bound(0, 1) == 0


def test_a_chat_of_several_calls_keeps_its_slot_between_them(store: Store, run: RunView) -> None:
    slots = ConcurrencySlots(1)
    (chat,) = placed(store, run, 1)
    limiter = CallLimiter(store, chat, slots, RUNNING)
    with limiter.leaving_slot():
        limiter.take_slot()
        limiter.note_answer()
        assert slots.taken == 1
    assert not slots.taken


@pytest.mark.parametrize("paid", [False, True])
def test_who_backs_off_when_the_run_is_paused_goes_on_only_for_what_was_paid(
    paid: bool, store: Store, run: RunView
) -> None:
    slots = ConcurrencySlots(1)
    (chat,) = placed(store, run, 1)
    backs_off = CallLimiter(store, chat, slots, RUNNING, backing_off=lambda: None)
    run_service.pause(store, run.id)
    with backs_off.leaving_slot():
        backs_off.take_slot()
        assert slots.bound(0, 1) == 1, "the lane is kept for a chat that has begun"
        if paid:
            backs_off.back_off(0.01, paid=True)
        else:
            with pytest.raises(Withdrawn):
                backs_off.back_off(60, paid=False)
    assert slots.bound(0, 1) == 0


def test_who_waited_is_told_that_the_same_request_was_answered_meanwhile(store: Store, run: RunView) -> None:
    slots = ConcurrencySlots(1)
    first, second, third = (CallLimiter(store, chat, slots, RUNNING) for chat in placed(store, run, 3))

    def answered(limiter: CallLimiter, key: str) -> bool:
        with limiter.leaving_slot():
            return limiter.take_slot(key)

    with ThreadPoolExecutor(2) as pool, first.leaving_slot():
        assert not first.take_slot("asked"), "nobody was before it"
        waiting = [pool.submit(answered, second, "asked"), pool.submit(answered, third, "another")]
        wait_until(lambda: slots.waiting == 2)
        with store.write() as session:
            extraction = Extraction(run_id=run.id, chat_id=1, status=ExtractionStatus.OK, replies=[], attempts=1)
            session.add(extraction)
            session.flush()
            session.add(Reply(extraction_id=extraction.id or 0, position=0, key="asked", reused=False))
        first._slots.leave()
        first._in_slot = False
        assert [one.result(60) for one in waiting] == [True, False]


def test_a_back_off_before_any_call_takes_and_gives_back_no_slot(store: Store, run: RunView) -> None:
    slots = ConcurrencySlots(1)
    (chat,) = placed(store, run, 1)
    limited = CallLimiter(store, chat, slots, RUNNING)
    with limited.leaving_slot():
        limited.back_off(0.01, paid=False)
    assert slots.bound(0, 0) == 0


def test_a_place_that_somebody_else_has_is_not_called_from(store: Store, run: RunView) -> None:
    (chat,) = placed(store, run, 1)
    suspended = CallLimiter(store, chat, ConcurrencySlots(1), RUNNING)
    suspended._seen_at -= 60
    suspended.refuse_if_lost()
    with store.write() as session:
        release(session, [chat])
    suspended.refuse_if_lost()  # a moment ago it was still held
    suspended._seen_at -= 60
    with pytest.raises(Withdrawn):
        suspended.refuse_if_lost()


def test_lookups_together_say_what_each_alone_would(store: Store, run: RunView) -> None:
    held, returned, third = placed(store, run, 3)
    with store.write() as session:
        release(session, [returned])
        extraction = Extraction(run_id=run.id, chat_id=held.chat_id, status=ExtractionStatus.OK, replies=[], attempts=1)
        session.add(extraction)
        session.flush()
        session.add(Reply(extraction_id=extraction.id or 0, position=0, key="asked", reused=False))
    of_others = replace(third, holder=2)
    gone = replace(third, run_created_at=datetime(2020, 1, 1, tzinfo=UTC))
    items = [(held, "asked"), (returned, "not asked"), (third, ""), (of_others, "asked"), (gone, "asked")]
    lookups = CallLookups(store)
    together = lookups._find_statuses(items)
    assert together == [lookups.status_of(chat, key) for chat, key in items]
    assert [(status.held, status.answered) for status in together[:4]] == [
        (True, True),
        (False, False),
        (True, False),
        (False, True),
    ]
    assert together[4].run is None
    assert lookups._find_answered(["asked", "not asked", "asked"]) == [True, False, True]


@pytest.fixture
def run(store: Store) -> RunView:
    add_dataset(store, 3)
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


def placed(store: Store, run: RunView, count: int) -> list[PlacedChat]:
    with store.write() as session:
        return take_places(session, 1, "local:rules", count, [(Backlog(run.id), [])])


def limiter(store: Store, run: RunView, slots: ConcurrencySlots, stopping: threading.Event) -> CallLimiter:
    (chat,) = placed(store, run, 1)
    return CallLimiter(store, chat, slots, stopping)


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
    limited, other = (limiter(store, run, slots, RUNNING) for _ in range(2))
    third = limiter(store, run, slots, _Clock())
    with ThreadPoolExecutor(1) as pool:
        with limited.leaving_slot():
            assert not limited.take_slot()

            def wait() -> None:
                with other.leaving_slot():
                    other.take_slot()
                    raise AssertionError("the run is paused")

            waiting = pool.submit(wait)
            wait_until(lambda: slots.waiting == 1)
            run_service.pause(store, run.id)
        with pytest.raises(Withdrawn):
            waiting.result(60)
    with pytest.raises(Withdrawn):
        third.wait_for_rate(1)
    assert not slots.full


def test_no_call_starts_once_the_process_ends(store: Store, run: RunView) -> None:
    clock = _Clock()
    clock.set()
    with pytest.raises(Withdrawn):
        limiter(store, run, ConcurrencySlots(1), clock).wait_for_rate(60)
