"""Routes for imports: chats into a dataset, and forms as a run of one."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse

from core.api.problems import documented
from core.api.schemas import ImportOutcome, RefusedRow
from core.api.shared import Caller, DatasetId, StoreOf, dataset_numbered
from core.api.uploads import FILE_BODY, FileName, IdempotencyKey, once, sent_file
from core.domain.stored_names import LONGEST_DATASET_NAME, LONGEST_RUN_NAME
from core.services.datasets import ImportReport, TableColumns, import_chats, import_run
from core.services.datasets.reading_limits import MAX_COLUMN_NAME

router = APIRouter(tags=["导入"])

DryRun = Annotated[bool, Query(description="只看会导入什么，什么也不写")]
Column = Annotated[str, Query(max_length=MAX_COLUMN_NAME, description="表格里的列名；默认自动认")]


@router.post(
    "/imports",
    summary="导入群聊",
    description="把一个文件的群聊导入数据集，没有就新建；标注一并导入。规则和网页一样：同编号同内容的跳过，"
    "同编号不同内容的拒绝并说明，其余都进去。先用 dry_run=true 看会怎样。",
    status_code=201,
    response_model=ImportOutcome,
    openapi_extra=FILE_BODY,
    responses=documented(403, 409, 413),
)
async def import_file(
    request: Request,
    store: StoreOf,
    caller: Caller,
    dataset: Annotated[str, Query(max_length=LONGEST_DATASET_NAME, description="数据集的名称")],
    filename: FileName,
    split: Annotated[Literal["train", "test", "other"] | None, Query(description="用途；已有的数据集不必写")] = None,
    form: Annotated[str | None, Query(max_length=200, description="新数据集用哪个表单")] = None,
    text_column: Column = "",
    index_column: Column = "",
    dry_run: DryRun = False,
    idempotency_key: IdempotencyKey = None,
) -> JSONResponse:
    """Import a file of chats."""
    async with sent_file(request, filename) as sent:

        def work() -> ImportOutcome:
            report = import_chats(
                store,
                sent.file,
                filename=filename,
                dataset=dataset,
                split=split,
                form_name=form,
                columns=TableColumns(text_column, index_column),
                dry_run=dry_run,
                who=caller.name,
            )
            return _outcome(report, dry_run=dry_run)

        return await once(request, store, idempotency_key, sent.sha256, work, status=200 if dry_run else 201)


@router.post(
    "/datasets/{dataset_id}/imports",
    summary="导入为抽取任务",
    description="把提交文件或标注文件的表单附到数据集，成为一个抽取任务；按编号对应群聊。",
    status_code=201,
    response_model=ImportOutcome,
    openapi_extra=FILE_BODY,
    responses=documented(403, 404, 409, 413),
)
async def import_forms(
    request: Request,
    store: StoreOf,
    caller: Caller,
    dataset_id: DatasetId,
    run: Annotated[str, Query(max_length=LONGEST_RUN_NAME, description="抽取任务的名称")],
    filename: FileName,
    dry_run: DryRun = False,
    idempotency_key: IdempotencyKey = None,
) -> JSONResponse:
    """Import a file of forms as a run."""
    async with sent_file(request, filename) as sent:

        def work() -> ImportOutcome:
            name = dataset_numbered(store, dataset_id).name
            report = import_run(
                store, sent.file, filename=filename, dataset=name, run=run, dry_run=dry_run, who=caller.name
            )
            return _outcome(report, dry_run=dry_run)

        return await once(request, store, idempotency_key, sent.sha256, work, status=200 if dry_run else 201)


def _outcome(report: ImportReport, *, dry_run: bool) -> ImportOutcome:
    return ImportOutcome(
        dry_run=dry_run,
        import_id=report.import_id,
        dataset_id=report.dataset_id,
        dataset=report.dataset,
        run_id=report.run_id,
        run=report.run,
        total=report.total,
        added=report.added,
        skipped=report.skipped,
        labels=report.labels,
        rejected=[RefusedRow(index=row.index, why=row.why) for row in report.rejected],
        notes=list(report.notes),
    )
