"""Runs: 55 chats of one second, one after the other against 8 at a time; 200 at 32 at a time; memory."""

import os
import resource
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import func, insert, select
from sqlmodel import col

from bench.report import line
from core.adapters.store import Store, open_store
from core.adapters.store.models import Chat, Dataset, Extraction
from core.services.extraction import runs as run_service
from tests.fakes.openai_server import API_KEY

LATENCY = 1.0
FEW, MANY = 55, 200


def run() -> None:
    """The ``openai`` package against a local service that takes a second for each answer."""
    with _service() as environment, with_environment(environment), _store() as store:
        _took(store, 1, 8)  # imports what the first call imports
        # One after the other for eleven chats only: the rest would take the same, and nobody waits for it.
        part = 11
        one_by_one = _took(store, part, 1) * FEW / part
        line(f"{FEW} chats, one after the other ({part} measured)", f"{one_by_one:.1f} s")
        at_once = _took(store, FEW, 8)
        line(f"{FEW} chats, 8 at a time", f"{at_once:.2f} s")
        line("    times faster", f"{one_by_one / at_once:.2f}", ">= 7.5 (at most 7.86: 7 rounds)")
        processor = time.process_time()
        many = _took(store, MANY, 32)
        processor = (time.process_time() - processor) / MANY
        rounds = -(-MANY // 32) * LATENCY
        line(f"{MANY} chats, 32 at a time", f"{many:.2f} s")
        line("    of the ideal (calls / places)", f"{MANY * LATENCY / 32 / many:.0%}", ">= 85 % (89 % in whole rounds)")
        line("    of the ideal in whole rounds", f"{rounds / many:.0%}")
        line(
            "    processor time for each chat",
            f"{processor * 1000:.0f} ms",
            "< 31 ms: a second over 32",
        )
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        line("peak memory of the process", f"{peak:,.0f} MB")


def _took(store: Store, chats: int, concurrency: int) -> float:
    name = f"{chats}-{concurrency}"
    add_chats(store, name, chats)
    created = run_service.create_run(store, dataset=name, name="r", provider="openai", concurrency=concurrency)
    runner = run_service.RunScheduler(store)
    runner.start()
    started = time.perf_counter()
    run_service.start(store, created.id)
    runner.wake()
    while stored_count(store, created.id) < chats:
        time.sleep(0.05)
    took = time.perf_counter() - started
    runner.stop()
    assert run_service.progress(store, created.id).done == chats
    return took


def stored_count(store: Store, run_id: int) -> int:
    """Number of chats that a run has stored."""
    with store.read() as session:
        return int(session.execute(select(func.count()).where(col(Extraction.run_id) == run_id)).scalar_one())


def add_chats(store: Store, name: str, chats: int) -> None:
    """A dataset with so many chats of some length, all different."""
    with store.write() as session:
        row = Dataset(name=name, form="role_elements", sha256=name, expected=chats)
        session.add(row)
        session.flush()
        for start in range(1, chats + 1, 10_000):
            rows = []
            for index in range(start, min(start + 10_000, chats + 1)):
                text = f"{name} {chat_text(index, 40 if chats < 10_000 else 4)}"
                rows.append(
                    {
                        "dataset_id": row.id or 0,
                        "index": index,
                        "text": text,
                        "sha256": f"{name}-{index}",
                        "characters": len(text),
                        "residue_characters": 0,
                    }
                )
            session.execute(insert(Chat), rows)


def chat_text(customer: int, turns: int) -> str:
    """A chat of so many questions and answers, another for each customer."""
    asked = "：第 {} 个问题，价格和交付怎么算？\n客服小林：标准版每年三千元。"
    return "\n".join(f"客户{customer}{asked.format(number)}" for number in range(turns))


@contextmanager
def _service() -> Iterator[dict[str, str]]:
    """In a process of its own: it must not take from the processor time of the one that is measured."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "tests.fakes.openai_server", "--port", str(port), "--latency", str(LATENCY)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    try:
        assert process.stdout is not None
        process.stdout.readline()  # it says its address once it listens
        yield {"OPENAI_BASE_URL": f"http://127.0.0.1:{port}/v1", "OPENAI_API_KEY": API_KEY, "OPENAI_MODEL": "fake"}
    finally:
        process.terminate()
        process.wait()


@contextmanager
def _store() -> Iterator[Store]:
    with tempfile.TemporaryDirectory(prefix="shiyao-bench-") as folder:
        store = open_store(f"sqlite:///{Path(folder) / 'bench.db'}")
        try:
            yield store
        finally:
            store.close()


@contextmanager
def with_environment(values: dict[str, str]) -> Iterator[None]:
    """Have these variables in the environment for a while."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
