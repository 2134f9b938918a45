"""A sync of the workbench takes one connection at a time, and a pool that is empty gives a sentence."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest

from core.adapters.store import DatasetView, Store, open_store
from core.adapters.store.models import now
from core.errors import StoreUnavailableError
from core.services.review import BlindSession, ReviewSession, open_session
from core.services.review.queue import claims, order
from core.settings import settings
from tests.connections import counting
from tests.factories.datasets import FORM
from tests.factories.reviews import NAME, answer, decide, make

AT_ONCE = 16


@pytest.fixture
def pool(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """``pool(size, seconds)`` sets the pool of stores that are opened from now on."""

    def sized(size: int, seconds: float) -> None:
        monkeypatch.setenv("SHIYAO_POOL_SIZE", str(size))
        monkeypatch.setenv("SHIYAO_POOL_SECONDS", str(seconds))
        settings.cache_clear()

    yield sized
    settings.cache_clear()


def sessions(store: Store, dataset: DatasetView, reviewer: str = "阿青") -> Sequence[ReviewSession]:
    """One of each kind: primary in each order and narrowed, delta, blind."""
    return [
        *(open_session(store, dataset, FORM, reviewer=reviewer, in_order=name) for name in order.ORDERS),
        open_session(store, dataset, FORM, reviewer=reviewer, narrow={"text": "书架", "queue": "全部"}),
        open_session(store, dataset, FORM, reviewer=reviewer, newer="新"),
        BlindSession(dataset, FORM, reviewer),
    ]


def filled(store: Store) -> DatasetView:
    dataset = make(store, 8)
    forms = {index: [{NAME: f"林木{index}"}] for index in range(1, 9)}
    old = answer(store, dataset, "旧", forms)
    answer(store, dataset, "新", forms | {1: [{NAME: "林木一"}]})
    for chat in (1, 2):
        decide(store, dataset, chat, values={NAME: f"林木{chat}"}, run=old)
    return dataset


@pytest.mark.both_databases
def test_an_idle_sync_takes_one_connection_once(store: Store) -> None:
    for review_session in sessions(store, filled(store)):
        data = review_session.sync(store)  # claims are written
        with counting() as count:
            review_session.sync(store, at=data["open"])
        assert count.taken_here == 1, review_session.cache_key


@pytest.mark.both_databases
def test_a_sync_that_opens_a_chat_or_claims_takes_two_one_after_the_other(store: Store) -> None:
    for review_session in sessions(store, filled(store)):
        with store.write() as session:
            session.execute(claims.delete(claims.Claim))
        with counting() as count:
            review_session.sync(store)
        assert not count.nested, count.nested[0]
        assert count.taken_here <= 2, review_session.cache_key


def test_sixteen_syncs_on_two_connections_all_end(postgres: Any, pg_migrated: str, pool: Any) -> None:
    """With a second connection taken while one is held, two syncs would hold both and wait for each other."""
    pool(2, 30)
    store = open_store(postgres.database(pg_migrated))
    try:
        dataset = filled(store)
        review_sessions = [open_session(store, dataset, FORM, reviewer=f"审阅人{i}") for i in range(AT_ONCE)]
        together = Barrier(AT_ONCE)

        def sync(review_session: ReviewSession) -> str:
            together.wait()
            return [review_session.sync(store)["session"] for _ in range(3)][-1]

        started = now()
        with ThreadPoolExecutor(AT_ONCE) as threads:
            answered = list(threads.map(sync, review_sessions))
        # There are fewer chats than reviewers: who comes last is told who has them.
        assert answered == [review_session.cache_key for review_session in review_sessions]
        assert (now() - started).total_seconds() < 30
    finally:
        store.close()


def test_an_empty_pool_gives_a_sentence(postgres: Any, pg_migrated: str, pool: Any) -> None:
    pool(1, 0.2)
    store = open_store(postgres.database(pg_migrated))
    try:
        with store.read() as holder, ThreadPoolExecutor(1) as threads:
            holder.connection()
            busy = threads.submit(filled, store).exception()
        assert isinstance(busy, StoreUnavailableError)
        assert "SHIYAO_POOL_SIZE" in str(busy)
    finally:
        store.close()
