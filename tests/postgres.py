"""A real PostgreSQL for tests: a cluster of its own in a temporary folder, on a loopback port, gone afterwards."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import psycopg

_USER = "shiyao"


def binaries() -> Path | None:
    """Where ``initdb`` and ``pg_ctl`` are; Debian keeps them off the PATH."""
    found = [Path(place).resolve().parent for name in ("pg_ctl",) if (place := shutil.which(name))]
    found += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((folder for folder in found if (folder / "initdb").exists() and (folder / "pg_ctl").exists()), None)


class Postgres:
    """A server; ``database()`` gives the address of a new database, blank or a copy of another."""

    def __init__(self, home: Path, port: int, user: str | None) -> None:
        self._home, self._port, self._user = home, port, user

    def start(self) -> None:
        """Start it and wait until it answers."""
        options = f"-p {self._port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={self._home} -c fsync=off"
        self._control("-w", "-t", "120", "-l", str(self._home / "log"), "-o", options, "start")

    def stop(self) -> None:
        """Stop it as a power cut would."""
        self._control("-m", "immediate", "-w", "stop")

    def _control(self, *arguments: str) -> None:
        folder = binaries()
        assert folder is not None
        _run([folder / "pg_ctl", "-D", self._home / "data", *arguments], self._user)

    def address(self, name: str) -> str:
        return f"postgresql://{_USER}@127.0.0.1:{self._port}/{name}"

    def database(self, template: str = "template1") -> str:
        name = f"test_{uuid4().hex[:12]}"
        with psycopg.connect(self.address("postgres"), autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')  # type: ignore[call-overload]
        return self.address(name)


@contextmanager
def running() -> Iterator[Postgres]:
    """Start a server; as root it runs as the system's user ``postgres``, for it refuses root."""
    folder = binaries()
    assert folder is not None
    home = Path(tempfile.mkdtemp(prefix="shiyao-pg-"))
    user: str | None = None
    if os.getuid() == 0:
        user = "postgres"
        shutil.chown(home, user)
    try:
        data = str(home / "data")
        _run([folder / "initdb", "-D", data, "-U", _USER, "-A", "trust", "-E", "UTF8", "--locale=C", "-N"], user)
        server = Postgres(home, _free_port(), user)
        server.start()
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(home, ignore_errors=True)


def why_not() -> str:
    """``""`` if a server can be started here, else a sentence."""
    if binaries() is None:
        return "PostgreSQL is not installed (Debian: postgresql); .ci/setup test installs it as root"
    if os.getuid() == 0:
        try:
            pwd.getpwnam("postgres")
        except KeyError:
            return "PostgreSQL refuses to run as root, and there is no user postgres to run it as"
    return ""


def _run(command: list[Path | str], user: str | None) -> None:
    done = subprocess.run(
        [str(part) for part in command],
        user=user,
        group=user,
        extra_groups=[] if user else None,
        cwd="/",
        env={"PATH": os.environ.get("PATH", ""), "LC_ALL": "C"},
        stdin=subprocess.DEVNULL,
        # Not a pipe: the server would inherit it and never let go.
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=False,
    )
    assert done.returncode == 0, f"{command[0]} ended with {done.returncode}"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
