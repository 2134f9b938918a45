"""A fake Spark service: the real websocket protocol with HMAC authentication, on 127.0.0.1.

``with FakeSpark(script) as spark: …`` runs it in threads; ``spark.url``, ``spark.requests``, ``spark.environment()``.
``python -m tests.fakes.spark_server --port 9000 --latency 1`` runs it by itself until interrupted.
"""

import argparse
import base64
import datetime
import email.utils
import hashlib
import hmac
import http
import json
import re
import socket
import ssl
import threading
import time
import uuid
from typing import Any
from urllib.parse import parse_qs, urlsplit

from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.sync.server import Server, ServerConnection, serve

from tests.fakes.behaviour import (
    Answer,
    BadJson,
    CleanClose,
    Director,
    Drop,
    Failure,
    Flood,
    Script,
    Stall,
    default_answer,
    parse_behaviour,
    pieces,
)

APP_ID, API_KEY, API_SECRET = "fakeapp1", "fake-key-0123456789", "fake-secret-abcdefghij"
_CLOCK_SKEW = 300


class FakeSpark:
    """The server.

    Attributes:
        requests: every question, as sent.
        flooded: bytes that floods have sent.
        open_now: connections open at the moment; ``most_open`` the most there were at once.
    """

    def __init__(
        self,
        script: Script | None = None,
        *,
        port: int = 0,
        tls: ssl.SSLContext | None = None,
        path: str = "/v3.5/chat",
    ) -> None:
        self._director = Director(script if script is not None else Answer())
        self._port, self._tls, self._path = port, tls, path
        self._server: Server | None = None
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self.requests: list[dict[str, Any]] = []
        self.flooded = 0
        self.open_now = 0
        self.most_open = 0

    def __enter__(self) -> "FakeSpark":
        self._server = serve(
            self._talk, "127.0.0.1", self._port, process_request=self._authenticate, ssl=self._tls, compression=None
        )
        self._port = self._server.socket.getsockname()[1]
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        if self._server:
            self._server.shutdown()

    @property
    def url(self) -> str:
        return f"{'wss' if self._tls else 'ws'}://127.0.0.1:{self._port}{self._path}"

    def environment(self) -> dict[str, str]:
        """The variables that make the app talk to this server."""
        return {
            "SPARKAI_URL": self.url,
            "SPARKAI_APP_ID": APP_ID,
            "SPARKAI_API_KEY": API_KEY,
            "SPARKAI_API_SECRET": API_SECRET,
            "SPARKAI_DOMAIN": "generalv3.5",
        }

    def _authenticate(self, connection: ServerConnection, request: Request) -> Response | None:
        """What the service's gateway does: 401 for a missing or wrong signature, 403 for a clock that is off."""
        address = urlsplit(request.path)
        query = {key: values[0] for key, values in parse_qs(address.query).items()}
        if not {"authorization", "date", "host"} <= query.keys():
            return connection.respond(http.HTTPStatus.UNAUTHORIZED, '{"message":"Unauthorized"}')
        sent = email.utils.parsedate_to_datetime(query["date"])
        if abs((datetime.datetime.now(datetime.UTC) - sent).total_seconds()) > _CLOCK_SKEW:
            return connection.respond(
                http.HTTPStatus.FORBIDDEN, '{"message":"HMAC signature cannot be verified, a valid date is required"}'
            )
        authorization = base64.b64decode(query["authorization"]).decode()
        parts = dict(re.findall(r'(\w+)="([^"]*)"', authorization))
        origin = f"host: {query['host']}\ndate: {query['date']}\nGET {address.path} HTTP/1.1"
        digest = hmac.new(API_SECRET.encode(), origin.encode(), hashlib.sha256).digest()
        good = (
            parts.get("api_key") == API_KEY
            and parts.get("algorithm") == "hmac-sha256"
            and parts.get("headers") == "host date request-line"
            and hmac.compare_digest(parts.get("signature", ""), base64.b64encode(digest).decode())
        )
        if not good:
            return connection.respond(
                http.HTTPStatus.UNAUTHORIZED, '{"message":"HMAC signature cannot be verified: signature mismatch"}'
            )
        return None

    def _talk(self, connection: ServerConnection) -> None:
        with self._lock:
            self.open_now += 1
            self.most_open = max(self.most_open, self.open_now)
        try:
            request = json.loads(connection.recv())
            self.requests.append(request)
            if request["header"].get("app_id") != APP_ID:
                connection.send(_frame(code=10015, message="appid is in blacklist"))
                return
            self._act(connection, request)
        except (ConnectionClosed, OSError):
            pass  # the caller went away, as some tests want it to
        finally:
            with self._lock:
                self.open_now -= 1

    def _act(self, connection: ServerConnection, request: dict[str, Any]) -> None:
        behaviour = self._director.next(request)
        messages = request["payload"]["message"]["text"]
        self._stopping.wait(getattr(behaviour, "latency", 0.0))
        answer = behaviour if isinstance(behaviour, Answer) else Answer()
        text = answer.text if answer.text is not None else default_answer(messages)
        slices = pieces(text, answer.frames)
        if not isinstance(behaviour, Answer):
            for number, content in enumerate(slices[: behaviour.after]):
                connection.send(_frame(content=content, sequence=number, status=0 if number == 0 else 1))
        match behaviour:
            case Answer():
                self._answer(connection, behaviour, slices, messages)
            case Failure():
                connection.send(_frame(code=int(behaviour.code or 10012), message=behaviour.message))
            case Stall():
                self._wait_for_close(connection, behaviour.seconds)
            case Drop():
                connection.socket.shutdown(socket.SHUT_RDWR)
            case CleanClose():
                connection.close()
            case BadJson():
                connection.send("<html>502 Bad Gateway</html>")
                self._wait_for_close(connection, 5)
            case Flood():
                size = behaviour.megabytes * 1_000_000 if behaviour.one_frame else 100_000
                frame = _frame(content="a" * size)
                for _ in range(1 if behaviour.one_frame else behaviour.megabytes * 10):
                    connection.send(frame)
                    self.flooded += len(frame)

    def _answer(
        self, connection: ServerConnection, answer: Answer, slices: list[str], messages: list[dict[str, str]]
    ) -> None:
        sequence = 0
        for thought in pieces(answer.reasoning, 2) if answer.reasoning else []:
            connection.send(_frame(reasoning=thought, sequence=sequence, status=0 if sequence == 0 else 1))
            sequence += 1
        for number, content in enumerate(slices):
            last = number == len(slices) - 1
            asked = sum(len(message["content"]) for message in messages)
            out = answer.tokens_out if answer.tokens_out is not None else len("".join(slices))
            usage = {
                "question_tokens": asked,
                "prompt_tokens": asked,
                "completion_tokens": out,
                "total_tokens": asked + out,
            }
            connection.send(
                _frame(
                    content=content,
                    sequence=sequence,
                    status=2 if last else (0 if sequence == 0 else 1),
                    usage=usage if last else None,
                )
            )
            sequence += 1
            self._stopping.wait(answer.gap)
        self._wait_for_close(connection, 5)

    def _wait_for_close(self, connection: ServerConnection, seconds: float) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end and not self._stopping.is_set():
            try:
                connection.recv(timeout=0.1)
            except TimeoutError:
                continue


