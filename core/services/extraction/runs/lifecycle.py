"""Create, start, pause, cancel, retry and delete runs. Plain writes; nothing waits here."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any, Literal

from pydantic import ValidationError
from sqlalchemy import delete as sql_delete
from sqlalchemy import select
from sqlmodel import Session, col

from core.adapters.llm import ModelSpec, connect, default_concurrency
from core.adapters.store import RunView, Store, queries
from core.adapters.store.models import Extraction, ExtractionStatus, Run, RunKind, RunStatus
from core.adapters.store.named_rows import hold_run_names, run_named
from core.domain.permissions import Permission
from core.domain.stored_names import LONGEST_RUN_NAME, NAME_RULE, is_usable_name, stored_name
from core.errors import NotFoundError, RunError, ShiyaoError
from core.services.extraction import models as model_catalog
from core.services.extraction.pipeline import Pipeline
from core.services.extraction.runs.batch_store import leave_batches, require_none_at_service, resume_batches
from core.services.extraction.runs.budget import (
    require_budget_can_be_kept,
    require_budget_for_a_chat,
    require_budget_left,
    require_prices,
    stop_at_budget,
)
from core.services.extraction.runs.estimate import estimated_chat_yuan
from core.services.extraction.runs.joined_parts import part_ids, parts_of
from core.services.extraction.runs.lane_jobs import offer_lanes
from core.services.extraction.runs.pipeline_loading import load_pipeline, pipeline_of
from core.services.extraction.runs.progress import progress
from core.services.extraction.runs.run_model import default_model, model_key, refresh, spec_of, with_run_parameters
from core.services.extraction.runs.scope import (
    BatchWay,
    RunParameters,
    missing,
    parameters_of,
    pending,
    require_one_choice,
    settle_scope,
)
from core.services.team import AuditKind, permitted, record_audit


@permitted(Permission.RUNS)
def create_run(
    store: Store,
    *,
    dataset: str | int,
    name: str,
    provider: str,
    model: str = "",
    prompt: str = "baseline",
    pipeline: Pipeline | None = None,
    parameters: Mapping[str, Any] | None = None,
    concurrency: int | None = None,
    per_minute: int | None = None,
    deadline: float | None = None,
    fresh: bool | None = None,
    budget: float | None = None,
    batch: BatchWay | Literal[""] | None = None,
    batch_failures: Literal["batch", "live"] | None = None,
    limit: int | None = None,
    chat_indices: Iterable[int] | None = None,
) -> RunView:
    """Create a run, or extend the scope of the existing one with this name; calls no model.

    Args:
        store: open store.
        dataset: name or id.
        name: the run's name, unique in its dataset.
        provider: a registered one's name; ``""``: that of the model's entry.
        model: an entry's name, or what the service calls a model; the provider's default where empty.
        prompt: name (newest version), name and version (``baseline.v1``), or several stages (``baseline,verify``).
        pipeline: what :func:`core.services.extraction.runs.load_pipeline` made, instead of ``prompt``.
        parameters: for the model: ``temperature``, ``max_tokens``, …
        concurrency: calls at a time; the provider's default where ``None``.
        per_minute: calls started per minute at most.
        deadline: seconds for one call.
        fresh: ask anew even where an identical request was answered before.
        budget: yuan that it may cost; it is paused once that much is spent; ``None``: as it is, at first no limit.
        batch: see :class:`~core.services.extraction.runs.scope.BatchWay`; ``""`` for calls that are answered at once;
            ``None``: as it is, at first at once.
        batch_failures: whether lines of a batch that failed go into the next ``batch``, or are asked about ``live``.
        limit: only the first so many chats; ``None`` for all. An existing run's scope only grows.
        chat_indices: only these chats; not together with ``limit``.

    Raises:
        NotFoundError: no such dataset.
        PromptError: no such prompt, or stages that do not fit together.
        RunError: keys are missing; the names belong to a run with another provider, model, prompt or parameters; a
            value is out of range; nothing is in scope.
        SettingsError: no such provider.
    """
    typed_name, name = name.strip(), stored_name(name)
    if not name:
        raise RunError("抽取任务没有名称", "请填写一个名称")
    if limit is not None and limit < 1:
        raise RunError(f"只抽取前 {limit:,} 条群聊没有意义", "请填写 1 以上的数，或留空表示全部")
    with store.read() as session:
        spec = model_catalog.resolve(session, provider, model.strip() or default_model(provider))
        stages = pipeline or load_pipeline(session, prompt, dataset=dataset)
    _require_ready(with_run_parameters(spec, parameters or {}))
    if budget is not None:
        require_prices(spec)
    require_batch(spec, batch or "")
    provider, model = spec.provider, spec.name
    chosen = stages.main
    with store.write() as session:
        data = queries.dataset(session, dataset)
        hold_run_names(session, data.id)
        indices = list(queries.chat_ids(session, data.id))
        chosen_indices = _wanted(indices, limit, chat_indices)
        row = run_named(session, data.id, typed_name)
        if row is None:
            if not is_usable_name(name, LONGEST_RUN_NAME):
                raise RunError(f"抽取任务的名称不能用（最多 {LONGEST_RUN_NAME} 字，{NAME_RULE}）", "请换一个名称")
            row = Run(dataset_id=data.id, name=name, kind=RunKind.MODEL, provider=provider, model=model)
            row.prompt_name, row.prompt_version = chosen.name, str(chosen.version)
            row.prompt_sha256, row.prompt_text = chosen.sha256, chosen.source
            kept = None if stages.plain else stages.as_dict()
            settled = _validated(request=dict(parameters or {}), chats=chosen_indices, pipeline=kept)
            at_once = spec.concurrency or default_concurrency(provider)
            limits = {"concurrency": at_once, "per_minute": spec.per_minute, "entry": spec.as_dict()}
            settled = settled.model_copy(update=limits)
            session.add(row)
        else:
            _require_same(row, provider, model, stages, parameters)
            settled = parameters_of(row)
            if settled.chats is not None:
                settled.chats = None if chosen_indices is None else sorted({*settled.chats, *chosen_indices})
        changes = {
            "concurrency": concurrency,
            "per_minute": per_minute,
            "deadline": deadline,
            "fresh": fresh,
            "budget": budget,
            "batch": batch,
            "batch_failures": batch_failures,
        }
        if batch is not None and row.id is not None and batch != settled.batch:
            if row.status == RunStatus.RUNNING:
                raise RunError(f"抽取任务「{row.name}」正在进行，现在不能改变调用的方式", "请先暂停它")
            leave_batches(session, row, missing(session, row), "改变调用的方式")
        changed = {key: value for key, value in changes.items() if value is not None}
        row.parameters = _validated(**{**settled.model_dump(), **changed}).model_dump(mode="json")
        require_budget_can_be_kept(row)
        if batch_failures is not None and not row.parameters["batch"]:
            raise RunError("抽取任务不作为批量，没有批量里失败的群聊", "请选一种批量，或不写批量里失败的怎么办")
        settle_scope(session, row)
        if row.total == 0:
            raise RunError(f"数据集「{data.name}」里没有可以抽取的群聊", "请先导入数据，或检查选择的范围")
        session.flush()
        if budget is not None:
            _estimate_chat(session, row)
            require_budget_for_a_chat(session, row)
        run_id = row.id or 0
    return progress(store, run_id)


@permitted(Permission.RUNS)
def start(store: Store, run_id: int) -> RunView:
    """Start or resume a run; the executing process picks it up. A joined run goes on with all of its parts.

    Raises:
        NotFoundError: no such run.
        RunError: no model is asked for it, a part of it is gone, or keys are missing (the sentence names the
            variables).
    """
    with store.write() as session:
        row = _row(session, run_id)
        if part_ids(row):
            for part in parts_of(session, row):
                settle_scope(session, part)
                _go(session, part)
            row.status = RunStatus.RUNNING
        else:
            row = _model_run(session, run_id)
            settle_scope(session, row)
            _go(session, row)
    return progress(store, run_id)


@permitted(Permission.RUNS)
def extend(store: Store, run_id: int) -> RunView:
    """Extend a run to all chats of its dataset, including newly imported ones, and start it.

    Raises:
        NotFoundError: no such run.
        RunError: it is not a model's run, or keys are missing.
    """
    with store.write() as session:
        row = _model_run(session, run_id)
        settled = parameters_of(row)
        settled.chats = None
        row.parameters = settled.model_dump(mode="json")
        settle_scope(session, row)
        _go(session, row)
    return progress(store, run_id)


@permitted(Permission.RUNS)
def set_limits(
    store: Store,
    run_id: int,
    *,
    concurrency: int,
    per_minute: int | None,
    deadline: float,
    budget: float | None,
) -> RunView:
    """Change a run's rate limits and timeouts, also while it is running; applies from the next chat on.

    Args:
        store: open store.
        run_id: the run.
        concurrency: calls at a time; runs of one model share the smallest of theirs.
        per_minute: calls started per minute at most; ``None`` for no limit.
        deadline: seconds for one call.
        budget: yuan that the run may cost; ``None`` for no limit.

    Raises:
        NotFoundError: no such run.
        RunError: it is not a model's run, a value is out of range, or the model has no price for a budget.
    """
    with store.write() as session:
        row = _model_run(session, run_id)
        if budget is not None:
            require_prices(spec_of(row))
        limits = {"concurrency": concurrency, "per_minute": per_minute, "deadline": deadline, "budget": budget}
        row.parameters = _validated(**{**parameters_of(row).model_dump(), **limits}).model_dump(mode="json")
        require_budget_can_be_kept(row)
        session.flush()
        if budget is not None:
            _estimate_chat(session, row)
            require_budget_for_a_chat(session, row)
            stop_at_budget(session, row)
    return progress(store, run_id)


@permitted(Permission.RUNS)
def retry_failed(store: Store, run_id: int, *, causes: Iterable[str] | None = None) -> RunView:
    """Retry a run's failed chats; earlier replies stay with the extraction.

    Args:
        store: open store.
        run_id: the run.
        causes: only failures with these causes; ``None`` for all.

    Raises:
        NotFoundError: no such run.
        RunError: nothing failed, it is not a model's run, or keys are missing.
    """
    with store.write() as session:
        row = _model_run(session, run_id)
        statement = select(col(Extraction.chat_id), col(Extraction.attempts)).where(
            col(Extraction.run_id) == run_id, col(Extraction.status) == ExtractionStatus.FAILED
        )
        if causes is not None:
            statement = statement.where(col(Extraction.cause).in_(list(causes)))
        failed = {int(chat_id): int(attempts) for chat_id, attempts in session.execute(statement)}
        if not failed:
            raise RunError(f"抽取任务「{row.name}」没有失败的群聊", "不需要重试")
        settled = parameters_of(row)
        settled.retry = {**settled.retry, **failed}
        row.parameters = settled.model_dump(mode="json")
        _go(session, row)
    return progress(store, run_id)


@permitted(Permission.RUNS)
def pause(store: Store, run_id: int) -> RunView:
    """Pause a run; running calls finish and are stored. ``start`` resumes it.

    Raises:
        NotFoundError: no such run.
    """
    return _stop(store, run_id, RunStatus.PAUSED)


@permitted(Permission.RUNS)
def cancel(store: Store, run_id: int) -> RunView:
    """Cancel a run; running calls finish and are stored, and ``start`` can still resume it.

    Raises:
        NotFoundError: no such run.
    """
    return _stop(store, run_id, RunStatus.CANCELLED)


@permitted(Permission.DELETE_RUN)
def delete(store: Store, run_id: int) -> None:
    """Delete a run with all its extractions; records based on it stay.

    Raises:
        NotFoundError: no such run.
        RunError: it is running.
    """
    with store.write() as session:
        row = _row(session, run_id)
        if row.status == RunStatus.RUNNING:
            raise RunError(f"抽取任务「{row.name}」正在进行，不能删除", "请先取消它")
        require_none_at_service(session, row, "删除", files=True)
        session.execute(sql_delete(Extraction).where(col(Extraction.run_id) == run_id))
        session.delete(row)
        record_audit(session, AuditKind.DELETION, row.name, f"抽取任务，{row.total:,d} 条群聊")
    store.purge_deleted()


@permitted(Permission.RUNS)
def go_live(store: Store, run_id: int) -> RunView:
    """Have a run's remaining chats asked at once instead of as a batch, and start it.

    Raises:
        NotFoundError: no such run.
        RunError: it is not a model's run, a service still has requests of it, or keys are missing.
    """
    with store.write() as session:
        row = _model_run(session, run_id)
        leave_batches(session, row, missing(session, row), "改为实时")
        settled = parameters_of(row)
        settled.batch, settled.live = "", []
        row.parameters = settled.model_dump(mode="json")
        _go(session, row)
    return progress(store, run_id)


def require_batch(spec: ModelSpec, batch: BatchWay | Literal[""]) -> None:
    """Refuse a way of calling that a model's service does not have.

    Raises:
        RunError: it has not.
    """
    if batch == BatchWay.FILES and not spec.batch_files:
        raise RunError(f"模型「{spec.title}」没有批量文件", "请在模型页核对，或改为实时调用")
    if batch == BatchWay.ADDRESS and not spec.batch_url:
        raise RunError(f"模型「{spec.title}」没有批量地址", "请在模型页填写，或改为实时调用")
    if batch == BatchWay.FILES and (spec.parameters.get("lora_id") or spec.parameters.get("patch_id")):
        raise RunError(f"模型「{spec.title}」要随每次调用发送资源 ID，批量文件里放不进去", "请改为实时调用")


def finish_if_complete(session: Session, run_id: int) -> None:
    """Mark a run, stopped ones too, as finished if nothing is missing; call it inside a write, after flushing."""
    row = session.get(Run, run_id)
    if row is not None and row.status not in (RunStatus.WAITING, RunStatus.FINISHED) and not pending(session, row):
        row.status = RunStatus.FINISHED


def _go(session: Session, row: Run) -> None:
    refresh(session, row)
    _require_ready(spec_of(row))
    require_batch(spec_of(row), parameters_of(row).batch)
    lacking = missing(session, row)
    if lacking:
        require_budget_left(session, row, spec_of(row))
        _estimate_chat(session, row)
    row.status = RunStatus.RUNNING if lacking else RunStatus.FINISHED
    if row.status == RunStatus.RUNNING:
        session.flush()
        resume_batches(session, row.id or 0)
        if parameters_of(row).batch == BatchWay.FILES:
            return
        offer_lanes(session, model_key(row), parameters_of(row).concurrency)


def _estimate_chat(session: Session, row: Run) -> None:
    """Note what one chat is estimated to cost, for a run that has a budget."""
    parameters = parameters_of(row)
    if parameters.budget is None:
        return
    with suppress(ShiyaoError):  # what is wrong with prompt or form fails the chats, which say so
        parameters.chat_yuan = estimated_chat_yuan(session, row)
        row.parameters = parameters.model_dump(mode="json")
        session.flush()


def _require_ready(spec: ModelSpec) -> None:
    if reason := connect(spec).ready():
        raise RunError(reason.rstrip("。"))


def _stop(store: Store, run_id: int, status: RunStatus) -> RunView:
    with store.write() as session:
        row = _row(session, run_id)
        for one in (row, *parts_of(session, row, missing_ok=True)):
            if one.status in (RunStatus.WAITING, RunStatus.RUNNING, RunStatus.PAUSED):
                one.status = status
    return progress(store, run_id)


def _row(session: Session, run_id: int) -> Run:
    row = session.get(Run, run_id)
    if row is None:
        raise NotFoundError("这个抽取任务已不存在", "请刷新页面")
    return row


def _model_run(session: Session, run_id: int) -> Run:
    row = _row(session, run_id)
    if row.kind != RunKind.MODEL:
        raise RunError(f"「{row.name}」不是由模型抽取的，不能运行", "请新建一个抽取任务")
    return row


def _wanted(indices: list[int], limit: int | None, chat_indices: Iterable[int] | None) -> list[int] | None:
    require_one_choice(limit, chat_indices)
    if chat_indices is not None:
        chosen = sorted(set(chat_indices))
        if unknown := sorted(set(chosen) - set(indices)):
            raise RunError(f"数据集里没有第 {'、'.join(map(str, unknown[:5]))} 条群聊", "请检查选择的范围")
        return chosen
    return None if limit is None else indices[:limit]


def _validated(**values: Any) -> RunParameters:
    try:
        return RunParameters.model_validate(values)
    except ValidationError as error:
        wrong = error.errors()[0]
        names = {"concurrency": "并发数", "per_minute": "每分钟次数", "deadline": "超时秒数", "budget": "预算"}
        field = str(wrong["loc"][0]) if wrong["loc"] else ""
        raise RunError(
            f"{names.get(field, field)}不能是 {wrong.get('input')}", "并发数可以是 1 到 256，其余应大于 0"
        ) from error


def _require_same(row: Run, provider: str, model: str, stages: Pipeline, parameters: Mapping[str, Any] | None) -> None:
    """A run is one way of asking: under the same name nothing else goes on."""
    if row.kind != RunKind.MODEL:
        raise RunError(f"这个数据集已有同名的「{row.name}」，但它不是由模型抽取的", "请换一个名称")
    different = []
    if row.provider != provider:
        different.append(f"服务是 {row.provider} 而不是 {provider}")
    elif row.model != model:
        different.append(f"模型是 {row.model or '（未指定）'} 而不是 {model or '（未指定）'}")
    before = pipeline_of(row)
    before_steps, now = ([(s.prompt.sha256, s.samples, s.fields) for s in plan_.steps] for plan_ in (before, stages))
    if row.prompt_sha256 != stages.main.sha256 or before_steps != now:
        different.append(f"提示词是 {before.spec} 而不是 {stages.spec}")
    elif before.sha256 != stages.sha256:
        different.append("清理步骤、分段、示例或起点不同")
    if parameters is not None and parameters_of(row).request != dict(parameters):
        different.append("模型参数不同")
    if different:
        raise RunError(
            f"抽取任务「{row.name}」已经存在，它的{'，'.join(different)}", "请换一个名称，或用原来的设置继续"
        )
