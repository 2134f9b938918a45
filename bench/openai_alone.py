"""The ``openai`` package alone: calls in as many threads as may be under way, in several processes, and nothing else.

What a run over the same calls is measured against: it renders, looks up, parses and stores besides. A process is
``python -m bench.openai_alone FILE FIRST CALLS THREADS``: it makes one call, says ``ready``, and makes the others once
a line comes. The file holds the prompt as JSON.
"""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bench.slow_service import Service


def seconds_alone(service: Service, prompt: Sequence[str], calls: int, at_once: int, processes: int) -> float:
    """Seconds until all calls are answered, all processes being ready when they begin.

    Args:
        service: is asked; says how long a call takes.
        prompt: system and user message; each call adds its number.
        calls: in all.
        at_once: calls under way at a time, over all processes.
        processes: that share both.
    """
    with TemporaryDirectory() as folder, ExitStack() as stack:
        file = Path(folder) / "prompt.json"
        file.write_text(json.dumps(prompt), encoding="utf-8")
        children: list[subprocess.Popen[str]] = []
        for number, (share, threads) in enumerate(shares(calls, at_once, processes)):
            counts = map(str, (number * calls, share, threads))
            command = [sys.executable, "-m", "bench.openai_alone", str(file), *counts]
            environment = os.environ | service.environment()
            child = subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            stack.enter_context(child)
            children.append(child)
        for child in children:
            assert child.stdout is not None
            assert child.stdout.readline() == "ready\n"
        began = time.perf_counter()
        for child in children:
            assert child.stdin is not None
            child.stdin.write("go\n")
            child.stdin.flush()
        for child in children:
            assert child.stdout is not None
            assert child.stdout.readline() == "done\n"
        return time.perf_counter() - began


def shares(calls: int, at_once: int, processes: int) -> list[tuple[int, int]]:
    """``(calls, threads)`` of each process: threads as evenly as can be, and calls so that no thread has one more.

    Dividing the calls evenly, too, would give a process of fewer threads a round more than the others.
    """
    counts: list[tuple[int, int]] = []
    begun = 0
    for number in range(processes):
        threads = at_once // processes + (number < at_once % processes)
        first, begun = begun, begun + threads
        counts.append((sum(calls // at_once + (thread < calls % at_once) for thread in range(first, begun)), threads))
    return counts


def _main(file: str, first: int, calls: int, threads: int) -> None:
    from core.adapters.llm.openai_package import openai

    system, user = json.loads(Path(file).read_text("utf-8"))
    client: Any = openai.OpenAI(max_retries=0)
    numbers = iter(range(first, first + calls + 1))
    mutex = threading.Lock()

    def ask() -> bool:
        with mutex:
            number = next(numbers, None)
        if number is None:
            return False
        messages = [{"role": "system", "content": system}, {"role": "user", "content": f"{user}{number}"}]
        client.chat.completions.create(model=os.environ["OPENAI_MODEL"], messages=messages)
        return True

    def work() -> None:
        while ask():
            pass

    ask()
    print("ready", flush=True)
    sys.stdin.readline()
    workers = [threading.Thread(target=work) for _ in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    print("done", flush=True)


if __name__ == "__main__":
    _main(sys.argv[1], *map(int, sys.argv[2:]))
