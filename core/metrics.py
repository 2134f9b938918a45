"""Figures for Prometheus: counted where ``SHIYAO_METRICS_TOKEN`` is set, and nowhere else.

Every process of this installation (servers, workers, what they start) writes its own into files of one folder, which
whoever is asked adds up: the client library's way for several processes. What those that are gone have counted is kept
in one file per kind, so that no counter ever falls. Labels are words of ours, never of users'.
"""

import logging
import os
import re
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock

from core import private_files
from core.places import var_folder
from core.private_files import private_folder, private_opener
from core.processes import is_running
from core.settings import settings

if TYPE_CHECKING:
    from prometheus_client import Counter, Histogram

_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
"""Where the client library looks for the folder."""
_log = logging.getLogger("shiyao.metrics")
_making = threading.Lock()
_FILE = re.compile(r"(?P<kind>counter|histogram)_(?P<host>.{1,255})-(?P<process>\d{1,10})\.db")
_KEPT_SECONDS = 30 * 86_400.0
"""How long a process of another machine (a container of before) counts as alive after its last figure."""
_ROOM = {"counter": 1 << 16, "histogram": 1 << 20}
"""Bytes that a process's file takes from the disk at once. Where a disk is full, writing into a file that was only
promised its room ends the process."""
_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0)


def are_counted() -> bool:
    """Whether this process counts."""
    return bool(settings().metrics_token.get_secret_value())


def metrics_folder() -> Path:
    """Folder of the figures of all processes."""
    return var_folder() / "metrics"


class _Figures:
    """What is counted, in this process's files."""

    def __init__(self) -> None:
        private_folder(metrics_folder())
        with _folder_lock():
            for kind, size in _ROOM.items():
                _take_room(metrics_folder() / f"{kind}_{_this_process()}.db", size)
        os.environ[_FOLDER] = str(metrics_folder())
        from prometheus_client import Counter, Histogram, values

        values.ValueClass = values.MultiProcessValue(_this_process)  # type: ignore[no-untyped-call]

        def counter(name: str, text: str, *labels: str) -> "Counter":
            return Counter(name, text, labels, registry=None)

        def histogram(name: str, text: str, *labels: str) -> "Histogram":
            return Histogram(name, text, labels, registry=None, buckets=_SECONDS)

        self.saves = counter("shiyao_saves_total", "Saves of reviewers, by result.", "result")
        self.save_seconds = histogram("shiyao_save_seconds", "Time to store one save.")
        self.calls = counter("shiyao_model_calls_total", "Calls to models, by result.", "provider", "result")
        self.call_seconds = histogram("shiyao_model_call_seconds", "Time of one call to a model.", "provider")
        self.tokens = counter("shiyao_model_tokens_total", "Tokens as services count them.", "provider", "direction")
        self.desk_seconds = histogram("shiyao_desk_sync_seconds", "Time of one sync of the desk.")
        self.page_seconds = histogram("shiyao_page_seconds", "Time of one run of a page's script.", "page")
        self.requests = counter("shiyao_api_requests_total", "Requests of programs, by status.", "route", "status")
        self.request_seconds = histogram("shiyao_api_seconds", "Time to answer a request of a program.", "route")
        self.webhooks = counter("shiyao_webhook_attempts_total", "Messages sent to other programs.", "result")


def _figures() -> _Figures | None:
    """What is counted; ``None`` where it is not asked for, or cannot be written: work goes on without."""
    with _making:  # two that write into one file would destroy it
        return _made_figures()


@lru_cache(maxsize=1)
def _made_figures() -> _Figures | None:
    if not are_counted():
        return None
    try:
        return _Figures()
    except (OSError, ValueError):
        _log.warning("figures are not counted: %s", metrics_folder(), exc_info=True)
        return None


def count_save(result: str, seconds: float) -> None:
    """Count a save: ``saved``, ``conflict``, ``rejected``, ``set_aside``, ``postponed`` (the database is away)."""
    if figures := _figures():
        figures.saves.labels(result).inc()
        figures.save_seconds.observe(_exact(seconds))


def count_call(
    provider: str, result: str, seconds: float | None, *, tokens: tuple[int | None, int | None] = (0, 0)
) -> None:
    """Count a call to a model.

    Args:
        provider: its kind (``spark``, ``openai``, …), never an address or a key.
        result: ``answered``, or the cause of the failure.
        seconds: its wall time; ``None`` for one of a batch, of which nobody waits for the single answer.
        tokens: of question and answer, as the service counts them; ``None`` where it does not.
    """
    if figures := _figures():
        figures.calls.labels(provider, result).inc()
        if seconds is not None:
            figures.call_seconds.labels(provider).observe(_exact(seconds))
        for direction, number in zip(("in", "out"), tokens, strict=True):
            figures.tokens.labels(provider, direction).inc(number or 0)


