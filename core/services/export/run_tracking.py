"""Runs and their scores to an MLflow tracking server: parameters, digests of prompts, figures with intervals.

Neither chats nor values nor prompts' texts go out: figures, names and digests do.
"""

import hashlib
from collections.abc import Sequence
from datetime import datetime

import numpy as np
from sqlalchemy import func, select
from sqlmodel import Session, col

from core.adapters import mlflow_tracking
from core.adapters.mlflow_tracking import TrackedRun, TrackingOutcome, metric_key
from core.adapters.store import DatasetView, RunView, Store, queries
from core.adapters.store.models import Chat, Extraction, RunKind, RunStatus
from core.domain.form import load_named_form
from core.domain.form.loading import stored_version
from core.domain.permissions import Permission
from core.domain.scoring import LCS, Measure, RunScore, mean_intervals
from core.domain.scoring.comparison import points_table
from core.errors import FormError, NotFoundError
from core.services.export.dataset_card import card_text
from core.services.quality import BLIND, LABELS, RECORDS, Benchmark
from core.services.quality.leaderboard import references, run_caveats
from core.services.quality.run_cost import run_costs
from core.services.quality.scores import run_score
from core.services.team import AuditKind, permitted, record_audit

REFERENCE_TITLES = {LABELS: "标注", BLIND: "盲审过的记录", RECORDS: "已确认的记录"}


@permitted(Permission.EXPORT)
def track_scores(
    store: Store,
    *,
    dataset: str | int,
    runs: Sequence[str] = (),
    against: str = "",
    measure: Measure = LCS,
) -> tuple[TrackingOutcome, str]:
    """Send the runs of a dataset that have answers to MLflow, one experiment for the dataset.

    Args:
        store: the open store.
        dataset: name or id.
        runs: names of the runs; empty for all but the labels.
        against: what they are scored against; empty for the best reference that there is, and for no score without one.
        measure: similarity for free-text fields.

    Returns:
        What came of it, and what the runs were scored against (``""`` for nothing).

    Raises:
        NotFoundError: no such dataset or run, or none with answers.
        InputError: ``against`` is not understood.
        ExportError: the server refuses or cannot be reached.
        SettingsError: no server is named, or nothing may be sent there.
    """
    address = mlflow_tracking.check_tracking()
    with store.read() as session:
        view = queries.dataset(session, dataset)
    reference = against or next((name for name in references(store, view) if name in REFERENCE_TITLES), "")
    with store.read() as session:
        every = queries.runs(session, view.id)
        chosen = (
            [queries.run(session, name, view.id) for name in runs]
            if runs
            else [run for run in every if run.done and run.kind != RunKind.LABELS]
        )
        if not chosen:
            raise NotFoundError(f"数据集「{view.name}」还没有抽取任务", "请先抽取或导入结果")
        tracked = _tracked(session, store, view, chosen, every, reference, measure)
    with store.write() as session:
        record_audit(
            session,
            AuditKind.EXPORT,
            address,
            f"记到 MLflow：数据集「{view.name}」的 {len(tracked):,} 个抽取任务的设置和得分",
        )
    key = _key("dataset", view.id, view.created_at)
    return mlflow_tracking.track_runs(key, f"拾要 {view.name}", tracked), reference


def _tracked(
    session: Session,
    store: Store,
    dataset: DatasetView,
    runs: Sequence[RunView],
    every: Sequence[RunView],
    against: str,
    measure: Measure,
) -> list[TrackedRun]:
    form = load_named_form(dataset.form)
    benchmark = Benchmark(dataset, form, against or LABELS, measure)
    yuan = run_costs(session, runs)
    caveats = run_caveats(session, benchmark, runs, every) if against else {}
    ended = _ended(session, [run.id for run in runs])
    digest = _digest(session, dataset.id)
    tracked = []
    for run in runs:
        score = run_score(session, store, benchmark, run) if against else None
        price = yuan[run.id]
        metrics = {
            "chats.answered": float(run.done),
            "chats.failed": float(run.failed),
            "chats.pending": float(run.pending),
            "tokens.in": float(run.tokens_in),
            "tokens.out": float(run.tokens_out),
            "seconds": run.seconds,
            **({"yuan": price} if price is not None else {}),
            **(_figures(score, form.keys) if score else {}),
        }
        caveat = caveats.get(run.id, "")
        tags = {
            "shiyao.status": run.status,
            "shiyao.against": against,
            "shiyao.measure": measure.name,
            "shiyao.caveat": caveat,
            "mlflow.note.content": _note(score, against, caveat),
        }
        state = _state(run)
        finished = None if state == "RUNNING" else ended.get(run.id, run.created_at)
        tracked.append(
            TrackedRun(
                key=_key("run", run.id, run.created_at),
                name=run.name,
                started_ms=_milliseconds(run.created_at),
                ended_ms=_milliseconds(finished) if finished else None,
                state=state,
                parameters=_parameters(run, form.reference, form.version),
                metrics=metrics,
                tags=tags,
                dataset=dataset.name,
                digest=digest,
            )
        )
    return tracked


