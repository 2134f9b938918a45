"""The database goes away for a moment while a run is carried out: no chat is left behind, none is paid for twice."""

import json
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event

from bench.chaos.proxy import Proxy, proxied
from core.adapters.store import Store, open_store
from core.adapters.store.models import RunStatus
from core.services.extraction import runs as run_service
from core.services.extraction.pipeline import parse_pipeline
from core.services.extraction.runs import scheduler
from tests import postgres as pg
from tests.factories.datasets import FORM
from tests.factories.runs import add_dataset, runner, stored
from tests.fakes.behaviour import Answer
from tests.fakes.openai_server import FakeOpenAI
from tests.waiting import wait_until

CHATS = 6


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeOpenAI]:
    with FakeOpenAI(Answer(latency=0.1)) as fake:
        for name, value in fake.environment().items():
            monkeypatch.setenv(name, value)
        yield fake


@contextmanager
def behind_proxy(postgres: pg.Postgres, template: str) -> Iterator[tuple[Store, Store, Proxy]]:
    """A database twice: as the run has it, behind a proxy, and as the test looks at it."""
    address = postgres.database(template)
    port = address.rpartition(":")[2].partition("/")[0]
    with proxied(int(port)) as proxy:
        direct = open_store(address)
        store = open_store(address.replace(f":{port}/", f":{proxy.port}/"))
        try:
            yield store, direct, proxy
        finally:
            store.close()
            direct.close()


def cut_once(store: Store, proxy: Proxy, statement: Callable[[str], bool], number: int = 1) -> threading.Event:
    """Break all connections just before a chat's first (or later) such statement goes out."""
    happened = threading.Event()
    counted: Counter[int] = Counter()

    def look(_connection: Any, _cursor: Any, sql: str, *_: Any) -> None:
        if threading.current_thread().name != "shiyao-executor" or not statement(sql) or happened.is_set():
            return
        counted[threading.get_ident()] += 1
        if counted[threading.get_ident()] == number:
            happened.set()
            proxy.cut()

    event.listen(store.engine, "before_cursor_execute", look)
    return happened


MOMENTS = {
    "the chat is read": lambda sql: "FROM chat JOIN run" in sql,
    "earlier replies are looked for": lambda sql: "reply.key" in sql,
    "the outcome is stored": lambda sql: sql.startswith("INSERT INTO extraction"),
}


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_connection_that_breaks_leaves_no_chat_behind(
    moment: str, postgres: pg.Postgres, pg_migrated: str, service: FakeOpenAI
) -> None:
    with behind_proxy(postgres, pg_migrated) as (store, direct, proxy):
        add_dataset(store, CHATS)
        run = run_service.create_run(store, dataset="d", name="r", provider="openai", concurrency=2)
        broken = cut_once(store, proxy, MOMENTS[moment])
        run_service.start(store, run.id)
        with runner(store):
            wait_until(lambda: run_service.progress(direct, run.id).status == RunStatus.FINISHED, 20)
        assert broken.is_set()
        assert set(stored(direct, run)) == set(range(1, CHATS + 1))
        assert run_service.progress(direct, run.id).failed == 0
    asked = Counter(request["messages"][-1]["content"].rpartition("<chat>")[2] for request in service.requests)
    assert len(asked) == CHATS
    assert max(asked.values()) == 1


def test_an_answer_of_a_first_stage_is_not_paid_for_twice(
    postgres: pg.Postgres, pg_migrated: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    summary = "\n".join(f"## {section.title}\n- 记下了" for section in FORM.summary_sections)
    stages = [Answer(text=summary), Answer(text=json.dumps([FORM.empty()]))]
    with FakeOpenAI([*stages, *stages]) as service, behind_proxy(postgres, pg_migrated) as (store, direct, proxy):
        for name, value in service.environment().items():
            monkeypatch.setenv(name, value)
        add_dataset(store, 1)
        run = run_service.create_run(
            store,
            dataset="d",
            name="r",
            provider="openai",
            concurrency=1,
            pipeline=parse_pipeline("summary,from_summary"),
        )
        broken = cut_once(store, proxy, MOMENTS["earlier replies are looked for"], 2)
        run_service.start(store, run.id)
        with runner(store):
            wait_until(lambda: run_service.progress(direct, run.id).status == RunStatus.FINISHED, 20)
        assert broken.is_set()
        assert stored(direct, run) == {1: "ok"}
    assert len(service.requests) == 2, "one for each stage"


def test_calls_under_way_are_not_asked_again_after_an_outage(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    answered = threading.Event()
    refused: list[float] = []

    def answer(_request: dict[str, Any], _number: int) -> Answer:
        answered.wait(60)
        return Answer()

    with FakeOpenAI(answer) as service:
        for name, value in service.environment().items():
            monkeypatch.setenv(name, value)
        add_dataset(store, 2)
        store.engine.dispose()
        event.listen(store.engine, "connect", lambda connection, _: connection.execute("PRAGMA busy_timeout = 50"))
        event.listen(store.engine, "handle_error", lambda _: refused.append(time.monotonic()))
        run = run_service.create_run(store, dataset="d", name="r", provider="openai", concurrency=2)
        run_service.start(store, run.id)
        monkeypatch.setattr(scheduler, "LOOK_SECONDS", 0.1)
        running = run_service.RunScheduler(store, idle_seconds=0.5)
        running.start()
        wait_until(lambda: len(service.requests) == 2)
        holder = sqlite3.connect(store.path or "", isolation_level=None)
        holder.execute("BEGIN IMMEDIATE")
        answered.set()
        # Twice the idle time: whatever is given up has been given up by then.
        wait_until(lambda: bool(refused) and refused[-1] - refused[0] > 1.0)
        holder.execute("ROLLBACK")
        holder.close()
        wait_until(lambda: run_service.progress(store, run.id).status == RunStatus.FINISHED)
        running.stop()
    assert len(service.requests) == 2
    assert set(stored(store, run)) == {1, 2}
