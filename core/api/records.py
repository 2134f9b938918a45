"""Routes for records: page by page with their evidence and states, and one by its chat."""

from typing import Annotated

from fastapi import APIRouter, Path, Query

from core.adapters.store import DatasetView, Store
from core.adapters.store.models import RecordStatus
from core.api.problems import documented
from core.api.schemas import RecordInfo, RecordPageInfo
from core.api.shared import After, DatasetId, StoreOf, dataset_numbered, run_numbered
from core.domain.form import load_named_form
from core.services.quality import default_run
from core.services.review.record_pages import MOST_RECORDS, read_record, records_after

router = APIRouter(tags=["记录"])

FromRun = Annotated[
    int | None, Query(ge=1, le=2**63 - 1, description="没有记录的群聊取哪个抽取任务的值；默认是默认任务")
]


@router.get(
    "/datasets/{dataset_id}/records",
    summary="读记录",
    responses=documented(404),
    description="每条群聊的记录，按编号一页一页读；还没有记录的，状态是未审阅，值来自抽取任务。"
    "正在盲审的群聊不在其中，和网页上一样。",
)
def read_records(
    store: StoreOf,
    dataset_id: DatasetId,
    after: After = 0,
    limit: Annotated[int, Query(ge=1, le=MOST_RECORDS, description="最多几条群聊")] = 50,
    status: Annotated[list[RecordStatus] | None, Query(description="只要这些状态的，可写多次")] = None,
    run: FromRun = None,
    evidence: Annotated[bool, Query(description="是否在群聊里找每个值的依据")] = True,
) -> RecordPageInfo:
    """Some records of a dataset with their evidence, from where one stopped."""
    dataset = dataset_numbered(store, dataset_id)
    page = records_after(
        store,
        load_named_form(dataset.form),
        dataset,
        after=after,
        limit=limit,
        statuses=[str(one) for one in status or ()],
        base_run=_base(store, dataset, run),
        evidence=evidence,
    )
    return RecordPageInfo(
        items=[RecordInfo.model_validate(record) for record in page.records], next_after=page.next_after
    )


@router.get(
    "/datasets/{dataset_id}/records/{chat}",
    summary="一条群聊的记录",
    responses=documented(404),
    description="一条群聊的记录，带依据。",
)
def read_one_record(
    store: StoreOf,
    dataset_id: DatasetId,
    chat: Annotated[int, Path(ge=1, le=2**31 - 1, description="群聊的编号")],
    run: FromRun = None,
) -> RecordInfo:
    """One chat's record with its evidence."""
    dataset = dataset_numbered(store, dataset_id)
    record = read_record(store, load_named_form(dataset.form), dataset, chat, base_run=_base(store, dataset, run))
    return RecordInfo.model_validate(record)


def _base(store: Store, dataset: DatasetView, run: int | None) -> int | None:
    """The run whose values chats without a record have."""
    if run is not None:
        return run_numbered(store, run, dataset.id).id
    with store.read() as session:
        chosen = default_run(session, dataset.id)
    return chosen.id if chosen is not None else None
