"""The HTML around every page is ours, whatever the browser asks for it with; everything else is Streamlit's."""

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import streamlit
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient

from core.ui.navigation import ADDRESSES
from core.ui.page_shell import PageShell, inline_scripts, page_html, streamlit_page

BROWSER = {"Accept": "text/html,application/xhtml+xml", "Accept-Encoding": "gzip, br"}


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    index = tmp_path_factory.mktemp("static") / "index.html"
    index.write_text(streamlit_page(), "utf-8")

    def page(_request: Request) -> Response:
        return FileResponse(index)

    def other(_request: Request) -> Response:
        return HTMLResponse(streamlit_page().replace("root", "toor"))

    app = Starlette(
        routes=[Route("/", page), Route("/other", other), Route("/{name}", page)],
        middleware=[Middleware(PageShell), Middleware(GZipMiddleware, minimum_size=10)],
    )
    with TestClient(app) as opened:
        yield opened


def test_the_page_is_in_chinese_before_any_script_runs() -> None:
    page = page_html()
    assert '<html lang="zh-CN">' in page
    assert "<title>拾要</title>" in page
    assert "Streamlit</title>" not in page
    assert "You need to enable JavaScript" not in page
    assert "stMainBlockContainer" in page
    assert page.index("stMainBlockContainer") < page.index('<script type="module"')
    assert page.count('<link rel="modulepreload" crossorigin href="./static/js/Metric.') == 1
    assert page.index("js/react-dom.") < page.index("js/Metric.")  # what nothing begins without comes first
    assert len(inline_scripts(page)) == 2  # Streamlit's and ours, each with its hash in the policy
    assert all("</script" not in script for script in inline_scripts(page))


def test_streamlit_is_told_where_its_server_is() -> None:
    page = page_html()
    (script,) = re.findall(r'src="\./static/js/(index\.[^"]+\.js)"', page)
    streamlits = (Path(streamlit.__file__).parent / "static/static/js" / script).read_text("utf-8")
    for name in ("window.__streamlit", "BACKEND_BASE_URL", "HOST_CONFIG", "allowedOrigins", "useExternalAuthToken"):
        assert name.removeprefix("window.") in page and name in streamlits


def test_the_start_page_fetches_what_other_pages_draw_when_it_has_time() -> None:
    start, other = page_html(is_start=True), page_html()
    for part in ("BidiComponent", "Html", "PageLink"):
        assert all(
            page.count(f'<link rel="modulepreload" crossorigin href="./static/js/{part}.') == 1
            for page in (start, other)
        )
    # What a part imports comes with it: the browser would learn of it only once it has read the part.
    assert start.index("js/recordbatch.") < start.index("js/BidiComponent.")
    assert '<link rel="prefetch" as="script" crossorigin href="./static/js/DataFrame.' in start
    assert '<link rel="modulepreload" crossorigin href="./static/js/DataFrame.' in other
    files = re.findall(r'href="(\./static/js/[^"]+)"', start)
    assert len(files) == len(set(files))


@pytest.mark.parametrize("path", ["/", *ADDRESSES[1:4], "unknown"])
def test_every_page_is_ours(client: httpx.Client, path: str) -> None:
    first = client.get(path, headers=BROWSER)
    assert first.text == page_html(path == "/")
    assert "etag" not in first.headers


def test_a_page_that_the_browser_kept_from_before_is_not_kept(client: httpx.Client) -> None:
    theirs = client.get("/", headers={"Accept": "*/*", "Accept-Encoding": "gzip"})
    kept = {"If-None-Match": theirs.headers.get("etag", '"x"'), "If-Modified-Since": "Sat, 01 Jan 2050 00:00:00 GMT"}
    assert client.get("/", headers={**BROWSER, **kept}).text == page_html(is_start=True)


def test_other_answers_stay_as_they_are(client: httpx.Client) -> None:
    assert "toor" in client.get("/other", headers=BROWSER).text
