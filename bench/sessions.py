"""Thirty reviewers at once on a real PostgreSQL: how long a sync of the workbench takes, saves and claims included."""

import os
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from time import perf_counter
from typing import Any
from uuid import uuid4

from bench.flow import fill
from bench.report import line, spread
from core.adapters.store import Store, open_store, queries
from core.domain.form import Form, load_named_form
from core.services.review import PrimarySession, claimed_chats, open_session
from core.services.review.queue import background_update
from core.settings import settings
from tests import postgres

REVIEWERS, APPROVALS, CHATS = 30, 10, 2_000
POOLS = (2, 5, 20)


def run() -> None:
    """Thirty threads, each a reviewer who approves one chat after another, with pools of several sizes."""
    if reason := postgres.why_not():
        line("30 reviewers at once", reason)
        return
    with postgres.running() as server:
        for size in POOLS:
            os.environ["SHIYAO_POOL_SIZE"] = str(size)
            settings.cache_clear()
            store = open_store(server.database())
            try:
                _measure(store, load_named_form(), size)
            finally:
                store.close()
    del os.environ["SHIYAO_POOL_SIZE"]
    settings.cache_clear()


def _measure(store: Store, form: Form, pool: int) -> None:
    dataset_id, _ = fill(store, form, CHATS)
    with store.read() as session:
        dataset = queries.dataset(session, dataset_id)
    start, background_update.update_in_background = background_update.update_in_background, lambda *_: None
    try:
        reviewers = [open_session(store, dataset, form, reviewer=f"审阅人{i}") for i in range(REVIEWERS)]
    finally:
        background_update.update_in_background = start
    together = Barrier(REVIEWERS)
    began = perf_counter()
    with ThreadPoolExecutor(REVIEWERS) as threads:
        took = [
            seconds for each in threads.map(lambda who: _review(store, who, together), reviewers) for seconds in each
        ]
    whole = perf_counter() - began
    milliseconds = [seconds * 1000 for seconds in took]
    spread(f"sync, all at once, pool of {pool}", milliseconds, "ms", "95 % < 1,000")
    line("    syncs a second", f"{len(took) / whole:,.0f}")


def _review(store: Store, review_session: PrimarySession, together: Barrier) -> list[float]:
    took: list[float] = []
    claimed: list[int] = []
    outbox: list[dict[str, Any]] = []
    at: int | None = None
    for _ in range(APPROVALS):
        together.wait()
        began = perf_counter()
        data = review_session.sync(store, outbox=outbox, at=at, leaving=claimed)
        took.append(perf_counter() - began)
        claimed = claimed_chats(data)
        on_screen = next(chat for chat in data["chats"] if chat["chat"] == data["open"])
        outbox = [
            {
                "save_id": str(uuid4()),
                "chat": on_screen["chat"],
                "reviewer": review_session.reviewer,
                "base_version": on_screen["version"],
                "customers": [{"values": customer["values"]} for customer in on_screen["customers"]],
                "status": "已确认",
            }
        ]
        at = next(iter(data["order"]["next"]), None)
    return took
