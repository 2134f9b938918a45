"""Routes for datasets: list, one, its form, its chats."""

from typing import Annotated

from fastapi import APIRouter, Query

from core.adapters.store import DatasetView, queries
from core.api.problems import documented
from core.api.schemas import ChatInfo, ChatPageInfo, DatasetInfo, DatasetList, FormFieldInfo, FormInfo, TokenInfo
from core.api.shared import After, Caller, DatasetId, StoreOf, dataset_numbered
from core.domain.form import load_named_form
from core.domain.stored_names import LONGEST_DATASET_NAME, stored_spellings
from core.services.datasets import DatasetSummary, list_datasets
from core.services.datasets.dataset_list import dataset_summary

router = APIRouter(tags=["数据集"])


@router.get(
    "/me",
    summary="谁在调用",
    tags=["令牌"],
    description="这个令牌是谁的，能做什么，何时到期。",
)
def me(caller: Caller) -> TokenInfo:
    """Who calls."""
    return TokenInfo(
        name=caller.name, role=str(caller.actor.role), token=caller.token.name, ends_at=caller.token.ends_at
    )


@router.get(
    "/datasets",
    summary="列出数据集",
    description="所有数据集，新的在前；给了 name 时只有那一个，没有时为空。",
)
def read_datasets(
    store: StoreOf,
    name: Annotated[str | None, Query(max_length=LONGEST_DATASET_NAME, description="只要这个名称的")] = None,
) -> DatasetList:
    """All datasets, or the one of a name."""
    meant = None if name is None else stored_spellings(name)
    listed = [one for one in list_datasets(store) if meant is None or one.dataset.name in meant]
    return DatasetList(items=[_info(one) for one in listed])


@router.get(
    "/datasets/{dataset_id}", summary="一个数据集", responses=documented(404), description="一个数据集和它的各项数目。"
)
def read_dataset(store: StoreOf, dataset_id: DatasetId) -> DatasetInfo:
    """One dataset with its counts."""
    return _info(dataset_summary(store, dataset_id))


@router.get(
    "/datasets/{dataset_id}/form",
    summary="数据集的表单",
    responses=documented(404),
    description="表单的字段：键、类型、分值和建议的取值，按书写的顺序。",
)
def read_form(store: StoreOf, dataset_id: DatasetId) -> FormInfo:
    """The fields of a dataset's form."""
    form = load_named_form(dataset_numbered(store, dataset_id).form)
    return FormInfo(
        reference=form.reference,
        title=form.title,
        version=form.version,
        max_points=form.max_points,
        fields=[FormFieldInfo.model_validate(field) for field in form.fields],
    )


@router.get(
    "/datasets/{dataset_id}/chats",
    summary="读群聊",
    responses=documented(404),
    description="群聊的原文，按编号一页一页读；编号永不改变，所以中途导入也不会读重或读漏。",
)
def read_chats(
    store: StoreOf,
    dataset_id: DatasetId,
    after: After = 0,
    limit: Annotated[int, Query(ge=1, le=500, description="最多几条")] = 50,
) -> ChatPageInfo:
    """Some chats of a dataset, from where one stopped."""
    dataset: DatasetView = dataset_numbered(store, dataset_id)
    with store.read() as session:
        chats = list(queries.chats(session, dataset.id, after=after, limit=limit + 1))
    items = [ChatInfo(index=chat.index, characters=len(chat.text), text=chat.text) for chat in chats[:limit]]
    return ChatPageInfo(items=items, next_after=items[-1].index if len(chats) > limit else None)


def _info(summary: DatasetSummary) -> DatasetInfo:
    dataset = summary.dataset
    return DatasetInfo(
        id=dataset.id,
        name=dataset.name,
        split=dataset.split,
        form=dataset.form,
        created_at=dataset.created_at,
        chats=dataset.chats,
        expected=dataset.expected,
        confirmed=summary.confirmed,
        records=summary.records,
        runs=summary.runs,
        labels=summary.labels,
    )
