"""Keeps runs in an MLflow tracking server, with MLflow's own client (extra ``mlflow``).

The server is the one that the operator names in ``MLFLOW_TRACKING_URI``. A run is found again by its key, a tag: what
was sent before is brought up to date, and nothing is sent twice. Parameters of MLflow never change; what may change
goes out as a metric or as a tag.
"""

import hashlib
import json
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from time import time
from typing import Any, Final

from core.adapters.llm.destinations import authorise_service
from core.errors import ExportError, SettingsError, ShiyaoError

ADDRESS: Final = "MLFLOW_TRACKING_URI"
TOKEN: Final = "MLFLOW_TRACKING_TOKEN"
RUN_TAG, EXPERIMENT_TAG = "shiyao.run", "shiyao.dataset"
LONGEST_KEY, LONGEST_VALUE = 250, 500
_BATCH = 100
_NOT_IN_KEYS = re.compile(r"[^\w\-. :/]|\.{2,}|/{2,}")
_KEY = re.compile(r"[0-9a-z.\-]{1,100}")
_CHECKED_ANSWERS: Final = "shiyao-checked-answers"


@dataclass(frozen=True, slots=True)
class TrackedRun:
    """A run as MLflow keeps it.

    Attributes:
        key: by which it is found again; lower-case letters, digits, ``-`` and ``.``.
        name: what people call it.
        started_ms: when it began, milliseconds since 1970.
        ended_ms: when it ended, likewise; ``None`` while it goes on.
        state: ``RUNNING``, ``FINISHED``, ``FAILED`` or ``KILLED``.
        parameters: what never changes, by :func:`metric_key`.
        metrics: figures, by :func:`metric_key`.
        tags: texts that may change.
        dataset: name of the dataset that it is of.
        digest: of the dataset's texts, at most 36 characters.
    """

    key: str
    name: str
    started_ms: int
    ended_ms: int | None
    state: str
    parameters: Mapping[str, str]
    metrics: Mapping[str, float]
    tags: Mapping[str, str] = field(default_factory=dict)
    dataset: str = ""
    digest: str = ""


@dataclass(frozen=True, slots=True)
class TrackingOutcome:
    """What came of it.

    Attributes:
        url: of the experiment.
        created: names of the runs that are new there.
        updated: names of those that were brought up to date.
        unchanged: names of those that were so already.
    """

    url: str
    created: tuple[str, ...]
    updated: tuple[str, ...]
    unchanged: tuple[str, ...]


def check_tracking() -> str:
    """Check that runs can be sent at all; opens no socket. Returns the address of the tracking server.

    Raises:
        SettingsError: none is named, nothing may be sent there, or MLflow's client is not installed.
    """
    address = os.environ.get(ADDRESS, "").strip().rstrip("/")
    if not address.startswith(("http://", "https://")):
        lack = "没有设置" if not address else "不是 http:// 或 https:// 开头的地址"
        raise SettingsError(f"{ADDRESS} {lack}", "请把 MLflow 服务的地址写进这个环境变量，例如 http://127.0.0.1:5000")
    authorise_service(address, TOKEN, usual=address, environment=address)
    os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"  # MLflow would tell its makers
    os.environ["MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT"] = "true"
    os.environ["MLFLOW_ALLOW_HTTP_REDIRECTS"] = "false"  # only the named address was checked
    os.environ.setdefault("MLFLOW_TRACKING_AUTH", _CHECKED_ANSWERS)
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2")
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "30")
    try:
        import mlflow.tracking  # noqa: F401  # only whether it is there
    except ImportError as error:
        raise SettingsError("没有安装记录任务要用的 MLflow", "请安装 shiyao[mlflow]") from error
    return address


def track_runs(experiment_key: str, experiment: str, runs: Iterable[TrackedRun]) -> TrackingOutcome:
    """Send runs to the tracking server: new ones are created, those that are there are brought up to date.

    Args:
        experiment_key: by which the experiment is found again, whatever it is called by then.
        experiment: what it is called.
        runs: the runs.

    Raises:
        ExportError: the server refuses or cannot be reached.
        SettingsError: see :func:`check_tracking`.
    """
    address = check_tracking()
    from mlflow.tracking import MlflowClient

    _register_check()
    client = MlflowClient(tracking_uri=address)
    outcome: dict[str, list[str]] = {"created": [], "updated": [], "unchanged": []}
    try:
        number = _experiment(client, experiment_key, experiment)
        for run in runs:
            outcome[_track(client, number, run)].append(run.name)
    except Exception as error:
        raise _sentence(error, address) from error
    return TrackingOutcome(f"{address}/#/experiments/{number}", *(tuple(names) for names in outcome.values()))


def metric_key(*parts: str) -> str:
    """Parts joined to a name that MLflow takes: what it refuses is ``_``, a slash within a part as well.

    A name that is not the parts as they are ends in a digest of them: others may look the same in what is left.
    """
    key = _NOT_IN_KEYS.sub("_", "/".join(part.replace("/", "_") for part in parts))
    if key == "/".join(parts) and len(key) <= LONGEST_KEY and not any("/" in part for part in parts):
        return key
    digest = hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:8]
    return f"{key[: LONGEST_KEY - len(digest) - 1]}-{digest}"


