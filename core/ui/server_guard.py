"""Checks each request's host, origin and route, and sets the security headers of each response.

Streamlit's own ``server.allowedHosts`` guards only its websocket; this stands before every route of it.
"""

import re
from base64 import b64encode
from hashlib import sha256
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from core.errors import SettingsError
from core.places import API_PATH
from core.settings import settings
from core.ui.kept_files import KeptFiles
from core.ui.page_shell import PageShell, inline_scripts, page_html
from core.ui.program_files import ProgramFiles
from core.ui.sign_in.gate import SignedInOnly

LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
_HOST = re.compile(r"\*|(?:\*\.)?[0-9a-z_-]+(?:\.[0-9a-z_-]+)*|\[[0-9a-f:.]+\]")
_PORT = re.compile(r":\d+$")
_READING = frozenset({"GET", "HEAD", "OPTIONS"})
_CLOSED = re.compile(r"/_stcore/+(?:metrics|script-health-check|agent)(?:/|$)")
"""What no page needs: figures of the process, the agent API and its description."""
_FROM_ELSEWHERE = "请求来自另一个网页，已拒绝。"
_COMPONENT = "/component/"
"""Where AgGrid's frame comes from."""


def allowed_hosts() -> list[str]:
    """Names under which the server answers: this machine's own, and those of ``SHIYAO_ALLOWED_HOSTS``.

    Raises:
        SettingsError: one of them is no name of a host.
    """
    named = [_PORT.sub("", name.strip().lower()) for name in settings().allowed_hosts.split(",")]
    for name in filter(None, named):
        if not _HOST.fullmatch(name):
            raise SettingsError(
                f"SHIYAO_ALLOWED_HOSTS 里的「{name}」不是主机名",
                "写主机名，用逗号分开，例如 shiyao.example.org 或 *.example.org",
            )
    return [*LOOPBACK, *filter(None, named)]


def guards() -> list[Middleware]:
    """The middleware of the app, outermost first."""
    return [
        Middleware(SecurityHeaders),
        Middleware(KnownHosts, allowed_hosts=allowed_hosts(), www_redirect=False),
        Middleware(OwnPagesOnly),
        Middleware(ClosedRoutes),
        Middleware(SignedInOnly),
        Middleware(ProgramFiles),
        Middleware(KeptFiles),
        Middleware(PageShell),
    ]


class SecurityHeaders:
    """Middleware: no answer lets a browser load anything from, or be framed by, a foreign host."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        hashes = [_hash(script) for script in inline_scripts(page_html())]
        # Modules of our components come from blob: addresses; Arrow and protobuf bring WebAssembly.
        self._page = content_policy("'wasm-unsafe-eval'", "blob:", *hashes)
        # AgGrid compiles what the table's columns do.
        self._component = content_policy("'unsafe-eval'")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and add the headers to its answer."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        policy = self._component if _COMPONENT in scope["path"] else self._page

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["Content-Security-Policy"] = policy
                headers["X-Content-Type-Options"] = "nosniff"
                headers["X-Frame-Options"] = "SAMEORIGIN"
                headers["Referrer-Policy"] = "same-origin"
                headers["Cross-Origin-Opener-Policy"] = "same-origin"
                headers["Cross-Origin-Resource-Policy"] = "same-origin"
            await send(message)

        await self.app(scope, receive, send_with_headers)


class KnownHosts(TrustedHostMiddleware):
    """Middleware: the server answers under known names only; programs are told so as the API tells everything."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse a request for another host; pass on the rest."""
        if not _is_for_programs(scope):
            await super().__call__(scope, receive, send)
            return
        is_known = False

        async def pass_on(scope: Scope, receive: Receive, _: Send) -> None:
            nonlocal is_known
            is_known = True
            await self.app(scope, receive, send)

        async def without_answer(_: Message) -> None:
            """The plain answer to a stranger: another one is given."""

        checks = TrustedHostMiddleware(pass_on, self.allowed_hosts, www_redirect=False)
        await checks(scope, receive, without_answer)
        if not is_known:
            refusal = _problem(400, "请求不能执行", "这个服务器不用这个主机名", "请把主机名写进 SHIYAO_ALLOWED_HOSTS")
            await refusal(scope, receive, send)


class OwnPagesOnly:
    """Middleware: a page of another origin opens no websocket and changes nothing; programs send no origin."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse what another page asks for; pass on the rest."""
        if scope["type"] == "websocket" or (scope["type"] == "http" and scope["method"] not in _READING):
            headers = Headers(scope=scope)
            origin = headers.get("origin")
            if origin is not None and urlsplit(origin).netloc.lower() != headers.get("host", "").lower():
                refusal: Response = PlainTextResponse(_FROM_ELSEWHERE, status_code=403)
                if _is_for_programs(scope):
                    refusal = _problem(
                        403, "没有权限", "请求来自另一个网页", "请从程序里请求，或从这个服务器自己的网页"
                    )
                await refusal(scope, receive, send)
                return
        await self.app(scope, receive, send)


class ClosedRoutes:
    """Middleware: routes of Streamlit that no page needs do not exist."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse a closed route; pass on the rest."""
        if scope["type"] == "http" and _CLOSED.search(scope["path"]):
            await PlainTextResponse("Not Found", status_code=404)(scope, receive, send)
            return
        await self.app(scope, receive, send)


def _is_for_programs(scope: Scope) -> bool:
    return scope["type"] == "http" and bool(scope["path"].startswith(API_PATH))


def _problem(status: int, title: str, detail: str, remedy: str) -> Response:
    """A refusal before the API is asked, in its own shape (RFC 9457)."""
    document = {"type": f"urn:shiyao:problem:{status}", "title": title, "status": status, "detail": detail}
    return JSONResponse(document | {"remedy": remedy, "errors": []}, status, media_type="application/problem+json")


def content_policy(*scripts: str) -> str:
    """The Content-Security-Policy of an answer: everything from here, nothing from elsewhere.

    Streamlit styles by script, so inline styles are let through; of inline scripts only the page's own, by their
    hashes.

    Args:
        scripts: further sources of ``script-src``; no host.
    """
    return "; ".join(
        (
            "default-src 'self'",
            " ".join(("script-src 'self'", *scripts)),
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data: blob:",
            "font-src 'self' data:",
            "media-src 'self' data: blob:",
            "connect-src 'self'",
            "worker-src 'self' blob:",
            "frame-src 'self'",
            "object-src 'none'",
            "base-uri 'self'",
            "form-action 'self'",
            "frame-ancestors 'self'",
        )
    )


def _hash(script: str) -> str:
    return f"'sha256-{b64encode(sha256(script.encode('utf-8')).digest()).decode()}'"
