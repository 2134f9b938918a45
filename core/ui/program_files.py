"""Answers a browser's requests for Streamlit's own scripts, styles and fonts in one step each.

A first visitor's browser asks for some eighty files. Streamlit hands each from its event loop to a thread and back
several times, and while the server still imports what its first page needs, each of these waits its turn: a second
passed before the page could begin. Files this small are read faster than they are handed over.
"""

import mimetypes
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import streamlit
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

MOST_BYTES = 1_000_000
"""Of a file that is read in one go: larger ones (charts that few pages draw) would hold up everybody else."""
_FOLDER = Path(streamlit.__file__).with_name("static") / "static"
_VERSIONED = re.compile(r"\.[\w-]{8}\.\w+$")
"""End of the names that change with what is in the file."""
_KEPT, _KEPT_AN_HOUR = "public, immutable, max-age=31536000", "public, max-age=3600"
ICON_PATH = "/favicon.png"
"""Where Streamlit's page looks for the browser tab's icon, unless a script names another one; ours is there."""
_ICON = Path(__file__).with_name("icon.png")
_IN_PART = frozenset({b"range", b"if-none-match", b"if-modified-since", b"if-range"})
"""Headers of requests that may want something else than the whole file: Streamlit answers them."""


@cache
def program_files() -> Mapping[str, Path]:
    """The files that are answered here, by the path of their addresses."""
    return {ICON_PATH: _ICON} | {
        f"/static/{file.parent.name}/{file.name}": file
        for file in _FOLDER.glob("*/*")
        if _VERSIONED.search(file.name) and file.stat().st_size <= MOST_BYTES
    }


class ProgramFiles:
    """Middleware: answers with Streamlit's own files, as Streamlit does, and with our icon; passes on the rest."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._files = program_files()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request for a whole file; pass on the rest."""
        file = self._files.get(scope["path"]) if scope["type"] == "http" and scope["method"] == "GET" else None
        if file is None or any(name in _IN_PART for name, _ in scope["headers"]):
            await self.app(scope, receive, send)
            return
        try:
            content = file.read_bytes()
        except OSError:  # Streamlit was installed anew under the running server
            await self.app(scope, receive, send)
            return
        kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
        await Response(content, headers={"Cache-Control": _KEPT if file != _ICON else _KEPT_AN_HOUR}, media_type=kind)(
            scope, receive, send
        )
