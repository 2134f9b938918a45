"""Runs that several worker processes share on a real PostgreSQL: use of places, pick-up, idleness, a killed worker."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median

import psycopg
from sqlalchemy import text

from bench.openai_alone import seconds_alone
from bench.report import line
from bench.runs import add_chats, chat_text, stored_count, with_environment
from bench.slow_service import Call, Service, slow_service
from core.adapters.store import RunView, Store, open_store
from core.adapters.store.models import RunStatus
from core.domain.form import load_named_form
from core.domain.prompts import load_prompt, render
from core.services.extraction import runs as run_service
from core.settings import ROOT
from tests import postgres

PENDING = 100_000
SLOW = 4.0
"""Seconds a call of the slower service: with 200 places it asks for fifty calls a second, which two cores can carry."""


def run() -> None:
    """``python -m core worker`` as often as it says; a call takes a second, and is noted by the service."""
    if reason := postgres.why_not():
        line("several workers", f"not measured: {reason}")
        return
    parts = os.environ.get("PARTS", "use,faults,start,idle,many,kill").split(",")
    with (
        slow_service() as service,
        with_environment(service.environment()),
        postgres.running() as server,
    ):
        for part in parts:
            store = open_store(server.database())
            try:
                _PARTS[part](store, service)
            finally:
                store.close()


def _use(store: Store, service: Service) -> None:
    with _workers(store, service) as begin:
        begin(2)
        _used(store, service, 64, 8, "64 chats, 8 at a time, 2 workers", ">= 95 %")
        begin(1)
        seconds, most = _took(store, service, 200, 32)
        line("200 chats, 32 at a time, 3 workers: of 7 whole rounds", f"{7 / seconds:.1%}", ">= 93 %")
        line("    most calls at once", f"{most}")
        # Two cores carry workers, PostgreSQL and service: with calls of a second the processors are what is full.
        for latency in (1.0, SLOW):
            what = f"600 chats, 200 at a time, 3 workers, calls of {latency:.0f} s"
            _used(store, service, 600, 200, what, ">= 85 %", latency=latency)
            _alone(service, 600, 200, 3, latency)


def _faults(store: Store, service: Service) -> None:
    """30 % of the calls fail in a way that may pass; while there are chats that have not been begun."""
    with _workers(store, service) as begin:
        begin(2)
        run = _run(store, 120, 8)
        service.reset(faults=0.3)
        began = time.time()
        run_service.start(store, run.id)
        _wait(lambda: run_service.progress(store, run.id).status == RunStatus.FINISHED)
        calls = service.reset()
        first: dict[str, float] = {}
        for call in calls:
            first[call.chat] = min(call.began, first.get(call.chat, call.began))
        until = max(first.values())
        busy = sum(max(0.0, min(call.ended, until) - call.began) for call in calls)
        line("30 % faults, 8 at a time, 2 workers: places in use", f"{busy / 8 / (until - began):.1%}", ">= 80 %")
        line("    most calls at once", f"{_most_at_once(calls)}")


def _start(store: Store, service: Service) -> None:
    with _workers(store, service) as begin:
        begin(2)
        waits = []
        for _ in range(12):
            run = _run(store, 1, 1)
            service.reset(latency=0.01)
            time.sleep(2.6)  # until the workers are idle, and at another moment of their looks each time
            began = time.time()
            run_service.start(store, run.id)
            _wait(lambda run=run: stored_count(store, run.id) == 1)  # type: ignore[misc]
            waits.append((service.reset()[0].began - began) * 1000)
        line("start of a run until its first call, median of 12", f"{median(waits):.0f} ms", "<= 150 ms")
        line("    longest", f"{max(waits):.0f} ms")
        run = _run(store, 40, 4)
        service.reset()
        began = time.time()
        run_service.start(store, run.id)
        for _ in range(20):
            time.sleep(0.1)
            run_service.pause(store, run.id)
            run_service.start(store, run.id)
        _wait(lambda: run_service.progress(store, run.id).status == RunStatus.FINISHED)
        calls = service.reset()
        span = max(call.ended for call in calls) - began
        line("40 chats, 4 at a time, stopped and started 20 times", f"{span:.1f} s", "ideal 10 s")
        line("    calls", f"{len(calls)}", "40")


def _idle(store: Store, service: Service) -> None:
    def transactions() -> int:
        statement = "SELECT sum(xact_commit + xact_rollback) FROM pg_stat_database WHERE datname = current_database()"
        with store.read() as session:
            return int(session.execute(text(statement)).scalar_one())

    with _workers(store, service) as begin:
        begin(2)
        time.sleep(12)  # what servers have counted before is said by then
        before, began = transactions(), time.monotonic()
        time.sleep(12)
        rate = (transactions() - before) / (time.monotonic() - began)
        line("two idle workers: transactions a second", f"{rate:.1f}", "<= 5")


def _many(store: Store, service: Service) -> None:
    """Chats a second where the model answers at once, with few and with very many pending."""
    with _workers(store, service) as begin:
        begin(2)
        for chats in (2_000, PENDING):
            run = _run(store, chats, 16)
            service.reset(latency=0.05)
            began = time.perf_counter()
            run_service.start(store, run.id)
            line(f"{chats:,} pending chats: started in", f"{time.perf_counter() - began:.2f} s", "<= 1 s")
            _wait(lambda run=run: stored_count(store, run.id) >= 50)  # type: ignore[misc]
            done, began = stored_count(store, run.id), time.perf_counter()
            time.sleep(10)
            rate = (stored_count(store, run.id) - done) / (time.perf_counter() - began)
            line("    chats a second", f"{rate:.0f}", "no drop")
            run_service.cancel(store, run.id)
            time.sleep(1)


def _kill(store: Store, service: Service) -> None:
    with _workers(store, service) as begin:
        victim, _ = begin(2)
        run = _run(store, 40, 8)
        service.reset()
        run_service.start(store, run.id)
        _wait(lambda: stored_count(store, run.id) >= 16)
        victim.send_signal(signal.SIGKILL)
        began = time.monotonic()
        _wait(lambda: run_service.progress(store, run.id).status == RunStatus.FINISHED)
        line("one of two workers killed: until all chats are done", f"{time.monotonic() - began:.1f} s", "<= 30 s")
        line("    calls beyond one a chat", f"{len(service.reset()) - 40}", "<= 8")


_PARTS = {"use": _use, "faults": _faults, "start": _start, "idle": _idle, "many": _many, "kill": _kill}


@contextmanager
def _workers(store: Store, service: Service) -> Iterator[Callable[[int], list[subprocess.Popen[bytes]]]]:
    """Begins that many more workers, each of which has made a first call when it returns."""
    address = _address(store)
    processes: list[subprocess.Popen[bytes]] = []
    with ExitStack() as stack:

        def begin(count: int) -> list[subprocess.Popen[bytes]]:
            for _ in range(count):
                process = subprocess.Popen(
                    [sys.executable, "-m", "core", "worker"],
                    cwd=ROOT,
                    env={**os.environ, "SHIYAO_DATABASE_URL": address},
                    stderr=subprocess.PIPE,
                )
                processes.append(process)
                stack.callback(process.wait)
                stack.callback(process.kill)
                assert process.stderr is not None
                process.stderr.readline()  # it says that it is there
            for _ in range(2):  # imports what the first call imports
                _took(store, service, 32, 8, latency=0.2)
            time.sleep(2.5)
            return processes[-count:]

        yield begin


def _address(store: Store) -> str:
    return store.engine.url.render_as_string(hide_password=False).replace("+psycopg", "")


def _run(store: Store, chats: int, concurrency: int) -> RunView:
    name = f"{chats}-{concurrency}-{time.monotonic_ns()}"
    add_chats(store, name, chats)
    return run_service.create_run(store, dataset=name, name="r", provider="openai", concurrency=concurrency)


def _took(store: Store, service: Service, chats: int, concurrency: int, latency: float = 1.0) -> tuple[float, int]:
    """Seconds from the start of a run until its last chat is stored; the most calls at once."""
    run = _run(store, chats, concurrency)
    service.reset(latency=latency)
    began = time.perf_counter()
    run_service.start(store, run.id)
    # One prepared statement: what asks many times a second takes nothing from the processors that are measured.
    with psycopg.connect(_address(store), autocommit=True) as connection:
        count = "SELECT count(*) FROM extraction WHERE run_id = %s"
        _wait(lambda: connection.execute(count, (run.id,), prepare=True).fetchall()[0][0] >= chats)
    took = time.perf_counter() - began
    return took, _most_at_once(service.reset())


def _used(
    store: Store, service: Service, chats: int, concurrency: int, what: str, goal: str, *, latency: float = 1.0
) -> None:
    before = _processor_time()
    seconds, most = _took(store, service, chats, concurrency, latency)
    busy = {name: 1000 * (after - before.get(name, 0.0)) / chats for name, after in _processor_time().items()}
    line(f"{what}: places in use", f"{chats * latency / concurrency / seconds:.1%}", goal)
    line("    most calls at once", f"{most}")
    shares = ", ".join(f"{name} {milliseconds:.0f} ms" for name, milliseconds in sorted(busy.items()))
    line("    processor time a chat", f"{sum(busy.values()):.0f} ms: {shares}")


def _alone(service: Service, calls: int, at_once: int, processes: int, latency: float) -> None:
    """The same calls by the package alone, without chats, database or answers to read: more is not to be had."""
    rendered = render(load_prompt(), load_named_form("role_elements"), chat=chat_text(1, 40))
    service.reset(latency=latency)
    seconds = seconds_alone(service, (rendered.system, rendered.user), calls, at_once, processes)
    most = _most_at_once(service.reset()[processes:])
    places = calls * latency / at_once / seconds
    line("    the openai package alone in as many processes", f"{places:.1%}, {most} at once")


def _processor_time() -> dict[str, float]:
    """Seconds of processor time so far of workers, service and PostgreSQL, by what they are. Linux only."""
    names = {"core worker": "workers", "bench.slow_service": "service", "postgres": "PostgreSQL"}
    used: dict[str, float] = {}
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            fields = (process / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it has just ended
        if name := next((title for part, title in names.items() if part in command), ""):
            used[name] = used.get(name, 0.0) + (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return used


def _most_at_once(calls: list[Call]) -> int:
    changes = sorted([(call.began, 1) for call in calls] + [(call.ended, -1) for call in calls])
    now = most = 0
    for _, change in changes:
        now += change
        most = max(most, now)
    return most


def _wait(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < until, "too slow to be measured"
        time.sleep(0.04)