def _frame(
    *,
    code: int = 0,
    message: str = "Success",
    content: str | None = None,
    reasoning: str = "",
    sequence: int = 0,
    status: int = 0,
    usage: dict[str, int] | None = None,
) -> str:
    frame: dict[str, Any] = {
        "header": {"code": code, "message": message, "sid": f"cht{uuid.uuid4().hex[:12]}", "status": status}
    }
    if code == 0:
        text: dict[str, Any] = {"role": "assistant", "index": 0}
        if reasoning:
            text["reasoning_content"] = reasoning
        else:
            text["content"] = content or ""
        frame["payload"] = {"choices": {"status": status, "seq": sequence, "text": [text]}}
        if usage:
            frame["payload"]["usage"] = {"text": usage}
    return json.dumps(frame, ensure_ascii=False)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=9100)
    parser.add_argument("--latency", type=float, default=0.0, help="seconds before each answer")
    parser.add_argument("--behaviour", default="answer", help="answer | error:CODE | stall | drop | close | badjson")
    arguments = parser.parse_args()
    behaviour = parse_behaviour(arguments.behaviour)
    if isinstance(behaviour, Answer):
        behaviour = Answer(latency=arguments.latency)
    with FakeSpark(behaviour, port=arguments.port) as spark:
        for name, value in spark.environment().items():
            print(f"export {name}={value}", flush=True)  # noqa: T201
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            pass


if __name__ == "__main__":
    main()
