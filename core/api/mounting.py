"""Where the API lies on the server. It is built at the first request: a server for people starts without it."""

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.routing import Mount
from starlette.types import ASGIApp, Receive, Scope, Send

from core.places import API_PATH

if TYPE_CHECKING:
    from core.adapters.store import Store

PREFIX = f"{API_PATH}v1"
"""Where the API lies; another version would lie beside it."""


def api_routes(store: "Callable[[], Store]") -> list[Mount]:
    """The API's routes for the server.

    Args:
        store: gives the open store of this process.
    """
    return [Mount(PREFIX, _BuiltAtFirstRequest(store))]


class _BuiltAtFirstRequest:
    """The API, imported and built in another thread when somebody first asks for it."""

    def __init__(self, store: "Callable[[], Store]") -> None:
        self._store = store
        self._app: ASGIApp | None = None
        self._lock: asyncio.Lock | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on to the API."""
        await (self._app or await self._built())(scope, receive, send)

    async def _built(self) -> ASGIApp:
        self._lock = self._lock or asyncio.Lock()
        async with self._lock:
            app = self._app
            if app is None:
                self._app = app = await run_in_threadpool(self._build)
            return app

    def _build(self) -> ASGIApp:
        from core.api.application import make_api

        return make_api(self._store)