def _experiment(client: Any, key: str, name: str) -> str:
    """Id of the experiment with a key; made where there is none, renamed where it is called otherwise."""
    there = client.search_experiments(filter_string=f"tags.`{EXPERIMENT_TAG}` = '{_checked(key)}'")
    if not there:
        return _given(client.create_experiment(name, tags={EXPERIMENT_TAG: key}))
    if there[0].name != name:
        client.rename_experiment(there[0].experiment_id, name)
    return _given(there[0].experiment_id)


def _track(client: Any, experiment: str, run: TrackedRun) -> str:
    """Create a run or bring it up to date; says which."""
    from mlflow.entities import Metric, Param, RunTag

    there = client.search_runs([experiment], filter_string=f"tags.`{RUN_TAG}` = '{_checked(run.key)}'", max_results=1)
    known = (
        there[0]
        if there
        else client.create_run(experiment, start_time=run.started_ms, tags={RUN_TAG: run.key}, run_name=run.name)
    )
    number, data, info = _given(known.info.run_id), known.data, known.info
    now = int(time() * 1000)
    metrics = [Metric(key, value, now, 0) for key, value in run.metrics.items() if data.metrics.get(key) != value]
    parameters = [Param(key, value[:LONGEST_VALUE]) for key, value in run.parameters.items() if key not in data.params]
    tags = [RunTag(key, value) for key, value in run.tags.items() if data.tags.get(key) != value]
    for start in range(0, max(len(metrics), len(parameters), len(tags)), _BATCH):
        end = start + _BATCH
        client.log_batch(number, metrics=metrics[start:end], params=parameters[start:end], tags=tags[start:end])
    changed = bool(metrics or parameters or tags)
    linked = {one.dataset.digest for one in known.inputs.dataset_inputs} if known.inputs else set()
    if run.digest and run.digest not in linked:
        from mlflow.entities import Dataset, DatasetInput

        source = Dataset(name=run.dataset, digest=run.digest, source_type="shiyao", source="{}")
        client.log_inputs(number, datasets=[DatasetInput(source, tags=[])])
        changed = True
    if info.run_name != run.name and there:
        client.update_run(number, name=run.name)
        changed = True
    if info.status != run.state or (run.ended_ms is not None and info.end_time != run.ended_ms):
        if run.ended_ms is None:
            client.update_run(number, status=run.state)
        else:
            client.set_terminated(number, status=run.state, end_time=run.ended_ms)
        changed = True
    return "created" if not there else "updated" if changed else "unchanged"


def _checked(key: str) -> str:
    if not _KEY.fullmatch(key):
        raise ValueError(key)
    return key


def _given(number: object) -> str:
    """The id that the server gave; without one nothing was stored."""
    if not number:
        raise ExportError(
            "没有记到 MLflow：服务的回答里没有编号，什么也没有存下", f"请核对 {ADDRESS} 是不是 MLflow 的服务"
        )
    return str(number)


def _register_check() -> None:
    """Have MLflow's client show each answer to :func:`_check_answer`, by its plug-in for authentication."""
    from mlflow.tracking.request_auth.abstract_request_auth_provider import RequestAuthProvider
    from mlflow.tracking.request_auth.registry import _request_auth_provider_registry

    class CheckedAnswers(RequestAuthProvider):
        def get_name(self) -> str:
            return _CHECKED_ANSWERS

        def get_auth(self) -> Any:
            def check(request: Any) -> Any:
                request.register_hook("response", _check_answer)
                return request

            return check

    registry: Any = _request_auth_provider_registry
    if not any(provider.get_name() == _CHECKED_ANSWERS for provider in registry):
        registry.register(CheckedAnswers)


def _check_answer(answer: Any, *_: Any, **__: Any) -> None:
    """Refuse what MLflow's client would follow, take for done, or lose the status of.

    Raises:
        ExportError: the server sends on, refuses the token, or says nothing where it says that all is well.
    """
    status = int(answer.status_code)
    if 300 <= status < 400:
        raise ExportError(
            f"没有记到 MLflow：服务让程序去别的地址（{status}），名字和得分不发往那里",
            f"请把 {ADDRESS} 改成 MLflow 服务真正的地址",
        )
    if status in (401, 403):
        raise ExportError("没有记到 MLflow：服务不认令牌，或没有权限", f"请核对 {TOKEN}")
    if status == 200 and not answer.text.lstrip().startswith("{"):
        raise ExportError(
            "没有记到 MLflow：服务的回答是空的，或不是 MLflow 的回答", f"请核对 {ADDRESS} 是不是 MLflow 的服务"
        )


def _sentence(error: Any, address: str) -> ShiyaoError:
    """The first cause that says something, as a sentence for people."""
    from mlflow.exceptions import MlflowException

    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ShiyaoError):
            return cause
        cause = cause.__cause__ or cause.__context__
    text = str(error)
    if "Max retries" in text or "failed with exception" in text or "failed with timeout" in text:
        return ExportError(f"没有记到 MLflow：{address} 连不上或没有按时回答", f"请检查网络和 {ADDRESS} 后再试")
    is_theirs = isinstance(error, MlflowException)
    if not is_theirs:
        return ExportError(
            f"没有记到 MLflow：服务的回答看不懂（{type(error).__name__}）", f"请核对 {ADDRESS} 是不是 MLflow 的服务"
        )
    status = error.get_http_status_code()
    return ExportError(
        f"没有记到 MLflow：服务回答 {status}（{error.error_code}）", "请检查 MLflow 服务后再试，不会重复"
    )
