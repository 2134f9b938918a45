"""Python programs as forks of a process that has imported the services once: each import of them takes a second.

``ForkedProgram("-m", "core", "worker")`` is what ``python -m core worker`` would be, a process of its own that may be
killed. Not for tests about how long a start takes or what it imports.
"""

import importlib
import json
import os
import runpy
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
_IMPORTED = (
    "core.adapters.store.migrations",
    "core.cli",
    "core.services.extraction.runs.scheduler",
    "core.services.review",
    "core.services.forms.changing",
    "openai",
)


class Template:
    """A process that forks others; started with the first of them.

    One request a line on its standard input, one answer a line on its standard output, both JSON: ``{"start": {…}}``
    gives a process's number, ``{"poll": number}`` its return code, or ``null`` while it goes on.
    """

    def __init__(self, module: str) -> None:
        """Name the module, whose ``main`` calls :func:`fork_on_request`."""
        self._module = module
        self._process: subprocess.Popen[str] | None = None
        self._lock = threading.Lock()

    def ask(self, request: dict[str, Any]) -> Any:
        with self._lock:
            if self._process is None:
                path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
                self._process = subprocess.Popen(
                    [sys.executable, "-m", self._module],
                    cwd=ROOT,
                    env=os.environ
                    | {"PYTHONPATH": os.pathsep.join(path), "PYTHONWARNINGS": "default", "OMP_NUM_THREADS": "1"},
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    text=True,
                )
            assert self._process.stdin is not None and self._process.stdout is not None
            self._process.stdin.write(json.dumps(request) + "\n")
            self._process.stdin.flush()
            answer = self._process.stdout.readline()
        assert answer, f"the process that {self._module} is has ended"
        return json.loads(answer)


def fork_on_request(become: Callable[..., None]) -> None:
    """Answer a :class:`Template`; ``become`` makes a forked process what was asked for, and does not return before."""
    for line in sys.stdin:
        request = json.loads(line)
        if "poll" in request:
            number, status = os.waitpid(request["poll"], os.WNOHANG)
            answer = os.waitstatus_to_exitcode(status) if number else None
        elif (answer := os.fork()) == 0:
            become(**request["start"])
            sys.exit()
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()
    os._exit(0)  # nothing of it is left to be ended


class ForkedProcess:
    """A process as :class:`subprocess.Popen` would hold it, forked by a template."""

    def __init__(self, template: Template, start: dict[str, Any]) -> None:
        self._template = template
        self.pid: int = template.ask({"start": start})
        self.returncode: int | None = None

    def poll(self) -> int | None:
        if self.returncode is None:
            self.returncode = self._template.ask({"poll": self.pid})
        return self.returncode

    def wait(self, timeout: float = 170) -> int:
        until = time.monotonic() + timeout
        while (returncode := self.poll()) is None:
            if time.monotonic() > until:
                raise subprocess.TimeoutExpired(f"process {self.pid}", timeout)
            time.sleep(0.02)
        return returncode

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)


_programs = Template(__name__)


class ForkedProgram(ForkedProcess):
    """A program of Python, by the arguments that ``python`` would get: ``-c CODE …`` or ``-m MODULE …``."""

    def __init__(self, *arguments: str, env: Mapping[str, str] | None = None, out: Path | None = None) -> None:
        """Start it in the project's folder.

        Args:
            arguments: see above.
            env: its environment; this process's own unless given.
            out: file for both its outputs; nobody hears them unless given.
        """
        start = {"arguments": arguments, "env": dict(os.environ if env is None else env), "out": str(out or os.devnull)}
        super().__init__(_programs, start)

    def __enter__(self) -> "ForkedProgram":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.wait()


def use_files(out: str) -> None:
    """Read nothing, and write both outputs to the end of a file."""
    for number, descriptor in enumerate(
        (os.open(os.devnull, os.O_RDONLY), os.open(out, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644))
    ):
        os.dup2(descriptor, number)
    os.dup2(1, 2)


def _become(arguments: list[str], env: dict[str, str], out: str) -> None:
    os.environ.clear()
    os.environ.update(env)
    use_files(out)
    kind, what, *rest = arguments
    sys.argv = [kind, *rest]
    if kind == "-m":
        runpy.run_module(what, run_name="__main__", alter_sys=True)
    else:
        exec(compile(what, "<string>", "exec"), {"__name__": "__main__"})


def main() -> None:
    for name in _IMPORTED:
        importlib.import_module(name)
    fork_on_request(_become)


if __name__ == "__main__":
    main()
