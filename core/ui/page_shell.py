"""The HTML around every page: Streamlit's own, with our language, title, look and words in it before its first paint.

Streamlit has no place for them: what a script adds comes after the first paint, so pages jumped when it came, and its
browser side speaks English wherever no script is running (a lost connection above all).
"""

import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import streamlit
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from core.ui.javascript import join_modules

TITLE = "拾要"
_HERE = Path(__file__).parent
_SCRIPTS = (
    ("streamlit_words", "table_keys", "hidden_columns", "page_history", "page_shell"),
    ("page_events", "palette_match", "palette_search", "palette_way", "palette"),
)
"""Modules that share a scope, each after what it imports."""
_STYLES = ("page", "palette")
_START_PATH = "/"
_NEVER_FOR_A_PAGE = frozenset({b"if-none-match", b"if-modified-since", b"range", b"accept-encoding"})
"""Headers of a request for a page that Streamlit does not get: a browser may have kept Streamlit's own page, from
before, and a page that comes compressed is not known for what it is."""
_PARTS = (
    ('<html lang="en">', '<html lang="zh-CN">'),
    ("<title>Streamlit</title>", f"<title>{TITLE}</title>"),
)


_DRAWN_FIRST = "BidiComponent Html PageLink Progress Button ButtonGroup".split()
"""Parts of Streamlit that every page draws, and those of the start page."""
_DRAWN_ELSEWHERE = "Checkbox DataFrame DownloadButton Metric Multiselect NumberInput Radio Selectbox TextInput".split()
"""Parts that nearly every other page draws. Streamlit fetches each when the first of its kind is to be drawn, and a
grey line of another height stands there until then; fetched with the page, they are there in time. They come after
what Streamlit needs to begin at all; with the start page, when the browser has time."""
_SCRIPTS_OF_STREAMLIT = Path(streamlit.__file__).with_name("static") / "static" / "js"
_IMPORTED = re.compile(r"""(?:from|import)\s*["'`]\./([\w.-]+\.js)["'`]""")


def _preloads(is_start: bool) -> str:
    """Links by which a browser fetches parts of Streamlit with a page."""
    first = _files_of(_DRAWN_FIRST)
    later = [file.name for part in _DRAWN_ELSEWHERE for file in sorted(_SCRIPTS_OF_STREAMLIT.glob(f"{part}.*.js"))]
    kind = 'rel="prefetch" as="script"' if is_start else 'rel="modulepreload"'
    kinds = [*(('rel="modulepreload"', name) for name in first), *((kind, name) for name in later)]
    return "".join(f'<link {each} crossorigin href="./static/js/{name}">\n' for each, name in kinds)


def _files_of(parts: Iterable[str]) -> list[str]:
    """Scripts of parts of Streamlit, each after those that it imports and that its page does not fetch anyhow."""
    fetched = set(re.findall(r"\./static/js/([\w.-]+\.js)", streamlit_page()))
    files: dict[str, None] = {}

    def add(name: str) -> None:
        for imported in _IMPORTED.findall((_SCRIPTS_OF_STREAMLIT / name).read_text("utf-8")):
            if imported not in files and imported not in fetched and imported != name:
                files[imported] = None
                add(imported)
        files[name] = None

    for part in parts:
        for file in sorted(_SCRIPTS_OF_STREAMLIT.glob(f"{part}.*.js")):
            add(file.name)
    return list(files)


@cache
def streamlit_page() -> str:
    """Streamlit's own page, as it is installed."""
    return (Path(streamlit.__file__).with_name("static") / "index.html").read_text("utf-8")


@cache
def page_html(is_start: bool = False) -> str:
    """The page that browsers get: Streamlit's, with ours in its head.

    Args:
        is_start: whether it is the start page, which needs less.

    Raises:
        RuntimeError: Streamlit's page is not as we know it.
    """
    page = streamlit_page()
    head, _, rest = page.partition("<noscript>")
    after = rest.partition("</noscript>")[2]
    page = f"{head}<noscript><p>{TITLE}需要浏览器允许 JavaScript。</p></noscript>{after}"
    sources = [join_modules(_HERE / "js" / f"{name}.js" for name in names) for names in _SCRIPTS]
    script = "\n".join(f"(() => {{\n{source}\n}})();" for source in sources)
    style = "".join((_HERE / f"{name}.css").read_text("utf-8") for name in _STYLES)
    own = f"<style>\n{style}</style>\n<script>{script}</script>\n"
    # Before Streamlit's first script: it never draws a word that ours has not seen.
    first_script = '<script type="module"'
    parts = (*_PARTS, ("</head>", f"{_preloads(is_start)}</head>"), (first_script, f"{own}{first_script}"))
    for before, ours in parts:
        if page.count(before) != 1:
            raise RuntimeError(f"Streamlit's page has another form than ours is made for: {before}")
        page = page.replace(before, ours)
    return page


def inline_scripts(page: str) -> list[str]:
    """The texts of a page's scripts without attributes."""
    before_end = page.split("</script>")[:-1]
    return [part.partition("<script>")[2] for part in before_end if "<script>" in part]


class PageShell:
    """Middleware: answers with :func:`page_html` wherever Streamlit answers with its own page."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._theirs = streamlit_page().encode("utf-8")
        self._start, self._other = (page_html(is_start).encode("utf-8") for is_start in (True, False))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and put our page in the place of Streamlit's."""
        if scope["type"] != "http" or scope["method"] != "GET":
            await self.app(scope, receive, send)
            return
        start: Message = {}
        body = b""

        async def send_ours(message: Message) -> None:
            nonlocal start, body
            if message["type"] == "http.response.start" and _is_page(message, len(self._theirs)):
                start = message
                return
            if start and message["type"] == "http.response.body":
                body += message.get("body", b"")
                if message.get("more_body", False):
                    return
                if body == self._theirs:
                    body = self._start if scope["path"] == _START_PATH else self._other
                    headers = MutableHeaders(scope=start)
                    headers["content-length"] = str(len(body))
                    del headers["etag"], headers["last-modified"]
                await send(start)
                message = {**message, "body": body}
            await send(message)

        headers = scope["headers"]
        if any(name == b"accept" and b"text/html" in value for name, value in headers):
            scope = {**scope, "headers": [pair for pair in headers if pair[0] not in _NEVER_FOR_A_PAGE]}
        await self.app(scope, receive, send_ours)


def _is_page(start: Message, length: int) -> bool:
    headers = MutableHeaders(scope=start)
    is_html = headers.get("content-type", "").startswith("text/html")
    return bool(start["status"] == 200 and is_html and headers.get("content-length") == str(length))
