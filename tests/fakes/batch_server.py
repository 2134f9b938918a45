"""A fake service with OpenAI's Batch API over plain HTTP on 127.0.0.1: files, batches, and calls as well.

``with FakeBatches(script) as service: …``. Each line of a batch is answered by the script, as a call would be. Faults
are put in by step: ``service.faults["create"] = ["lose"]``.
"""

import json
import re
import socket
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.fakes.behaviour import Answer, Failure, Script
from tests.fakes.openai_server import API_KEY, FakeOpenAI, completion, send_bytes, send_json

STEPS = ("upload", "files", "create", "batches", "retrieve", "content", "cancel", "delete")


class FakeBatches(FakeOpenAI):
    """The server.

    Attributes:
        polls: how often a batch is looked at until it has ended.
        ends: as what batches end: ``completed``, ``expired`` (after ``partial`` lines) or ``failed`` (refused whole).
        partial: lines that are answered before a batch expires or is cancelled.
        faults: by step what happens to its next requests, in order: ``lose`` (done, and the connection breaks before
            the answer), ``drop`` (it breaks before anything is done), a status such as ``500``, ``hold`` (done, and
            never answered), ``late`` (of ``batches``: a list that does not show the newest yet).
        act_before: by step what is done before its next request is answered.
        held: set when a request is held.
        files: ``{id: (name, content)}`` of what lies there.
        batches: ``{id: batch}``, as they are told of.
        executed: the body of every line that was answered, and so paid for.
        tells: makes of a batch what the service tells when it is looked at.
        made: makes of a batch what the service tells when it was created.
        words: makes of an answered line what stands in the file.
        steps: names of the steps that were asked for, in order.
    """

    def __init__(
        self, script: Script | None = None, *, polls: int = 1, ends: str = "completed", partial: int = 0, port: int = 0
    ) -> None:
        super().__init__(script, port=port)
        self.polls, self.ends, self.partial = polls, ends, partial
        self.faults: dict[str, list[str]] = defaultdict(list)
        self.act_before: dict[str, list[Callable[[], object]]] = defaultdict(list)
        self.held = threading.Event()
        self.files: dict[str, tuple[str, bytes]] = {}
        self.batches: dict[str, dict[str, Any]] = {}
        self.executed: list[dict[str, Any]] = []
        self.steps: list[str] = []
        self.tells: Callable[[dict[str, Any]], dict[str, Any]] = dict
        self.made: Callable[[dict[str, Any]], dict[str, Any]] = dict
        self.words: Callable[[dict[str, Any]], dict[str, Any]] = dict
        self._looked: dict[str, int] = defaultdict(int)
        self._mutex = threading.RLock()
        self._count = 0

    def _act(self, handler: BaseHTTPRequestHandler) -> None:
        path = urlsplit(handler.path).path
        if path == "/v1/chat/completions":
            return super()._act(handler)
        body = handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
        if handler.headers.get("Authorization") != f"Bearer {API_KEY}":
            return send_json(handler, 401, {"error": {"message": "Incorrect API key", "code": "invalid_api_key"}})
        step, number = _step(handler.command, path)
        if not step:
            return send_json(handler, 404, {"error": {"message": "Not Found", "code": None}})
        with self._mutex:
            self.steps.append(step)
            fault = self.faults[step].pop(0) if self.faults[step] else ""
            acts, self.act_before[step] = self.act_before[step], []
        for act in acts:
            act()
        if fault == "drop":
            return _break(handler)
        if fault.isdigit():
            return send_json(handler, int(fault), {"error": {"message": f"fake {fault}", "code": None}})
        with self._mutex:
            status, answer = self._do(step, number, body, handler, fault)
        if fault == "hold":
            self.held.set()
            self._stopping.wait(60)
        if fault in ("lose", "hold"):
            return _break(handler)
        if isinstance(answer, bytes):
            return send_bytes(handler, status, answer, "application/jsonl")
        return send_json(handler, status, answer)

    def _do(
        self, step: str, number: str, body: bytes, handler: BaseHTTPRequestHandler, fault: str
    ) -> tuple[int, dict[str, Any] | bytes]:
        match step:
            case "upload":
                name, content = _multipart(handler.headers["Content-Type"], body)
                return 200, self._file(self._add_file(name, content))
            case "files":
                shown = [self._file(one) for one in reversed(self.files)]
                return 200, {"object": "list", "data": shown, "has_more": False}
            case "create":
                return self._create(json.loads(body))
            case "batches":
                query = parse_qs(urlsplit(handler.path).query)
                every = list(reversed(self.batches.values()))
                every = every[1:] if fault == "late" else every
                after = query.get("after", [""])[0]
                places = [place for place, one in enumerate(every) if one["id"] == after]
                rest = every[places[0] + 1 :] if places else every
                return 200, {"object": "list", "data": rest[:2], "has_more": len(rest) > 2}
            case "content" if number in self.files:
                return 200, self.files[number][1]
            case "delete" if number in self.files:
                del self.files[number]
                return 200, {"id": number, "object": "file", "deleted": True}
            case "retrieve" if number in self.batches:
                self._go_on(self.batches[number])
                return 200, self.tells(self.batches[number])
            case "cancel" if number in self.batches:
                batch = self.batches[number]
                if batch["status"] in ("validating", "in_progress"):
                    batch["status"] = "cancelling"
                return 200, batch
        return 404, {"error": {"message": f"No such {number}", "code": None}}

    def _create(self, wanted: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        file_id = wanted["input_file_id"]
        if file_id not in self.files:
            return 404, {"error": {"message": "No such file", "code": None}}
        self._count += 1
        moment = int(time.time())
        hours = int(wanted["completion_window"].removesuffix("h"))
        batch = {
            "id": f"batch_{self._count}",
            "object": "batch",
            "endpoint": wanted["endpoint"],
            "errors": None,
            "input_file_id": file_id,
            "completion_window": wanted["completion_window"],
            "status": "validating",
            "output_file_id": None,
            "error_file_id": None,
            "created_at": moment,
            "expires_at": moment + 3600 * hours,
            "request_counts": {"total": len(self._lines(file_id)), "completed": 0, "failed": 0},
            "metadata": wanted.get("metadata"),
        }
        self.batches[batch["id"]] = batch
        return 200, self.made(batch)

    def _go_on(self, batch: dict[str, Any]) -> None:
        if batch["status"] == "cancelling":
            self._end(batch, "cancelled")
        elif batch["status"] in ("validating", "in_progress"):
            self._looked[batch["id"]] += 1
            batch["status"] = "in_progress"
            if self._looked[batch["id"]] > self.polls:
                self._end(batch, self.ends)

    def _end(self, batch: dict[str, Any], status: str) -> None:
        batch["status"] = status
        if status == "failed":
            batch["errors"] = {"object": "list", "data": [{"code": "invalid", "message": "model has no batch"}]}
            return
        lines = self._lines(batch["input_file_id"])
        reached = len(lines) if status == "completed" else self.partial
        answers, errors = [], []
        for place, line in enumerate(lines):
            result = {"id": f"r{place}", "custom_id": line["custom_id"], "response": None, "error": None}
            if place >= reached:
                errors.append(result | {"error": {"code": f"batch_{status}", "message": "not reached"}})
                continue
            behaviour = self._director.next(line["body"])
            if isinstance(behaviour, Answer):
                self.executed.append(line["body"])
                response = {"status_code": 200, "request_id": "x", "body": completion(line["body"], behaviour)}
                answers.append(self.words(result | {"response": response}))
            elif isinstance(behaviour, Failure):
                said = {"error": {"message": behaviour.message, "type": "fake", "code": behaviour.code}}
                errors.append(result | {"response": {"status_code": behaviour.status, "request_id": "x", "body": said}})
            # Anything else: the service forgets the line.
        batch["request_counts"] |= {"completed": len(answers), "failed": len(errors)}
        for key, results in (("output_file_id", answers), ("error_file_id", errors)):
            if results:
                content = "\n".join(json.dumps(one, ensure_ascii=False) for one in reversed(results)) + "\n"
                batch[key] = self._add_file(f"{batch['id']}.jsonl", content.encode())

    def _lines(self, file_id: str) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.files[file_id][1].splitlines()]

    def _add_file(self, name: str, content: bytes) -> str:
        self._count += 1
        self.files[f"file-{self._count}"] = (name, content)
        return f"file-{self._count}"

    def _file(self, number: str) -> dict[str, Any]:
        name, content = self.files[number]
        return {
            "id": number,
            "object": "file",
            "bytes": len(content),
            "created_at": int(time.time()),
            "filename": name,
            "purpose": "batch",
            "status": "processed",
        }


