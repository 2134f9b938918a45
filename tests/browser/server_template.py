"""A process that has imported the app once and forks each server of the tests.

``python -m tests.browser.server_template``: importing takes three seconds of processor time, starting a forked server a
fifth of one. One request a line on standard input, one answer a line on standard output, both JSON: ``{"start": {…}}``
gives a process's number, ``{"poll": number}`` its return code, or ``null`` while it goes on.
"""

import importlib
import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
_OWN_TO_A_SERVER = "st_aggrid"
"""Makes a component known to the server that runs when it is imported: no server, nobody hears of it."""


class ForkedServer:
    """A server as :class:`subprocess.Popen` would hold it, started by the template of this process."""

    def __init__(self, arguments: list[str], *, env: dict[str, str], folder: Path, log: Path) -> None:
        asked = {"arguments": arguments, "env": env, "folder": str(folder), "log": str(log)}
        self.pid: int = _ask({"start": asked})
        self._returncode: int | None = None

    def poll(self) -> int | None:
        if self._returncode is None:
            self._returncode = _ask({"poll": self.pid})
        return self._returncode

    def wait(self, timeout: float) -> int:
        until = time.monotonic() + timeout
        while (returncode := self.poll()) is None:
            if time.monotonic() > until:
                raise subprocess.TimeoutExpired("streamlit run", timeout)
            time.sleep(0.02)
        return returncode

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)


_template: subprocess.Popen[str] | None = None
_lock = threading.Lock()


def _ask(request: dict[str, Any]) -> Any:
    global _template
    with _lock:
        if _template is None:
            _template = subprocess.Popen(
                [sys.executable, "-m", "tests.browser.server_template"],
                cwd=ROOT,
                env=os.environ | {"PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "default", "OMP_NUM_THREADS": "1"},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
        assert _template.stdin is not None and _template.stdout is not None
        _template.stdin.write(json.dumps(request) + "\n")
        _template.stdin.flush()
        answer = _template.stdout.readline()
    assert answer, "the template of servers has ended"
    return json.loads(answer)


def _import_app() -> None:
    for name in ("streamlit.web.cli", "streamlit.web.bootstrap", "core.api"):
        importlib.import_module(name)
    for path in sorted((ROOT / "core" / "ui").rglob("*.py")):
        name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        before = set(sys.modules)
        importlib.import_module(name)
        if _OWN_TO_A_SERVER in sys.modules:
            for new in set(sys.modules) - before:
                if new.startswith(("core.ui.", _OWN_TO_A_SERVER)):
                    _forget(new)


def _forget(name: str) -> None:
    package, _, own = name.rpartition(".")
    del sys.modules[name]
    if package in sys.modules:
        vars(sys.modules[package]).pop(own, None)


def _serve(arguments: list[str], env: dict[str, str], folder: str, log: str) -> None:
    """Become the server: what ``python -m streamlit`` with these arguments is, in this environment and folder."""
    from streamlit.web import cli

    from core.settings import settings

    os.setsid()
    os.environ.clear()
    os.environ.update(env)
    os.chdir(folder)
    for number, descriptor in enumerate(
        (os.open(os.devnull, os.O_RDONLY), os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644))
    ):
        os.dup2(descriptor, number)
    os.dup2(1, 2)
    settings.cache_clear()
    sys.argv = ["streamlit", *arguments]
    cli.main()


def _answer(value: int | None) -> None:
    sys.stdout.write(json.dumps(value) + "\n")
    sys.stdout.flush()


def main() -> None:
    _import_app()
    for line in sys.stdin:
        request = json.loads(line)
        if "poll" in request:
            number, status = os.waitpid(request["poll"], os.WNOHANG)
            _answer(os.waitstatus_to_exitcode(status) if number else None)
        elif (number := os.fork()) == 0:
            _serve(**request["start"])
            os._exit(0)
        else:
            _answer(number)


if __name__ == "__main__":
    main()