def _parameters(run: RunView, form: str, version: int) -> dict[str, str]:
    """What a run is: model, prompts by name and digest, what was sent along; never a prompt's text or an address."""
    request = run.parameters.get("request")
    pipeline = run.parameters.get("pipeline") or {}
    digests = ",".join(f"{one['name']}.v{one['version']}={one['sha256'][:16]}" for one in pipeline.get("stages", ()))
    return {
        "kind": run.kind,
        "provider": run.provider,
        "model": run.model,
        "prompt": f"{run.prompt_name}.{run.prompt_version}".strip("."),
        "prompt_sha256": run.prompt_sha256,
        "form": run.form or form,
        "form_version": str(_version_of(run.form) if run.form else version),
        **({"pipeline": str(pipeline.get("spec", "")), "pipeline_sha256": digests} if digests else {}),
        **{
            metric_key("request", str(name)): str(value)
            for name, value in (request if isinstance(request, dict) else {}).items()
            if isinstance(value, str | int | float)
        },
    }


def _version_of(reference: str) -> int:
    """Version of the form that a run says it was made with, also where that cannot be read any more (then 0)."""
    if stored := stored_version(reference):
        return stored[1]
    try:
        return load_named_form(reference).version
    except FormError:
        return 0


def _figures(score: RunScore, keys: Sequence[str]) -> dict[str, float]:
    """The score with its floors and interval, and of each field the points with interval and F1."""
    table = points_table(score, len(keys))
    total, *fields = mean_intervals(np.concatenate([table.sum(axis=1, keepdims=True), table], axis=1))
    figures = {
        "score": score.score,
        "score.low": total.low,
        "score.high": total.high,
        "score.max": score.max,
        "score.floor": score.floor,
        "score.constants": score.constants,
        "score.chats": float(len(score.chats)),
        "score.missing": float(len(score.missing)),
        **{f"filled.{name}": value for name, value in score.filled.as_json().items()},
    }
    for key, interval in zip(keys, fields, strict=True):
        figures[metric_key("points", key)] = score.fields[key].points
        figures[metric_key("points.low", key)] = interval.low
        figures[metric_key("points.high", key)] = interval.high
        figures[metric_key("f1", key)] = score.fields[key].filled.f1
    return figures


def _note(score: RunScore | None, against: str, caveat: str) -> str:
    """The description that MLflow shows beside a run: what the score means."""
    if score is None:
        return "没有标注，也没有已确认的记录，所以没有得分。"
    title = REFERENCE_TITLES.get(against, card_text(against))
    warning = f"\n\n{card_text(caveat)}。" if caveat else ""
    return (
        f"得分 {score.score:.2f} / {score.max:g}，对照{title}，{len(score.chats):,} 条群聊；"
        f"全空表单能得 {score.floor:.2f}，常数下限 {score.constants:.2f}。区间是按群聊重抽样的 95 %。{warning}"
    )


def _state(run: RunView) -> str:
    """The state of a run as MLflow calls it."""
    if run.kind == RunKind.MODEL and run.pending:
        return "KILLED" if run.status == RunStatus.CANCELLED else "RUNNING"
    return "FINISHED" if run.done else "FAILED"


def _ended(session: Session, ids: Sequence[int]) -> dict[int, datetime]:
    """When the last answer of each run came."""
    newest = (
        select(col(Extraction.run_id), func.max(col(Extraction.created_at)))
        .where(col(Extraction.run_id).in_(ids))
        .group_by(col(Extraction.run_id))
    )
    return {int(run_id): at for run_id, at in session.execute(newest)}


def _digest(session: Session, dataset_id: int) -> str:
    """Digest of a dataset's texts with their indices, 32 digits."""
    statement = (
        select(col(Chat.index), col(Chat.sha256)).where(col(Chat.dataset_id) == dataset_id).order_by(col(Chat.index))
    )
    digest = hashlib.sha256()
    for index, sha256 in session.execute(statement):
        digest.update(f"{index}:{sha256}\n".encode())
    return digest.hexdigest()[:32]


def _key(kind: str, number: int, created_at: datetime) -> str:
    """By what a thing is found again: its number and when it was made, so that two installations do not collide."""
    return f"{kind}-{number}-{_milliseconds(created_at)}"


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
