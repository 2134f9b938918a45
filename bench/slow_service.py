"""A model service that takes its time: so many seconds for each call, some of which fail. Notes when each began.

One thread and no framework: it must not take much from the processor time of those that are measured. What was noted
is read, and forgotten, by ``GET /calls?latency=…&faults=…``, which also says how the next calls are to be answered.
"""

import asyncio
import json
import random
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from urllib.parse import parse_qs, urlsplit

from tests.fakes.behaviour import default_answer
from tests.fakes.openai_server import API_KEY


@dataclass(frozen=True, slots=True)
class Call:
    """One call: which chat, and when it began and ended on the clock of the machine."""

    chat: str
    began: float
    ended: float


class Service:
    """The service in a process of its own, as seen from outside."""

    def __init__(self, port: int) -> None:
        self.port = port

    def environment(self) -> dict[str, str]:
        return {
            "OPENAI_BASE_URL": f"http://127.0.0.1:{self.port}/v1",
            "OPENAI_API_KEY": API_KEY,
            "OPENAI_MODEL": "fake",
        }

    def reset(self, *, latency: float = 1.0, faults: float = 0.0) -> list[Call]:
        """The calls since the last time; how the next ones are answered."""
        address = f"http://127.0.0.1:{self.port}/calls?latency={latency}&faults={faults}"
        with urllib.request.urlopen(address) as answer:
            return [Call(*row) for row in json.load(answer)]


@contextmanager
def slow_service() -> Iterator[Service]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen([sys.executable, "-m", "bench.slow_service", str(port)], stdout=subprocess.PIPE)
    try:
        assert process.stdout is not None
        process.stdout.readline()
        yield Service(port)
    finally:
        process.terminate()
        process.wait()


class _Server:
    def __init__(self) -> None:
        self.latency, self.faults = 1.0, 0.0
        self.calls: list[tuple[str, float, float]] = []
        self.dice = random.Random(17)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                target = head.split(" ", 2)[1]
                length = next(
                    (int(line[15:]) for line in head.lower().split("\r\n") if line[:15] == "content-length:"), 0
                )
                body = await reader.readexactly(length)
                status, answer = await self.answer(target, body)
                headers = f"Content-Type: application/json\r\nContent-Length: {len(answer)}"
                writer.write(f"HTTP/1.1 {status} X\r\n{headers}\r\n\r\n".encode() + answer)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    async def answer(self, target: str, body: bytes) -> tuple[int, bytes]:
        if target.startswith("/calls"):
            values = parse_qs(urlsplit(target).query)
            self.latency, self.faults = float(values["latency"][0]), float(values["faults"][0])
            calls, self.calls = self.calls, []
            return 200, json.dumps(calls).encode()
        began = time.time()
        await asyncio.sleep(self.latency)
        request = json.loads(body)
        chat = request["messages"][-1]["content"].rpartition("<chat>")[2]
        self.calls.append((sha256(chat.encode()).hexdigest(), began, time.time()))
        if self.dice.random() < self.faults:
            return 503, b'{"error": {"message": "overloaded", "code": "503"}}'
        message = {"role": "assistant", "content": default_answer(request["messages"])}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
        return 200, json.dumps(
            {"id": "x", "object": "chat.completion", "created": 0, "model": "fake", "choices": [choice], "usage": usage}
        ).encode()


async def _main(port: int) -> None:
    server = await asyncio.start_server(_Server().serve, "127.0.0.1", port, limit=2**24, backlog=512)
    print("ready", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_main(int(sys.argv[1])))
