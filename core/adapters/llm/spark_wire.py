"""What happens on the wire of one Spark call: seen, made safe, and closable from outside.

The SDK takes the module ``websocket`` as its transport and keeps a reference to it in its client. A stand-in for that
module, one per call, closes what the SDK leaves open: it verifies TLS, remembers the socket so that a deadline can
close it, keeps what had arrived, and lets frames pass that carry only reasoning.
"""

import json
import socket
import ssl
from collections.abc import Callable
from functools import lru_cache
from typing import Any

CONNECT_TIMEOUT = 15.0
"""Seconds for connecting, TLS and upgrade, and for the rest of a frame that has begun; not for the model to think."""
_CLOSE_TIMEOUT = 1.0
"""Seconds to wait for the other side's close frame; the answer is complete by then."""


@lru_cache(maxsize=1)
def _tls() -> ssl.SSLContext:
    context = ssl.create_default_context()
    if not context.get_ca_certs():
        # A bare machine without the system's ca-certificates: use the ones that the HTTP clients bring along.
        import certifi

        context.load_verify_locations(certifi.where())
    return context


class Wire:
    """One call's transport, used by the SDK in place of the module ``websocket``.

    Attributes:
        text: what has arrived of the answer.
        frames: how many frames of the answer have arrived.
        finished: whether the last frame (status 2) has.
        error: what went wrong on the socket, if anything.
    """

    def __init__(self) -> None:
        self.text = ""
        self.frames = 0
        self.finished = False
        self.error: BaseException | None = None
        self._app: Any = None

    def enableTrace(self, traceable: bool) -> None:
        """The SDK switches tracing off at each call, which is a global setting: nothing to do."""

    def WebSocketApp(self, url: str, **callbacks: Any) -> Any:
        """A real ``websocket.WebSocketApp`` that verifies TLS and reports to this object."""
        import websocket

        websocket.setdefaulttimeout(CONNECT_TIMEOUT)
        callbacks["on_message"] = self._on_message(callbacks["on_message"])
        callbacks["on_error"] = self._on_error(callbacks["on_error"])
        app = websocket.WebSocketApp(url, **callbacks)
        run, close = app.run_forever, app.close

        def close_wholly(**_: Any) -> None:
            connection = app.sock
            close(timeout=_CLOSE_TIMEOUT)
            if connection is not None:
                # After the other side's close frame the library takes itself for closed and leaves the socket open.
                connection.shutdown()

        # The SDK asks for ssl.CERT_NONE.
        app.run_forever = lambda **_: run(sslopt={"context": _tls()} if url.startswith("wss:") else None)
        app.close = close_wholly
        self._app = app
        return app

    def abandon(self) -> None:
        """Close the socket at once, without good-byes; ends the thread that reads it."""
        app = self._app
        if app is None:
            return
        app.keep_running = False
        raw = getattr(app.sock, "sock", None)
        if raw is not None:
            try:
                raw.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # closed already

    def _on_message(self, callback: Callable[[Any, str], None]) -> Callable[[Any, str], None]:
        def on_message(app: Any, message: str) -> None:
            callback(app, self._read(message))

        return on_message

    def _on_error(self, callback: Callable[[Any, Any], None]) -> Callable[[Any, Any], None]:
        def on_error(app: Any, error: Any) -> None:
            if self.error is None and isinstance(error, BaseException):
                self.error = error
            callback(app, error)

        return on_error

    def _read(self, message: str) -> str:
        """Note what a frame brings; give it every key that the SDK reads without asking."""
        frame = json.loads(message)
        header = frame["header"]
        header.setdefault("sid", "")
        header.setdefault("message", "")
        if header["code"] != 0:
            return json.dumps(frame)
        choices = frame["payload"]["choices"]
        texts = choices.get("text") or [{}]
        for text in texts:
            # Reasoning models first send frames with ``reasoning_content`` only, or with content null.
            text["content"] = text.get("content") or ""
            text.setdefault("role", "assistant")
        choices["text"] = texts
        self.frames += 1
        self.text += texts[0]["content"]
        self.finished = self.finished or choices["status"] == 2
        return json.dumps(frame)
