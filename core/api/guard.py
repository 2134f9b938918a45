"""What stands before every route of the API: a token, its rate, and the size of what is sent.

Cookies are not looked at, so that no page of another origin can use somebody's sign-in; no answer allows another
origin to read it.
"""

import logging
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack

from fastapi import HTTPException
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from core.adapters.store import Store
from core.api.problems import problem, problem_of, unexpected
from core.errors import ShiyaoError
from core.metrics import count_request
from core.services.team import TokenHolder, acting_as, token_holder, viewing_as
from core.settings import settings

_log = logging.getLogger("shiyao.api")
OPEN = frozenset({"/openapi.json", "/reference"})
"""Paths that need no token: they describe the program and show nothing of what is stored."""
LARGEST_BODY = 1_000_000
"""Bytes of a JSON body; files that are imported may be as large as ``SHIYAO_API_UPLOAD_MB`` says."""
ABANDONED = 499
"""What is counted where nobody waited for the answer."""
UPLOADS = ("/imports",)
"""Ends of the paths that take a file."""
_HOLDER = "shiyao_token_holder"


class TokenRates:
    """How often each token was used lately, in this process: a bucket that fills evenly."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Begin with full buckets.

        Args:
            clock: seconds that only grow.
        """
        self._clock = clock
        self._lock = threading.Lock()
        self._buckets: dict[int, tuple[float, float]] = {}

    def wait(self, token_id: int, per_minute: int) -> float:
        """Take one request out of a token's bucket; returns the seconds to wait instead, 0 where it may go on."""
        moment = self._clock()
        with self._lock:
            left, since = self._buckets.get(token_id, (float(per_minute), moment))
            left = min(float(per_minute), left + (moment - since) * per_minute / 60)
            if left < 1:
                self._buckets[token_id] = left, moment
                return (1 - left) * 60 / per_minute
            self._buckets[token_id] = left - 1, moment
            return 0.0


class _Refusal(Exception):
    """A request that is answered before any route sees it."""

    def __init__(self, status: int, detail: str, remedy: str = "", retry_after: int = 0) -> None:
        super().__init__(detail)
        self.status, self.detail, self.remedy, self.retry_after = status, detail, remedy, retry_after


class TokenOnly:
    """Middleware: every route but the description answers only who sends a good token, and acts as its account."""

    def __init__(self, app: ASGIApp, store: Callable[[], Store], rates: TokenRates) -> None:
        self.app, self._store, self._rates = app, store, rates

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on a request of a program that may call."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began = time.perf_counter()
        status = 0

        async def send_unkept(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)["Cache-Control"] = "no-store"
            await send(message)

        try:
            await self._answer(scope, _limited(scope, receive), send_unkept)
        except _Refusal as refusal:
            headers = {"Retry-After": str(refusal.retry_after)} if refusal.retry_after else {}
            if refusal.status == 401:
                headers["WWW-Authenticate"] = "Bearer"
            answer = problem(refusal.status, refusal.detail, refusal.remedy, headers=headers)
            await answer(scope, receive, send_unkept)
        except ShiyaoError as error:
            await problem_of(error)(scope, receive, send_unkept)
        except Exception as error:
            if status:
                raise
            await unexpected(error)(scope, receive, send_unkept)
        finally:
            count_request(route_of(scope), status or ABANDONED, time.perf_counter() - began)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        if "%00" in scope.get("query_string", b"").decode("latin-1"):
            raise _Refusal(422, "请求的地址里有空字符", "请去掉 %00")
        if path_of(scope) in OPEN:
            await self.app(scope, receive, send)
            return
        holder = await run_in_threadpool(self._holder, scope)
        wait = self._rates.wait(holder.token.id, settings().api_per_minute)
        if wait:
            seconds = max(1, round(wait + 0.5))
            raise _Refusal(
                429, f"这个令牌一分钟最多 {settings().api_per_minute:,} 个请求", f"请在 {seconds} 秒后再试", seconds
            )
        scope[_HOLDER] = holder
        with ExitStack() as inside:
            inside.enter_context(acting_as(holder.actor))
            if holder.actor.account_id is None:
                inside.enter_context(viewing_as(holder.name))
            await self.app(scope, receive, send)

    def _holder(self, scope: Scope) -> TokenHolder:
        request = Request(scope)
        scheme, _, secret = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not secret.strip():
            raise _Refusal(401, "请求没有带访问令牌", "请加上 Authorization: Bearer 令牌；令牌在「设置」里新建")
        address = request.client.host if request.client else ""
        holder = token_holder(self._store(), secret.strip(), address=address)
        if holder is None:
            raise _Refusal(
                401, "访问令牌不对，或已到期、已撤销，或账号已停用", "请在「设置」里查看自己的令牌，需要时新建一个"
            )
        return holder


def route_of(scope: Scope) -> str:
    """The route that answered a request, as it is written down (``/runs/{run_id}``); empty where none fits."""
    route = scope.get("route")
    return route.path_format if isinstance(route, APIRoute) else ""


def path_of(scope: Scope) -> str:
    """Path of a request inside the API."""
    return str(scope["path"]).removeprefix(str(scope.get("root_path", "")))


def holder_of(request: Request) -> TokenHolder:
    """Who calls with a request."""
    holder = request.scope[_HOLDER]
    assert isinstance(holder, TokenHolder)
    return holder


def _limited(scope: Scope, receive: Receive) -> Receive:
    """Receive a body up to the size that the path may have."""
    is_upload = path_of(scope).endswith(UPLOADS)
    most = settings().api_upload_mb * 1_000_000 if is_upload else LARGEST_BODY
    sentence = f"请求体超过 {most / 1e6:,.0f} MB"
    remedy = "请分成几个文件导入" if is_upload else "请减少内容"
    announced = Headers(scope=scope).get("content-length", "")
    taken = 0

    async def receive_some() -> Message:
        nonlocal taken
        if announced.isascii() and announced.isdigit() and int(announced[:20]) > most:
            raise HTTPException(413, f"{sentence}，没有执行。{remedy}")
        message = await receive()
        taken += len(message.get("body") or b"")
        if taken > most:
            raise HTTPException(413, f"{sentence}，没有执行。{remedy}")
        return message

    return receive_some
