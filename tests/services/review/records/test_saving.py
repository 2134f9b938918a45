"""Saving reviews: each save once, nobody's work overwritten unseen, every version kept."""

import threading
from uuid import uuid4

import pytest

from core.adapters.store import Store, queries
from core.adapters.store.models import Chat, Dataset, Extraction, ExtractionStatus, Run, RunKind
from core.domain.form import load_named_form
from core.services.review import apply_saves

pytestmark = pytest.mark.both_databases

FORM = load_named_form()
NAME, PHONE = "基本信息-姓名", "基本信息-手机号码"


@pytest.fixture
def dataset(store: Store) -> int:
    with store.write() as session:
        row = Dataset(name="群聊", form=FORM.name, sha256="x", expected=3)
        session.add(row)
        session.flush()
        for index in (1, 2, 3):
            session.add(
                Chat(
                    dataset_id=row.id or 0,
                    index=index,
                    text=f"林木1：第{index}条",
                    sha256=str(index),
                    characters=8,
                    residue_characters=0,
                )
            )
        return row.id or 0


def save(chat: int = 1, *, version: int = 0, name: str = "林木1", **more: object) -> dict[str, object]:
    return {
        "save_id": str(uuid4()),
        "after_save_id": None,
        "chat": chat,
        "reviewer": "阿青",
        "base_version": version,
        "customers": [{"values": {NAME: name}, "confirmed": {NAME: "逐项确认"}, "origin": None}],
        "status": "草稿",
        "note": "",
        "seconds": 2.5,
    } | more


def record(store: Store, dataset: int, chat: int = 1):  # type: ignore[no-untyped-def]
    with store.read() as session:
        return {r.index: r for r in queries.records(session, dataset)}.get(chat)


def history(store: Store, record_id: int):  # type: ignore[no-untyped-def]
    with store.read() as session:
        return queries.events(session, record_id)


def test_first_save_makes_a_record_and_an_event(store: Store, dataset: int) -> None:
    [ack] = apply_saves(store, FORM, dataset, [save()])
    assert (ack.result, ack.version) == ("saved", 1)
    stored = record(store, dataset)
    assert stored.forms == [FORM.empty() | {NAME: "林木1"}]
    assert stored.customers[0]["confirmed"][NAME] == "逐项确认"
    assert stored.customers[0]["confirmed"][PHONE] == "未看"
    assert [event.version for event in history(store, stored.id)] == [1]


def test_the_same_save_twice_is_applied_once(store: Store, dataset: int) -> None:
    one = save()
    first, second = apply_saves(store, FORM, dataset, [one, one])
    assert (first.version, second.version) == (1, 1)
    assert apply_saves(store, FORM, dataset, [one])[0].result == "saved"
    assert len(history(store, record(store, dataset).id)) == 1


def test_a_save_that_follows_ones_own_is_no_conflict(store: Store, dataset: int) -> None:
    draft = save(name="林")
    final = save(name="林木1", status="已确认", after_save_id=draft["save_id"])
    acks = apply_saves(store, FORM, dataset, [draft, final])
    assert [ack.result for ack in acks] == ["saved", "saved"]
    stored = record(store, dataset)
    assert (stored.status, stored.version, stored.forms[0][NAME]) == ("已确认", 2, "林木1")
    assert stored.seconds == 5.0


def test_somebody_elses_save_in_between_is_a_conflict_and_stays(store: Store, dataset: int) -> None:
    apply_saves(store, FORM, dataset, [save()])
    apply_saves(store, FORM, dataset, [save(version=1, name="她的", reviewer="小白", status="待讨论", note="问价格")])
    [ack] = apply_saves(store, FORM, dataset, [save(version=1, name="我的")])
    assert (ack.result, ack.version, ack.who) == ("conflict", 2, "小白")
    assert (ack.status, ack.note) == ("待讨论", "问价格")
    assert ack.theirs is not None and ack.theirs[0]["values"][NAME] == "她的"
    assert "小白" in ack.why
    assert record(store, dataset).forms[0][NAME] == "她的"
    [again] = apply_saves(store, FORM, dataset, [save(version=2, name="我的")])
    assert again.result == "saved"


