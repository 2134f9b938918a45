"""The end of a server: what a model was asked for is stored before it goes."""

import asyncio
import gc
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from core.adapters.store import Store
from core.adapters.store.models import Extraction, Run, now
from core.errors import StoreError
from core.services.extraction import runs as run_service
from core.services.privacy import set_retention
from core.settings import settings
from core.ui import server, state
from tests.factories.datasets import make_dataset
from tests.factories.runs import add_dataset, stored
from tests.fakes.behaviour import Answer
from tests.fakes.openai_server import FakeOpenAI
from tests.waiting import wait_until


def in_a_loop_of_its_own(work: Coroutine[Any, Any, None]) -> None:
    """In a thread of its own: a browser test of the same process may have left an event loop in this one."""
    with ThreadPoolExecutor(1) as threads:
        threads.submit(asyncio.run, work).result()


def test_a_server_that_is_stopped_stores_the_answers_under_way(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    add_dataset(store, 3)
    with FakeOpenAI(Answer(latency=0.5)) as service:
        for name, value in service.environment().items():
            monkeypatch.setenv(name, value)
        run = run_service.create_run(store, dataset="d", name="r", provider="openai", concurrency=2)
        run_service.start(store, run.id)

        async def serve() -> None:
            program, before = [[] for _ in range(50_000)], gc.get_freeze_count()
            async with server.lifespan(None):
                # Where nobody looks for garbage any more. What the tests have loaded is there already.
                assert gc.get_freeze_count() >= before + len(program)
                run_service.ensure_running(store)
                await asyncio.to_thread(wait_until, lambda: len(service.requests) == 2)

        in_a_loop_of_its_own(serve())
        assert len(stored(store, run)) == len(service.requests) == 2


def test_what_is_too_old_goes_every_day_whatever_failed_the_day_before() -> None:
    waits: list[float] = []
    days: list[int] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) > 4:
            raise asyncio.CancelledError

    def work() -> None:
        days.append(len(days))
        if len(days) < 3:
            raise (StoreError("busy", "wait"), RuntimeError("broken"))[len(days) - 1]

    async def serve() -> None:
        with pytest.raises(asyncio.CancelledError):
            await server.delete_daily(sleep=sleep, work=work)

    in_a_loop_of_its_own(serve())
    assert waits == [server.FIRST_RETENTION_SECONDS, *[server.RETENTION_SECONDS] * 4] and len(days) == 4


def test_the_daily_work_deletes_in_the_database_of_the_settings(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    dataset = make_dataset(store, ["何苗2：在吗\n客服小陈1：您好\n"], "d")
    with store.write() as session:
        moment = now() - timedelta(days=3)
        run = Run(dataset_id=dataset.id, name="r", kind="model", provider="openai", status="finished")
        session.add(run)
        session.flush()
        session.add(
            Extraction(run_id=run.id, chat_id=1, status="ok", forms=[], replies=[{"raw": "何苗2"}], created_at=moment)
        )
    set_retention(store, "d", replies_days=2, history_days=None)
    monkeypatch.setenv("SHIYAO_DATABASE_URL", store.url)
    settings.cache_clear()
    server.delete_too_old()
    with store.read() as session:
        assert session.execute(select(Extraction)).scalars().one().replies == [{"raw": "", "request": ""}]


def test_a_server_that_nobody_visits_opens_its_database_but_makes_none(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def sleep(seconds: float) -> None:
        assert seconds == server.OPEN_SECONDS

    def opened_at(url: str) -> Store | None:
        monkeypatch.setenv("SHIYAO_DATABASE_URL", url)
        settings.cache_clear()
        in_a_loop_of_its_own(server.open_database(sleep=sleep))
        return state.opened_store()

    assert opened_at(f"sqlite:///{tmp_path}/none.db") is None
    assert not (tmp_path / "none.db").exists()
    assert (mine := opened_at(store.url)) is not None
    mine.close()


def test_garbage_is_looked_for_the_more_seldom_the_longer_it_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was scored of 100,000 chats is looked through for a second: not after every page, as Streamlit would."""
    waits: list[float] = []
    took = [0.0, 2.0, 0.001]
    counts = [(90_000, 0, 0), (30, 3, 0), (50, 0, 1), (9, 0, 0), (8, 0, 0)]
    clock = [0.0]

    async def sleep(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) > len(counts):
            raise asyncio.CancelledError

    def collect() -> None:
        clock[0] += took.pop(0)

    monkeypatch.setattr(server.gc, "get_count", lambda: counts[len(waits) - 1])
    monkeypatch.setattr(server.time, "perf_counter", lambda: clock[0])

    async def serve() -> None:
        with pytest.raises(asyncio.CancelledError):
            await server.collect_garbage(sleep=sleep, collect=collect)

    in_a_loop_of_its_own(serve())
    assert waits == [1.0, 1.0, pytest.approx(100.0), 1.0, 1.0, 1.0]
    assert not took, "an idle server has nothing to look for"
