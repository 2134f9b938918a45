"""Fixtures that all tests share: a real database file, the form, and the real chats where they are at hand."""

import gc
import os
import shutil
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis
import pytest

from core.adapters.store import Store, db, open_store
from core.domain.form import Form, load_named_form
from core.settings import settings
from tests import postgres as pg
from tests.compiled_statements import sharing_engine
from tests.connections import counting
from tests.loopback_only import sitecustomize

if TYPE_CHECKING:
    from playwright.sync_api import Browser

# Containers often forbid compiled files. Tests start hundreds of processes: each would compile the whole program anew,
# and pytest would rewrite every test file in every session.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

# The arithmetic of small models in one thread: two workers' threads would spin, waiting for one another. Before numpy.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# Tests say nothing about time: on a busy machine an example of a property takes whatever it takes.
hypothesis.settings.register_profile(
    "without a clock", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("without a clock")


@pytest.fixture(autouse=True, scope="session")
def no_keys_of_ones_own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The developer's own ``.streamlit/secrets.toml`` is not read by tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SHIYAO_SECRETS_FILE", str(tmp_path_factory.mktemp("no-keys") / "secrets.toml"))
        yield


@pytest.fixture(autouse=True, scope="session")
def refused_connections(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """List of what was refused because it would have left this machine, by tests and by whatever they start."""
    path = tmp_path_factory.mktemp("loopback") / "refused"
    path.touch()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(sitecustomize.LIST, str(path))
        folder = str(Path(sitecustomize.__file__).parent)
        patch.setenv("PYTHONPATH", os.pathsep.join(filter(None, (folder, os.environ.get("PYTHONPATH")))))
        yield path


@pytest.fixture(autouse=True)
def nothing_leaves_this_machine(refused_connections: Path) -> Iterator[None]:
    """No test opens a socket to another address: private and link-local ones are refused before, like all others."""
    before = refused_connections.stat().st_size
    yield
    with refused_connections.open(encoding="utf-8") as refused:
        refused.seek(before)
        assert not (sent := refused.read()), f"this would have left the machine:\n{sent}"


@pytest.fixture(autouse=True, scope="session")
def statements_compiled_once() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(db, "create_engine", sharing_engine)
        yield


@pytest.fixture(autouse=True)
def settings_read_anew() -> Iterator[None]:
    """A test that sets variables of the environment is believed, whichever test read the settings before it."""
    settings.cache_clear()
    yield
    settings.cache_clear()


@pytest.fixture(autouse=True)
def main_module_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    """Streamlit's AppTest leaves its script as ``__main__``, which processes that a later test spawns would run."""
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])


def pytest_collection_finish() -> None:
    """Leave what is loaded by now out of garbage collection, which AppTest runs after every run of a page."""
    gc.collect()
    gc.freeze()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Tests marked ``both_databases`` run a second time with a ``store`` on PostgreSQL."""
    if "store" in metafunc.fixturenames and metafunc.definition.get_closest_marker("both_databases"):
        metafunc.parametrize("store", ["sqlite", "postgresql"], indirect=True)


@pytest.fixture(scope="session")
def sqlite_migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A blank SQLite file that was migrated once: copying it is much faster than migrating anew."""
    path = tmp_path_factory.mktemp("migrated") / "shiyao.db"
    open_store(f"sqlite:///{path}").close()
    return path


@pytest.fixture
def store(tmp_path: Path, sqlite_migrated: Path, request: pytest.FixtureRequest) -> Iterator[Store]:
    """A blank database, migrated: a SQLite file, and for ``both_databases`` one on a real PostgreSQL as well."""
    if getattr(request, "param", "sqlite") == "postgresql":
        yield request.getfixturevalue("pg_store")
        return
    shutil.copy(sqlite_migrated, tmp_path / "shiyao.db")  # with its mode: for its user alone
    opened = open_store(f"sqlite:///{tmp_path / 'shiyao.db'}")
    yield opened
    opened.close()


@pytest.fixture(autouse=True)
def one_connection_per_thread(request: pytest.FixtureRequest) -> Iterator[None]:
    """Whatever a test does, no thread of it takes a connection while it holds another: sixteen such would deadlock.

    Tests marked ``two_connections`` are about two sessions side by side.
    """
    with counting() as count:
        yield
    if not request.node.get_closest_marker("two_connections"):
        assert not count.nested, f"a second connection was taken while one was held:\n{count.nested[0]}"


@pytest.fixture
def form() -> Form:
    return load_named_form()


@pytest.fixture(scope="session")
def competition() -> Path:
    folder = os.environ.get("SHIYAO_COMPETITION_DATA", "")
    if not folder:
        pytest.skip("SHIYAO_COMPETITION_DATA is not set: the real chats are not at hand")
    return Path(folder)


@pytest.fixture(scope="session")
def browser() -> Iterator["Browser"]:
    """The one Chromium of all tests of a process: Playwright runs once in a thread."""
    from tests.browser.chromium import CHROMIUM, FOR_MANY_PAGES, chromium  # most tests do without

    if not CHROMIUM.exists():
        pytest.skip("Chromium is not installed: run `make test-setup`, or set SHIYAO_CHROMIUM")
    with chromium(*FOR_MANY_PAGES) as launched:
        yield launched


@pytest.fixture(scope="session")
def postgres() -> Iterator[pg.Postgres]:
    """A real PostgreSQL server, started once."""
    if reason := pg.why_not():
        pytest.skip(reason)
    with pg.running() as server:
        yield server


@pytest.fixture
def own_postgres() -> Iterator[pg.Postgres]:
    """A server of this test's own, which it may stop."""
    if reason := pg.why_not():
        pytest.skip(reason)
    with pg.running() as server:
        yield server


@pytest.fixture(scope="session")
def pg_migrated(postgres: pg.Postgres) -> str:
    """Name of a blank database that was migrated once: copying it is much faster than migrating anew."""
    address = postgres.database()
    open_store(address).close()
    return address.rpartition("/")[2]


@pytest.fixture(scope="session")
def pg_blank(postgres: pg.Postgres, pg_migrated: str) -> Iterator[pg.BlankDatabases]:
    with closing(pg.BlankDatabases(postgres, pg_migrated)) as databases:
        yield databases


@pytest.fixture
def pg_store(pg_blank: pg.BlankDatabases) -> Iterator[Store]:
    """A blank database on it, migrated."""
    with pg_blank.one() as address:
        opened = open_store(address)
        yield opened
        for thread in threading.enumerate():
            if thread.name == "shiyao-upkeep":  # a desk's work in the background would go on with a closed store
                thread.join(60)
        opened.close()
