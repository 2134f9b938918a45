"""A fake Hugging Face Hub: data set repositories over plain HTTP on 127.0.0.1, as ``huggingface_hub`` speaks to one.

``with FakeHub() as hub: …``; large files go to a second server, as the real Hub's go to a storage.
"""

import base64
import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from types import TracebackType
from typing import Any

from tests.fakes.loopback_server import LoopbackServer

TOKEN = "hf_fake0123456789abcdefghij"


@dataclass
class Repository:
    """A repository: its visibility, its files, and how many commits it has."""

    private: bool
    files: dict[str, bytes] = field(default_factory=dict)
    commits: int = 1

    @property
    def sha(self) -> str:
        return hashlib.sha1(str(self.commits).encode()).hexdigest()


def git_hash(content: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


class FakeHub:
    """The server.

    Attributes:
        repositories: by ``owner/name``.
        objects: large files by their sha256.
        calls: method, path and token of each request, in order.
        answers: asked before each request with method and path; a status is what is answered instead.
        large_from: bytes from which a file is a large one.
        ignored: endings of files that a ``.gitignore`` in each repository names.
        other_storage: where large files are sent instead of to the fake's own storage.
    """

    def __init__(self, *, large_from: int = 1 << 20) -> None:
        self.repositories: dict[str, Repository] = {}
        self.objects: dict[str, bytes] = {}
        self.calls: list[tuple[str, str, str]] = []
        self.answers: Callable[[str, str], int | None] = lambda method, path: None
        self.large_from = large_from
        self.ignored: tuple[str, ...] = ()
        self.other_storage = ""
        self._servers: list[LoopbackServer] = []

    def __enter__(self) -> "FakeHub":
        fake = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def _any(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length") or 0))
                try:
                    status, answer = fake._answer(self.command, self.path, dict(self.headers.items()), body)
                    content = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
                    self.send_response(status)
                    if status == 404:
                        self.send_header("X-Error-Code", "RepoNotFound")
                    self.send_header("content-length", str(len(content)))
                    self.end_headers()
                    self.wfile.write(content)
                except OSError:
                    pass  # the caller went away, as some tests want it to

            do_GET = do_POST = do_PUT = _any

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self._servers = [LoopbackServer(Handler).started() for _ in range(2)]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for server in self._servers:
            server.stop()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._servers[0].server_port}"

    @property
    def storage(self) -> str:
        return self.other_storage or f"http://127.0.0.1:{self._servers[1].server_port}"

    def asked(self, part: str) -> list[str]:
        """Paths of the requests that have a part in their path."""
        return [path for _, path, _ in self.calls if part in path]

    def _answer(self, method: str, path: str, headers: dict[str, str], body: bytes) -> tuple[int, Any]:
        lower = {name.lower(): value for name, value in headers.items()}
        token = lower.get("authorization", "").removeprefix("Bearer ")
        self.calls.append((method, path, token))
        if status := self.answers(method, path):
            return status, {"error": "scripted"}
        if stored := re.fullmatch(r"/storage/(\w+)", path):
            if hashlib.sha256(body).hexdigest() != stored[1]:
                return 400, {}
            self.objects[stored[1]] = body
            return 200, {}
        if token != TOKEN:
            return 401, {"error": "Invalid credentials in Authorization header"}
        if path == "/api/repos/create":
            asked = json.loads(body)
            name = f"{asked['organization']}/{asked['name']}"
            if name in self.repositories:
                return 409, {"error": "You already created this repo"}
            self.repositories[name] = Repository(asked.get("visibility") == "private")
            return 200, {"url": f"{self.address}/datasets/{name}", "name": name}
        if path == "/api/validate-yaml":
            return 200, {"errors": [], "warnings": []}
        match = re.match(r"/(?:api/)?datasets/([^/]+/[^/]+?)(?:\.git|/|$)(.*)", path)
        if match is None or match[1] not in self.repositories:
            return 404, {"error": "Repository not found"}
        return self._in_repository(match[1], self.repositories[match[1]], match[2], body)

    def _in_repository(self, name: str, repository: Repository, rest: str, body: bytes) -> tuple[int, Any]:
        if not rest or rest.startswith("revision/"):
            siblings = [{"rfilename": path} for path in repository.files]
            return 200, {"id": name, "private": repository.private, "sha": repository.sha, "siblings": siblings}
        if rest.startswith("raw/main/"):
            return 200, repository.files[rest.removeprefix("raw/main/")]
        if rest.startswith("preupload/"):
            return 200, {"files": [self._mode(repository, one) for one in json.loads(body)["files"]]}
        if rest.endswith("info/lfs/objects/batch"):
            return 200, {"transfer": "basic", "objects": [self._action(one) for one in json.loads(body)["objects"]]}
        if rest.startswith("commit/"):
            return self._commit(name, repository, [json.loads(line) for line in body.splitlines()])
        return 404, {"error": rest}

    def _mode(self, repository: Repository, asked: dict[str, Any]) -> dict[str, Any]:
        there, large = repository.files.get(asked["path"]), asked["size"] >= self.large_from
        digest = None
        if there is not None:
            digest = hashlib.sha256(there).hexdigest() if len(there) >= self.large_from else git_hash(there)
        mode = "lfs" if large else "regular"
        return {
            "path": asked["path"],
            "uploadMode": mode,
            "shouldIgnore": asked["path"].endswith(self.ignored),
            "oid": digest,
        }

    def _action(self, asked: dict[str, Any]) -> dict[str, Any]:
        if asked["oid"] in self.objects:
            return asked
        return {**asked, "actions": {"upload": {"href": f"{self.storage}/storage/{asked['oid']}", "header": {}}}}

    def _commit(self, name: str, repository: Repository, lines: list[dict[str, Any]]) -> tuple[int, Any]:
        head, *operations = lines
        if head["value"].get("parentCommit") not in (None, repository.sha):
            return 412, {"error": "the branch has moved on"}
        for one in operations:
            value = one["value"]
            if one["key"] == "file":
                repository.files[value["path"]] = base64.b64decode(value["content"])
            elif one["key"] == "lfsFile":
                repository.files[value["path"]] = self.objects[value["oid"]]
            else:
                del repository.files[value["path"]]
        repository.commits += 1
        url = f"{self.address}/datasets/{name}/commit/{repository.sha}"
        return 200, {"commitUrl": url, "commitOid": repository.sha}
