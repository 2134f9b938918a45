"""Runs carried out: workers and the ``openai`` package for real, against a fake service; also killed on the way."""

import os
import random
import re
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import func, select, text

from core.adapters.store import Store
from core.adapters.store.models import Place, RunStatus
from core.errors import RunError
from core.services.extraction import runs as run_service
from core.services.extraction.runs import lane_engine
from core.services.extraction.runs.call_limiter import ConcurrencySlots
from core.services.extraction.runs.demand import RunDemands
from core.services.extraction.runs.scheduler import stop_running
from core.settings import ROOT
from tests.factories.runs import add_dataset, runner, stored
from tests.fakes.behaviour import Answer, BadJson, Behaviour, Drop, Failure, Stall
from tests.fakes.openai_server import FakeOpenAI
from tests.forked_programs import ForkedProgram
from tests.waiting import wait_until


def asked(service: FakeOpenAI) -> Counter[str]:
    """How often each chat was asked about."""
    chats = [request["messages"][-1]["content"].rpartition("<chat>")[2] for request in service.requests]
    return Counter(chats)


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeOpenAI]:
    with FakeOpenAI(Answer(latency=0.2)) as fake:
        for name, value in fake.environment().items():
            monkeypatch.setenv(name, value)
        yield fake


def finished(store: Store, run_id: int) -> bool:
    return run_service.progress(store, run_id).status == RunStatus.FINISHED


