"""A fake MLflow tracking server: the REST calls of ``MlflowClient`` that this program makes, on 127.0.0.1.

``with FakeMLflow() as server: …``. It refuses what a real one refuses: a changed parameter, a name that it does not
take, a name of an experiment that is taken.
"""

import json
import re
from http.server import BaseHTTPRequestHandler
from types import TracebackType
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.fakes.loopback_server import LoopbackServer

_NAME = re.compile(r"[/\w.\- :]+")
_FILTER = re.compile(r"tags\.`([^`]+)` = '([^']*)'")


class FakeMLflow:
    """The server.

    Attributes:
        experiments: by id: name, tags.
        runs: by id: info, data and inputs as MLflow answers them.
        calls: path of each request that changes something, in order.
        token: that every request has to bring; empty for any.
        instead: status and text of every answer, in place of its own; ``None`` for its own.
        sends_to: address to which an answer in place of its own sends on.
    """

    def __init__(self) -> None:
        self.experiments: dict[str, dict[str, Any]] = {}
        self.runs: dict[str, dict[str, Any]] = {}
        self.calls: list[str] = []
        self.bodies: list[str] = []
        self.token = ""
        self.instead: tuple[int, str] | None = None
        self.sends_to = ""

    def __enter__(self) -> "FakeMLflow":
        fake = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def _any(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length") or 0)).decode()
                status, answer = fake._answer(self.path, self.headers.get("authorization") or "", body)
                content = json.dumps(answer).encode()
                if fake.instead is not None:
                    status, content = fake.instead[0], fake.instead[1].encode()
                self.send_response(status)
                if fake.sends_to:
                    self.send_header("location", fake.sends_to + self.path)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = do_PATCH = _any

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self._server = LoopbackServer(Handler).started()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.stop()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def metrics_of(self, name: str) -> dict[str, float]:
        return {one["key"]: one["value"] for one in self.named(name)["data"]["metrics"]}

    def texts_of(self, name: str, kind: str) -> dict[str, str]:
        """The ``params`` or ``tags`` of a run."""
        return {one["key"]: one["value"] for one in self.named(name)["data"][kind]}

    def named(self, name: str) -> dict[str, Any]:
        (run,) = [run for run in self.runs.values() if run["info"]["run_name"] == name]
        return run

    def _answer(self, path: str, authorization: str, body: str) -> tuple[int, dict[str, Any]]:
        if self.token and authorization != f"Bearer {self.token}":
            return 401, {"error_code": "UNAUTHENTICATED", "message": "no"}
        address = urlsplit(path)
        verb = address.path.removeprefix("/api/2.0/mlflow/")
        asked: dict[str, Any] = json.loads(body) if body else {k: v[0] for k, v in parse_qs(address.query).items()}
        if verb not in ("experiments/search", "runs/search", "runs/get"):
            self.calls.append(verb)
            self.bodies.append(body)
        answers = {
            "experiments/search": self._search_experiments,
            "experiments/create": self._create_experiment,
            "experiments/update": self._rename_experiment,
            "runs/search": self._search_runs,
            "runs/create": self._create_run,
            "runs/get": lambda one: {"run": self.runs[one["run_id"]]},
            "runs/update": self._update_run,
            "runs/log-batch": self._log_batch,
            "runs/log-inputs": self._log_inputs,
        }
        if verb not in answers:
            return 404, {"error_code": "ENDPOINT_NOT_FOUND", "message": verb}
        try:
            return 200, answers[verb](asked)
        except ValueError as error:
            return 400, {"error_code": "INVALID_PARAMETER_VALUE", "message": str(error)}

    def _search_experiments(self, asked: dict[str, Any]) -> dict[str, Any]:
        match = _FILTER.fullmatch(asked["filter"])
        assert match
        some = [one for one in self.experiments.values() if {"key": match[1], "value": match[2]} in one["tags"]]
        return {"experiments": some}

    def _create_experiment(self, asked: dict[str, Any]) -> dict[str, Any]:
        if any(one["name"] == asked["name"] for one in self.experiments.values()):
            raise ValueError("the name is taken")
        number = str(len(self.experiments) + 1)
        self.experiments[number] = {"experiment_id": number, "lifecycle_stage": "active", **asked}
        return {"experiment_id": number}

    def _rename_experiment(self, asked: dict[str, Any]) -> dict[str, Any]:
        self.experiments[asked["experiment_id"]]["name"] = asked["new_name"]
        return {}

    def _search_runs(self, asked: dict[str, Any]) -> dict[str, Any]:
        match = _FILTER.fullmatch(asked["filter"])
        assert match
        tag = {"key": match[1], "value": match[2]}
        some = [one for one in self.runs.values() if one["info"]["experiment_id"] in asked["experiment_ids"]]
        return {"runs": [one for one in some if tag in one["data"]["tags"]]}

    def _create_run(self, asked: dict[str, Any]) -> dict[str, Any]:
        number = f"run{len(self.runs) + 1}"
        info = {key: asked[key] for key in ("experiment_id", "start_time", "run_name")}
        info |= {"run_id": number, "run_uuid": number, "status": "RUNNING", "lifecycle_stage": "active"}
        data = {"metrics": [], "params": [], "tags": list(asked["tags"])}
        self.runs[number] = {"info": info, "data": data, "inputs": {"dataset_inputs": []}}
        return {"run": self.runs[number]}

    def _update_run(self, asked: dict[str, Any]) -> dict[str, Any]:
        info = self.runs[asked["run_id"]]["info"]
        info |= {key: asked[key] for key in ("status", "end_time", "run_name") if key in asked}
        return {"run_info": info}

    def _log_batch(self, asked: dict[str, Any]) -> dict[str, Any]:
        data = self.runs[asked["run_id"]]["data"]
        for kind in ("metrics", "params", "tags"):
            for one in asked.get(kind, ()):
                if not _NAME.fullmatch(one["key"]) or "//" in one["key"] or ".." in one["key"]:
                    raise ValueError(f"no name: {one['key']}")
                old = next((each for each in data[kind] if each["key"] == one["key"]), None)
                if old and kind == "params" and old["value"] != one.get("value", ""):
                    raise ValueError(f"a parameter does not change: {one['key']}")
                if old:
                    data[kind].remove(old)
                data[kind].append({"value": "" if kind != "metrics" else 0.0, **one})
        return {}

    def _log_inputs(self, asked: dict[str, Any]) -> dict[str, Any]:
        self.runs[asked["run_id"]]["inputs"]["dataset_inputs"] += asked["datasets"]
        return {}
