"""The list of datasets: counts, pages of chats, and deletion that takes everything along and nothing else."""

import json
from io import BytesIO

import pytest
from sqlalchemy import func, select

from core.adapters.store import Store
from core.adapters.store.models import (
    Base,
    Chat,
    Claim,
    Dataset,
    Export,
    Extraction,
    Record,
    RecordEvent,
    RecordStatus,
    Run,
    RunKind,
    RunStatus,
    now,
)
from core.domain.form import Form
from core.errors import ConflictError, InputError, NotFoundError
from core.services.datasets import delete_dataset, import_chats, list_chats, list_datasets


@pytest.fixture
def dataset(store: Store, form: Form) -> int:
    info = {**form.empty(), form.name_field: "林木1"}
    rows = [{"chat_text": f"林木{n}：第\n{n} 条\n客服小何：好", "infos": [info]} for n in range(1, 8)]
    data = json.dumps([*rows, "bad"]).encode()
    dataset_id = import_chats(store, BytesIO(data), filename="a.json", dataset="数据", split="train").dataset_id
    with store.write() as session:
        run = Run(dataset_id=dataset_id, name="模型", kind=RunKind.MODEL, status=RunStatus.FINISHED)
        session.add(run)
        session.flush()
        record = Record(
            dataset_id=dataset_id,
            chat_id=2,
            status=RecordStatus.CONFIRMED,
            base_run_id=run.id,
            reviewer="小何",
            version=1,
        )
        session.add(record)
        session.flush()
        session.add(RecordEvent(record_id=record.id, version=1, who="小何", status=RecordStatus.CONFIRMED, save_id="1"))
        session.add(Claim(chat_id=3, reviewer="小何", until=now()))
        session.add(Export(dataset_id=dataset_id, kind="submission", filename="x.json", sha256=""))
    return dataset_id


def rows(store: Store, table: type[Base]) -> int:
    with store.read() as session:
        return int(session.execute(select(func.count()).select_from(table)).scalar_one())


def test_counts(store: Store, dataset: int) -> None:
    (found,) = list_datasets(store)
    assert (found.dataset.name, found.dataset.chats, found.dataset.expected, found.absent) == ("数据", 7, 8, 1)
    assert (found.confirmed, found.records, found.runs, found.labels) == (1, 1, 1, 7)


def test_pages_of_chats(store: Store, dataset: int) -> None:
    first = list_chats(store, dataset, page=1, size=5)
    assert [line.index for line in first] == [1, 2, 3, 4, 5]
    assert [line.index for line in list_chats(store, dataset, page=2, size=5)] == [6, 7]
    assert list_chats(store, dataset, page=3, size=5) == []
    line = first[1]
    assert line.opening == "林木2：第 2 条 客服小何：好"
    assert (line.messages, line.residue, line.status, line.reviewer) == (2, 0, "已确认", "小何")
    assert first[0].status == ""


def test_deleting_needs_the_name_and_takes_everything(store: Store, dataset: int) -> None:
    other = import_chats(store, BytesIO("周一2：你好".encode()), filename="a.txt", dataset="别的").dataset_id
    with pytest.raises(InputError, match="不是「数据」"):
        delete_dataset(store, dataset, confirmation="数")
    assert delete_dataset(store, dataset, confirmation=" 数据 ").chats == 7
    assert [found.dataset.id for found in list_datasets(store)] == [other]
    assert [rows(store, table) for table in (Dataset, Chat)] == [1, 1]
    assert [rows(store, table) for table in (Run, Extraction, Record, RecordEvent, Claim)] == [0] * 5
    assert rows(store, Export) == 1
    assert store.problems() == []
    with pytest.raises(NotFoundError):
        delete_dataset(store, dataset, confirmation="数据")


def test_a_dataset_at_work_stays(store: Store, dataset: int) -> None:
    with store.write() as session:
        session.add(Run(dataset_id=dataset, name="在跑", kind=RunKind.MODEL, status=RunStatus.RUNNING))
    with pytest.raises(ConflictError, match="有 1 个抽取任务正在进行"):
        delete_dataset(store, dataset, confirmation="数据")
    assert rows(store, Chat) == 7
