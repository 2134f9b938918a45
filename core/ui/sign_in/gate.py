"""The gate before every route: nobody gets anything of the app without signing in, where one has to."""

import asyncio
import logging
import time
from urllib.parse import quote

from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse, RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit.proto.BackMsg_pb2 import BackMsg

from core.errors import ShiyaoError
from core.services.team import Actor, person_of
from core.ui import state
from core.ui.sign_in import identity, ways
from core.ui.sign_in.person import COOKIE, connection_token
from core.ui.sign_in.routes import PATH, PROVIDER_PATH

_log = logging.getLogger("shiyao.ui")
_OPEN = frozenset({PATH, PROVIDER_PATH, "/_stcore/health", *identity.ROUTES})
"""Routes that answer everybody: they show nothing of what is stored."""
_ASSETS = ("/static/", "/component/")
"""The program's own scripts and styles; whoever was signed in lately gets them without another look."""
_ASSETS_SECONDS = 60.0
_TOUCH_SECONDS = 30.0
_NOT_SIGNED_IN = "还没有登录，或登录已结束。请打开首页登录。"
_NOT_FROM_AFAR = "没有设置登录，只有本机能打开。"


class SignedInOnly:
    """Middleware: lets in who is signed in; without sign-in, only connections that this machine makes to itself."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._lately: dict[str, float] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on a request of somebody who is signed in; answer all others."""
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
        elif not ways.is_required():
            server = scope.get("server")
            # Also where another program than `streamlit run` serves the app, which the check at start cannot see.
            is_near = server is None or server[1] is None or ways.is_loopback(str(server[0]).removeprefix("::ffff:"))
            await (self.app if is_near else PlainTextResponse(_NOT_FROM_AFAR, 403))(scope, receive, send)
        elif scope["path"] in _OPEN:
            await self.app(scope, receive, send)
        else:
            await self._let_in(scope, receive, send)

    async def _let_in(self, scope: Scope, receive: Receive, send: Send) -> None:
        token = HTTPConnection(scope).cookies.get(COOKIE, "")
        try:
            is_known = await self._is_signed_in(token, scope["path"])
        except ShiyaoError as error:
            _log.warning("nobody can be told from anybody: %s", error, exc_info=error)
            await PlainTextResponse(str(error), 503)(scope, receive, send)
            return
        if not is_known:
            await _refusal(scope)(scope, receive, send)
        elif scope["type"] == "websocket":
            connection_token.set(token)
            await self.app(scope, _noticing(receive, token), send)
        else:
            await self.app(scope, receive, send)

    async def _is_signed_in(self, token: str, path: str) -> bool:
        moment = time.monotonic()
        if path.startswith(_ASSETS) and self._lately.get(token, -_ASSETS_SECONDS) + _ASSETS_SECONDS > moment:
            return True
        if not token or await asyncio.to_thread(_person, token) is None:
            self._lately.pop(token, None)
            return False
        self._lately = {key: at for key, at in self._lately.items() if at + _ASSETS_SECONDS > moment} | {token: moment}
        return True


def _person(token: str, *, moved: bool = False) -> Actor | None:
    return person_of(state.store(), token, moved=moved)


def _noticing(receive: Receive, token: str) -> Receive:
    """A connection's messages, of which those that a person caused put off the end of the sign-in."""
    noticed_at = -_TOUCH_SECONDS
    noting: set[asyncio.Task[None]] = set()

    async def receive_and_notice() -> Message:
        nonlocal noticed_at
        message = await receive()
        if message["type"] == "websocket.receive" and time.monotonic() - noticed_at > _TOUCH_SECONDS:
            if _is_a_persons_doing(message.get("bytes") or b""):
                noticed_at = time.monotonic()
                task = asyncio.create_task(_note(token))  # beside the message: a busy database must not hold it up
                noting.add(task)
                task.add_done_callback(noting.discard)
        return message

    return receive_and_notice


async def _note(token: str) -> None:
    try:
        await asyncio.to_thread(_person, token, moved=True)
    except ShiyaoError as error:
        _log.warning("could not note that somebody moved: %s", error)


def _is_a_persons_doing(content: bytes) -> bool:
    """Whether a message asks to draw something anew because somebody did something, not because a clock struck."""
    try:
        message = BackMsg.FromString(content)
    except Exception:  # of protobuf's own class: whatever this is, Streamlit answers it
        return False
    return message.HasField("rerun_script") and not message.rerun_script.is_auto_rerun


def _refusal(scope: Scope) -> ASGIApp:
    is_page = scope["type"] == "http" and scope["method"] in ("GET", "HEAD")
    if is_page and "text/html" in Headers(scope=scope).get("accept", ""):
        query = scope.get("query_string", b"").decode("latin-1")
        target = scope["path"] + (f"?{query}" if query else "")
        return RedirectResponse(f"{PATH}?next={quote(target)}", 303)
    return PlainTextResponse(_NOT_SIGNED_IN, 401)