def test_two_hundred_chats_with_a_third_failing_lose_nothing(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    add_dataset(store, 200)
    dice = random.Random(7)
    refused = Failure(code="", message="context length exceeded", status=400)
    wrong: tuple[Behaviour, ...] = (refused, Failure(code="", status=401), Answer("抱歉，我不能回答"))
    script = [dice.choice(wrong) if dice.random() < 0.3 else Answer() for _ in range(200)]
    failing = sum(behaviour != Answer() for behaviour in script)
    with FakeOpenAI([*script, Answer()]) as fake:
        for name, value in fake.environment().items():
            monkeypatch.setenv(name, value)
        run = run_service.create_run(store, dataset="d", name="r", provider="openai", concurrency=16)
        view = run_service.wait_for_run(store, lambda: run_service.start(store, run.id))
        assert (view.status, view.done, view.failed, view.pending) == ("finished", 200 - failing, failing, 0)
        assert set(stored(store, run)) == set(range(1, 201))
        groups = run_service.failures(store, run.id)
        assert sum(len(group.chats) for group in groups) == failing
        assert {group.cause for group in groups} == {"too_long", "auth", ""}

        view = run_service.wait_for_run(store, lambda: run_service.retry_failed(store, run.id))
        assert (view.done, view.failed, view.pending) == (200, 0, 0)
        assert set(stored(store, run)) == set(range(1, 201))
        assert len(fake.requests) == 200 + failing
        assert Counter(asked(fake).values()) == {1: 200 - failing, 2: failing}


def test_two_hundred_chats_with_every_kind_of_failure_lose_nothing(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_dataset(store, 200)
    dice = random.Random(11)
    passing: tuple[Behaviour, ...] = (Drop(), Failure(status=429), Failure(status=503), Stall(), BadJson())
    lasting: dict[Behaviour, str] = {
        Failure(status=401): "auth",
        Failure(status=400): "bad_request",
        Failure(status=402): "quota",
        Answer("抱歉，我不能回答"): "",
    }
    # By chat, not by call: which one comes first depends on the threads.
    kinds = (*passing, *lasting)
    first = {index: dice.choice(kinds) if dice.random() < 0.3 else Answer() for index in range(1, 201)}
    assert set(kinds) <= set(first.values())
    times: Counter[int] = Counter()
    mutex = threading.Lock()

    def script(request: dict[str, Any], _: int) -> Behaviour:
        found = re.search(r"先生(\d+)：", request["messages"][-1]["content"].rpartition("<chat>")[2])
        assert found is not None
        with mutex:
            times[int(found[1])] += 1
            return first[int(found[1])] if times[int(found[1])] == 1 else Answer()

    failing = {index: lasting[kind] for index, kind in first.items() if kind in lasting}
    sound = {index for index, kind in first.items() if kind == Answer()}
    with FakeOpenAI(script) as fake:
        for name, value in fake.environment().items():
            monkeypatch.setenv(name, value)
        run = run_service.create_run(store, dataset="d", name="r", provider="openai", concurrency=32, deadline=4)
        view = run_service.wait_for_run(store, lambda: run_service.start(store, run.id))
        assert (view.status, view.done, view.failed) == ("finished", 200 - len(failing), len(failing))
        assert set(stored(store, run)) == set(range(1, 201))
        causes = {index: group.cause for group in run_service.failures(store, run.id) for index in group.chats}
        assert causes == failing
        before = dict(times)
        view = run_service.wait_for_run(store, lambda: run_service.retry_failed(store, run.id))
        assert (view.done, view.failed, view.pending) == (200, 0, 0)
    again = {index for index in first if times[index] != before[index]}
    assert again == set(failing), "what was answered is not asked again"
    assert all(times[index] == 2 for index in failing)
    assert {index for index, count in times.items() if count == 1} <= sound


@pytest.mark.both_databases
def test_no_more_calls_at_a_time_than_allowed(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    add_dataset(store, 24)
    now, most, lock = 0, 0, threading.Lock()
    full = threading.Event()

    def count(_: dict[str, Any], number: int) -> Behaviour:
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
            if now >= 4:
                full.set()
        # The first ones stay until as many as are allowed have come, so that one more would be seen.
        full.wait(60)
        with lock:
            now -= 1
        return Answer(latency=0.05)

    with FakeOpenAI(count) as fake:
        for name, value in fake.environment().items():
            monkeypatch.setenv(name, value)
        run = run_service.create_run(store, dataset="d", name="r", provider="openai", concurrency=4)
        run_service.wait_for_run(store, lambda: run_service.start(store, run.id))
    assert most == 4


@pytest.mark.both_databases
def test_cancelled_runs_keep_what_they_have_and_go_on(store: Store, service: FakeOpenAI) -> None:
    add_dataset(store, 40)
    run = run_service.create_run(store, dataset="d", name="r", provider="openai", concurrency=4)
    with runner(store) as running:
        run_service.start(store, run.id)
        running.wake()
        wait_until(lambda: run_service.progress(store, run.id).done >= 6)
        run_service.cancel(store, run.id)
        running.wake()
        wait_until(lambda: not running.executing)
        paid = len(service.requests)
        view = run_service.progress(store, run.id)
        assert (view.status, view.done) == (RunStatus.CANCELLED, paid), "calls under way were stored"
        assert paid < 30
        run_service.start(store, run.id)
        running.wake()
        wait_until(lambda: finished(store, run.id))
    assert set(stored(store, run)) == set(range(1, 41))
    assert max(asked(service).values()) == 1, "nothing was paid twice"


@pytest.mark.both_databases
def test_a_run_stopped_and_started_at_once_does_not_get_stuck(store: Store, service: FakeOpenAI) -> None:
    add_dataset(store, 30)
    run = run_service.create_run(store, dataset="d", name="r", provider="openai", concurrency=4)
    with runner(store) as running:
        run_service.start(store, run.id)
        running.wake()
        for done in (2, 6, 10):
            wait_until(lambda done=done: run_service.progress(store, run.id).done >= done)  # type: ignore[misc]
            run_service.pause(store, run.id)
            running.wake()
            run_service.start(store, run.id)
            running.wake()
        wait_until(lambda: finished(store, run.id))
    assert set(stored(store, run)) == set(range(1, 31))
    assert max(asked(service).values()) == 1


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[FakeOpenAI, threading.Event]]:
    """A service whose first four calls hang until the event is set."""
    go = threading.Event()

    def script(_: dict[str, Any], number: int) -> Behaviour:
        if number < 4:
            go.wait(120)
        return Answer()

    with FakeOpenAI(script) as fake:
        for name, value in fake.environment().items():
            monkeypatch.setenv(name, value)
        yield fake, go


@pytest.mark.both_databases
def test_calls_under_way_are_not_asked_again_by_a_run_that_stops_and_starts(
    store: Store, held: tuple[FakeOpenAI, threading.Event]
) -> None:
    service, go = held
    add_dataset(store, 12)
    run = run_service.create_run(store, dataset="d", name="r", provider="openai", concurrency=4)
    with runner(store) as running:
        run_service.start(store, run.id)
        running.wake()
        wait_until(lambda: len(service.requests) == 4)
        # Stopped and started again while four calls hang: they are neither given up nor begun a second time.
        for _ in range(3):
            run_service.cancel(store, run.id)
            running.wake()
            run_service.start(store, run.id)
            running.wake()
        # A higher limit lets eight more begin: all that is missing but the four.
        run_service.create_run(store, dataset="d", name="r", provider="openai", concurrency=12)
        running.wake()
        wait_until(lambda: run_service.progress(store, run.id).done == 8)
        go.set()
        wait_until(lambda: finished(store, run.id))
    assert sorted(asked(service).values()) == [1] * 12
    assert set(stored(store, run)) == set(range(1, 13))


def test_chats_that_stand_ready_are_not_asked_once_the_run_is_paused(
    store: Store, held: tuple[FakeOpenAI, threading.Event], monkeypatch: pytest.MonkeyPatch
) -> None:
    service, go = held
    add_dataset(store, 12)
    slots = ConcurrencySlots()
    monkeypatch.setattr(lane_engine, "ConcurrencySlots", lambda: slots)  # those of the one model there is

    def placed() -> int:
        with store.read() as session:
            return session.execute(select(func.count()).select_from(Place)).scalar_one()

    run = run_service.create_run(store, dataset="d", name="r", provider="openai", concurrency=4)
    with runner(store) as running:
        run_service.start(store, run.id)
        running.wake()
        # Who comes to a free slot only later, having looked just before, asks all the same: those two have to wait.
        wait_until(lambda: len(service.requests) == 4 and placed() == 6 and slots.waiting == 2)
        run_service.pause(store, run.id)
        go.set()
        running.wake()
        wait_until(lambda: placed() == 0)
        assert (len(service.requests), run_service.progress(store, run.id).done) == (4, 4)
        run_service.start(store, run.id)
        running.wake()
        wait_until(lambda: finished(store, run.id))
    assert max(asked(service).values()) == 1
    assert len(stored(store, run)) == 12


def test_a_run_that_cannot_be_stored_is_reported_and_not_paid_again(store: Store, service: FakeOpenAI) -> None:
    add_dataset(store, 3)
    run = run_service.create_run(store, dataset="d", name="r", provider="openai")
    refuse = "CREATE TRIGGER full BEFORE INSERT ON extraction BEGIN SELECT RAISE(ABORT, 'disk full'); END"
    with store.engine.begin() as connection:
        connection.execute(text(refuse))
    with pytest.raises(RunError, match="disk full"):
        run_service.wait_for_run(store, lambda: run_service.start(store, run.id))
    assert max(asked(service).values()) == 1
    with store.engine.begin() as connection:
        connection.execute(text("DROP TRIGGER full"))
    assert run_service.wait_for_run(store, lambda: run_service.start(store, run.id)).done == 3


def test_a_process_without_keys_leaves_the_run_to_others(
    store: Store, service: FakeOpenAI, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_dataset(store, 2)
    run = run_service.create_run(store, dataset="d", name="r", provider="openai")
    run_service.start(store, run.id)
    with monkeypatch.context() as without:
        without.delenv("OPENAI_API_KEY")
        demands = RunDemands(store)
        demands.refresh()
        assert demands.chat_limits() == {}
        looked = threading.Event()
        refresh = RunDemands.refresh

        def look(self: RunDemands) -> None:
            refresh(self)
            looked.set()

        without.setattr(RunDemands, "refresh", look)
        with runner(store, take_lock=False) as running:
            # Twice: by the second look, whatever followed from the first has been done.
            for _ in range(2):
                looked.clear()
                running.wake()
                assert looked.wait(60)
            assert not running.executing
        assert service.requests == []
    assert run_service.progress(store, run.id).pending == 2
    with runner(store, take_lock=False):
        wait_until(lambda: finished(store, run.id))
    assert run_service.progress(store, run.id).done == 2


def test_a_hanging_call_does_not_keep_the_process(store: Store, service: FakeOpenAI) -> None:
    add_dataset(store, 3)
    hanging = threading.Event()

    def script(_: dict[str, Any], number: int) -> Behaviour:
        if number == 0:
            hanging.wait(120)
        return Answer()

    with FakeOpenAI(script) as stalling:
        for name, value in stalling.environment().items():
            os.environ[name] = value  # put back by the fixture's monkeypatch
        run = run_service.create_run(store, dataset="d", name="r", provider="openai", concurrency=1)
        running = run_service.ensure_running(store)
        assert run_service.ensure_running(store) is running
        run_service.start(store, run.id)
        running.wake()
        wait_until(lambda: len(stalling.requests) == 1)
        stop_running(patience=0.2)
        assert run_service.progress(store, run.id).done == 0, "the process did not wait for the call"
        with runner(store, take_lock=False):
            wait_until(lambda: finished(store, run.id))
        hanging.set()
    assert set(stored(store, run)) == {1, 2, 3}


def command(store: Store, *arguments: str) -> list[str]:
    return [sys.executable, "-m", "core", "--db", f"sqlite:///{store.path}", *arguments]


EXTRACT = ("extract", "--dataset", "d", "--run", "r", "--provider", "openai", "--concurrency", "4")


def test_a_killed_process_loses_and_repeats_nothing(store: Store, service: FakeOpenAI) -> None:
    add_dataset(store, 40)
    killed = ForkedProgram(*command(store, *EXTRACT)[1:])
    wait_until(lambda: len(service.requests) >= 12)
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    with store.read() as session:
        kept = session.execute(text("SELECT count(*) FROM extraction")).scalar_one()
    assert 4 <= kept < 40
    # Nobody starts the run again: it goes on because somebody is there who can.
    with runner(store, take_lock=False):
        wait_until(lambda: finished(store, 1))
    assert set(stored(store, run_service.progress(store, 1))) == set(range(1, 41))
    assert len(service.requests) <= 40 + 4, "at most the calls under way were asked again"
    assert max(asked(service).values()) <= 2


def test_ctrl_c_stores_what_is_under_way_and_the_same_command_goes_on(store: Store, service: FakeOpenAI) -> None:
    add_dataset(store, 24)
    process = subprocess.Popen(
        command(store, *EXTRACT),
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
        # Whoever started the tests in the background made their children deaf to Ctrl+C.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    wait_until(lambda: len(service.requests) >= 8)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "用同样的命令可以继续" in said
    view = run_service.progress(store, 1)
    assert (view.status, view.done) == (RunStatus.RUNNING, len(service.requests))
    again = subprocess.run(command(store, *EXTRACT), cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert (again.returncode, again.stderr) == (0, "")
    assert "完成 24，失败 0" in again.stdout
    assert max(asked(service).values()) == 1


def test_a_command_watches_while_another_process_carries_the_run_out(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_dataset(store, 12)
    hold = threading.Event()

    def script(_: dict[str, Any], number: int) -> Behaviour:
        if number == 0:
            hold.wait(120)
        return Answer()

    with FakeOpenAI(script) as service, FakeOpenAI() as elsewhere, runner(store) as here:
        for name, value in service.environment().items():
            monkeypatch.setenv(name, value)
        # A call that has not ended keeps the lock here while the command starts.
        busy = run_service.create_run(store, dataset="d", name="busy", provider="openai", concurrency=4)
        run_service.start(store, busy.id)
        here.wake()
        wait_until(lambda: here.executing and len(service.requests) > 0)
        try:
            done = subprocess.run(
                command(store, *EXTRACT, "--limit", "4"),
                cwd=ROOT,
                env={**os.environ, **elsewhere.environment()},
                capture_output=True,
                text=True,
                timeout=100,
            )
        finally:
            hold.set()
        assert done.returncode == 0, done.stderr
        assert elsewhere.requests == []
    assert len(stored(store, run_service.progress(store, 2))) == 4
