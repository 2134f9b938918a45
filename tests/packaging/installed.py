"""The wheel, built from this working copy and installed into an environment that holds nothing else of ours."""

import os
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.browser.serving import ROOT, Server, free_port


def build_wheel(folder: Path) -> Path:
    """Build the wheel with what is installed here, without looking for anything elsewhere."""
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, capture_output=True, check=True)
    (wheel,) = folder.glob("*.whl")
    return wheel


@dataclass
class Installed:
    """A wheel in an environment of its own, called from a folder that is not ours, by a user with a fresh home.

    Attributes:
        python: interpreter of the environment.
        home: the user's home.
        work: the folder that commands are called from; it holds a folder ``core`` that is not the program.
    """

    python: Path
    home: Path
    work: Path

    @property
    def env(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("SHIYAO_", "XDG_"))}
        guarded = {name: os.environ[name] for name in ("SHIYAO_TESTS_REFUSED",) if name in os.environ}
        return kept | guarded | {"HOME": str(self.home)}

    def run(self, *arguments: str, code: int = 0, **env: str) -> str:
        """What a command prints, both streams; fails where it ends with another code."""
        done = subprocess.run(
            [str(self.python.with_name("shiyao")), *arguments],
            cwd=self.work,
            env=self.env | env,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )
        assert done.returncode == code, done.stdout
        return done.stdout

    @contextmanager
    def serving(self, **env: str) -> Iterator[Server]:
        """``shiyao serve`` on a free port, stopped at the end."""
        port = free_port()
        command = [str(self.python.with_name("shiyao")), "serve", f"--port={port}"]
        server = Server(Path(), port, self.env | env, self.work / "serve.log", command=command, folder=self.work)
        try:
            server.start()
            yield server
        finally:
            server.stop()


def install(wheel: Path, folder: Path) -> Installed:
    """Install a wheel into an empty environment; what it depends on is looked for where it is installed already."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder / "env")], check=True)
    python = folder / "env" / "bin" / "python"
    command = [str(Path(sys.executable).with_name("uv")), "pip", "install", "--quiet", "--offline", "--no-index"]
    subprocess.run([*command, "--no-deps", "--python", str(python), str(wheel)], check=True)
    (own,) = (folder / "env" / "lib").glob("python*/site-packages")
    (own / "what-it-depends-on.pth").write_text(f"{sysconfig.get_path('purelib')}\n", encoding="utf-8")
    installed = Installed(python, folder / "home", folder / "work")
    (installed.work / "core").mkdir(parents=True)
    (installed.work / "core" / "__init__.py").write_text("raise ImportError('not the program')\n", encoding="utf-8")
    installed.home.mkdir()
    return installed
