"""The page on which one signs in: plain HTML before the app, so that nothing of the app is there for strangers."""

import html
import re
from pathlib import Path
from string import Template
from urllib.parse import parse_qs, quote, unquote

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from core.errors import ShiyaoError, SignInError
from core.services.team import person_of, sign_in, sign_in_by_identity, sign_out
from core.settings import settings
from core.ui import state
from core.ui.sign_in import identity, ways
from core.ui.sign_in.connection import COOKIE, DONE_PATH, PATH, PROVIDER_PATH

_PERSON_COOKIE = "shiyao_person"
"""Number of the account whose sign-in this browser has; for scripts of the page."""
_YEAR_SECONDS = 31_536_000
_NEXT_COOKIE = "shiyao_next"
"""Where to go on to, on the way to an identity provider and back."""
_WAY_SECONDS = 900
_PAGE = Template(Path(__file__).with_name("page.html").read_text("utf-8"))
_DONE = "已登录。可以关闭这个窗口，回到刚才的页面接着做；打的字都在那里。"
_OWN_PATH = re.compile(r"/[\w/-]*(?:\?[\w=&%.+-]*)?", re.ASCII)
_LONGEST_BODY = 8192


def routes() -> list[Route]:
    """Routes of the sign-in; none where nobody has to sign in."""
    if not ways.is_required():
        return []
    return [
        Route(PATH, _page, methods=["GET"]),
        Route(PATH, _submit, methods=["POST"]),
        Route(PROVIDER_PATH, _to_provider, methods=["GET"]),
        Route(DONE_PATH, _done, methods=["GET"]),
    ]


def own_path(typed: str) -> str:
    """An address of this server to go on to; the start page for anything else."""
    return typed if _OWN_PATH.fullmatch(typed) and not typed.startswith("//") else "/"


async def _page(request: Request) -> Response:
    target = own_path(request.query_params.get("next", "/"))
    token = request.cookies.get(COOKIE, "")
    try:
        if token and await run_in_threadpool(person_of, state.store(), token) is not None:
            return RedirectResponse(target, 303)
        if ways.OIDC in ways.sign_in_ways() and (claimed := identity.identity_claims(request.cookies)) is not None:
            if target == "/":
                target = own_path(unquote(request.cookies.get(_NEXT_COOKIE, "/")))
            return await _exchange(request, *claimed, target)
    except ShiyaoError as error:
        return _draw(request, target, str(error), status=503)
    return _draw(request, target, "登录已结束，请重新登录。" if token else "")


async def _submit(request: Request) -> Response:
    if ways.ACCOUNTS not in ways.sign_in_ways():
        return PlainTextResponse("Not Found", 404)
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > _LONGEST_BODY:
            return PlainTextResponse("太长了。", 413)
    fields = parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True)
    name, password, target = (fields.get(key, [""])[0] for key in ("name", "password", "next"))
    try:
        token = await run_in_threadpool(sign_in, state.store(), name, password, address=_address(request))
    except SignInError as error:
        return _draw(request, own_path(target), str(error), name=name[:100], status=403)
    except ShiyaoError as error:
        return _draw(request, own_path(target), str(error), name=name[:100], status=503)
    return await _with_session(request, own_path(target), token)


async def _to_provider(request: Request) -> Response:
    known = [provider.name for provider in ways.providers()] if ways.OIDC in ways.sign_in_ways() else []
    chosen = request.query_params.get("provider", "default")
    if chosen not in known:
        return PlainTextResponse("Not Found", 404)
    response = RedirectResponse(identity.provider_address(chosen), 303)
    target = own_path(request.query_params.get("next", "/"))
    response.set_cookie(_NEXT_COOKIE, quote(target), max_age=_WAY_SECONDS, path=PATH, httponly=True, samesite="lax")
    return response


async def _done(request: Request) -> Response:
    return _draw(request, DONE_PATH, "", is_done=True)


async def _exchange(request: Request, claims: dict[str, object], answer: str, target: str) -> Response:
    """A session for who the provider says this is; the provider's word is good for one only."""
    try:
        token = await run_in_threadpool(
            sign_in_by_identity,
            state.store(),
            subject=f"{claims.get('iss', '')}|{claims['sub']}",
            email=str(claims.get("email") or ""),
            email_verified=claims.get("email_verified") is True
            and ways.is_believed_about_addresses(claims.get("provider")),  # Streamlit's word, whatever the claims say
            shown_name=str(claims.get("name") or claims.get("preferred_username") or ""),
            answer=answer,
            address=_address(request),
        )
    except SignInError as error:
        response = _draw(request, target, str(error), status=403)
        for name in identity.identity_cookies(request.cookies):
            response.delete_cookie(name)
        return response
    return await _with_session(request, target, token)


async def _with_session(request: Request, target: str, token: str) -> Response:
    if earlier := request.cookies.get(COOKIE):
        await run_in_threadpool(sign_out, state.store(), earlier)  # its cookie goes: nobody could end it any more
    response = RedirectResponse(target, 303)
    response.set_cookie(
        COOKIE,
        token,
        max_age=int(settings().session_hours * 3600),
        httponly=True,
        samesite="lax",
        secure=request.url.scheme == "https",
    )
    # Nobody is let in by it: pages of another person's that are open in this browser notice by it (page_shell.js).
    person = await run_in_threadpool(person_of, state.store(), token)
    number = str(person.account_id) if person is not None else ""
    response.set_cookie(_PERSON_COOKIE, number, max_age=_YEAR_SECONDS, samesite="lax")
    return response


def _draw(
    request: Request, target: str, error: str, *, name: str = "", status: int = 200, is_done: bool = False
) -> HTMLResponse:
    offered = () if is_done else ways.sign_in_ways()
    going_on = "" if target == "/" else f"&amp;next={quote(target)}"
    buttons = "".join(
        f'<a class="provider" href="{PROVIDER_PATH}?provider={quote(provider.name)}{going_on}">'
        f"用{html.escape(provider.title)}登录</a>"
        for provider in (ways.providers() if ways.OIDC in offered else ())
    )
    page = _PAGE.substitute(
        about="登录后审阅群聊" if not is_done else _DONE,
        error=f'<p class="error" role="alert">{html.escape(error)}</p>' if error else "",
        form="" if ways.ACCOUNTS in offered else "hidden",
        providers=buttons,
        name=html.escape(name),
        next=html.escape(target),
        name_focus="" if name else "autofocus",
        password_focus="autofocus" if name else "",
    )
    return HTMLResponse(page, status, headers={"Cache-Control": "no-store"})


def _address(request: Request) -> str:
    return request.client.host if request.client else ""
