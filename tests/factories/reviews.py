"""A small dataset for tests of the flow of review: chats, two runs, and saves as the browser sends them."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import uuid4

from core.adapters.store import DatasetView, RecordView, Store, queries
from core.adapters.store.models import RunStatus
from core.services.review import apply_saves
from tests.factories.datasets import FORM, make_dataset, make_run

NAME, PHONE, PRODUCT, STAGE = "基本信息-姓名", "基本信息-手机号码", "意向产品", "客户购买阶段"


def make(store: Store, texts: Sequence[str] | int = 6, name: str = "群聊") -> DatasetView:
    """A dataset of these texts."""
    if isinstance(texts, int):
        texts = [f"林木{index}：你好，我的手机 1380000000{index}\n客服小何：好的" for index in range(1, texts + 1)]
    return make_dataset(store, texts, name)


def answer(
    store: Store, dataset: DatasetView, name: str, forms: Mapping[int, Sequence[Mapping[str, Any]] | None]
) -> int:
    """A run that says this about these chats; ``None`` failed."""
    return make_run(store, dataset, name, forms, status=RunStatus.WAITING)


def decide(
    store: Store,
    dataset: DatasetView,
    chat: int,
    status: str = "已确认",
    values: Mapping[str, Any] | None = None,
    *,
    who: str = "阿青",
    version: int = 0,
    run: int | None = None,
    **more: Any,
) -> None:
    """Save a chat's record."""
    origin = 0 if run is not None else None
    save = {
        "save_id": str(uuid4()),
        "chat": chat,
        "reviewer": who,
        "base_version": version,
        "customers": [{"values": dict(values or {}), "origin": origin}],
        "status": status,
    }
    [ack] = apply_saves(store, FORM, dataset.id, [save | more], base_run_id=run)
    assert ack.result == "saved", ack.why


def records(store: Store, dataset: DatasetView) -> dict[int, RecordView]:
    """Records by index."""
    with store.read() as session:
        return {record.index: record for record in queries.records(session, dataset.id)}
