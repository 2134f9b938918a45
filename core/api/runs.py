"""Routes for runs: list, create and start, watch, pause, go on, cancel, retry."""

from typing import Annotated, Literal

from fastapi import APIRouter, Body
from pydantic import Field

from core.adapters.store import RunView, Store
from core.api.problems import documented
from core.api.schemas import ApiRequest, FailureInfo, RunDetail, RunList, RunProgress
from core.api.shared import DatasetId, RunId, StoreOf, dataset_numbered
from core.domain.stored_names import LONGEST_RUN_NAME
from core.services.extraction import runs as run_service
from core.services.extraction.runs.scope import BatchWay
from core.services.quality import default_run

router = APIRouter(tags=["抽取任务"])


class NewRun(ApiRequest):
    """A run to create; one of the same name and settings goes on with what it lacks."""

    name: str = Field(max_length=LONGEST_RUN_NAME, description="名称；同名而设置相同的，接着做没有完成的")
    provider: str = Field(default="", max_length=50, description="local、learned、spark、openai；空：按模型的条目")
    model: str = Field(default="", max_length=200, description="模型的条目或名称；空：服务的默认模型")
    prompt: str = Field(default="baseline", max_length=500, description="提示词，几个阶段用逗号隔开")
    limit: int | None = Field(default=None, ge=1, description="只抽取前几条群聊")
    chats: list[int] | None = Field(default=None, max_length=100_000, description="只抽取这些编号的群聊")
    concurrency: int | None = Field(default=None, ge=1, le=256, description="同时进行的调用数")
    per_minute: int | None = Field(default=None, ge=1, description="每分钟最多几次调用")
    fresh: bool | None = Field(default=None, description="不沿用以前对同样问题的回答")
    budget: float | None = Field(
        default=None, gt=0, allow_inf_nan=False, description="最多花多少元，花到就暂停；要模型有单价"
    )
    batch: BatchWay | None = Field(
        default=None, description="files：写成文件作为批量，便宜，几小时内回答；address：发往批量地址；空：即时调用"
    )
    batch_failures: Literal["batch", "live"] | None = Field(
        default=None, description="批量里失败的：batch 放进下一批（默认），live 改为实时再问；只和批量一起写"
    )
    start: bool = Field(default=True, description="建好就开始")


@router.get(
    "/datasets/{dataset_id}/runs",
    summary="列出抽取任务",
    description="数据集的抽取任务，新的在前，不含标注；和默认任务的编号。",
    responses=documented(404),
)
def read_runs(store: StoreOf, dataset_id: DatasetId) -> RunList:
    """The runs of a dataset, newest first, and its default run."""
    dataset = dataset_numbered(store, dataset_id)
    with store.read() as session:
        chosen = default_run(session, dataset.id)
    listed = run_service.listed_runs(store, dataset.id)
    return RunList(items=[_info(run) for run in listed], default=chosen.id if chosen is not None else None)


@router.post(
    "/datasets/{dataset_id}/runs",
    summary="新建抽取任务",
    description="新建并开始一个抽取任务；由服务器或工作进程执行，请用查看进度的地址等它完成。"
    "同名的接着做时，budget 和 batch 空着就照原来的。",
    status_code=201,
    responses=documented(403, 404, 409),
)
def new_run(store: StoreOf, dataset_id: DatasetId, wanted_run: Annotated[NewRun, Body()]) -> RunProgress:
    """Create a run and start it."""
    created = run_service.create_run(
        store,
        dataset=dataset_numbered(store, dataset_id).name,
        name=wanted_run.name,
        provider=wanted_run.provider,
        model=wanted_run.model,
        prompt=wanted_run.prompt,
        limit=wanted_run.limit,
        chat_indices=wanted_run.chats,
        concurrency=wanted_run.concurrency,
        per_minute=wanted_run.per_minute,
        fresh=wanted_run.fresh,
        budget=wanted_run.budget,
        batch=wanted_run.batch,
        batch_failures=wanted_run.batch_failures,
    )
    return _started(store, created.id) if wanted_run.start else _info(created)


@router.get(
    "/runs/{run_id}",
    summary="查看进度",
    description="完成、失败和没有做的条数，以及失败的原因。",
    responses=documented(404),
)
def read_run(store: StoreOf, run_id: RunId) -> RunDetail:
    """How far a run is, and what failed."""
    view = run_service.progress(store, run_id)
    failed = [
        FailureInfo(cause=one.cause, title=one.title, chats=list(one.chats))
        for one in run_service.failures(store, run_id)
    ]
    return RunDetail(**_info(view).model_dump(), failures=failed)


@router.post(
    "/runs/{run_id}/start",
    summary="开始或继续",
    description="开始，或从暂停、取消的地方继续；已经得到的结果不会再做。",
    responses=documented(403, 404, 409),
)
def start_run(store: StoreOf, run_id: RunId) -> RunProgress:
    """Start a run, or go on with one that was paused or cancelled."""
    return _started(store, run_id)


@router.post(
    "/runs/{run_id}/pause",
    summary="暂停",
    description="不再开始新的调用；进行中的会做完并存下。",
    responses=documented(403, 404),
)
def pause_run(store: StoreOf, run_id: RunId) -> RunProgress:
    """Pause a run; calls under way are stored."""
    return _info(run_service.pause(store, run_id))


@router.post(
    "/runs/{run_id}/cancel",
    summary="取消",
    description="同暂停，并记为已取消；已经得到的结果保留，以后还能继续。",
    responses=documented(403, 404),
)
def cancel_run(store: StoreOf, run_id: RunId) -> RunProgress:
    """Cancel a run; its results are kept."""
    return _info(run_service.cancel(store, run_id))


@router.post(
    "/runs/{run_id}/retry",
    summary="重试失败的群聊",
    description="重新抽取失败的群聊；原来的回答一起留着。",
    responses=documented(403, 404, 409),
)
def retry_run(store: StoreOf, run_id: RunId) -> RunProgress:
    """Retry the failed chats of a run."""
    view = run_service.retry_failed(store, run_id)
    run_service.ensure_running(store).wake()
    return _info(view)


def _started(store: Store, run_id: int) -> RunProgress:
    view = run_service.start(store, run_id)
    run_service.ensure_running(store).wake()
    return _info(view)


def _info(run: RunView) -> RunProgress:
    kept = {name: run.parameters.get(name) or None for name in ("budget", "batch")}
    return RunProgress.model_validate(run).model_copy(update=kept)
