"""The gate and the sign-in page, over a real socket: nobody gets anything without signing in."""

import asyncio
import http.client
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

import pytest
from starlette.responses import PlainTextResponse
from starlette.types import Message, Receive, Scope, Send
from streamlit.proto.BackMsg_pb2 import BackMsg
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from core.adapters.store import Store
from core.domain.permissions import AccountRole
from core.services.team import Actor, add_account, audit_entries, set_disabled, sign_out
from core.ui.sign_in import gate
from core.ui.sign_in.identity import without_identity
from tests.browser.serving import Server, serving

PASSWORD = "一句很长的话当密码用"


@dataclass
class Visitor:
    """A browser without scripts: keeps its cookie and follows nothing."""

    server: Server
    cookie: str = ""
    headers: dict[str, str] = field(default_factory=dict)

    def ask(self, method: str, path: str, body: str = "", **headers: str) -> tuple[int, dict[str, str], str]:
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=20)
        sent = {"Accept": "text/html", **({"Cookie": self.cookie} if self.cookie else {}), **headers}
        if body:
            sent["Content-Type"] = "application/x-www-form-urlencoded"
        connection.request(method, path, body or None, sent)
        answer = connection.getresponse()
        text = answer.read().decode("utf-8", "replace")
        got = {key.lower(): value for key, value in answer.getheaders()}
        connection.close()
        for key, value in answer.getheaders():
            if key.lower() == "set-cookie" and value.startswith("shiyao_session="):
                got["set-cookie"], self.cookie = value, value.partition(";")[0]
        return answer.status, got, text

    def sign_in(self, name: str, password: str, target: str = "/") -> tuple[int, dict[str, str], str]:
        return self.ask("POST", "/sign-in", urlencode({"name": name, "password": password, "next": target}))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("gate")


@pytest.fixture(scope="module")
def team_store(folder: Path) -> Iterator[Store]:
    from core.adapters.store import open_store

    opened = open_store(f"sqlite:///{folder / 'shiyao.db'}")
    add_account(opened, "王芳", AccountRole.ADMINISTRATOR, password=PASSWORD)
    add_account(opened, "林晓", AccountRole.REVIEWER, password=PASSWORD)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def server(folder: Path, team_store: Store) -> Iterator[Server]:
    env = {
        "SHIYAO_DATABASE_URL": f"sqlite:///{folder / 'shiyao.db'}",
        "SHIYAO_LOG_FILE": str(folder / "shiyao.log"),
        "SHIYAO_SIGN_IN": "accounts",
    }
    with serving("app.py", folder, env) as started:
        yield started


def stream(server: Server, cookie: str = "") -> None:
    headers = {"Cookie": cookie} if cookie else {}
    with connect(f"ws://127.0.0.1:{server.port}/_stcore/stream", additional_headers=headers, proxy=None):
        pass


def test_a_stranger_gets_the_sign_in_page_and_nothing_else(server: Server) -> None:
    visitor = Visitor(server)
    status, headers, _ = visitor.ask("GET", "/workbench?dataset=1&chat=3")
    assert (status, headers["location"]) == (303, "/sign-in?next=/workbench%3Fdataset%3D1%26chat%3D3")
    status, headers, page = visitor.ask("GET", headers["location"])
    assert status == 200 and 'name="next" value="/workbench?dataset=1&amp;chat=3"' in page
    assert "connect-src 'self'" in headers["content-security-policy"] and headers["cache-control"] == "no-store"
    for method, path in (
        ("GET", "/static/js/index.js"),
        ("GET", "/media/0123.csv"),
        ("GET", "/component/st_aggrid.AgGrid/index.html"),
        ("GET", "/_stcore/host-config"),
        ("PUT", "/_stcore/upload_file/a/b"),
        ("POST", "/"),
        ("GET", "/_stcore/allowed-message-origins"),
    ):
        assert visitor.ask(method, path, Accept="*/*")[0] == 401, path
    with pytest.raises(InvalidStatus, match="40[13]"):
        stream(server)
    with pytest.raises(InvalidStatus, match="40[13]"):
        stream(server, "shiyao_session=made-up")
    assert visitor.ask("GET", "/_stcore/health")[0] == 200
    assert visitor.ask("GET", "/sign-in/oidc?provider=default")[0] == 404  # not configured


def test_who_signs_in_gets_a_cookie_that_scripts_cannot_read(server: Server) -> None:
    visitor = Visitor(server)
    status, headers, _ = visitor.sign_in("林晓", PASSWORD, "/records?dataset=1")
    assert (status, headers["location"]) == (303, "/records?dataset=1")
    attributes = headers["set-cookie"].lower()
    assert "httponly" in attributes and "samesite=lax" in attributes and "secure" not in attributes
    assert visitor.ask("GET", "/")[0] == 200
    stream(server, visitor.cookie)
    assert visitor.ask("GET", "/sign-in?next=/scores")[1]["location"] == "/scores"
    behind_tls = Visitor(server)
    body = urlencode({"name": "林晓", "password": PASSWORD})
    assert (
        "secure" in behind_tls.ask("POST", "/sign-in", body, **{"X-Forwarded-Proto": "https"})[1]["set-cookie"].lower()
    )


@pytest.mark.parametrize(
    "target",
    ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)", "/a\r\nSet-Cookie: b"],
)
def test_nobody_is_sent_elsewhere(server: Server, target: str) -> None:
    assert Visitor(server).sign_in("林晓", PASSWORD, target)[1]["location"] == "/"


