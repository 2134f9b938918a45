"""Figures for Prometheus: counted where ``SHIYAO_METRICS_TOKEN`` is set, and nowhere else.

Every process of this installation (servers, workers, what they start) writes its own into files of one folder, which
whoever is asked adds up: the client library's way for several processes. Labels are words of ours, never of users'.
"""

import os
import re
import socket
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from core.places import var_folder
from core.private_files import private_folder
from core.settings import settings

if TYPE_CHECKING:
    from prometheus_client import Counter, Histogram

_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
"""Where the client library looks for the folder."""
_FILE = re.compile(r"(?:counter|histogram)_(?P<host>.{1,255})-(?P<process>\d{1,10})\.db")
_KEPT_SECONDS = 7 * 86_400.0
"""How long files of another machine (a container of before) are kept after the last figure in them."""
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
        os.environ[_FOLDER] = str(metrics_folder())
        from prometheus_client import Counter, Histogram, values

        # Two containers that share the folder each have a process 1.
        values.ValueClass = values.MultiProcessValue(lambda: f"{_host()}-{os.getpid()}")  # type: ignore[no-untyped-call]

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


@lru_cache(maxsize=1)
def _figures() -> _Figures:
    return _Figures()


def count_save(result: str, seconds: float) -> None:
    """Count a save: ``saved``, ``conflict``, ``rejected``, ``set_aside``, ``postponed`` (the database is away)."""
    if are_counted():
        _figures().saves.labels(result).inc()
        _figures().save_seconds.observe(seconds)


def count_call(provider: str, result: str, seconds: float, *, tokens: tuple[int | None, int | None] = (0, 0)) -> None:
    """Count a call to a model.

    Args:
        provider: its kind (``spark``, ``openai``, …), never an address or a key.
        result: ``answered``, or the cause of the failure.
        seconds: its wall time.
        tokens: of question and answer, as the service counts them; ``None`` where it does not.
    """
    if are_counted():
        figures = _figures()
        figures.calls.labels(provider, result).inc()
        figures.call_seconds.labels(provider).observe(seconds)
        for direction, number in zip(("in", "out"), tokens, strict=True):
            figures.tokens.labels(provider, direction).inc(number or 0)


@contextmanager
def timed_sync() -> Iterator[None]:
    """Context manager: one sync of the desk, however it ends."""
    with _timed(lambda: _figures().desk_seconds):
        yield


@contextmanager
def timed_page(page: str) -> Iterator[None]:
    """Context manager: one run of a page's script, however it ends.

    Args:
        page: its script, a path from the root.
    """
    with _timed(lambda: _figures().page_seconds.labels(page)):
        yield


@contextmanager
def _timed(histogram: Callable[[], "Histogram"]) -> Iterator[None]:
    began = time.perf_counter()
    try:
        yield
    finally:
        if are_counted():
            histogram().observe(time.perf_counter() - began)


def exposition(gauges: Iterable[tuple[str, str, float]] = ()) -> bytes:
    """The figures of all processes, in Prometheus' text format.

    Args:
        gauges: further ones that are read when somebody asks: name, meaning, value.
    """
    _figures()
    from prometheus_client import CollectorRegistry, generate_latest, multiprocess
    from prometheus_client.core import GaugeMetricFamily
    from prometheus_client.registry import Collector

    class Gauges(Collector):
        def collect(self) -> Iterable[GaugeMetricFamily]:
            return [GaugeMetricFamily(name, text, value=value) for name, text, value in gauges]

    registry = CollectorRegistry()
    multiprocess.MultiProcessCollector(registry, path=str(metrics_folder()))  # type: ignore[no-untyped-call]
    registry.register(Gauges())
    return generate_latest(registry)


def forget_ended_processes() -> None:
    """Delete the figures of processes that are gone: each leaves three small files. Counters begin anew with that."""
    for path in metrics_folder().glob("*.db") if are_counted() else ():
        if not (named := _FILE.fullmatch(path.name)):
            continue
        if named["host"] == _host():
            is_over = int(named["process"]) != os.getpid() and not Path(f"/proc/{named['process']}").exists()
        else:
            is_over = time.time() - path.stat().st_mtime > _KEPT_SECONDS
        if is_over:
            with suppress(OSError):
                path.unlink()


def _host() -> str:
    return re.sub(r"[^0-9A-Za-z.]", ".", socket.gethostname()) or "host"
