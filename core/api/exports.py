"""The route for exports: a file that was read back and compared, streamed."""

import json
import tempfile
from base64 import b64encode
from enum import StrEnum
from pathlib import Path
from shutil import rmtree
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Body
from fastapi.responses import FileResponse
from pydantic import Field
from starlette.background import BackgroundTask

from core.adapters.store import DatasetView, Store
from core.api.problems import documented
from core.api.schemas import ApiRequest
from core.api.shared import DatasetId, StoreOf, dataset_numbered
from core.domain.masking import Masked, parse_mask
from core.services.export import (
    ExportResult,
    TableFormat,
    TextKind,
    export_dataset,
    export_submission,
    export_table,
    file_name,
    parse_source,
)

router = APIRouter(tags=["导出"])
NOTES_HEADER = "X-Shiyao-Export"
"""Counts and notes of an export, JSON in percent-encoding: headers take no Chinese."""
_LONGEST_NOTES = 6_000


class ExportKind(StrEnum):
    """What can be exported by a program."""

    SUBMISSION = "submission"
    DATASET = "dataset"
    CSV = "csv"
    XLSX = "xlsx"


class NewExport(ApiRequest):
    """An export to make."""

    kind: ExportKind = Field(description="submission 提交文件，dataset 数据集本身，csv 和 xlsx 给同事看的表格")
    source: str = Field(
        default="",
        max_length=300,
        description="结果的来源：records、labels、run:任务名、records+run:任务名、labels+records；"
        "空：提交文件是记录，缺的用抽取任务；其余是记录",
    )
    fill_missing: bool = Field(default=False, description="提交文件：没有结果的群聊各写一张空表")
    text: TextKind = Field(default=TextKind.RAW, description="数据集：raw 入库时的原文，clean 去掉表格残留")
    confirmations: bool = Field(default=False, description="表格：每个字段加一列确认状态")
    discussions: bool = Field(default=False, description="表格：加一列讨论")
    mask: list[Masked] = Field(default_factory=list, description="遮盖哪些个人信息")


@router.post(
    "/datasets/{dataset_id}/exports",
    summary="导出文件",
    description="导出一个文件，读回比对过再给出；缺的会点名拒绝，和网页一样。"
    f"头 Repr-Digest 是文件的 SHA-256，头 {NOTES_HEADER} 是条数和说明（百分号编码的 JSON）。写进导出记录和操作记录。",
    response_class=FileResponse,
    responses={
        200: {"description": "文件", "content": {"application/octet-stream": {}}},
        **documented(403, 404, 422),
    },
)
def make_export(store: StoreOf, dataset_id: DatasetId, made: Annotated[NewExport, Body()]) -> FileResponse:
    """Export a file."""
    dataset = dataset_numbered(store, dataset_id)
    folder = Path(tempfile.mkdtemp(prefix="shiyao-api-"))
    try:
        result = _write(store, dataset, made, folder)
    except BaseException:
        rmtree(folder, ignore_errors=True)
        raise
    notes = {"counts": dict(result.counts), "notes": list(result.notes)}
    header = quote(json.dumps(notes, ensure_ascii=False))
    if len(header) > _LONGEST_NOTES:
        header = quote(json.dumps({"counts": dict(result.counts), "notes": ["说明太长，请看网页上的导出记录"]}))
    digest = b64encode(bytes.fromhex(result.sha256)).decode()
    return FileResponse(
        result.out,
        filename=result.out.name,
        media_type="application/octet-stream",
        headers={"Repr-Digest": f"sha-256=:{digest}:", NOTES_HEADER: header},
        background=BackgroundTask(rmtree, folder, ignore_errors=True),
    )


def _write(store: Store, dataset: DatasetView, made: NewExport, folder: Path) -> ExportResult:
    mask = parse_mask([str(kind) for kind in made.mask])
    suffix = str(made.kind) if str(made.kind) in {str(one) for one in TableFormat} else "json"
    out = folder / f"{file_name(dataset.name, made.kind, fallback=made.kind)}.{suffix}"
    source = parse_source(made.source or "records")
    if made.kind is ExportKind.SUBMISSION:
        return export_submission(
            store,
            dataset=dataset.id,
            source=source if made.source else None,
            out=out,
            fill_missing=made.fill_missing,
            mask=mask,
        )
    if made.kind is ExportKind.DATASET:
        return export_dataset(store, dataset=dataset.id, source=source, out=out, text=made.text, mask=mask)
    return export_table(
        store,
        dataset=dataset.id,
        source=source,
        out=out,
        table=TableFormat(made.kind),
        confirmations=made.confirmations,
        discussions=made.discussions,
        mask=mask,
    )
