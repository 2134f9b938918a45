"""Routes whose answers are imported at the first request: what they need takes long to import."""

import asyncio
from collections.abc import Callable, Collection, Sequence

from starlette.concurrency import run_in_threadpool
from starlette.routing import BaseRoute, Match, Router
from starlette.types import Receive, Scope, Send


class LateRoutes(BaseRoute):
    """A route for several paths, whose own routes are made when somebody first asks for one of them."""

    def __init__(self, paths: Collection[str], load: Callable[[], Sequence[BaseRoute]]) -> None:
        """Keep what to load.

        Args:
            paths: whole paths of addresses that these routes answer, each of them in every method that it has.
            load: imports and gives the routes; called once, in another thread.
        """
        self.paths = frozenset(paths)
        self._load = load
        self._router: Router | None = None
        self._lock: asyncio.Lock | None = None

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Whether a request is for one of the paths."""
        return (Match.FULL if scope["type"] == "http" and scope["path"] in self.paths else Match.NONE), {}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, which may have to wait for the import."""
        await (self._router or await self._loaded())(scope, receive, send)

    async def _loaded(self) -> Router:
        self._lock = self._lock or asyncio.Lock()
        async with self._lock:
            router = self._router
            if router is None:
                self._router = router = Router(await run_in_threadpool(self._load))
            return router
