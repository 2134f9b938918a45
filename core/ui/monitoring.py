"""What is seen from outside: ``/_health`` for whoever restarts servers, ``/_metrics`` for Prometheus.

``/_health`` answers everybody, so it says no more than one word per part, and asks at most every two seconds.
"""

import asyncio
import hmac
import time
from typing import TYPE_CHECKING, Any, Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from core import metrics
from core.errors import SettingsError, ShiyaoError, StoreError
from core.settings import settings
from core.ui.completion import complete

if TYPE_CHECKING:
    from core.adapters.store import Store

HEALTH_PATH = "/_health"
METRICS_PATH = "/_metrics"
SHORTEST_TOKEN = 16
_FRESH_SECONDS: Final = 2.0
_NOBODY = {"Cache-Control": "no-store"}
_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def monitoring_routes() -> list[Route]:
    """Routes of the health check, and of the figures where they are asked for."""
    health = Route(HEALTH_PATH, _Health().answer, methods=["GET", "HEAD"])
    return [health, *([Route(METRICS_PATH, _metrics, methods=["GET"])] if metrics.are_counted() else [])]


def check_token() -> None:
    """Refuse a token that could be guessed.

    Raises:
        SettingsError: it is too short.
    """
    if metrics.are_counted() and len(settings().metrics_token.get_secret_value()) < SHORTEST_TOKEN:
        raise SettingsError(
            "SHIYAO_METRICS_TOKEN 太短，没有启动",
            f"请用至少 {SHORTEST_TOKEN} 个随机字符（openssl rand -hex 24）",
        )


class _Health:
    """The last look, which is kept for two seconds: however many ask, the database is asked by one."""

    def __init__(self) -> None:
        self._looking = asyncio.Lock()
        self._seen_at = -_FRESH_SECONDS
        self._seen: dict[str, Any] = {}

    async def answer(self, _request: Request) -> Response:
        async with self._looking:
            if time.monotonic() - self._seen_at >= _FRESH_SECONDS:
                self._seen = await run_in_threadpool(health)
                self._seen_at = time.monotonic()
        return JSONResponse(self._seen, 503 if self._seen["status"] == "failing" else 200, headers=_NOBODY)


def health() -> dict[str, Any]:
    """The state of database, disk and workers.

    Returns:
        ``status``: ``ok``; ``degraded`` where runs wait and nobody is at work, or a disk is nearly full; ``failing``
        where nothing can be stored. ``checks``: one word for each.
    """
    complete()
    from core.services.maintenance import DiskState, disk_state
    from core.ui import state

    store: Store | None = None
    try:
        store = state.store()
        database = "ok" if store.is_available() else "away"
    except StoreError:
        database = "away"
    disk = disk_state(store)
    worker = "unknown" if database != "ok" or store is None else _worker(store)
    failing = database != "ok" or disk is DiskState.READ_ONLY
    degraded = worker == "missing" or disk is DiskState.LOW
    status = "failing" if failing else "degraded" if degraded else "ok"
    return {"status": status, "checks": {"database": database, "disk": str(disk), "worker": worker}}


def _worker(store: "Store") -> str:
    from core.services.extraction.runs import run_activity

    try:
        activity = run_activity(store)
    except StoreError:
        return "unknown"
    if not activity.pending_chats:
        return "idle"
    return "working" if activity.workers else "missing"


async def _metrics(request: Request) -> Response:
    """The figures, for who has the token."""
    given = request.headers.get("authorization", "")
    expected = f"Bearer {settings().metrics_token.get_secret_value()}"
    if not hmac.compare_digest(given.encode(), expected.encode()):
        return PlainTextResponse("Unauthorized", 401, headers=_NOBODY | {"WWW-Authenticate": "Bearer"})
    text = await run_in_threadpool(lambda: metrics.exposition(_gauges()))
    return Response(text, headers=_NOBODY | {"Content-Type": _TYPE})


def _gauges() -> list[tuple[str, str, float]]:
    complete()
    from core.services.extraction.runs import run_activity
    from core.services.jobs import waiting_jobs
    from core.services.maintenance import free_bytes
    from core.services.webhooks import waiting_messages
    from core.ui import state

    gauges: list[tuple[str, str, float]] = []
    store: Store | None = None
    try:
        store = state.store()
        activity = run_activity(store)
        gauges += [
            ("shiyao_pending_chats", "Chats that running runs still lack.", activity.pending_chats),
            ("shiyao_workers", "Processes at work on runs.", activity.workers),
            ("shiyao_waiting_jobs", "Heavy computations that nobody has begun.", waiting_jobs(store)),
            (
                "shiyao_waiting_webhook_messages",
                "Messages that other programs are still to get.",
                waiting_messages(store),
            ),
        ]
    except ShiyaoError:
        pass  # said by the next line
    is_up = store is not None and bool(gauges)
    return [
        ("shiyao_database_up", "Whether the database answers.", float(is_up)),
        ("shiyao_disk_free_bytes", "Free bytes of the fullest disk that is written to.", free_bytes(store)),
        *gauges,
    ]
