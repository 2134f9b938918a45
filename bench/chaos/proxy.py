"""A TCP proxy on loopback whose connections can be cut and delayed."""

import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

_RESET = struct.pack("ii", 1, 0)


class Proxy:
    """Passes everything on to a port of this machine, or to the next one where nobody listens at the first.

    Attributes:
        port: where it listens.
        delay: seconds that every piece waits.
        refusing: whether new connections are closed at once.
        broken: number of connections that were cut.
    """

    def __init__(self, *targets: int) -> None:
        self._targets = targets
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port: int = self._listener.getsockname()[1]
        self.delay = 0.0
        self.refusing = False
        self.broken = 0
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """Break every connection, without good-bye."""
        with self._lock:
            sockets, self._open = self._open, set()
        self.broken += len(sockets) // 2
        for one in sockets:
            with suppress(OSError):
                one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            _close(one)

    def away(self, seconds: float) -> None:
        """Cut, and let nobody in for so long."""
        self.refusing = True
        self.cut()
        time.sleep(seconds)
        self.refusing = False

    def slow(self, delay: float, seconds: float) -> None:
        """Hold every piece up for so long a time."""
        self.delay = delay
        time.sleep(seconds)
        self.delay = 0.0

    def close(self) -> None:
        """Stop listening, and cut."""
        _close(self._listener)
        self.cut()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            if self.refusing:
                client.close()
                continue
            server = self._reached()
            if server is None:
                client.close()
                continue
            server.settimeout(None)
            with self._lock:
                self._open |= {client, server}
            for source, sink in ((client, server), (server, client)):
                threading.Thread(target=self._pass_on, args=(source, sink), daemon=True).start()

    def _reached(self) -> socket.socket | None:
        for target in self._targets:
            with suppress(OSError):
                return socket.create_connection(("127.0.0.1", target), timeout=5)
        return None

    def _pass_on(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                if self.delay:
                    time.sleep(self.delay)
                sink.sendall(data)
        with self._lock:
            self._open -= {source, sink}
        _close(source)
        _close(sink)


def _close(one: socket.socket) -> None:
    # Closing alone does not wake a thread that waits for data, and the other side would hear of nothing.
    with suppress(OSError):
        one.shutdown(socket.SHUT_RDWR)
    with suppress(OSError):
        one.close()


@contextmanager
def proxied(*targets: int) -> Iterator[Proxy]:
    """A proxy before a port, and others that stand in for it; closed at the end."""
    proxy = Proxy(*targets)
    try:
        yield proxy
    finally:
        proxy.close()
