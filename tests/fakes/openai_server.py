"""A fake OpenAI-compatible service: ``POST /v1/chat/completions`` over plain HTTP on 127.0.0.1.

``with FakeOpenAI(script) as service: …``; ``python -m tests.fakes.openai_server --port 9200`` runs it by itself.
"""

import argparse
import gzip
import json
import socket
import ssl
import threading
import time
import zlib
from http.server import BaseHTTPRequestHandler
from typing import Any

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
    Trickle,
    default_answer,
    parse_behaviour,
)
from tests.fakes.loopback_server import LoopbackServer

API_KEY = "sk-fake-0123456789abcdef"


class FakeOpenAI:
    """The server.

    Attributes:
        requests: every body, as sent.
        headers: every request's headers, in lower case, in the same order.
        flooded: bytes that floods have sent, before they are compressed.
    """

    def __init__(self, script: Script | None = None, *, port: int = 0, tls: ssl.SSLContext | None = None) -> None:
        self._director = Director(script if script is not None else Answer())
        self._port, self._tls = port, tls
        self._stopping = threading.Event()
        self._server: LoopbackServer | None = None
        self.flooded = 0
        self.requests: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []

    def __enter__(self) -> "FakeOpenAI":
        fake = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True  # head and body are two writes: the second would wait 40 ms for an ACK

            def do_POST(self) -> None:
                try:
                    fake._act(self)
                except OSError:
                    pass  # the caller went away, as some tests want it to

            do_GET = do_DELETE = do_POST

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = LoopbackServer(Handler, self._port)
        if self._tls:
            self._server.socket = self._tls.wrap_socket(self._server.socket, server_side=True)
        self._port = self._server.server_address[1]
        self._server.started()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        if self._server:
            self._server.stop()

    @property
    def url(self) -> str:
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self._port}/v1"

    def environment(self) -> dict[str, str]:
        """The variables that make the app talk to this server."""
        return {"OPENAI_BASE_URL": self.url, "OPENAI_API_KEY": API_KEY, "OPENAI_MODEL": "fake-model"}

    def _act(self, handler: BaseHTTPRequestHandler) -> None:
        if handler.command != "POST":
            return send_json(handler, 404, {"error": {"message": "Not Found", "code": None}})
        request = json.loads(handler.rfile.read(int(handler.headers["Content-Length"])))
        self.requests.append(request)
        self.headers.append({key.lower(): value for key, value in handler.headers.items()})
        if handler.path != "/v1/chat/completions":
            return send_json(handler, 404, {"error": {"message": "Not Found", "code": None}})
        if handler.headers.get("Authorization") != f"Bearer {API_KEY}":
            said = f"Incorrect API key provided: {handler.headers.get('Authorization')}"
            return send_json(handler, 401, {"error": {"message": said, "code": "invalid_api_key"}})
        behaviour = self._director.next(request)
        self._stopping.wait(getattr(behaviour, "latency", 0.0))
        match behaviour:
            case Answer():
                body = json.dumps(completion(request, behaviour)).encode()
                send_bytes(handler, 200, body, "application/json", behaviour.encoding)
            case Failure():
                usual = {"error": {"message": behaviour.message, "type": "fake", "code": behaviour.code}}
                send_json(handler, behaviour.status, behaviour.body if behaviour.body is not None else usual)
            case Stall():
                self._stopping.wait(behaviour.seconds)
                handler.close_connection = True
            case Drop() | CleanClose():
                if behaviour.after:
                    body = json.dumps(completion(request, Answer()), ensure_ascii=False).encode()
                    _head(handler, 200, len(body), "application/json")
                    handler.wfile.write(body[: len(body) // 2])
                handler.connection.shutdown(socket.SHUT_RDWR)
                handler.close_connection = True
            case BadJson():
                send_bytes(handler, 200, b"<html>oops", "application/json")
            case Trickle():
                self._trickle(handler, behaviour, json.dumps(completion(request, Answer())).encode())
            case Flood():
                self._flood(handler, behaviour)
        return None

    def _flood(self, handler: BaseHTTPRequestHandler, behaviour: Flood) -> None:
        handler.send_response(behaviour.status)
        handler.send_header("Content-Type", "application/json")
        if behaviour.encoding:
            handler.send_header("Content-Encoding", behaviour.encoding)
        handler.end_headers()
        handler.close_connection = True
        compress = zlib.compressobj(9, zlib.DEFLATED, 31)
        million = b"a" * 1_000_000
        for number in range(behaviour.megabytes):
            piece = (b'{"choices": [{"message": {"content": "' if number == 0 else b"") + million
            handler.wfile.write(compress.compress(piece) if behaviour.encoding else piece)
            self.flooded += len(piece)
        handler.wfile.write(compress.flush() if behaviour.encoding else b"")

    def _trickle(self, handler: BaseHTTPRequestHandler, behaviour: Trickle, body: bytes) -> None:
        _head(handler, 200, len(body), "application/json")
        for byte in body:
            handler.wfile.write(bytes([byte]))
            if self._stopping.wait(behaviour.gap):
                break
        handler.close_connection = True


def completion(request: dict[str, Any], answer: Answer) -> dict[str, Any]:
    """A complete answer to a request, as the service sends it."""
    text = answer.text if answer.text is not None else default_answer(request["messages"])
    if answer.text is None and request.get("response_format", {}).get("type") == "json_object":
        text = json.dumps({"infos": json.loads(text)}, ensure_ascii=False)
    asked = sum(len(message["content"]) for message in request["messages"])
    out = answer.tokens_out if answer.tokens_out is not None else len(text)
    message: dict[str, Any] = {"role": "assistant", "content": text}
    if answer.reasoning:
        message["reasoning_content"] = answer.reasoning
    return {
        "id": "chatcmpl-fake",
        "object": "chat.completion",
        "created": int(time.time()),
        "model": request["model"],
        "choices": [] if answer.empty else [{"index": 0, "message": message, "finish_reason": answer.finish}],
        "usage": {"prompt_tokens": asked, "completion_tokens": out, "total_tokens": asked + out, **answer.usage},
    }


def send_json(handler: BaseHTTPRequestHandler, status: int, body: Any) -> None:
    send_bytes(handler, status, json.dumps(body).encode(), "application/json")


def send_bytes(handler: BaseHTTPRequestHandler, status: int, body: bytes, kind: str, encoding: str = "") -> None:
    body = gzip.compress(body) if encoding else body
    _head(handler, status, len(body), kind, encoding)
    handler.wfile.write(body)


def _head(handler: BaseHTTPRequestHandler, status: int, length: int, kind: str, encoding: str = "") -> None:
    handler.send_response(status)
    if encoding:
        handler.send_header("Content-Encoding", encoding)
    handler.send_header("Content-Type", kind)
    handler.send_header("Content-Length", str(length))
    handler.end_headers()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=9200)
    parser.add_argument("--latency", type=float, default=0.0, help="seconds before each answer")
    parser.add_argument("--behaviour", default="answer", help="answer | http:STATUS | stall | drop | badjson")
    arguments = parser.parse_args()
    behaviour = parse_behaviour(arguments.behaviour)
    if isinstance(behaviour, Answer):
        behaviour = Answer(latency=arguments.latency)
    with FakeOpenAI(behaviour, port=arguments.port) as service:
        for name, value in service.environment().items():
            print(f"export {name}={value}", flush=True)  # noqa: T201
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            pass


if __name__ == "__main__":
    main()
