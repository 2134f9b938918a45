"""A real PostgreSQL for tests: a cluster of its own in a temporary folder, on a loopback port, gone afterwards."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg

_USER = "shiyao"
_QUICK = "-c fsync=off -c full_page_writes=off -c autovacuum=off -c jit=off"
"""For databases of a few rows, none of which has to outlive its machine."""


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
        options = f"-p {self._port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={self._home} {_QUICK}"
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


class BlankDatabases:
    """Blank, migrated databases for one test after another.

    Emptying one takes half as long as copying one, and hundreds of copies take minutes to be removed at the end.
    Each is given under a name that nobody had before, without rows, its sequences at their start. One whose schema
    a test has changed, or that somebody is still connected to, is left alone.
    """

    def __init__(self, server: Postgres, template: str) -> None:
        """Copy this database, which is migrated and has no rows but its schema's number."""
        self._server, self._template = server, template
        self._used: list[str] = []
        self._maintenance = psycopg.connect(server.address("postgres"), autocommit=True)
        with psycopg.connect(server.address(template)) as connection:
            self._schema = connection.execute(_SCHEMA).fetchall()
            self._tables = [table for (table,) in connection.execute(_TABLES)]

    @contextmanager
    def one(self) -> Iterator[str]:
        """The address of one, for as long as it is needed."""
        address = self._used_before() or self._server.database(self._template)
        yield address
        self._used.append(address.rpartition("/")[2])

    def close(self) -> None:
        self._maintenance.close()

    def _used_before(self) -> str:
        """One that its last user has left, emptied and renamed; ``""`` if there is none."""
        connected = {name for (name,) in self._ask("SELECT datname FROM pg_stat_activity")}
        for used in [name for name in self._used if name not in connected]:
            self._used.remove(used)
            is_emptied = False
            with suppress(psycopg.errors.UndefinedTable):  # a test has dropped one
                is_emptied = self._is_emptied(used)
            if is_emptied:
                # Not by its old name: what this process remembers of a database, it remembers by the name.
                name = f"test_{uuid4().hex[:12]}"
                self._ask(f'ALTER DATABASE "{used}" RENAME TO "{name}"')
                return self._server.address(name)
        return ""

    def _ask(self, statement: str) -> list[Any]:
        answer = self._maintenance.execute(statement)  # type: ignore[call-overload]
        return answer.fetchall() if answer.description else []

    def _is_emptied(self, name: str) -> bool:
        """Whether what is left in a database is what a migration makes."""
        any_row = " UNION ALL ".join(f"""SELECT '{one}' WHERE EXISTS (SELECT 1 FROM "{one}")""" for one in self._tables)
        with psycopg.connect(self._server.address(name)) as connection:
            connection.execute("SET LOCAL session_replication_role = replica")  # in any order, what may not go as well
            for (table,) in connection.execute(any_row).fetchall():  # type: ignore[call-overload]
                connection.execute(f'DELETE FROM "{table}"')  # type: ignore[call-overload]
            connection.execute(_RESTART)
            return connection.execute(_SCHEMA).fetchall() == self._schema


_TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version'"
_RESTART = """SELECT setval(format('%I.%I', schemaname, sequencename)::regclass, start_value, false)
    FROM pg_sequences WHERE last_value IS NOT NULL"""
# Whatever changes a schema, or the schema's number, writes a row with the number of a later transaction.
_SCHEMA = " UNION ALL ".join(
    f"SELECT count(*), max(xmin::text::bigint) FROM {catalog}"
    for catalog in (
        "pg_class",
        "pg_attribute",
        "pg_attrdef",
        "pg_constraint",
        "pg_index",
        "pg_trigger",
        "pg_proc",
        "alembic_version",
    )
)


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
