"""What the tests of runs share: a dataset of small chats, and waiting for a runner with a limit."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import func, select
from sqlmodel import col

from core.adapters.store import DatasetView, RunView, Store, queries
from core.adapters.store.models import Extraction
from core.services.extraction import runs as run_service
from core.services.extraction.runs.call_limiter import CallLimiter, ConcurrencySlots
from core.services.extraction.runs.executor import execute_chat
from core.services.extraction.runs.places import PlacedChat
from tests.factories.datasets import make_dataset

CUSTOMERS = "甲乙丙丁戊己庚辛"


def add_dataset(store: Store, chats: int, name: str = "d") -> DatasetView:
    """A dataset of ``chats`` short chats, all different."""
    people = [f"{CUSTOMERS[index % 8]}先生{index}" for index in range(1, chats + 1)]
    texts = [f"{who}：会话存档怎么收费？\n客服小林：标准版每年三千元。" for who in people]
    return make_dataset(store, texts, name)


@contextmanager
def runner(store: Store, *, take_lock: bool = True) -> Iterator[run_service.RunScheduler]:
    running = run_service.RunScheduler(store)
    running.start(take_lock=take_lock)
    try:
        yield running
    finally:
        running.stop()


def execute(store: Store, run_id: int, chat_id: int) -> bool:
    """Execute one chat here and now, as if this process had its place."""
    chat = PlacedChat(run_id, chat_id, "any:model", 0)
    return execute_chat(store, chat, CallLimiter(store, chat, ConcurrencySlots(1), threading.Event())).stored


def stored(store: Store, run: RunView) -> dict[int, str]:
    """``{index: status}`` of a run's extractions; fails if a chat is there twice."""
    with store.read() as session:
        found = [(e.index, e.status) for e in queries.extractions(session, run.id)]
        rows = session.execute(select(func.count()).where(col(Extraction.run_id) == run.id)).scalar_one()
    assert len(dict(found)) == len(found) == rows
    return dict(found)