def _step(method: str, path: str) -> tuple[str, str]:
    for step, wanted, pattern in (
        ("upload", "POST", "/v1/files"),
        ("files", "GET", "/v1/files"),
        ("content", "GET", r"/v1/files/([^/]+)/content"),
        ("delete", "DELETE", r"/v1/files/([^/]+)"),
        ("create", "POST", "/v1/batches"),
        ("batches", "GET", "/v1/batches"),
        ("retrieve", "GET", r"/v1/batches/([^/]+)"),
        ("cancel", "POST", r"/v1/batches/([^/]+)/cancel"),
    ):
        if method == wanted and (match := re.fullmatch(pattern, path)):
            return step, match[1] if match.groups() else ""
    return "", ""


def _multipart(content_type: str, body: bytes) -> tuple[str, bytes]:
    """Name and content of the uploaded file."""
    boundary = content_type.partition("boundary=")[2].strip('"').encode()
    for part in body.split(b"--" + boundary):
        head, _, content = part.partition(b"\r\n\r\n")
        if match := re.search(rb'filename="([^"]*)"', head):
            return match[1].decode(), content.removesuffix(b"\r\n")
    raise ValueError("no file")


def _break(handler: BaseHTTPRequestHandler) -> None:
    handler.connection.shutdown(socket.SHUT_RDWR)
    handler.close_connection = True