def test_two_first_saves_do_not_overwrite_one_another(store: Store, dataset: int) -> None:
    apply_saves(store, FORM, dataset, [save(reviewer="小白")])
    [ack] = apply_saves(store, FORM, dataset, [save()])
    assert ack.result == "conflict"


@pytest.mark.parametrize(
    "broken",
    [
        {"reviewer": ""},
        {"status": "好了"},
        {"customers": "无"},
        {"base_version": -1},
        {"chat": "第一条"},
        {"chat": 99},
    ],
)
def test_a_broken_save_is_rejected_with_a_sentence_and_the_rest_goes_on(
    store: Store, dataset: int, broken: dict[str, object]
) -> None:
    acks = apply_saves(store, FORM, dataset, [save() | broken, save(chat=2)])
    assert [ack.result for ack in acks] == ["rejected", "saved"]
    assert acks[0].why.endswith("。")
    assert record(store, dataset) is None


def test_rubbish_without_an_id_is_passed_over(store: Store, dataset: int) -> None:
    acks = apply_saves(store, FORM, dataset, ["x", {}, None, save()])
    assert [ack.result for ack in acks] == ["saved"]


def test_values_are_coerced_and_unknown_keys_dropped(store: Store, dataset: int) -> None:
    values = {NAME: ["甲", "乙"], "咨询类型": "询价", "没有的": 1}
    apply_saves(store, FORM, dataset, [save(customers=[{"values": values}])])
    form = record(store, dataset).forms[0]
    assert form[NAME] == "甲、乙" and form["咨询类型"] == ["询价"] and "没有的" not in form
    assert tuple(form) == FORM.keys


def test_origin_says_which_values_are_the_models(store: Store, dataset: int) -> None:
    with store.write() as session:
        run = Run(dataset_id=dataset, name="r", kind=RunKind.IMPORT, total=3)
        session.add(run)
        session.flush()
        chat_id = queries.chat(session, dataset, 1).id
        forms = [FORM.empty() | {NAME: "林木1", PHONE: "13800001234"}]
        session.add(Extraction(run_id=run.id or 0, chat_id=chat_id, status=ExtractionStatus.OK, forms=forms))
        run_id = run.id
    values = {NAME: "林木1", PHONE: "13800009999"}
    apply_saves(store, FORM, dataset, [save(customers=[{"values": values, "origin": 0}])], base_run_id=run_id)
    [customer] = record(store, dataset).customers
    assert customer["origin"][NAME] == f"run:{run_id}"
    assert customer["origin"][PHONE] == "reviewer"
    [event] = history(store, record(store, dataset).id)
    assert event.change["fields"] == [f"0:{PHONE}"]


def test_many_reviewers_at_once_lose_nothing(store: Store, dataset: int) -> None:
    results: list[str] = []

    def work(who: str) -> None:
        for chat in (1, 2, 3):
            [ack] = apply_saves(store, FORM, dataset, [save(chat=chat, reviewer=who, name=who)])
            results.append(ack.result)

    threads = [threading.Thread(target=work, args=(f"人{n}",)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results.count("saved") == 3 and results.count("conflict") == 15
    with store.read() as session:
        assert {r.version for r in queries.records(session, dataset)} == {1}


def test_one_save_sent_by_several_connections_at_once_is_stored_once(store: Store, dataset: int) -> None:
    sent = save()
    acks: list[tuple[str, int]] = []

    def send() -> None:
        [ack] = apply_saves(store, FORM, dataset, [sent])
        acks.append((ack.result, ack.version))

    threads = [threading.Thread(target=send) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert acks == [("saved", 1)] * 6
    assert len(history(store, record(store, dataset).id)) == 1
