"""What the desk is given: words that join to the text, what was missed, what other runs say, pins as evidence."""

from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import delete
from sqlmodel import col, select

from core.adapters.store import Store, queries
from core.adapters.store.models import Chat, Dataset, Extraction, ExtractionStatus, Record, Run, RunKind
from core.domain.form import load_named_form
from core.services.review import open_session
from core.services.review.workbench.payload import chat_payloads

pytestmark = pytest.mark.both_databases

FORM = load_named_form()
NAME, PHONE, STAGE = "基本信息-姓名", "基本信息-手机号码", "客户购买阶段"
TEXT = """\
林舟3：你好，想了解会话存档的价格，我电话 139 0000 1234 😀
何晴2：您好，我是客服何晴2，一年两万
周遥1：我是林舟3 的同事
"""


@pytest.fixture
def dataset(store: Store) -> int:
    """One chat with a base run and three others, one of them labels, one with the customers the other way round."""
    with store.write() as session:
        row = Dataset(name="群聊", form=FORM.name, sha256="x", expected=1)
        session.add(row)
        session.flush()
        chat = Chat(dataset_id=row.id or 0, index=1, text=TEXT, sha256="1", characters=len(TEXT), residue_characters=0)
        session.add(chat)
        session.flush()
        first, second = {NAME: "林舟3", STAGE: "报价"}, {NAME: "周遥1"}
        runs: list[tuple[str, str, list[dict[str, Any]]]] = [
            ("基线", RunKind.MODEL, [first, second]),
            ("微调", RunKind.MODEL, [second, first | {STAGE: "方案交流"}]),
            ("提示词", RunKind.MODEL, [first | {STAGE: "方案交流"}]),
            ("标注", RunKind.LABELS, [first]),
        ]
        for name, kind, forms in runs:
            run = Run(dataset_id=row.id or 0, name=name, kind=kind)
            session.add(run)
            session.flush()
            answer = [FORM.coerce(values).values for values in forms]
            session.add(Extraction(run_id=run.id or 0, chat_id=chat.id or 0, forms=answer, status=ExtractionStatus.OK))
        return row.id or 0


def payload(store: Store, dataset: int) -> dict[str, Any]:
    with store.read() as session:
        base = next(run for run in queries.runs(session, dataset) if run.name == "基线")
        (one,) = chat_payloads(session, FORM, dataset, [1], base)
    return one


def test_parts_join_to_what_was_said(store: Store, dataset: int) -> None:
    said = ["".join(part["t"] for part in message["parts"]) for message in payload(store, dataset)["messages"]]
    assert [f"{line}\n" for line in said] == [line.split("：", 1)[1] for line in TEXT.splitlines(keepends=True)]


def test_messages_know_whose_exchange_they_belong_to(store: Store, dataset: int) -> None:
    one = payload(store, dataset)
    names = [speaker["name"] for speaker in one["speakers"]]
    assert names == ["林舟3", "何晴2", "周遥1"]
    assert [message["near"][0] for message in one["messages"]] == [0, 1, 2]
    assert 0 in one["messages"][1]["near"]


def test_what_was_missed_can_be_lit_in_the_chat(store: Store, dataset: int) -> None:
    one = payload(store, dataset)
    assert one["missed"] == [{"id": "m:0", "key": PHONE, "value": "13900001234", "message": 0, "customer": 0}]
    assert [part["t"] for part in one["messages"][0]["parts"] if "m:0" in part["e"]] == ["139 0000 1234"]


def test_other_runs_are_matched_to_the_customers_and_named(store: Store, dataset: int) -> None:
    first, second = (customer["others"] for customer in payload(store, dataset)["customers"])
    assert first == {
        STAGE: [{"value": "报价", "who": ["标注"]}, {"value": "方案交流", "who": ["提示词", "微调"]}],
    }
    assert second == {}, "the only run with this customer says the same"
    compared = [customer["compared"] for customer in payload(store, dataset)["customers"]]
    assert compared == [["标注", "提示词", "微调"], ["微调"]]


