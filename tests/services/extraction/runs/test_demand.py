"""What the scheduler tells its engine: how many chats of each model, and what another engine would have to do."""

import threading
from collections.abc import Mapping

import pytest

from core.adapters.store import Store
from core.services.extraction import runs as run_service
from core.services.extraction.runs.demand import RunDemands
from core.services.extraction.runs.engine import Engine
from core.services.extraction.runs.places import Backlog, PlacedChat, take_places
from tests.factories.runs import add_dataset, execute
from tests.waiting import wait_until


def start(store: Store, name: str, concurrency: int) -> int:
    run = run_service.create_run(store, dataset="d", name=name, provider="local", concurrency=concurrency)
    return run_service.start(store, run.id).id


def test_the_smallest_limit_of_a_model_holds_for_all_its_runs(store: Store) -> None:
    add_dataset(store, 3)
    first, second = start(store, "a", 4), start(store, "b", 2)
    demands = RunDemands(store)
    demands.refresh()
    (model,) = demands.chat_limits()
    assert demands.chat_limits() == {model: 2}
    assert [demand.run_id for demand in demands.unplaced_runs(model)] == [first, second]
    run_service.pause(store, second)
    demands.refresh()
    assert demands.chat_limits() == {model: 4}


def test_chats_that_somebody_is_at_and_set_aside_ones_do_not_count(store: Store) -> None:
    add_dataset(store, 3)
    run_id = start(store, "a", 1)
    demands = RunDemands(store)
    demands.refresh()
    (demand,) = demands.runs
    with store.write() as session:
        (chat,) = take_places(session, 1, demand.model, 1, [(Backlog(run_id), set())])
    demands.refresh()
    assert [demand.unplaced for demand in demands.runs] == [2]
    full = OSError("disk full")
    demands.set_aside(PlacedChat(run_id, chat.chat_id + 1, demand.model, 1), full)
    demands.refresh()
    assert [demand.unplaced for demand in demands.runs] == [1]
    assert demands.storing_error is full
    demands.take_back()
    demands.refresh()
    assert ([demand.unplaced for demand in demands.runs], demands.storing_error) == ([2], None)


def test_what_this_process_takes_counts_at_once_and_as_much_for_each_lane_of_others(store: Store) -> None:
    add_dataset(store, 8)
    run_id = start(store, "a", 4)
    demands = RunDemands(store)
    demands.refresh()
    (model,) = demands.chat_limits()
    assert demands.rounds_left(model, 2) == 2.0
    with store.write() as session:
        demands.note_taken(model, len(take_places(session, 1, model, 2, [(Backlog(run_id), set())])))
    assert demands.rounds_left(model, 2) == 1.0
    demands.refresh()
    assert demands.rounds_left(model, 2) == 6 / 4
    assert demands.rounds_left("another:model", 2) == 0.0


class _OneByOne:
    """Another engine: executes a run's chats in the scheduler's own thread."""

    def __init__(self, store: Store, run_id: int, chat_ids: list[int]) -> None:
        self._store, self._run_id, self._chat_ids = store, run_id, chat_ids
        self.asked_for: list[dict[str, int]] = []
        self.stopped = threading.Event()

    @property
    def active(self) -> frozenset[PlacedChat]:
        return frozenset()

    def ensure(self, chat_limits: Mapping[str, int]) -> None:
        self.asked_for.append(dict(chat_limits))
        if chat_limits and self._chat_ids:
            execute(self._store, self._run_id, self._chat_ids[-1])
            self._chat_ids.pop()  # stored: a database that was busy is asked again

    def stop(self, patience: float) -> None:
        self.stopped.set()


def test_another_engine_can_stand_behind_the_scheduler(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    dataset = add_dataset(store, 2)
    run_id = start(store, "a", 2)
    engine: Engine = (other := _OneByOne(store, run_id, [chat + 1 for chat in range(dataset.chats)]))
    monkeypatch.setattr(run_service.RunScheduler, "_engine", lambda _: engine)
    scheduler = run_service.RunScheduler(store, idle_seconds=0.1)
    scheduler.start()
    try:
        wait_until(lambda: run_service.progress(store, run_id).status == "finished")
        wait_until(other.stopped.is_set)
    finally:
        scheduler.stop()
    assert {count for chat_limits in other.asked_for for count in chat_limits.values()} == {2}
