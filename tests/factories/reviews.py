"""A small dataset for tests of the flow of review: chats, two runs, and saves as the browser sends them."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import uuid4

from core.adapters.store import DatasetView, RecordView, Store, queries
from core.adapters.store.models import Chat, Dataset, Extraction, ExtractionStatus, Run, RunKind
from core.domain.form import load_named_form
from core.services.review import apply_saves

FORM = load_named_form()
NAME, PHONE, PRODUCT, STAGE = "基本信息-姓名", "基本信息-手机号码", "意向产品", "客户购买阶段"


def make(store: Store, texts: Sequence[str] | int = 6, name: str = "群聊") -> DatasetView:
    """A dataset of these texts."""
    if isinstance(texts, int):
        texts = [f"林木{index}：你好，我的手机 1380000000{index}\n客服小何：好的" for index in range(1, texts + 1)]
    with store.write() as session:
        row = Dataset(name=name, form=FORM.name, sha256="x", expected=len(texts))
        session.add(row)
        session.flush()
        for index, text in enumerate(texts, 1):
            session.add(
                Chat(
                    dataset_id=row.id or 0,
                    index=index,
                    text=text,
                    sha256=f"{name}{index}",
                    characters=len(text),
                    residue_characters=0,
                )
            )
        dataset_id = row.id or 0
    with store.read() as session:
        return queries.dataset(session, dataset_id)


def answer(
    store: Store, dataset: DatasetView, name: str, forms: Mapping[int, Sequence[Mapping[str, Any]] | None]
) -> int:
    """A run that says this about these chats; ``None`` failed."""
    with store.write() as session:
        run = Run(dataset_id=dataset.id, name=name, kind=RunKind.MODEL, total=len(forms))
        session.add(run)
        session.flush()
        ids = queries.chat_ids(session, dataset.id)
        for index, values in forms.items():
            session.add(
                Extraction(
                    run_id=run.id or 0,
                    chat_id=ids[index],
                    status=ExtractionStatus.FAILED if values is None else ExtractionStatus.OK,
                    forms=None if values is None else [FORM.empty() | dict(one) for one in values],
                )
            )
        return run.id or 0


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
