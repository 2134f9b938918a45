"""What a server does before its first page is done once; own routes are loaded when somebody asks for them."""

import sys
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.testclient import TestClient

from core.ui import completion
from core.ui.late_routes import LateRoutes


@pytest.fixture(autouse=True)
def nothing_expected() -> None:
    completion.complete()


def test_a_step_is_done_once_and_whoever_comes_meanwhile_waits() -> None:
    begun, may_end = Event(), Event()
    done: list[str] = []

    def slow() -> None:
        begun.set()
        may_end.wait(30)
        done.append("slow")

    completion.expect(slow)
    completion.expect(lambda: done.append("next"))
    before = sys.getswitchinterval()
    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(completion.complete)
        begun.wait(30)
        second = threads.submit(completion.complete)
        assert not second.done() and done == []
        may_end.set()
        first.result(30)
        second.result(30)
    assert done == ["slow", "next"]
    completion.complete()
    assert done == ["slow", "next"] and sys.getswitchinterval() == before


def test_a_step_that_failed_is_tried_again() -> None:
    tries: list[int] = []

    def step() -> None:
        tries.append(len(tries))
        if len(tries) == 1:
            raise OSError("a file is missing")

    completion.expect(step)
    with pytest.raises(OSError, match="missing"):
        completion.complete()
    completion.complete()
    completion.complete()
    assert tries == [0, 1]


def test_late_routes_are_loaded_at_their_first_request_and_answer_their_paths_alone() -> None:
    loads: list[int] = []

    async def late(request: Request) -> Response:
        return PlainTextResponse(f"late {request.method}")

    def load() -> list[Route]:
        loads.append(1)
        return [Route("/ours", late, methods=["GET"]), Route("/ours", late, methods=["POST"])]

    async def rest(request: Request) -> Response:
        return PlainTextResponse("rest")

    routes = [LateRoutes(("/ours",), load), Mount("/", routes=[Route("/{path:path}", rest)])]
    with TestClient(Starlette(routes=routes)) as client:
        assert client.get("/ours/more").text == "rest" and client.get("/").text == "rest" and not loads
        assert client.get("/ours").text == "late GET"
        assert client.post("/ours").text == "late POST"
        assert client.delete("/ours").status_code == 405
    assert loads == [1]
