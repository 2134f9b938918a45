"""The route for scores."""

from typing import Annotated, Any

from fastapi import APIRouter, Query

from core.adapters.store import queries
from core.api.problems import documented
from core.api.schemas import FieldScoreInfo, FilledInfo, ScoreInfo
from core.api.shared import DatasetId, StoreOf, dataset_numbered
from core.domain.scoring import measure_named
from core.services.quality import score
from core.services.quality.scores import outdated_sentence
from core.services.team import left_out_sentence, withheld_chats

router = APIRouter(tags=["得分"])


@router.get(
    "/datasets/{dataset_id}/scores",
    summary="给抽取任务评分",
    description="按官方规则：每条群聊 36 分，任务里没有的群聊得 0 分。"
    "旁边总有不读群聊也能得的分（floors）和只看填了的格子。",
    responses=documented(404),
)
def read_score(
    store: StoreOf,
    dataset_id: DatasetId,
    run: Annotated[int, Query(ge=1, le=2**63 - 1, description="抽取任务的编号")],
    against: Annotated[
        str, Query(max_length=200, description="对照：labels、records（已确认）、blind（盲审过的）或 run:任务名")
    ] = "labels",
    measure: Annotated[str, Query(max_length=50, description="自由文本的相似度")] = "lcs",
    without_disputed: Annotated[bool, Query(description="有争议的标注不计分")] = False,
) -> ScoreInfo:
    """The score of a run."""
    dataset = dataset_numbered(store, dataset_id)
    result = score(
        store,
        dataset=dataset.id,
        run=run,
        against=against,
        measure=measure_named(measure),
        without_disputed=without_disputed,
    )
    with store.read() as session:
        scored = queries.run(session, run, dataset.id)
        hidden = len(withheld_chats(session, dataset.id))
    notes = [sentence for sentence in (outdated_sentence(scored),) if sentence]
    if hidden and against in ("records", "blind"):
        notes.append(left_out_sentence(hidden))
    fields: dict[str, Any] = result.as_json()["fields"]
    return ScoreInfo(
        run_id=scored.id,
        run=scored.name,
        against=against,
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
