"""What the tests of quality share: a dataset with labels and runs, straight into the store."""

from collections.abc import Mapping
from typing import Any

from core.adapters.store import DatasetView, Store, queries
from core.adapters.store.models import Extraction, Record, RecordStatus, Run, RunKind, RunStatus
from core.domain.form import FormValues, load_named_form
from tests.factories.runs import add_dataset

FORM = load_named_form()
NAME, PHONE, AGE = "基本信息-姓名", "基本信息-手机号码", "基本信息-年龄"
KINDS, STAGE = "咨询类型", "客户购买阶段"
BUDGET, TODO = "客户预算-预算明细", "下一步跟进计划-具体事项"


def form(**changes: Any) -> FormValues:
    return {**FORM.empty(), **changes}


def add_run(
    store: Store,
    dataset: DatasetView,
    name: str,
    answers: Mapping[int, list[FormValues]],
    kind: RunKind = RunKind.MODEL,
    **more: Any,
) -> int:
    with store.write() as session:
        ids = queries.chat_ids(session, dataset.id)
        row = Run(dataset_id=dataset.id, name=name, kind=kind, status=RunStatus.FINISHED, total=len(answers), **more)
        session.add(row)
        session.flush()
        for index, forms in answers.items():
            session.add(
                Extraction(
                    run_id=row.id or 0, chat_id=ids[index], status="ok", forms=forms, tokens_in=1000, tokens_out=500
                )
            )
        session.flush()
        return row.id or 0


def add_record(
    store: Store, dataset: DatasetView, index: int, forms: list[FormValues], who: str, review_pass: str = "primary"
) -> None:
    customers = [
        {
            "values": values,
            "origin": {key: "reviewer" if value else "run:1" for key, value in values.items()},
            "confirmed": {},
        }
        for values in forms
    ]
    with store.write() as session:
        session.add(
            Record(
                dataset_id=dataset.id,
                chat_id=queries.chat_ids(session, dataset.id)[index],
                review_pass=review_pass,
                customers=customers,
                status=RecordStatus.CONFIRMED,
                reviewer=who,
                seconds=60.0 * index,
                version=1,
            )
        )


def quality_dataset(store: Store, chats: int = 8) -> DatasetView:
    """Labels and two runs: ``甲`` lacks the last chat and shortens the plans, ``乙`` has two names wrong."""
    dataset = add_dataset(store, chats)
    gold = {i: [form(**{NAME: f"林舟{i}", TODO: "发送报价单", KINDS: ["询价、答疑"]})] for i in range(1, chats + 1)}
    add_run(store, dataset, "标注", gold, RunKind.LABELS)
    short = {i: [{**gold[i][0], TODO: "发送"}] for i in range(1, chats)}
    add_run(store, dataset, "甲", short)
    wrong = {i: [{**gold[i][0], NAME: "周遥" if i <= 2 else f"林舟{i}"}] for i in gold}
    add_run(store, dataset, "乙", wrong)
    with store.read() as session:
        return queries.dataset(session, dataset.id)
