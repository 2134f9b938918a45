"""The gate before every route: nobody gets anything of the app without signing in, where one has to."""

import asyncio
import logging
import re
import time
from collections.abc import Callable
from enum import Enum, auto
from typing import TYPE_CHECKING
from urllib.parse import quote

from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse, RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit.proto.BackMsg_pb2 import BackMsg

from core.errors import ShiyaoError
from core.places import API_PATH
from core.ui.completion import complete
from core.ui.monitoring import HEALTH_PATH, METRICS_PATH
from core.ui.sign_in import identity, ways
from core.ui.sign_in.connection import COOKIE, PATH, PROVIDER_PATH, connection_token

if TYPE_CHECKING:
    from core.services.team import Actor

_log = logging.getLogger("shiyao.ui")
_OPEN = frozenset({PATH, PROVIDER_PATH, "/_stcore/health", HEALTH_PATH, METRICS_PATH, *identity.ROUTES})
"""Routes that answer everybody: they show nothing of what is stored, or ask for a token of their own."""
_ASSETS = ("/static/", "/component/")
"""The program's own scripts and styles; whoever was signed in lately gets them without another look."""
_ASSETS_SECONDS = 60.0
_MEDIA = "/media/"
"""Files that a page gave out: exports, backups, tables. Their addresses tell nothing, but are kept and passed on."""
_MEDIA_FILE = re.compile(rb"/media/([0-9a-f]{32})")
"""The digest in an address; in the middle of a message nobody can tell where the address ends."""
_MOST_MEDIA = 20_000
_TOUCH_SECONDS = 30.0
_LOOK_SECONDS = 1.0
"""How long a message waits at most for the answer whether its sign-in has ended."""
_POLICY = 1008
_NOT_SIGNED_IN = "还没有登录，或登录已结束。请打开首页登录。"
_NOT_YOURS = "这个文件不是给您的，或已经不在了。请回到页面上重新下载。"
_NOT_FROM_AFAR = "没有设置登录，只有本机能打开。"


class SignedInOnly:
    """Middleware: lets in who is signed in; without sign-in, only connections that this machine makes to itself."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._lately: dict[str, float] = {}
        self._media: dict[tuple[int | None, bytes], None] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on a request of somebody who is signed in; answer all others."""
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
        elif not ways.is_required():
            server = scope.get("server")
            # Also where another program than `streamlit run` serves the app, which the check at start cannot see.
            is_near = server is None or server[1] is None or ways.is_loopback(str(server[0]).removeprefix("::ffff:"))
            await (self.app if is_near else PlainTextResponse(_NOT_FROM_AFAR, 403))(scope, receive, send)
        elif scope["path"] in _OPEN or scope["path"].startswith(API_PATH):
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
        elif scope["path"].startswith(_MEDIA) and not await self._was_given(token, scope["path"]):
            await PlainTextResponse(_NOT_YOURS, 403)(scope, receive, send)
        elif scope["type"] == "websocket":
            connection_token.set(token)
            account = await self._account(token)
            connection = _Connection(receive, send, token, lambda file: self._give(account, file))
            await self.app(identity.without_identity(scope), connection.receive, connection.send)
        else:
            await self.app(scope, receive, send)

    async def _account(self, token: str) -> int | None:
        person = await asyncio.to_thread(_person, token)
        return person.account_id if person is not None else None

    async def _was_given(self, token: str, path: str) -> bool:
        """Whether a page of this account was told of a file."""
        named = _MEDIA_FILE.match(path.encode())
        return named is not None and (await self._account(token), named[1]) in self._media

    def _give(self, account: int | None, file: bytes) -> None:
        """Remember that a page of an account was told of a file; the oldest are forgotten."""
        self._media.pop((account, file), None)
        self._media[account, file] = None
        if len(self._media) > _MOST_MEDIA:
            del self._media[next(iter(self._media))]

    async def _is_signed_in(self, token: str, path: str) -> bool:
        moment = time.monotonic()
        if path.startswith(_ASSETS) and self._lately.get(token, -_ASSETS_SECONDS) + _ASSETS_SECONDS > moment:
            return True
        if not token or await asyncio.to_thread(_person, token) is None:
            self._lately.pop(token, None)
            return False
        self._lately = {key: at for key, at in self._lately.items() if at + _ASSETS_SECONDS > moment} | {token: moment}
        return True


