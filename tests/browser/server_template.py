"""A process that has imported the app once and forks each server of the tests.

``python -m tests.browser.server_template``: importing takes three seconds of processor time, starting a forked server a
fifth of one.
"""

import importlib
import os
import sys
from pathlib import Path

from tests.forked_programs import ForkedProcess, Template, fork_on_request, use_files

ROOT = Path(__file__).resolve().parents[2]
_OWN_TO_A_SERVER = "st_aggrid"
"""Makes a component known to the server that runs when it is imported: no server, nobody hears of it."""
_template = Template(__name__)


class ForkedServer(ForkedProcess):
    """A server as :class:`subprocess.Popen` would hold it, started by the template of this process."""

    def __init__(self, arguments: list[str], *, env: dict[str, str], folder: Path, log: Path) -> None:
        super().__init__(_template, {"arguments": arguments, "env": env, "folder": str(folder), "log": str(log)})


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
    use_files(log)
    settings.cache_clear()
    sys.argv = ["streamlit", *arguments]
    cli.main()
    os._exit(0)


def main() -> None:
    _import_app()
    fork_on_request(_serve)


if __name__ == "__main__":
    main()
