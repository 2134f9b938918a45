"""Files of components are kept by browsers, for good where their name tells what is in them; pages are not."""

from pathlib import Path

import pytest
import st_aggrid
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.testclient import TestClient
from streamlit.components.lib.local_component_registry import LocalComponentRegistry
from streamlit.components.v1.custom_component import CustomComponent
from streamlit.web.server.starlette.starlette_routes import create_component_routes

from core.ui.kept_files import KeptFiles

BUILD = Path(st_aggrid.__file__).parent / "frontend" / "build"
(SCRIPT,) = BUILD.glob("static/js/main.*.js")


@pytest.fixture(scope="module")
def client() -> TestClient:
    """Streamlit's own routes for AgGrid's files, and a file that belongs to no component."""
    registry = LocalComponentRegistry()
    registry.register_component(CustomComponent("grid", path=str(BUILD)))

    def other(_request: Request) -> Response:
        return Response("x", headers={"Cache-Control": "public"})

    routes = [*create_component_routes(registry, None), Route("/media/a.12345678.js", other)]
    return TestClient(Starlette(routes=routes, middleware=[Middleware(KeptFiles)]))


@pytest.mark.parametrize(
    ("path", "kept"),
    [
        (f"/component/grid/static/js/{SCRIPT.name}", "public, immutable, max-age=31536000"),
        ("/component/grid/bootstrap.min.css", "public, max-age=3600"),
        ("/component/grid/index.html", "no-cache"),
        ("/component/grid/gone.12345678.js", None),
        ("/component/none/index.html", None),
        ("/media/a.12345678.js", "public"),
    ],
)
def test_how_long_a_file_is_kept(client: TestClient, path: str, kept: str | None) -> None:
    assert client.get(path).headers.get("cache-control") == kept