def _person(token: str, *, moved: bool = False) -> "Actor | None":
    complete()
    from core.services.team import person_of
    from core.ui import state

    return person_of(state.store(), token, moved=moved)


class _Connection:
    """A page's connection, for as long as its sign-in lasts.

    What somebody does on a page whose sign-in has ended closes the connection, and is done by nobody. The page stays as
    it is in the browser, with whatever is typed there, and connects again after the next sign-in: it is not drawn anew
    without what stood on it.
    """

    def __init__(self, receive: Receive, send: Send, token: str, give: Callable[[bytes], None]) -> None:
        self._receive, self._send, self._token, self._give = receive, send, token, give
        self._noticed_at = -_TOUCH_SECONDS
        self._noting: set[asyncio.Task[None]] = set()
        self._is_closed = False

    async def receive(self) -> Message:
        """The next message that may be answered."""
        while True:
            message = await self._receive()
            asks = _asks_to_draw(message.get("bytes") or b"") if message["type"] == "websocket.receive" else None
            if asks is None:
                return message
            if await self._has_ended():
                if asks is _Asking.A_CLOCK:
                    continue  # nobody is there to be told
                await self.send({"type": "websocket.close", "code": _POLICY})
                self._is_closed = True
                return {"type": "websocket.disconnect", "code": _POLICY}
            if asks is _Asking.A_PERSON and time.monotonic() - self._noticed_at > _TOUCH_SECONDS:
                self._noticed_at = time.monotonic()
                # Beside the message: a busy database must not hold it up.
                task = asyncio.create_task(_note(self._token))
                self._noting.add(task)
                task.add_done_callback(self._noting.discard)
            return message

    async def send(self, message: Message) -> None:
        """Pass on what the server says, until the connection was closed here."""
        if not self._is_closed:
            for file in _MEDIA_FILE.findall(message.get("bytes") or b""):
                self._give(file)
            await self._send(message)

    async def _has_ended(self) -> bool:
        """Whether the sign-in has ended; a database that does not answer says nothing: services ask for themselves."""
        try:
            return await asyncio.wait_for(asyncio.to_thread(_person, self._token), _LOOK_SECONDS) is None
        except (ShiyaoError, TimeoutError):
            return False


async def _note(token: str) -> None:
    try:
        await asyncio.to_thread(_person, token, moved=True)
    except ShiyaoError as error:
        _log.warning("could not note that somebody moved: %s", error)


class _Asking(Enum):
    A_PERSON = auto()
    A_CLOCK = auto()


def _asks_to_draw(content: bytes) -> _Asking | None:
    """Who asks to draw something anew: somebody who did something, or a clock that struck; ``None`` for all else."""
    try:
        message = BackMsg.FromString(content)
    except Exception:  # of protobuf's own class: whatever this is, Streamlit answers it
        return None
    if not message.HasField("rerun_script"):
        return None
    return _Asking.A_CLOCK if message.rerun_script.is_auto_rerun else _Asking.A_PERSON


def _refusal(scope: Scope) -> ASGIApp:
    is_page = scope["type"] == "http" and scope["method"] in ("GET", "HEAD")
    if is_page and "text/html" in Headers(scope=scope).get("accept", ""):
        query = scope.get("query_string", b"").decode("latin-1")
        target = scope["path"] + (f"?{query}" if query else "")
        return RedirectResponse(f"{PATH}?next={quote(target)}", 303)
    return PlainTextResponse(_NOT_SIGNED_IN, 401)
