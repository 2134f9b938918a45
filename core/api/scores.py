"""Routes for scores: at once where little is to be read, else as the job that the page 评分 waits for as well."""

from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Path, Query, Response
from fastapi.responses import JSONResponse

from core.adapters.store import HeavyJobView, RunView, Store
from core.adapters.store.models import JobStatus
from core.api.mounting import PREFIX
from core.api.problems import documented
from core.api.schemas import FieldScoreInfo, FilledInfo, ScoreInfo, ScoreJobInfo
from core.api.shared import LARGEST_NUMBER, DatasetId, StoreOf, dataset_numbered, run_numbered
from core.domain.form import load_named_form
from core.domain.scoring import RunScore, measure_named
from core.domain.stored_names import LONGEST_RUN_NAME
from core.errors import ConflictError, NotFoundError
from core.services import jobs
from core.services.quality import score
from core.services.quality.leaderboard import scored_runs
from core.services.quality.score_jobs import benchmark_of, score_parameters
from core.services.quality.scores import Benchmark, outdated_sentence
from core.services.team import left_out_sentence, withheld_chats

router = APIRouter(tags=["得分"])
_KIND = "scores"
_AGAIN_SECONDS = "2"
_LATER: dict[int | str, dict[str, Any]] = {
    202: {"model": ScoreJobInfo, "description": "在后台计算：过几秒请求 Location 的地址"}
}
RunToScore = Annotated[int, Query(ge=1, le=LARGEST_NUMBER, description="抽取任务的编号")]
WithoutDisputed = Annotated[bool, Query(description="有争议的标注不计分")]


@router.get(
    "/datasets/{dataset_id}/scores",
    summary="给抽取任务评分",
    description="按官方规则：每条群聊 36 分，任务里没有的群聊得 0 分。"
    "旁边总有不读群聊也能得的分（floors）和只看填了的格子。"
    "要读的结果很多时在后台计算：回答 202，过几秒到 Location 的地址取。",
    response_model=ScoreInfo,
    responses=_LATER | documented(404),
)
def read_score(
    store: StoreOf,
    dataset_id: DatasetId,
    run: RunToScore,
    against: Annotated[
        str,
        Query(
            max_length=LONGEST_RUN_NAME + 4,
            description="对照：labels、records（已确认）、blind（盲审过的）或 run:任务名",
        ),
    ] = "labels",
    measure: Annotated[str, Query(max_length=50, description="自由文本的相似度")] = "lcs",
    without_disputed: WithoutDisputed = False,
) -> ScoreInfo | Response:
    """The score of a run, or where it will be."""
    dataset = dataset_numbered(store, dataset_id)
    scored = run_numbered(store, run, dataset.id)
    benchmark = Benchmark(dataset, load_named_form(dataset.form), against, measure_named(measure))
    with store.read() as session:
        on_board = {one.id for one in scored_runs(session, benchmark)}
    if scored.id in on_board and len(on_board) * dataset.chats > jobs.INLINE_ANSWERS:
        outcome = jobs.request_job(store, jobs.task_of(store, _KIND, score_parameters(store, benchmark)))
        if outcome.job.status in (JobStatus.FAILED, JobStatus.CANCELLED):
            jobs.restart_job(store, outcome.job.id)
        if outcome.job.status == JobStatus.DONE:
            return _of_board(store, benchmark, outcome.value, scored, without_disputed)
        return _later(outcome.job, scored, without_disputed)
    result = score(
        store,
        dataset=dataset.id,
        run=run,
        against=against,
        measure=benchmark.measure,
        without_disputed=without_disputed,
    )
    return _info(store, scored, benchmark, result)


@router.get(
    "/datasets/{dataset_id}/scores/jobs/{job_id}",
    summary="取后台算的得分",
    description="没有算完时回答 202 和进度；算完就是得分，按开始算时的数据。取消或没有算出来的，重新请求得分就重算。",
    response_model=ScoreInfo,
    responses=_LATER | documented(404, 409),
)
def read_computed_score(
    store: StoreOf,
    dataset_id: DatasetId,
    job_id: Annotated[int, Path(ge=1, le=LARGEST_NUMBER, description="202 里的 job_id")],
    run: RunToScore,
    without_disputed: WithoutDisputed = False,
) -> ScoreInfo | Response:
    """The score of a run as a job has computed it, or how far the job is."""
    scored = run_numbered(store, run, dataset_numbered(store, dataset_id).id)
    with store.read() as session:
        job = jobs.job_of(session, job_id)
    if job is None or job.kind != _KIND or job.parameters.get("dataset") != dataset_id:
        raise NotFoundError(f"没有编号 {job_id} 的评分计算", "请重新请求得分")
    benchmark = benchmark_of(store, job.parameters)
    if job.parameters != score_parameters(store, benchmark):  # made for somebody who may see other reviews
        raise NotFoundError(f"没有编号 {job_id} 的评分计算", "请重新请求得分")
    if job.status == JobStatus.RUNNING:
        return _later(job, scored, without_disputed)
    if job.status != JobStatus.DONE:
        raise ConflictError(f"得分没有算出来：{job.problem or '计算已取消'}", "请重新请求得分")
    return _of_board(store, benchmark, jobs.result_of(store, job), scored, without_disputed)


def _later(job: HeavyJobView, run: RunView, without_disputed: bool) -> Response:
    query = urlencode({"run": run.id, "without_disputed": str(without_disputed).lower()})
    place = f"{PREFIX}/datasets/{run.dataset_id}/scores/jobs/{job.id}?{query}"
    document = ScoreJobInfo(job_id=job.id, stage=job.stage, done=job.done, total=job.total)
    return JSONResponse(document.model_dump(), 202, headers={"Location": place, "Retry-After": _AGAIN_SECONDS})


def _of_board(store: Store, benchmark: Benchmark, board: Any, run: RunView, without_disputed: bool) -> ScoreInfo:
    """The score of one run from those of all; :class:`~core.services.quality.leaderboard.BoardScores`."""
    if run.id not in board.runs:
        raise NotFoundError(f"这次计算里没有抽取任务「{run.name}」", "请重新请求得分")
    place = board.runs.index(run.id)
    undisputed = board.undisputed[place] if without_disputed else None
    return _info(store, run, benchmark, undisputed or board.scores[place])


def _info(store: Store, run: RunView, benchmark: Benchmark, result: RunScore) -> ScoreInfo:
    with store.read() as session:
        hidden = len(withheld_chats(session, benchmark.dataset.id))
    notes = [sentence for sentence in (outdated_sentence(run),) if sentence]
    if hidden and benchmark.against in ("records", "blind"):
        notes.append(left_out_sentence(hidden))
    fields: dict[str, Any] = result.as_json()["fields"]
    return ScoreInfo(
        run_id=run.id,
        run=run.name,
        against=benchmark.against,
        measure=result.measure.name,
        score=result.score,
        max=result.max,
        floors=result.floors,
        filled=FilledInfo(**result.filled.as_json()),
        fields={key: FieldScoreInfo(**one) for key, one in fields.items()},
        chats={index: one.score for index, one in result.chats.items()},
        missing=list(result.missing),
        left_out=result.left_out,
        notes=notes,
    )