def count_request(route: str, status: int, seconds: float) -> None:
    """Count a request to the HTTP API.

    Args:
        route: the path as the program writes it down, with names in braces; empty where none fits.
        status: of the answer; 499 where it was not waited for.
        seconds: from its first byte to its answer's last.
    """
    if figures := _figures():
        figures.requests.labels(route, str(status)).inc()
        figures.request_seconds.labels(route).observe(_exact(seconds))


def count_webhook(*, is_taken: bool) -> None:
    """Count an attempt to send a message: ``taken`` by its receiver, or ``failed``."""
    if figures := _figures():
        figures.webhooks.labels("taken" if is_taken else "failed").inc()


@contextmanager
def timed_sync() -> Iterator[None]:
    """Context manager: one sync of the desk, however it ends."""
    with _timed(lambda figures: figures.desk_seconds):
        yield


@contextmanager
def timed_page(page: str) -> Iterator[None]:
    """Context manager: one run of a page's script, however it ends.

    Args:
        page: its script, a path from the root.
    """
    with _timed(lambda figures: figures.page_seconds.labels(page)):
        yield


@contextmanager
def _timed(histogram: Callable[[_Figures], "Histogram"]) -> Iterator[None]:
    began = time.perf_counter()
    try:
        yield
    finally:
        if figures := _figures():
            histogram(figures).observe(_exact(time.perf_counter() - began))


def _exact(seconds: float) -> float:
    """Rounded to 2⁻²⁰ s, so that sums are the same in whatever order files are added up: none falls by its last bit."""
    return round(seconds * (1 << 20)) / (1 << 20)


def exposition(gauges: Iterable[tuple[str, str, float]] = ()) -> bytes:
    """The figures of all processes, in Prometheus' text format.

    Args:
        gauges: further ones that are read when somebody asks: name, meaning, value.
    """
    from prometheus_client import CollectorRegistry, generate_latest
    from prometheus_client.core import GaugeMetricFamily, Metric
    from prometheus_client.multiprocess import MultiProcessCollector
    from prometheus_client.registry import Collector

    class Gauges(Collector):
        def collect(self) -> Iterable[GaugeMetricFamily]:
            return [GaugeMetricFamily(name, text, value=value) for name, text, value in gauges]

    class AllProcesses(Collector):
        def collect(self) -> Iterable[Metric]:
            with _folder_lock():
                whole = [str(path) for path in metrics_folder().glob("*.db") if _counted_in(path) is not None]
                return list(MultiProcessCollector.merge(whole))  # type: ignore[no-untyped-call]

    registry = CollectorRegistry()
    registry.register(Gauges())
    if _figures():
        registry.register(AllProcesses())
    return generate_latest(registry)


def keep_figures_of_ended_processes() -> None:
    """Add up what processes that are gone have counted, in one file per kind: each leaves two of them."""
    if not _figures():
        return
    try:
        with _folder_lock():
            for path in metrics_folder().glob("*.db"):
                if (named := _FILE.fullmatch(path.name)) and _is_over(path, named["host"], int(named["process"])):
                    _keep(path, named["kind"])
    except OSError:
        _log.warning("figures of ended processes stay where they are", exc_info=True)


def _is_over(path: Path, host: str, process: int) -> bool:
    if host == _host():
        return not is_running(process)
    return time.time() - path.stat().st_mtime > _KEPT_SECONDS


def _keep(path: Path, kind: str) -> None:
    """Move the figures of a file into that of all that are gone."""
    from prometheus_client.mmap_dict import MmapedDict

    kept_in = metrics_folder() / f"{kind}_ended.db"
    _take_room(kept_in, _ROOM[kind])
    counted = _counted_in(path) or []
    path.unlink()
    kept = MmapedDict(str(kept_in))  # type: ignore[no-untyped-call]
    for key, value in counted:
        before, _ = kept.read_value(key)  # type: ignore[no-untyped-call]
        kept.write_value(key, before + value, 0.0)  # type: ignore[no-untyped-call]
    kept.close()  # type: ignore[no-untyped-call]


def _counted_in(path: Path) -> list[tuple[str, float]] | None:
    """The library's keys in a file with their values; ``None`` where it is broken, or not written yet."""
    from prometheus_client.mmap_dict import MmapedDict

    try:
        values = MmapedDict.read_all_values_from_file(str(path))  # type: ignore[no-untyped-call]
        return [(key, value) for key, value, *_ in values]
    except (RuntimeError, struct.error, UnicodeDecodeError):
        return None


def _folder_lock() -> FileLock:
    """Nobody adds up while files come and go."""
    return FileLock(metrics_folder() / "folder.lock", mode=private_files.MODE)


def _take_room(path: Path, size: int) -> None:
    """Write zeros up to a size; what is there already stays.

    Raises:
        OSError: there is no room.
    """
    with open(path, "ab", opener=private_opener) as file:
        file.write(bytes(max(0, size - file.tell())))


def _this_process() -> str:
    """Names this process's files; two containers that share the folder each have a process 1."""
    return f"{_host()}-{os.getpid()}"


def _host() -> str:
    return re.sub(r"[^0-9A-Za-z.]", ".", socket.gethostname()) or "host"
