"""Workers on a real PostgreSQL: two processes share a run, limits hold over both, a killed one is replaced."""

import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from procrastinate.sql import queries
from sqlalchemy import event, text

from core.adapters.store import Store, job_queue, open_store
from core.adapters.store.job_queue import JobQueue
from core.adapters.store.models import RunStatus
from core.services.extraction import runs as run_service
from core.services.extraction.runs.lane_jobs import TASK, lane_queue, offer_lanes
from core.services.extraction.runs.places import Backlog, take_places
from core.services.extraction.runs.shared_lanes import SharedLanes
from tests import postgres as pg
from tests.factories.runs import add_dataset, runner, stored
from tests.fakes.behaviour import Answer, Behaviour
from tests.fakes.openai_server import FakeOpenAI
from tests.forked_programs import ForkedProgram
from tests.waiting import wait_until


class Meter:
    """A script that counts calls under way, as the service sees them."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._lock = threading.Lock()
        self.now = self.most = 0
        self.starts: list[float] = []
        self.held = threading.Event()
        self.held.set()

    def __call__(self, _: dict[str, Any], number: int) -> Behaviour:
        with self._lock:
            self.now += 1
            self.most = max(self.most, self.now)
            self.starts.append(time.monotonic())
        time.sleep(self._seconds)
        self.held.wait(120)
        with self._lock:
            self.now -= 1
        return Answer()


@contextmanager
def worker(store: Store, service: FakeOpenAI) -> Iterator[ForkedProgram]:
    address = store.engine.url.render_as_string(hide_password=False).replace("+psycopg", "")
    env = {**os.environ, **service.environment(), "SHIYAO_DATABASE_URL": address}
    process = ForkedProgram("-m", "core", "worker", env=env)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=60)


def asked(service: FakeOpenAI) -> Counter[str]:
    return Counter(request["messages"][-1]["content"].rpartition("<chat>")[2] for request in service.requests)


@pytest.fixture
def keys(monkeypatch: pytest.MonkeyPatch) -> Any:
    def use(service: FakeOpenAI) -> None:
        for name, value in service.environment().items():
            monkeypatch.setenv(name, value)

    return use


def lanes(store: Store) -> dict[int, int]:
    """``{worker id: lanes that it holds}``."""
    statement = (
        "SELECT w.id, count(j.id) FROM procrastinate_workers w "
        "LEFT JOIN procrastinate_jobs j ON j.worker_id = w.id AND j.status = 'doing' GROUP BY w.id"
    )
    with store.read() as session:
        return {row.id: row.count for row in session.execute(text(statement))}


def silence(store: Store, worker_id: int) -> None:
    """Half a minute passes for one worker only."""
    statement = "UPDATE procrastinate_workers SET last_heartbeat = now() - interval '31 seconds' WHERE id = :id"
    with store.write() as session:
        session.execute(text(statement), {"id": worker_id})


def finished(store: Store, run_id: int) -> bool:
    return run_service.progress(store, run_id).status == RunStatus.FINISHED


@contextmanager
def two_at_work(store: Store, service: FakeOpenAI, concurrency: int) -> Iterator[tuple[ForkedProgram, int, int]]:
    """A run and two workers with half of its lanes each: the first one, its id, the run's."""
    with worker(store, service) as one:
        run = run_service.create_run(store, dataset="d", name="r", provider="openai", concurrency=concurrency)
        run_service.start(store, run.id)
        wait_until(lambda: list(lanes(store).values()) == [concurrency], 90)
        (first,) = lanes(store)
        with worker(store, service):
            # Whoever comes late gets a share, for which calls that are under way are waited for.
            wait_until(lambda: sorted(lanes(store).values()) == [concurrency // 2] * 2, 90)
            yield one, first, run.id


def test_two_workers_share_a_run_and_a_killed_one_is_replaced(pg_store: Store, keys: Any) -> None:
    add_dataset(pg_store, 120)
    meter = Meter(0.1)
    with FakeOpenAI(meter) as service:
        keys(service)
        with two_at_work(pg_store, service, 6) as (one, dead, run_id):
            meter.held.clear()
            wait_until(lambda: sorted(lanes(pg_store).values()) == [3, 3] and meter.now == 6, 60)
            one.send_signal(signal.SIGKILL)
            one.wait()
            silence(pg_store, dead)
            wait_until(lambda: list(lanes(pg_store).values()) == [6], 60)
            meter.held.set()
            wait_until(lambda: finished(pg_store, run_id), 90)
        assert set(stored(pg_store, run_service.progress(pg_store, run_id))) == set(range(1, 121))
        counts = asked(service)
        assert sorted(counts.values())[-4:] == [1, 2, 2, 2], "only calls in flight were asked again"
        assert meter.most <= 6 + 3, "the service still saw the dead worker's calls"
    wait_until(lambda: not lanes(pg_store), 60)


def test_a_suspended_worker_that_comes_back_asks_nothing_that_others_are_at(pg_store: Store, keys: Any) -> None:
    add_dataset(pg_store, 240)
    meter = Meter(0.1)
    with FakeOpenAI(meter) as service:
        keys(service)
        with two_at_work(pg_store, service, 6) as (one, suspended, run_id):
            meter.held.clear()
            wait_until(lambda: meter.now == 6, 60)
            one.send_signal(signal.SIGSTOP)
            silence(pg_store, suspended)
            try:
                wait_until(lambda: list(lanes(pg_store).values()) == [6], 60)
                meter.held.set()
                before = run_service.progress(pg_store, run_id).done
                # What the suspended one had asked is answered by then.
                wait_until(lambda: run_service.progress(pg_store, run_id).done >= before + 12, 60)
                meter.most = 0
            finally:
                one.send_signal(signal.SIGCONT)
            wait_until(lambda: finished(pg_store, run_id), 90)
        assert meter.most <= 6
        assert set(stored(pg_store, run_service.progress(pg_store, run_id))) == set(range(1, 241))
        counts = Counter(asked(service).values())
        assert set(counts) <= {1, 2}
        assert counts[2] <= 3


def test_the_silence_of_a_worker_is_noticed_without_help(pg_store: Store, keys: Any) -> None:
    add_dataset(pg_store, 4)
    model = "openai:fake-model"
    with FakeOpenAI(Answer()) as service:
        keys(service)
        run = run_service.create_run(pg_store, dataset="d", name="r", provider="openai", concurrency=4)
        run_service.start(pg_store, run.id)
        with pg_store.write() as session:
            queue = JobQueue(session, TASK)
            gone = queue.register()
            assert len(queue.take([lane_queue(model)], gone, 9)) == 4
            assert len(take_places(session, gone, model, 9, [(Backlog(run.id), set())])) == 4
        running = run_service.RunScheduler(pg_store, lost_seconds=2.0)
        running.start()
        try:
            wait_until(lambda: finished(pg_store, run.id), 60)
        finally:
            running.stop()
        assert max(asked(service).values()) == 1
        assert lanes(pg_store) == {}


def test_a_run_that_is_stopped_and_started_at_once_twenty_times_pays_once(pg_store: Store, keys: Any) -> None:
    add_dataset(pg_store, 60)
    meter = Meter(0.05)
    with FakeOpenAI(meter) as service:
        keys(service)
        run = run_service.create_run(pg_store, dataset="d", name="r", provider="openai", concurrency=4)
        with runner(pg_store), runner(pg_store):
            run_service.start(pg_store, run.id)
            for _ in range(20):
                time.sleep(0.03)
                run_service.pause(pg_store, run.id)
                run_service.start(pg_store, run.id)
            wait_until(lambda: finished(pg_store, run.id), 90)
        assert set(stored(pg_store, run)) == set(range(1, 61))
        assert max(asked(service).values()) == 1
        assert meter.most <= 4


def test_a_worker_without_the_key_leaves_the_lanes_to_one_with_it(
    pg_store: Store, keys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_dataset(pg_store, 4)
    with FakeOpenAI(Answer()) as service:
        keys(service)
        run = run_service.create_run(pg_store, dataset="d", name="r", provider="openai", concurrency=2)
        other = run_service.create_run(pg_store, dataset="d", name="rules", provider="local", concurrency=2)
        run_service.start(pg_store, run.id)
        with monkeypatch.context() as without:
            without.delenv("OPENAI_API_KEY")
            with runner(pg_store):
                run_service.start(pg_store, other.id)
                wait_until(lambda: finished(pg_store, other.id))
        assert service.requests == []
        with runner(pg_store):
            wait_until(lambda: finished(pg_store, run.id))


def test_a_run_that_was_in_progress_before_there_were_lanes_goes_on(pg_store: Store, keys: Any) -> None:
    add_dataset(pg_store, 4)
    with FakeOpenAI(Answer()) as service:
        keys(service)
        run = run_service.create_run(pg_store, dataset="d", name="r", provider="openai", concurrency=2)
        run_service.start(pg_store, run.id)
        with pg_store.write() as session:
            session.execute(text("DELETE FROM procrastinate_jobs"))
        with runner(pg_store):
            wait_until(lambda: finished(pg_store, run.id))
        assert len(service.requests) == 4


def test_the_rate_holds_over_two_workers(pg_store: Store, keys: Any) -> None:
    add_dataset(pg_store, 8)
    meter = Meter(0.0)
    with FakeOpenAI(meter) as service:
        keys(service)
        run = run_service.create_run(pg_store, dataset="d", name="r", provider="openai", concurrency=8, per_minute=120)
        first, second = run_service.RunScheduler(pg_store), run_service.RunScheduler(pg_store)
        began = time.monotonic()
        run_service.start(pg_store, run.id)
        first.start()
        second.start()
        try:
            wait_until(lambda: run_service.progress(pg_store, run.id).status == RunStatus.FINISHED, 90)
        finally:
            first.stop()
            second.stop()
    # The eighth turn is seven half seconds after the first; however busy the machine is, no call is early.
    assert len(meter.starts) == 8
    for number, start in enumerate(sorted(meter.starts)):
        assert start - began >= number * 0.5


def looking(workers: list[SharedLanes]) -> None:
    """Each worker looks at the lanes of a model once."""
    for one in workers:
        one.update({"openai:m": 8}, {"openai:m"}, lambda _model, _limit, _owned: 0)


def test_workers_that_are_there_take_equal_parts_at_once(pg_store: Store) -> None:
    workers = [SharedLanes(pg_store, notified=threading.Event()) for _ in range(3)]
    for one in workers:
        one.update({}, (), lambda _model, _limit, _owned: 0)  # registers
    with pg_store.write() as session:
        offer_lanes(session, "openai:m", 8)
    looking(workers)
    assert sorted(lanes(pg_store).values()) == [2, 3, 3]


def test_lanes_that_nobody_else_wants_go_to_whoever_is_there(pg_store: Store) -> None:
    one, other = (SharedLanes(pg_store, notified=threading.Event()) for _ in range(2))
    for each in (one, other):
        each.update({}, (), lambda _model, _limit, _owned: 0)
    with pg_store.write() as session:
        offer_lanes(session, "openai:m", 8)
    looking([one])
    assert sorted(lanes(pg_store).values()) == [0, 4]

    looking([one])
    assert sorted(lanes(pg_store).values()) == [0, 4], "not before others had the time to look"

    def has_all() -> bool:
        looking([one])
        return sorted(lanes(pg_store).values()) == [0, 8]

    wait_until(has_all)


def test_a_worker_that_is_alone_has_all_lanes_at_its_second_look(pg_store: Store) -> None:
    one, other = (SharedLanes(pg_store, notified=threading.Event()) for _ in range(2))
    with pg_store.write() as session:
        offer_lanes(session, "openai:m", 8)
    looking([one])
    assert list(lanes(pg_store).values()) == [4], "others were told at the same moment"
    looking([one])
    assert list(lanes(pg_store).values()) == [8]
    looking([other])
    assert sorted(lanes(pg_store).values()) == [0, 8]

    def share() -> bool:
        looking([one, other])
        return sorted(lanes(pg_store).values()) == [4, 4]

    wait_until(share)  # who comes late asks for its part


def test_workers_that_come_at_the_same_moment_leave_some_to_one_another(pg_store: Store) -> None:
    workers = [SharedLanes(pg_store, notified=threading.Event()) for _ in range(3)]
    with pg_store.write() as session:
        offer_lanes(session, "openai:m", 8)
    looking(workers)
    looking(workers)
    assert sorted(lanes(pg_store).values()) == [1, 3, 4]


def test_lanes_are_fetched_by_the_statement_of_the_package() -> None:
    assert "procrastinate_fetch_job_v2(" in queries["fetch_job"]
    assert "procrastinate_fetch_job_v2(" in str(job_queue._FETCH)


def test_two_workers_never_take_the_same_chat(pg_store: Store) -> None:
    add_dataset(pg_store, 200)
    run = run_service.create_run(pg_store, dataset="d", name="r", provider="local", concurrency=200)
    run_service.start(pg_store, run.id)
    taken: list[tuple[int, int]] = []
    lock = threading.Lock()

    def grab() -> None:
        backlog = Backlog(run.id)
        with pg_store.write() as session:
            holder = JobQueue(session, TASK).register()
        chats = True
        while chats:
            backlog.allow_refill()
            with pg_store.write() as session:
                chats = bool(placed := take_places(session, holder, "m", 7, [(backlog, set())]))
            with lock:
                taken.extend((chat.run_id, chat.chat_id) for chat in placed)

    threads = [threading.Thread(target=grab) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(taken) == len(set(taken)) == 200


def test_who_takes_chats_passes_over_those_that_another_is_just_taking(pg_store: Store) -> None:
    add_dataset(pg_store, 8)
    run = run_service.create_run(pg_store, dataset="d", name="r", provider="local", concurrency=8)
    run_service.start(pg_store, run.id)
    with pg_store.write() as session:
        one, other = (JobQueue(session, TASK).register() for _ in range(2))
    taken: list[int] = []
    has_taken, goes_on = threading.Event(), threading.Event()

    def take_and_pause() -> None:
        with pg_store.write() as session:
            taken.extend(chat.chat_id for chat in take_places(session, one, "m", 4, [(Backlog(run.id), set())]))
            has_taken.set()
            goes_on.wait(60)

    thread = threading.Thread(target=take_and_pause)
    thread.start()
    try:
        assert has_taken.wait(60)
        with pg_store.write() as session:
            session.execute(text("SET LOCAL lock_timeout = '5s'"))
            beside = [chat.chat_id for chat in take_places(session, other, "m", 4, [(Backlog(run.id), set())])]
    finally:
        goes_on.set()
        thread.join()
    assert len(taken) == len(beside) == 4
    assert len({*taken, *beside}) == 8


def test_an_answer_outlives_a_restart_of_the_database(monkeypatch: pytest.MonkeyPatch) -> None:
    """It was paid for: it is held until the database is back, stored once, and nobody is asked again."""
    if reason := pg.why_not():
        pytest.skip(reason)
    server_stopped = threading.Event()

    def answer_when_nothing_takes_it(_: dict[str, Any], number: int) -> Behaviour:
        server_stopped.wait(60)
        return Answer()

    with pg.running() as server, FakeOpenAI(answer_when_nothing_takes_it) as service:
        for name, value in service.environment().items():
            monkeypatch.setenv(name, value)
        store = open_store(server.database())
        left_waiting: set[int] = set()

        def note_thread(*_: Any) -> None:
            if server_stopped.is_set() and threading.current_thread().name == "shiyao-executor":
                left_waiting.add(threading.get_ident())

        event.listen(store.engine, "do_connect", note_thread)
        try:
            add_dataset(store, 6)
            run = run_service.create_run(store, dataset="d", name="r", provider="openai", concurrency=3)
            with runner(store):
                run_service.start(store, run.id)
                wait_until(lambda: len(service.requests) >= 3)
                server.stop()
                server_stopped.set()
                # The answers arrive, and who holds one has looked for the database in vain.
                wait_until(lambda: bool(left_waiting))
                assert len(service.requests) == 3
                server.start()
                wait_until(lambda: run_service.progress(store, run.id).status == RunStatus.FINISHED, 90)
            assert set(stored(store, run)) == set(range(1, 7))
            assert run_service.progress(store, run.id).failed == 0
            assert len(service.requests) == 6
        finally:
            store.close()
