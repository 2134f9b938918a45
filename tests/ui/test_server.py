"""The end of a server: what a model was asked for is stored before it goes."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest

from core.adapters.store import Store
from core.services.extraction import runs as run_service
from core.ui import server
from tests.factories.runs import add_dataset, stored
from tests.fakes.behaviour import Answer
from tests.fakes.openai_server import FakeOpenAI
from tests.waiting import wait_until


def test_a_server_that_is_stopped_stores_the_answers_under_way(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    add_dataset(store, 3)
    with FakeOpenAI(Answer(latency=0.5)) as service:
        for name, value in service.environment().items():
            monkeypatch.setenv(name, value)
        run = run_service.create_run(store, dataset="d", name="r", provider="openai", concurrency=2)
        run_service.start(store, run.id)

        async def serve() -> None:
            async with server.lifespan(None):
                run_service.ensure_running(store)
                await asyncio.to_thread(wait_until, lambda: len(service.requests) == 2)

        # In a thread of its own: a browser test of the same process may have left an event loop in this one.
        with ThreadPoolExecutor(1) as threads:
            threads.submit(asyncio.run, serve()).result()
        assert len(stored(store, run)) == len(service.requests) == 2