def test_wrong_locked_closed_and_malformed(server: Server, team_store: Store) -> None:
    visitor = Visitor(server)
    status, _, page = visitor.sign_in("<b>谁", "x", "/scores")
    assert status == 403 and "名字或密码不对" in page and "&lt;b&gt;谁" in page and 'value="/scores"' in page
    for _ in range(5):
        visitor.sign_in("王芳", "wrong")
    status, _, page = visitor.sign_in("王芳", PASSWORD)
    assert status == 403 and "试得太多了" in page and not visitor.cookie
    assert visitor.ask("POST", "/sign-in", "x" * 9000)[0] == 413
    assert visitor.ask("POST", "/sign-in", "%ff=%00&name=%ed%a0%80&password=%00")[0] == 403
    assert visitor.ask("POST", "/sign-in", "name=a", Origin="http://evil.example")[0] == 403
    signed_in = Visitor(server)
    signed_in.sign_in("林晓", PASSWORD)
    set_disabled(team_store, "林晓", True)
    try:
        assert signed_in.ask("GET", "/")[0] == 303
        assert "登录已结束" in signed_in.ask("GET", "/sign-in")[2]
        with pytest.raises(InvalidStatus):
            stream(server, signed_in.cookie)
        assert "已停用" in visitor.sign_in("林晓", PASSWORD)[2]
    finally:
        set_disabled(team_store, "林晓", False)
    kinds = {(entry.kind, entry.address) for entry in audit_entries(team_store)}
    assert {("登录", "127.0.0.1"), ("登录失败", "127.0.0.1")} <= kinds


def asking(*, by_a_clock: bool = False) -> bytes:
    message = BackMsg()
    message.rerun_script.query_string = ""
    message.rerun_script.is_auto_rerun = by_a_clock
    return message.SerializeToString()


def test_a_clock_that_strikes_is_nobody_who_moves() -> None:
    assert gate._asks_to_draw(asking()) is gate._Asking.A_PERSON
    assert gate._asks_to_draw(asking(by_a_clock=True)) is gate._Asking.A_CLOCK
    assert gate._asks_to_draw(b"\xff\xfe") is gate._asks_to_draw(b"") is None


def test_a_page_whose_sign_in_has_ended_is_cut_off_when_somebody_moves(server: Server, team_store: Store) -> None:
    """A clock draws nothing anew there; what somebody does closes the connection, and the browser keeps the page."""
    visitor = Visitor(server)
    visitor.sign_in("林晓", PASSWORD)
    headers = {"Cookie": visitor.cookie}
    with connect(f"ws://127.0.0.1:{server.port}/_stcore/stream", additional_headers=headers, proxy=None) as line:
        sign_out(team_store, visitor.cookie.partition("=")[2])
        line.send(asking(by_a_clock=True))
        with pytest.raises(TimeoutError):
            line.recv(0.3)
        line.send(asking())
        with pytest.raises(ConnectionClosed) as closed:
            line.recv(20)
        assert closed.value.rcvd is not None and closed.value.rcvd.code == 1008
    with pytest.raises(InvalidStatus):
        stream(server, visitor.cookie)


def test_the_providers_word_goes_no_further() -> None:
    scope = {
        "headers": [(b"host", b"a"), (b"cookie", b"shiyao_session=1; _streamlit_user=x; _streamlit_user__1=y; b=2")]
    }
    assert dict(without_identity(scope)["headers"]) == {b"host": b"a", b"cookie": b"shiyao_session=1; b=2"}


def test_where_one_wanted_to_go_is_remembered_on_the_way(server: Server) -> None:
    visitor = Visitor(server)
    visitor.sign_in("林晓", PASSWORD)
    status, _, page = visitor.ask("GET", "/sign-in/done")
    assert status == 200 and "回到刚才的页面接着做" in page and "<form method" in page and "hidden" in page
    assert Visitor(server).ask("GET", "/sign-in/done")[1]["location"] == "/sign-in?next=/sign-in/done"


def test_a_file_is_for_the_account_whose_page_gave_it_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its address may be passed on, and is kept in the browser's list of downloads: nobody else gets it by that."""
    people = {"eins": Actor("王芳", AccountRole.ADMINISTRATOR, 1), "zwei": Actor("林晓", AccountRole.REVIEWER, 2)}
    monkeypatch.setattr(gate, "_person", lambda token, moved=False: people.get(token))
    monkeypatch.setattr(gate.ways, "is_required", lambda: True)

    digest = b"0a1b" * 8

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await send({"type": "websocket.send", "bytes": b"\x12\x2e/media/" + digest + b".sqlite2\x00"})
        else:
            await PlainTextResponse("the file")(scope, receive, send)

    guarded = gate.SignedInOnly(app)

    async def ask(token: str, path: str, kind: str = "http") -> int:
        sent: list[Message] = []

        async def send(message: Message) -> None:
            sent.append(message)

        async def receive() -> Message:
            return {"type": "http.request", "body": b"", "more_body": False}

        cookie = [(b"cookie", f"{gate.COOKIE}={token}".encode())]
        await guarded({"type": kind, "path": path, "headers": cookie, "method": "GET"}, receive, send)
        return int(sent[0].get("status", 0))

    async def asked() -> list[int]:
        file, page = f"/media/{digest.decode()}.sqlite", "/_stcore/stream"
        before = await ask("eins", file)
        await ask("eins", page, "websocket")
        return [before, await ask("eins", file), await ask("zwei", file), await ask("drei", file)]

    # In a thread of its own: where a browser's tests ran before, this one has a loop already.
    with ThreadPoolExecutor(1) as thread:
        assert thread.submit(lambda: asyncio.run(asked())).result() == [403, 200, 403, 401]
