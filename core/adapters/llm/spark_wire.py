"""WebSocket transport of one Spark call: verified, observed, and closable from outside.

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
from urllib.parse import SplitResult, unquote, urlsplit

from core.adapters.llm.destinations import Destination
from core.adapters.llm.failures import LARGEST_REPLY, ReplyTooLargeError

CONNECT_TIMEOUT = 15.0
"""Seconds for connecting, TLS and upgrade, and for the rest of a frame that has begun; not for the model to think."""
_CLOSE_TIMEOUT = 1.0
"""Seconds to wait for the server's close frame; the answer is complete by then."""


class _BoundedSocket(socket.socket):
    """A socket that takes in no more than the largest reply: handshake, frames and all."""

    received = 0

    def recv(self, bufsize: int, flags: int = 0, /) -> bytes:
        data = super().recv(bufsize, flags)
        self.received += len(data)
        if self.received > LARGEST_REPLY:
            raise ReplyTooLargeError
        return data


class _BoundedTlsSocket(ssl.SSLSocket):
    """The same behind TLS."""

    received = 0

    def recv(self, buflen: int = 1024, flags: int = 0) -> bytes:
        data = super().recv(buflen, flags)
        self.received += len(data)
        if self.received > LARGEST_REPLY:
            raise ReplyTooLargeError
        return data


@lru_cache(maxsize=1)
def _tls() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.sslsocket_class = _BoundedTlsSocket
    if not context.get_ca_certs():
        # A bare machine without the system's ca-certificates: use the ones that the HTTP clients bring along.
        import certifi

        context.load_verify_locations(certifi.where())
    return context


class Wire:
    """Transport of one call, used by the SDK in place of the module ``websocket``.

    Attributes:
        text: what has arrived of the answer.
        frames: how many frames of the answer have arrived.
        finished: whether the last frame (status 2) has.
        error: what went wrong on the socket, if anything.
        redirected: HTTP status of an answer that sends the call elsewhere; 0 where there was none.
    """

    def __init__(self, destination: Destination) -> None:
        """Make ready for one call; nothing is opened yet.

        Raises:
            SettingsError: the environment's proxy cannot be used.
        """
        self._destination = destination
        self._proxy = urlsplit(destination.proxy())
        self.redirected = 0
        self.text = ""
        self.frames = 0
        self.finished = False
        self.error: BaseException | None = None
        self._app: Any = None
        self._opened: list[socket.socket] = []
        self._is_abandoned = False

    def enableTrace(self, traceable: bool) -> None:
        """Do nothing: the SDK switches tracing off at each call, which would be a global setting."""

    def WebSocketApp(self, url: str, **callbacks: Any) -> Any:
        """A real ``websocket.WebSocketApp`` that goes to the checked address only, verifies TLS and reports here."""
        import websocket

        websocket.setdefaulttimeout(CONNECT_TIMEOUT)
        callbacks["on_message"] = self._on_message(callbacks["on_message"])
        callbacks["on_error"] = self._on_error(callbacks["on_error"])
        headers = callbacks.pop("header", None)
        app: Any = websocket.WebSocketApp(url, **callbacks)
        # The library asks for the headers right before it connects, so that the connection can be prepared there.
        app.header = lambda: self._prepared(app, headers)
        run, close = app.run_forever, app.close

        def close_wholly(**_: Any) -> None:
            connection = app.sock
            close(timeout=_CLOSE_TIMEOUT)
            if connection is not None:
                # After the other side's close frame the library takes itself for closed and leaves the socket open.
                connection.shutdown()

        def run_wholly(**_: Any) -> Any:
            # The SDK asks for ssl.CERT_NONE.
            tls = {"context": _tls()} if self._destination.origin.encrypted else None
            try:
                return run(sslopt=tls, **_proxy_options(self._proxy))
            finally:
                for one in self._opened:  # whatever became of the call, which nobody may wait for any more
                    one.close()

        app.run_forever = run_wholly
        app.close = close_wholly
        self._app = app
        return app

    def _prepared(self, app: Any, headers: Any) -> Any:
        """Give the library a socket to a checked address, and forbid it to follow redirects.

        Raises:
            SettingsError: the address is another one than was checked, or leads where a key must not go.
            OSError: nobody can be reached there.
        """
        self._destination.require(app.url)
        connection = app.sock
        connect = connection.connect

        def connect_once(url: str, **options: Any) -> None:
            try:
                connect(url, redirect_limit=0, **options)
            except Exception:
                status = getattr(connection.handshake_response, "status", 0)
                self.redirected = int(status) if 300 <= status < 400 else 0
                raise

        connection.connect = connect_once
        if not self._proxy.hostname:
            app.prepared_socket = _open_socket(self._destination)
            self._opened.append(app.prepared_socket)
            if self._is_abandoned:
                raise OSError("abandoned")
            return headers
        try:
            self._destination.addresses()
        except OSError:
            pass  # only the proxy can resolve names
        return headers

    def abandon(self) -> None:
        """Close the socket at once, without a close frame; this ends the thread that reads it."""
        self._is_abandoned = True
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
        """Record a frame's content; add the fields that the SDK reads without checking."""
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


def _open_socket(destination: Destination) -> socket.socket:
    """A connection to the first of the checked addresses that answers; TLS is checked against the host's name."""
    failure: OSError | None = None
    for address in destination.addresses():
        try:
            raw = socket.create_connection((address, destination.origin.port), CONNECT_TIMEOUT)
            break
        except OSError as error:
            failure = error
    else:
        raise failure or OSError("no address")
    raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    if not destination.origin.encrypted:
        timeout = raw.gettimeout()
        bounded = _BoundedSocket(fileno=raw.detach())
        bounded.settimeout(timeout)
        return bounded
    try:
        return _tls().wrap_socket(raw, server_hostname=destination.origin.host)
    except BaseException:
        raw.close()
        raise


def _proxy_options(proxy: SplitResult) -> dict[str, Any]:
    if not proxy.hostname:
        return {}
    login = (unquote(proxy.username), unquote(proxy.password or "")) if proxy.username else None
    return {
        "http_proxy_host": proxy.hostname,
        "http_proxy_port": proxy.port or 80,
        "http_proxy_auth": login,
        "proxy_type": "http",
        # Decided already; without a list of its own the library would read NO_PROXY once more.
        "http_no_proxy": ["no-proxy.invalid"],
    }
