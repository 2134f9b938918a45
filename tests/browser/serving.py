"""Start Streamlit scripts on free ports, for browser tests and benchmarks."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.browser.server_template import ForkedServer

ROOT = Path(__file__).resolve().parents[2]
LOCAL = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # never through a proxy

_OPTIONS = ("--server.headless=true", "--server.address=127.0.0.1", "--browser.gatherUsageStats=false")


@dataclass
class Server:
    """A Streamlit server of ours; ``stop`` and ``start`` keep its port.

    Attributes:
        command: starts it in another way than by the script; called from ``folder``.
    """

    script: Path
    port: int
    env: dict[str, str]
    log: Path
    process: subprocess.Popen[bytes] | ForkedServer | None = None
    command: list[str] | None = None
    folder: Path = ROOT

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def arguments(self) -> list[str]:
        """What follows ``streamlit`` on the command line."""
        return ["run", str(self.script), f"--server.port={self.port}", *_OPTIONS]

    def start(self, *, wait: float = 60) -> None:
        if self.command is None:
            self.process = ForkedServer(self.arguments, env=self.env, folder=self.folder, log=self.log)
        else:
            with self.log.open("ab") as log:
                self.process = subprocess.Popen(
                    self.command,
                    cwd=self.folder,
                    env=self.env,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )
        deadline = time.monotonic() + wait
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                break
            try:
                with LOCAL.open(f"{self.url}/_stcore/health", timeout=2):
                    return
            except (urllib.error.URLError, OSError):
                time.sleep(0.1)
        raise RuntimeError(f"the server did not start: {self.log.read_text('utf-8', 'replace')[-2000:]}")

    def stop(self, *, kill: bool = False) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL if kill else signal.SIGTERM)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.send_signal(signal.SIGKILL)
                self.process.wait(60)
        self.process = None


Serve = Callable[..., Server]


_ports: list[int] = []
"""What :func:`serving` had so far, in order: a browser keeps what it has read of a server by its port."""
_ports_in_use: set[int] = set()
_ports_lock = threading.Lock()


@contextmanager
def _port() -> Iterator[int]:
    """The first port of a server before that is free again, else a new one."""
    with _ports_lock:
        port = next((one for one in _ports if one not in _ports_in_use and _is_free(one)), 0)
        if not port:
            port = free_port()
            _ports.append(port)
        _ports_in_use.add(port)
    yield port
    _ports_in_use.discard(port)


def _is_free(port: int) -> bool:
    with socket.socket() as one:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            one.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def free_port() -> int:
    """A port that nobody has now."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@contextmanager
def serving(
    script: str | Path, folder: Path, env: Mapping[str, str] | None = None, *, port: int = 0, is_forked: bool = True
) -> Iterator[Server]:
    """A started server for a script (a path from the root), stopped at the end; on a free port unless named.

    It has all imports already where it is forked; else it is a process as users start it.
    """
    with ExitStack() as opened:
        port = port or opened.enter_context(_port())
        whole = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "default"} | dict(env or {})
        server = Server(ROOT / script, port, whole, folder / f"streamlit-{port}.log")
        if not is_forked:
            server.command = [sys.executable, "-m", "streamlit", *server.arguments]
        opened.callback(server.stop)
        server.start()
        yield server
