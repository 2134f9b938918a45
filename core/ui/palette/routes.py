"""What the palette asks the server: all names once, chats at each key. Plain HTTP, for a page's own turn takes longer.

Behind the gate of the sign-in like every route: who has no session gets nothing.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from functools import cache
from typing import Any
from urllib.parse import unquote

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from core.domain.indices import parse_index
from core.domain.pinyin import readings_of
from core.errors import ShiyaoError, SignInError
from core.services.review.palette import MOST_DATASETS, find_chats, palette_names
from core.services.team import acting_as, current_actor, person_of, viewing_as
from core.ui import navigation, state
from core.ui.own_routes import CHATS_PATH, NAMES_PATH
from core.ui.sign_in import ways
from core.ui.sign_in.connection import COOKIE

LONGEST_QUERY = 100
"""Characters that the palette takes; the box in the browser takes no more either (``js/palette.js``)."""
_HAN = re.compile("[\u4e00-\u9fff]+")
_HEADERS = {"Cache-Control": "no-store"}


def palette_routes() -> list[Route]:
    """Routes of the palette."""
    return [Route(NAMES_PATH, _names, methods=["GET"]), Route(CHATS_PATH, _chats, methods=["GET"])]


async def _names(request: Request) -> Response:
    return await _answer(request, _all_names)


async def _chats(request: Request) -> Response:
    query = request.query_params
    datasets = [number for part in query.get("datasets", "").split(",") if (number := parse_index(part))]
    number = parse_index(query.get("number", ""))
    words = query.get("words", "")[:LONGEST_QUERY].split()
    letters = query.get("letters", "")[:LONGEST_QUERY]

    def found() -> dict[str, Any]:
        chats = find_chats(state.store(), datasets[:MOST_DATASETS], number=number, words=words, letters=letters)
        return {"chats": [asdict(chat) for chat in chats]}

    return await _answer(request, found)


async def _answer(request: Request, read: Callable[[], dict[str, Any]]) -> Response:
    """What a function reads for who asks, or a sentence why it cannot."""

    def answer() -> dict[str, Any]:
        with _asked_by(request):
            return read()

    try:
        return JSONResponse(await run_in_threadpool(answer), headers=_HEADERS)
    except SignInError as error:
        return JSONResponse({"error": str(error)}, 401, headers=_HEADERS)
    except ShiyaoError as error:
        return JSONResponse({"error": str(error)}, 503, headers=_HEADERS)


@contextmanager
def _asked_by(request: Request) -> Iterator[None]:
    """Context manager: what is read inside is for whoever's browser asks.

    Raises:
        SignInError: the sign-in has ended since the gate looked.
    """
    if not ways.is_required():
        with viewing_as(unquote(request.cookies.get(state.REVIEWER_COOKIE, "")).strip()):
            yield
        return
    person = person_of(state.store(), request.cookies.get(COOKIE, ""))
    if person is None:
        raise SignInError("登录已结束", "请重新登录")
    with acting_as(person):
        yield


def _all_names() -> dict[str, Any]:
    """Everything that is found by name, and how the characters of all of it are read."""
    role = current_actor().role
    pages = [
        {"address": address, "title": title, "group": group} for group, title, address in navigation.pages_for(role)
    ]
    parts = [
        {"title": part, "page": title, "address": address, "view": view}
        for part, title, address, view in navigation.parts_for(role)
    ]
    named = asdict(palette_names(state.store()))
    texts = [page["title"] + page["group"] for page in pages] + [part["title"] for part in parts]
    texts += [item["name"] for kind in ("datasets", "runs") for item in named[kind]]
    texts += [field["label"] + field["group"] for fields in named["fields"].values() for field in fields]
    return {"pages": pages, "parts": parts, **named, "readings": readings_of([*texts, _words_of_commands()])}


@cache
def _words_of_commands() -> str:
    """All Chinese characters in the table of the desk's commands, which the browser has by itself."""
    from core.ui import workbench  # takes long to import, and comes with what the first page never needs

    return "".join(_HAN.findall((workbench.HERE / "js" / "keys.js").read_text("utf-8")))
