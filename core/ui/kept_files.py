"""How long browsers keep the files of components: AgGrid's script has 4.7 MB.

Streamlit says that anybody may keep them, but neither how long nor which version they are, so browsers fetch them anew
with each frame, and the server compresses them each time: half the time that the record table took to open.
"""

import re

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_COMPONENT = "/component/"
_DIGEST = re.compile(r"\.[0-9a-f]{8,}\.\w+$")
"""End of the names that change with what is in the file."""
_FOR_GOOD, _FOR_AN_HOUR = "public, immutable, max-age=31536000", "public, max-age=3600"


class KeptFiles:
    """Middleware: files of components are kept by browsers, for good where their name changes with the content."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and say how long its answer may be kept."""
        if scope["type"] != "http" or _COMPONENT not in scope["path"]:
            await self.app(scope, receive, send)
            return
        kept = _FOR_GOOD if _DIGEST.search(scope["path"]) else _FOR_AN_HOUR

        async def send_with_age(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] == 200:
                headers = MutableHeaders(scope=message)
                if headers.get("cache-control") == "public":  # pages are looked at each time
                    headers["Cache-Control"] = kept
            await send(message)

        await self.app(scope, receive, send_with_age)
