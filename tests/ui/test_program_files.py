"""Streamlit's own files are answered as Streamlit answers them; what is asked for in another way, it answers itself."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.testclient import TestClient
from streamlit.web.server.starlette.starlette_static_routes import create_streamlit_static_assets_routes

from core.settings import ROOT
from core.ui import program_files

FILES = program_files.program_files()
SCRIPT, STYLE, FONT = (next(path for path in FILES if path.endswith(end)) for end in (".js", ".css", ".woff2"))


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    """Streamlit's own routes behind ours."""
    routes = create_streamlit_static_assets_routes(None)
    with TestClient(Starlette(routes=routes, middleware=[Middleware(program_files.ProgramFiles)])) as ours:
        yield ours


@pytest.fixture(scope="module")
def streamlit_client() -> Iterator[TestClient]:
    """Streamlit's routes alone."""
    with TestClient(Starlette(routes=create_streamlit_static_assets_routes(None))) as theirs:
        yield theirs


@pytest.mark.parametrize("path", [SCRIPT, STYLE, FONT])
def test_answers_are_streamlits(client: TestClient, streamlit_client: TestClient, path: str) -> None:
    ours, theirs = client.get(path), streamlit_client.get(path)
    assert ours.status_code == theirs.status_code == 200
    assert ours.content == theirs.content
    names = ("cache-control", "content-type", "content-length")
    assert [ours.headers[name] for name in names] == [theirs.headers[name] for name in names]
    assert "etag" not in ours.headers  # it is ours: the name says which version it is


def test_the_icon_is_ours(client: TestClient) -> None:
    icon = client.get("/favicon.png")
    assert (icon.headers["content-type"], icon.headers["cache-control"]) == ("image/png", "public, max-age=3600")
    assert icon.content == (ROOT / "core/ui/icon.png").read_bytes()


def test_every_file_of_the_page_is_among_them() -> None:
    asked_first = [path for path in FILES if Path(path).name.startswith(("index.", "react-dom.", "protobuf."))]
    assert len(asked_first) >= 3
    assert all(file.stat().st_size <= program_files.MOST_BYTES for file in FILES.values())


@pytest.mark.parametrize(
    ("method", "path", "headers", "status"),
    [
        ("GET", SCRIPT, {"Range": "bytes=0-9"}, 206),
        ("HEAD", SCRIPT, {}, 200),
        ("POST", SCRIPT, {}, 405),
        ("GET", "/static/js/../../index.html", {}, 200),
        ("GET", "/static/js/none.12345678.js", {}, 200),
    ],
)
def test_everything_else_is_passed_on(
    client: TestClient, streamlit_client: TestClient, method: str, path: str, headers: dict[str, str], status: int
) -> None:
    ours, theirs = (one.request(method, path, headers=headers) for one in (client, streamlit_client))
    assert (ours.status_code, ours.content) == (theirs.status_code, theirs.content)
    assert ours.status_code == status
    assert ours.headers.get("etag") == theirs.headers.get("etag")


def test_a_file_that_has_gone_is_streamlits_to_answer(
    client: TestClient, streamlit_client: TestClient, tmp_path: Path
) -> None:
    lost = "/static/js/lost.12345678.js"
    ours = program_files.ProgramFiles(Starlette(routes=create_streamlit_static_assets_routes(None)))
    ours._files = {lost: tmp_path / "lost.12345678.js"}
    with TestClient(ours) as gone:
        assert gone.get(lost).content == streamlit_client.get(lost).content
