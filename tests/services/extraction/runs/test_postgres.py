"""Workers on a real PostgreSQL: two processes share a run, limits hold over both, a killed one is replaced."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event, func, select, text
from sqlmodel import col

from core.adapters.store import Store, open_store
from core.adapters.store.models import Lease, RunStatus, Worker
from core.services.extraction import runs as run_service
from core.services.extraction.runs import leases, workers
from core.settings import ROOT
from tests import postgres as pg
from tests.factories.runs import add_dataset, runner, stored
from tests.fakes.behaviour import Answer, Behaviour
from tests.fakes.openai_server import FakeOpenAI
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
def worker(store: Store, service: FakeOpenAI) -> Iterator[subprocess.Popen[bytes]]:
    address = store.engine.url.render_as_string(hide_password=False).replace("+psycopg", "")
    process = subprocess.Popen(
        [sys.executable, "-m", "core", "worker"],
        cwd=ROOT,
        env={**os.environ, **service.environment(), "SHIYAO_DATABASE_URL": address},
        stderr=subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        process.terminate()
        process.wait(timeout=60)


def asked(service: FakeOpenAI) -> Counter[str]:
    return Counter(request["messages"][-1]["content"].rpartition("<chat>")[2] for request in service.requests)


@pytest.fixture
def keys(monkeypatch: pytest.MonkeyPatch) -> Any:
    def use(service: FakeOpenAI) -> None:
        for name, value in service.environment().items():
            monkeypatch.setenv(name, value)

    return use


def at_work(store: Store) -> dict[str, int]:
    """``{worker id: chats it is at}``."""
    with store.read() as session:
        statement = (
            select(col(Worker.id), func.count(col(Lease.chat_id)))
            .outerjoin(Lease, col(Lease.worker_id) == col(Worker.id))
            .group_by(col(Worker.id))
        )
        return {str(name): int(count) for name, count in session.execute(statement)}


def test_two_workers_share_a_run_and_a_killed_one_is_replaced(pg_store: Store, keys: Any) -> None:
    add_dataset(pg_store, 60)
    meter = Meter(0.1)
    with FakeOpenAI(meter) as service:
        keys(service)
        with worker(pg_store, service) as one, worker(pg_store, service) as two:
            run = run_service.create_run(pg_store, dataset="d", name="r", provider="openai", concurrency=6)
            run_service.start(pg_store, run.id)
            # Both have their share of the six places, and no more.
            wait_until(lambda: len(at_work(pg_store)) == 2 and min(at_work(pg_store).values()) > 0, 90)
            wait_until(lambda: run_service.progress(pg_store, run.id).done >= 12, 90)
            meter.held.clear()
            wait_until(lambda: sorted(at_work(pg_store).values()) == [3, 3] and meter.now == 6, 60)
            one.send_signal(signal.SIGKILL)
            one.wait()
            dead = next(name for name in at_work(pg_store) if f"-{one.pid}-" in name)
            with pg_store.read() as session:
                done = run_service.progress(pg_store, run.id).done
                lost = session.execute(select(func.count()).where(col(Lease.worker_id) == dead)).scalar_one()
            assert lost == 3
            # Half a minute passes for the dead one only.
            with pg_store.write() as session:
                session.execute(
                    text("UPDATE worker SET seen_at = seen_at - interval '31 seconds' WHERE id = :id"), {"id": dead}
                )
            wait_until(lambda: dead not in at_work(pg_store), 60)
            meter.held.set()
            wait_until(lambda: run_service.progress(pg_store, run.id).status == RunStatus.FINISHED, 90)
            assert two.poll() is None
        assert set(stored(pg_store, run)) == set(range(1, 61))
        counts = asked(service)
        assert sorted(counts.values())[-lost - 1 :] == [1] + [2] * lost, "only calls in flight were asked again"
        assert len(service.requests) == 60 + lost
        assert done + lost <= 60
        assert meter.most <= 6 + lost, "the service still saw the dead worker's calls"
    wait_until(lambda: not at_work(pg_store), 60)


def test_the_silence_of_a_worker_is_noticed_without_help(pg_store: Store, keys: Any) -> None:
    add_dataset(pg_store, 4)
    with FakeOpenAI(Answer()) as service:
        keys(service)
        run = run_service.create_run(pg_store, dataset="d", name="r", provider="openai", concurrency=4)
        run_service.start(pg_store, run.id)
        with pg_store.write() as session:
            workers.update_heartbeat(session, "gone", ["openai:fake-model"])
        taken = leases.lease_chats(pg_store, "gone", "openai:fake-model", 4, [(run.id, leases.Backlog(run.id), set())])
        assert len(taken) == 4
        running = run_service.RunScheduler(pg_store, lost_seconds=2.0)
        running.start()
        try:
            wait_until(lambda: run_service.progress(pg_store, run.id).status == RunStatus.FINISHED, 60)
        finally:
            running.stop()
        assert max(asked(service).values()) == 1


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


def test_two_workers_never_lease_the_same_chat(pg_store: Store) -> None:
    add_dataset(pg_store, 200)
    run = run_service.create_run(pg_store, dataset="d", name="r", provider="local", concurrency=200)
    run_service.start(pg_store, run.id)
    names = [f"w{number}" for number in range(4)]
    for name in names:
        with pg_store.write() as session:
            workers.update_heartbeat(session, name, ["m"])
    taken: list[tuple[int, int]] = []
    lock = threading.Lock()

    def grab(name: str) -> None:
        backlog = leases.Backlog(run.id)
        while jobs_ := leases.lease_chats(pg_store, name, "m", 160, [(run.id, backlog, set())]):
            with lock:
                taken.extend((job.run_id, job.chat_id) for job in jobs_)

    threads = [threading.Thread(target=grab, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(taken) == len(set(taken)) == 160


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
                # The three answers have arrived, and those who hold them have looked for the database in vain.
                wait_until(lambda: len(left_waiting) == 3)
                assert len(service.requests) == 3
                server.start()
                wait_until(lambda: run_service.progress(store, run.id).status == RunStatus.FINISHED, 90)
            assert set(stored(store, run)) == set(range(1, 7))
            assert run_service.progress(store, run.id).failed == 0
            assert len(service.requests) == 6
        finally:
            store.close()
