"""Servers on 127.0.0.1 that send callers elsewhere, or only note that somebody came."""

import socket
import threading
from http.server import BaseHTTPRequestHandler

from tests.fakes.loopback_server import LoopbackServer


class Redirector:
    """Answers every HTTP request, a websocket's upgrade as well, by sending it elsewhere."""

    def __init__(self, location: str, status: int = 302) -> None:
        self.location, self.status = location, status
        self.paths: list[str] = []

    def __enter__(self) -> "Redirector":
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.paths.append(self.path)
                self.rfile.read(int(self.headers.get("Content-Length") or 0))
                self.send_response(outer.status)
                self.send_header("Location", outer.location)
                self.send_header("Content-Length", "0")
                self.end_headers()

            do_POST = do_CONNECT = do_GET

            def log_message(self, *_: object) -> None:
                pass

        self._server = LoopbackServer(Handler).started()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.stop()

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])


class Listener:
    """A listening socket; ``visitors`` counts who connected, and each is hung up on."""

    def __enter__(self) -> "Listener":
        self.visitors = 0
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._socket.close()

    @property
    def port(self) -> int:
        return int(self._socket.getsockname()[1])

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            self.visitors += 1
            connection.close()
