"""The addresses of this server that are no pages, but for the HTTP API: signing in, the health check, the palette."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from starlette.routing import BaseRoute, Route

from core.ui.completion import complete
from core.ui.late_routes import LateRoutes
from core.ui.monitoring import monitoring_routes
from core.ui.sign_in import ways
from core.ui.sign_in.connection import DONE_PATH, PATH, PROVIDER_PATH

if TYPE_CHECKING:
    from core.adapters.store import Store

NAMES_PATH = "/palette/names"
CHATS_PATH = "/palette/chats"


def own_routes() -> Sequence[BaseRoute]:
    """All of them; what they need is imported when they are asked."""
    sign_in = [LateRoutes((PATH, PROVIDER_PATH, DONE_PATH), _sign_in)] if ways.is_required() else []
    return [*sign_in, *monitoring_routes(), LateRoutes((NAMES_PATH, CHATS_PATH), _palette)]


def _sign_in() -> Sequence[Route]:
    complete()
    from core.ui.sign_in.routes import routes

    return routes()


def _palette() -> Sequence[Route]:
    complete()
    from core.ui.palette.routes import palette_routes

    return palette_routes()


def completed_store() -> "Store":
    """The open store, for a program that may ask before the server is complete."""
    complete()
    from core.ui import state

    return state.store()
