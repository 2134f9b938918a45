"""What the real server answers to strangers: foreign hosts, foreign pages, closed routes, and the headers of all."""

import socket
from collections.abc import Iterator

import httpx
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from core.errors import SettingsError
from core.settings import settings
from core.ui.server_guard import allowed_hosts
from tests.browser.serving import Server, serving

OPERATOR = "shiyao.example.org"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("guard")
    env = {
        "SHIYAO_DATABASE_URL": f"sqlite:///{folder / 'guard.db'}",
        "SHIYAO_LOG_FILE": str(folder / "log"),
        "SHIYAO_ALLOWED_HOSTS": f"{OPERATOR}, *.lab.example.org",
    }
    with serving("app.py", folder, env) as started:
        yield started


@pytest.fixture
def client(server: Server) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.url, trust_env=False) as opened:
        yield opened


def visit(server: Server, *, host: str = "", origin: str | None = None) -> int:
    """Status with which a websocket is refused, 101 if it is opened; what is asked for is always on this machine."""
    with socket.create_connection(("127.0.0.1", server.port)) as line:
        try:
            with connect(
                f"ws://{host or f'127.0.0.1:{server.port}'}/_stcore/stream", sock=line, origin=origin, proxy=None
            ):
                return 101
        except InvalidStatus as refused:
            return refused.response.status_code


@pytest.mark.parametrize(
    "host", ["evil.example.com", "127.0.0.1.evil.example.com", "localhost.evil.com", "", "a b", "127.0.0.1@evil.com"]
)
@pytest.mark.parametrize("path", ["/", "/_stcore/health", "/_stcore/host-config", "/records", "/static/none.js"])
def test_a_foreign_host_is_refused(client: httpx.Client, host: str, path: str) -> None:
    assert client.get(path, headers={"Host": host}).status_code == 400


NAMED = ("127.0.0.1:8501", "localhost", "LOCALHOST:80", "[::1]:8501", OPERATOR, "a.lab.example.org")


@pytest.mark.parametrize("host", NAMED)
def test_this_machine_and_the_operators_names_are_served(client: httpx.Client, host: str) -> None:
    assert client.get("/_stcore/health", headers={"Host": host}).status_code == 200


def test_a_name_that_only_looks_like_the_operators_is_refused(client: httpx.Client) -> None:
    for host in (f"x{OPERATOR}", f"x.{OPERATOR}", "lab.example.org", "evillab.example.org"):
        assert client.get("/", headers={"Host": host}).status_code == 400, host


def test_the_websocket_takes_its_own_page_and_programs(server: Server) -> None:
    own = f"127.0.0.1:{server.port}"
    assert visit(server) == 101
    assert visit(server, origin=f"http://{own}") == 101
    assert visit(server, host=OPERATOR, origin=f"https://{OPERATOR}") == 101


@pytest.mark.parametrize(
    "origin",
    [
        "http://evil.example.com",
        "null",
        "http://127.0.0.1:1",
        "http://localhost:3000",
        "file://",
        "http://127.0.0.1",
        "",
    ],
)
def test_the_websocket_refuses_other_pages(server: Server, origin: str) -> None:
    assert visit(server, origin=origin) == 403


def test_the_websocket_refuses_foreign_hosts(server: Server) -> None:
    assert visit(server, host="evil.example.com", origin="http://evil.example.com") in (400, 403)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_other_pages_change_nothing(client: httpx.Client, method: str) -> None:
    path = "/_stcore/upload_file/session/file"
    foreign = client.request(method, path, headers={"Origin": "http://evil.example.com"})
    assert foreign.status_code == 403
    own = client.request(method, path, headers={"Origin": str(client.base_url).rstrip("/")})
    assert "Access-Control-Allow-Origin" not in foreign.headers and own.status_code != 200


@pytest.mark.parametrize(
    "path",
    [
        "/_stcore/metrics",
        "/_stcore/metrics/",
        "/_stcore/metrics?families=x",
        "/_stcore//metrics",
        "/_stcore/%6detrics",
        "/_stcore/script-health-check",
        "/_stcore/agent/openapi.json",
        "/_stcore/agent/interact",
        "/_stcore/agent/mcp",
    ],
)
def test_what_no_page_needs_is_closed(client: httpx.Client, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code in (400, 404)
    assert "memory" not in answer.text and "openapi" not in answer.text


@pytest.mark.parametrize(
    "path", ["/", "/records", "/_stcore/health", "/_stcore/metrics", "/nothing/here", "/static/x.js"]
)
def test_every_answer_forbids_foreign_hosts(client: httpx.Client, path: str) -> None:
    headers = client.get(path).headers
    policy = dict(part.strip().partition(" ")[::2] for part in headers["Content-Security-Policy"].split(";"))
    assert (
        policy["default-src"] == "'self'" and policy["frame-ancestors"] == "'self'" and policy["object-src"] == "'none'"
    )
    assert policy["base-uri"] == "'self'" and policy["form-action"] == "'self'"
    for name, sources in policy.items():
        assert not set(sources.split()) & {"*", "http:", "https:", "ws:", "wss:"}, name
        assert "//" not in sources, name
    assert "'unsafe-inline'" not in policy["script-src"]
    assert headers["X-Content-Type-Options"] == "nosniff" and headers["X-Frame-Options"] == "SAMEORIGIN"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"


def test_refusals_carry_the_headers_too(client: httpx.Client) -> None:
    refused = client.get("/", headers={"Host": "evil.example.com"})
    assert refused.status_code == 400 and "Content-Security-Policy" in refused.headers


@pytest.mark.parametrize("headers", [{"Host": "evil.example.com"}, {"Host": ""}, {"Origin": "http://evil.example.com"}])
def test_programs_are_refused_in_the_words_of_the_api(client: httpx.Client, headers: dict[str, str]) -> None:
    refused = client.post("/api/v1/imports", headers=headers)
    assert refused.headers["Content-Type"] == "application/problem+json"
    assert "Content-Security-Policy" in refused.headers
    document = refused.json()
    assert document["status"] == refused.status_code == (403 if "Origin" in headers else 400)
    assert document.keys() == {"type", "title", "status", "detail", "remedy", "errors"} and document["remedy"]


def test_hosts_come_from_the_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHIYAO_ALLOWED_HOSTS", " A.example.org ,,b.example.org:8443")
    settings.cache_clear()
    try:
        assert set(allowed_hosts()) >= {"localhost", "127.0.0.1", "[::1]", "a.example.org", "b.example.org"}
        monkeypatch.setenv("SHIYAO_ALLOWED_HOSTS", "a.*.org")
        settings.cache_clear()
        with pytest.raises(SettingsError, match="SHIYAO_ALLOWED_HOSTS"):
            allowed_hosts()
    finally:
        settings.cache_clear()