def test_a_pinned_message_answers_for_a_value(store: Store, dataset: int) -> None:
    def warned() -> list[str]:
        return [warning["key"] for warning in payload(store, dataset)["warnings"] if warning["level"] == "warning"]

    with store.write() as session:
        chat_id = session.exec(select(Chat)).one().id or 0
        customer = {
            "values": FORM.coerce({NAME: "林舟3", PHONE: "13900009999"}).values,
            "origin": {},
            "confirmed": {},
            "pinned": {},
            "source": 0,
        }
        record = Record(
            dataset_id=dataset, chat_id=chat_id, customers=[customer], status="草稿", reviewer="林晓", version=1
        )
        session.add(record)
    assert warned() == [PHONE]
    with store.write() as session:
        session.exec(select(Record)).one().customers = [customer | {"pinned": {PHONE: [0]}}]
    assert warned() == []
    assert payload(store, dataset)["customers"][0]["pinned"] == {PHONE: [0]}


def test_times_of_an_export_and_the_date_beside_next_tuesday(store: Store) -> None:
    text = "2024-01-02 10:21:00 林舟3\n你好，下周二给我报价\n\n2024-01-02 10:22:00 何晴2\n收到\n"
    when = "下一步跟进计划-时间点"
    with store.write() as session:
        row = Dataset(name="导出", form=FORM.name, sha256="x", expected=1)
        session.add(row)
        session.flush()
        dataset_id = row.id or 0
        chat = Chat(dataset_id=dataset_id, index=1, text=text, sha256="1", characters=len(text), residue_characters=0)
        run = Run(dataset_id=dataset_id, name="基线", kind=RunKind.MODEL)
        session.add_all([chat, run])
        session.flush()
        answer = [FORM.coerce({NAME: "林舟3", when: "下周二"}).values]
        session.add(Extraction(run_id=run.id or 0, chat_id=chat.id or 0, forms=answer, status=ExtractionStatus.OK))
    shown = payload(store, dataset_id)
    assert [message["time"] for message in shown["messages"]] == ["2024-01-02T10:21:00", "2024-01-02T10:22:00"]
    (customer,) = shown["customers"]
    assert customer["values"][when] == "下周二"
    assert customer["marks"][when]["date"] == "2024-01-09 周二"
    assert "date" not in customer["marks"][NAME]


def test_a_chat_without_times_has_none(store: Store, dataset: int) -> None:
    assert not any("time" in message for message in payload(store, dataset)["messages"])


def test_a_run_that_is_deleted_under_an_open_workbench_empties_no_form(store: Store, dataset: int) -> None:
    with store.read() as session:
        reviewed, run = queries.dataset(session, dataset), queries.run(session, "基线", dataset_id=dataset)
    review_session = open_session(store, reviewed, FORM, base="基线", reviewer="周岚")
    before = review_session.sync(store)
    assert before["chats"][0]["customers"][0]["values"][NAME] == "林舟3" and not before["error"]
    with store.write() as session:
        session.execute(delete(Run).where(col(Run.id) == run.id))
    after = review_session.sync(store, at=1)
    # The browser keeps what it has: no empty form comes in its place, and a sentence says why.
    assert after["chats"] == [] and after["open"] == 1
    assert "抽取任务「基线」刚被删除" in after["error"]
    customers = [{"values": customer["values"]} for customer in before["chats"][0]["customers"]]
    save = {"save_id": str(uuid4()), "chat": 1, "reviewer": "周岚", "base_version": 0, "customers": customers}
    saved = review_session.sync(store, outbox=[{**save, "status": "已确认"}], at=1)
    assert [ack["result"] for ack in saved["acks"]] == ["saved"]
    assert saved["chats"][0]["customers"][0]["values"][NAME] == "林舟3"


def test_a_record_names_the_run_it_was_started_from_beside_the_one_of_the_review(store: Store, dataset: int) -> None:
    with store.read() as session:
        reviewed = queries.dataset(session, dataset)
        base, other = (queries.run(session, name, dataset_id=dataset).id for name in ("基线", "微调"))
    customers = [{"values": {NAME: "林舟3"}, "origin": 1}]
    save = {"save_id": str(uuid4()), "chat": 1, "reviewer": "周岚", "base_version": 0, "customers": customers}
    started = open_session(store, reviewed, FORM, base="微调", reviewer="周岚")
    started.sync(store, outbox=[{**save, "status": "草稿", "base_run_id": other}], at=1)
    data = open_session(store, reviewed, FORM, base="基线", reviewer="周岚").sync(store, at=1)
    (chat,) = data["chats"]
    assert (data["base_run_id"], chat["base_run_id"]) == (base, other)
    assert chat["run"] is not None and chat["run"]["name"] == "微调"
