"""Connections that are kept from call to call: one call's own at a time, never one that a call left in doubt."""

import itertools
import json
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from http.server import ThreadingHTTPServer

import pytest

from core.adapters.llm import ModelRequest, kept_connections
from core.adapters.llm.kept_connections import close_unused
from core.adapters.llm.openai_compat import OpenAIProvider
from core.errors import Cause, ProviderError
from core.settings import OpenAISettings
from tests.fakes.behaviour import Answer, Behaviour, Drop, Stall
from tests.fakes.openai_server import FakeOpenAI


@pytest.fixture
def accepted(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """One entry for each connection that a server of the test accepted."""
    close_unused()
    connections: list[str] = []
    usual = ThreadingHTTPServer.get_request

    def get_request(server: ThreadingHTTPServer) -> tuple[socket.socket, object]:
        request = usual(server)
        connections.append(str(request[1]))
        return request

    monkeypatch.setattr(ThreadingHTTPServer, "get_request", get_request)
    yield connections
    close_unused()


def ask(service: FakeOpenAI, key: str = "", deadline: float = 20.0) -> str:
    environment = service.environment()
    settings = OpenAISettings(
        base_url=environment["OPENAI_BASE_URL"], api_key=key or environment["OPENAI_API_KEY"], model="m"
    )
    return OpenAIProvider(settings).complete(ModelRequest("甲：你好", deadline=deadline)).text


def test_calls_one_after_the_other_share_a_connection(accepted: list[str]) -> None:
    with FakeOpenAI() as service:
        for _ in range(4):
            ask(service)
    assert len(accepted) == 1


def test_calls_at_the_same_time_have_one_each(accepted: list[str]) -> None:
    waiting = threading.Barrier(3)

    def behave(_request: object, _number: int) -> Answer:
        waiting.wait(30)
        return Answer()

    with FakeOpenAI(behave) as service, ThreadPoolExecutor(3) as pool:
        for _ in range(2):
            list(pool.map(lambda _: ask(service), range(3)))
    assert len(accepted) == 3


def test_a_closed_server_answers_nobody_any_more(accepted: list[str]) -> None:
    with FakeOpenAI([Answer("first")]) as first:
        ask(first)
    with FakeOpenAI([Answer("second")], port=int(first.url.split(":")[2].split("/")[0])) as second:
        assert ask(second) == "second"
    assert (len(second.requests), len(accepted)) == (1, 2)


def test_another_key_never_goes_over_the_same_connection(accepted: list[str]) -> None:
    with FakeOpenAI() as service:
        ask(service)
        with pytest.raises(ProviderError):
            ask(service, key="sk-another-0123456789")
        ask(service)
    assert len(accepted) == 2


def test_what_the_next_call_has_taken_is_not_closed_by_the_last_one(
    accepted: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[kept_connections.Connection] = []
    usual = kept_connections.close_unused

    def next_call_begins(seconds: float = 0.0) -> None:
        usual(seconds)
        with kept_connections._mutex:
            kept = [key for key, connections in kept_connections._kept.items() if connections]
        if kept and not taken:  # the last call has just left it, and has not ended
            monkeypatch.setattr(kept_connections, "close_unused", usual)
            url, api_key, destination, _, tls, sdk_headers, _ = kept[0]
            taken.append(kept_connections.connection_for(url, api_key, destination, tls, sdk_headers=sdk_headers))

    monkeypatch.setattr(kept_connections, "close_unused", next_call_begins)
    with FakeOpenAI() as service:
        ask(service)
        assert len(taken) == 1 and not taken[0].client.is_closed()
        taken[0].close()


@pytest.mark.parametrize("first", [Drop(), Stall(60.0)])
def test_what_a_call_left_in_doubt_is_closed(accepted: list[str], first: Behaviour) -> None:
    with FakeOpenAI([first, Answer()]) as service:
        with pytest.raises(ProviderError):
            ask(service, deadline=0.5)
        for _ in range(2):
            ask(service)
    assert len(accepted) == 2


Replies = Callable[[int, bytes], bytes]


@contextmanager
def raw_service(reply: Replies) -> Iterator[str]:
    """URL of a service that sends raw bytes: of the number of a request on its connection, from 1, and its reply.

    No bytes: the connection is closed.
    """

    def serve(connection: socket.socket) -> None:
        with connection, connection.makefile("rb") as sent:
            for number in itertools.count(1):
                head = list(iter(sent.readline, b"\r\n"))
                lengths = [int(line.split(b":")[1]) for line in head if line.lower().startswith(b"content-length")]
                if not lengths:
                    return
                question = json.loads(sent.read(lengths[0]))["messages"][-1]["content"]
                if not (answer := reply(number, _reply(f"to {question}"))):
                    return
                connection.sendall(answer)

    def accept() -> None:
        with suppress(OSError):  # the test is over
            while True:
                threading.Thread(target=serve, args=(server.accept()[0],), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=accept, daemon=True).start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}/v1"
        server.shutdown(socket.SHUT_RDWR)


def _reply(text: str) -> bytes:
    choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
    usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
    whole = {"id": "x", "object": "chat.completion", "created": 0, "model": "m", "choices": [choice], "usage": usage}
    body = json.dumps(whole).encode()
    return b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body) + body


def answers(url: str, questions: str) -> list[str]:
    """What came of each letter; the cause where nothing did."""
    settings = OpenAISettings(base_url=url, api_key="sk-raw-0123456789", model="m")
    found = []
    for question in questions:
        try:
            found.append(OpenAIProvider(settings).complete(ModelRequest(question, deadline=20.0)).text)
        except ProviderError as error:
            found.append(error.cause.value)
    return found


def test_a_second_reply_is_never_the_answer_to_the_next_call() -> None:
    with raw_service(lambda number, reply: reply * 2 if number == 1 else reply) as url:
        assert answers(url, "abcd") == ["to a", "to b", "to c", "to d"]


def test_after_a_kept_connection_broke_each_call_has_a_new_one() -> None:
    with raw_service(lambda number, reply: reply if number == 1 else b"") as url:
        assert answers(url, "abcdef") == ["to a", Cause.NETWORK.value, "to c", "to d", "to e", "to f"]
