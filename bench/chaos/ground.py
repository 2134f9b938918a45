"""Where a part takes place: a folder, a database with a dataset to review, and a real server over it."""

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.chaos.oracle import Oracle
from bench.chaos.tally import Tally
from core.adapters.store import Store, open_store
from core.settings import settings
from tests.browser.reviewer_page import fill
from tests.browser.serving import Server, serving

_AWAY = "StoreUnavailableError: "
_UNFORESEEN = re.compile(
    r"unexpected error|Uncaught app|Segmentation fault|failed by itself|failed unexpectedly|MemoryError|RecursionError"
)


@dataclass
class Ground:
    """Everything that a part needs.

    Attributes:
        folder: of its own, gone afterwards.
        store: the database, as the oracle reads it.
        dataset_id: the dataset that is reviewed.
        server: the app.
    """

    folder: Path
    store: Store
    dataset_id: int
    server: Server

    def measure(self, tally: Tally, oracle: Oracle) -> None:
        """Note the memory of the server, with what it starts, and the saves stored until now."""
        if self.server.process is not None:
            tally.memory.append((megabytes(self.server.process.pid), oracle.stored))

    def _logs(self) -> dict[Path, str]:
        logs = (*self.folder.glob("log*"), self.server.log)
        return {log: log.read_text("utf-8", "replace") for log in logs if log.exists()}

    def finish(self, tally: Tally, oracle: Oracle) -> None:
        """Measure; compare the database with the oracle; count a server that is dead, and errors in its logs."""
        self.measure(tally, oracle)
        logs = self._logs()
        if refused := sum(text.count(_AWAY) for text in logs.values()):
            tally.figures["errors that named an outage, in the log"] = f"{refused:,}"
        process = self.server.process
        if process is None or process.poll() is not None:
            tally.count("crashed", f"the server ended by itself with {process and process.returncode}")
        for line in "\n".join(logs.values()).splitlines():
            if _UNFORESEEN.search(line):
                tally.count("crashed", f"in the log: {line[:200]}")
        for problem in self.store.problems():
            tally.count("lost", f"the database: {problem}")
        oracle.compare(self.store, self.dataset_id, tally)
        if any(tally.faults().values()) and (keep := os.environ.get("CHAOS_KEEP_LOGS")):
            for log, text in logs.items():
                (Path(keep) / f"{self.folder.name}-{log.name}").write_text(text, "utf-8")


def megabytes(group: int) -> float:
    """Memory of a process and those it started, in MB; the server leads a process group of its own. Linux only."""
    pages = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            # The name before it may hold spaces: state, parent and group follow its bracket.
            if int(stat.read_text("utf-8", "replace").rpartition(")")[2].split()[2]) == group:
                pages += int(stat.with_name("statm").read_text().split()[1])
        except (OSError, IndexError, ValueError):
            continue  # it has ended meanwhile
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


@contextmanager
def ground(
    chats: int, *, database: Path | None = None, url: str = "", app_url: str = "", env: Mapping[str, str] | None = None
) -> Iterator[Ground]:
    """A started server over a dataset of so many chats, stopped at the end.

    Args:
        chats: of the dataset.
        database: the SQLite file; one in a new folder by default.
        url: of another database.
        app_url: how the server reaches it, if by another way.
        env: further variables of the server.
    """
    with TemporaryDirectory(prefix="shiyao-chaos-") as name:
        folder = Path(name)
        url = url or f"sqlite:///{database or folder / 'chaos.db'}"
        store = open_store(url)
        try:
            dataset_id = fill(store, "混沌", chats)
            further = {"SHIYAO_DATABASE_URL": app_url or url, "SHIYAO_LOG_FILE": str(folder / "log")}
            with serving("app.py", folder, further | dict(env or {})) as server:
                yield Ground(folder, store, dataset_id, server)
        finally:
            store.close()


@contextmanager
def variables(env: Mapping[str, str]) -> Iterator[None]:
    """These environment variables in this process too, and back again."""
    before = dict(os.environ)
    os.environ.update(env)
    settings.cache_clear()
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
        settings.cache_clear()
