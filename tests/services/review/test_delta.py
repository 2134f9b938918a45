"""Delta review: only what a newer run says otherwise is asked, once, and approved values stay."""

from typing import Any
from uuid import uuid4

import pytest

from core.adapters.store import DatasetView, Store, queries
from core.domain.scoring import Scorer
from core.services.quality.fast_approvals import fast_approvals
from core.services.review import open_session
from core.services.review.delta import compare_answers
from core.services.review.lead_view import lead_view
from core.services.review.records import bulk
from core.services.review.records.history import restore
from tests.factories.datasets import FORM
from tests.factories.reviews import NAME, PHONE, PRODUCT, STAGE, answer, decide, make, records

pytestmark = pytest.mark.both_databases


def one(**values):  # type: ignore[no-untyped-def]
    return FORM.empty() | {NAME: "林木1"} | values


def test_what_the_reviewer_has_corrected_before_is_not_asked_again() -> None:
    old = one() | {STAGE: "报价", PHONE: "1"}
    approved = one() | {STAGE: "赢单", PHONE: "1"}
    newer = one() | {STAGE: "报价", PHONE: "2", PRODUCT: ["CRM、商城"]}
    delta = compare_answers(Scorer(FORM), [approved], [newer], [old])
    assert delta.cells == ({PHONE: "2", PRODUCT: ["CRM、商城"]},)
    assert not compare_answers(Scorer(FORM), [approved], [approved], [old])


def test_customers_are_matched_and_new_ones_named() -> None:
    two = FORM.empty() | {NAME: "林木2", STAGE: "输单"}
    delta = compare_answers(Scorer(FORM), [one(), two], [two, one() | {STAGE: "报价"}, FORM.empty() | {NAME: "林木3"}])
    assert (delta.sources, delta.extra, delta.gone) == ((1, 0), (2,), ())
    assert delta.cells == ({STAGE: "报价"}, {})
    assert compare_answers(Scorer(FORM), [one()], []).gone == (0,)


def test_a_desk_walks_over_differences_once(store: Store) -> None:
    dataset = make(store, 5)
    forms = {index: [{NAME: f"林木{index}"}] for index in range(1, 6)}
    old = answer(store, dataset, "旧", forms)
    for chat in (1, 2, 3):
        decide(store, dataset, chat, values={NAME: f"林木{chat}", STAGE: "报价" if chat == 3 else ""}, run=old)
    decide(store, dataset, 4, "待讨论", run=old)
    new = answer(
        store, dataset, "新", forms | {2: [{NAME: "林木2", STAGE: "赢单"}], 4: [{NAME: "林木4", STAGE: "赢单"}]}
    )
    desk = open_session(store, dataset, FORM, reviewer="阿青", newer="新")
    data = desk.sync(store)
    # Chat 3 is as the newer run says except for what was corrected already; 4 is not approved, 5 not reviewed.
    assert (data["open"], data["order"]["next"], data["progress"]["queue"]) == (2, [], 1)
    [chat] = [chat for chat in data["chats"] if chat["chat"] == 2]
    [customer] = chat["customers"]
    assert (customer["values"][STAGE], customer["delta"], customer["baseline"][STAGE]) == ("", {STAGE: "赢单"}, "赢单")

    def save(status: str, version: int, **values: str) -> dict[str, object]:
        return {
            "save_id": str(uuid4()),
            "chat": 2,
            "reviewer": "阿青",
            "base_version": version,
            "customers": [{"values": {NAME: "林木2"} | values, "origin": 0}],
            "status": status,
        }

    drafted = desk.sync(store, outbox=[save("草稿", 1)], at=2)
    [chat] = [chat for chat in drafted["chats"] if chat["chat"] == 2]
    assert records(store, dataset)[2].status == "已确认"
    assert chat["customers"][0]["delta"] == {STAGE: "赢单"}  # a draft is no answer
    done = desk.sync(store, outbox=[save("已确认", 2, **{STAGE: "赢单"})], at=2)
    assert [ack["result"] for ack in done["acks"]] == ["saved"]
    assert done["progress"]["queue"] == 0
    record = records(store, dataset)[2]
    assert (record.base_run_id, record.forms[0][STAGE], record.customers[0]["origin"][STAGE]) == (
        new,
        "赢单",
        f"run:{new}",
    )
    with store.read() as session:
        assert queries.events(session, record.id)[0].reason == "对照新的抽取任务「新」"


def test_a_draft_leaves_what_was_approved_and_an_undone_decision_is_asked_again(store: Store) -> None:
    dataset = make(store, 1)
    old = answer(store, dataset, "旧", {1: [{NAME: "林木1"}]})
    decide(store, dataset, 1, values={NAME: "林木1"}, run=old)
    new = answer(store, dataset, "新", {1: [{NAME: "林木1", STAGE: "赢单", PHONE: "2"}]})
    desk = open_session(store, dataset, FORM, reviewer="小白", newer="新")

    def turn(status: str, version: int, stage: str, **more: object) -> dict[str, Any]:
        save = {
            "save_id": str(uuid4()),
            "chat": 1,
            "reviewer": "小白",
            "base_version": version,
            "customers": [{"values": {NAME: "林木1", STAGE: stage}, "origin": 0}],
            "status": status,
        }
        data = desk.sync(store, outbox=[save | more], at=1)
        assert [ack["result"] for ack in data["acks"]] == ["saved"]
        return data

    def approved() -> tuple[str, str, str, int | None]:
        record = records(store, dataset)[1]
        return record.status, record.forms[0][STAGE], record.reviewer, record.base_run_id

    data = turn("草稿", 1, "赢单")
    assert approved() == ("已确认", "", "阿青", old)
    assert (data["chats"][0]["version"], data["chats"][0]["status"], data["progress"]["queue"]) == (2, "已确认", 1)
    again = open_session(store, dataset, FORM, reviewer="阿青", newer="新").sync(store, at=1)["chats"][0]["customers"][
        0
    ]
    assert (again["values"][STAGE], again["delta"]) == ("赢单", {PHONE: "2"})  # the draft is there again
    assert open_session(store, dataset, FORM).sync(store, at=1)["chats"][0]["customers"][0]["values"][STAGE] == ""

    data = turn("已确认", 2, "赢单")
    assert (approved(), data["progress"]["queue"]) == (("已确认", "赢单", "小白", new), 0)
    data = turn("已确认", 3, "赢单", undo=True, reason="撤销「已确认」")
    assert (approved(), data["progress"]["queue"]) == (("已确认", "", "阿青", old), 1)
    assert data["chats"][0]["customers"][0]["values"][STAGE] == "赢单"

    with store.read() as session:
        events = queries.events(session, records(store, dataset)[1].id)
    assert [(event.status, event.change["customers"][0]["values"][STAGE]) for event in events[::-1]] == [
        ("已确认", ""),
        ("草稿", ""),
        ("已确认", "赢单"),
        ("草稿", ""),
    ]
    restore(store, FORM, dataset.id, 1, 2, who="阿青", seen=4)
    assert approved()[:2] == ("已确认", "")


def drafted(store: Store, dataset: DatasetView, stage: str) -> dict[str, Any]:
    """Chat 1 approved from an older run, and a draft over it that 小白 made against a newer one; its save."""
    old = answer(store, dataset, "旧", {1: [{NAME: "林木1"}]})
    decide(store, dataset, 1, values={NAME: "林木1"}, run=old)
    answer(store, dataset, "新", {1: [{NAME: "林木1", STAGE: "赢单", PHONE: "2"}]})
    draft = {
        "save_id": str(uuid4()),
        "chat": 1,
        "reviewer": "小白",
        "base_version": 1,
        "customers": [{"values": {NAME: "林木1", STAGE: stage}, "origin": 0}],
        "status": "草稿",
    }
    open_session(store, dataset, FORM, reviewer="小白", newer="新").sync(store, outbox=[draft], at=1)
    return draft


def test_a_draft_is_seen_by_whoever_decides_after_its_record_was_skipped(store: Store) -> None:
    dataset = make(store, 1)
    draft = drafted(store, dataset, "意向")
    skipped = draft | {"save_id": str(uuid4()), "base_version": 2, "status": "已跳过"}
    skipped["customers"] = [{"values": {NAME: "林木1", STAGE: ""}, "origin": 0}]
    open_session(store, dataset, FORM, reviewer="小白").sync(store, outbox=[skipped], at=1)

    delta_desk = open_session(store, dataset, FORM, reviewer="阿青", newer="新")
    shown = delta_desk.sync(store, at=1)["chats"][0]
    assert (shown["status"], shown["customers"][0]["values"][STAGE]) == ("已跳过", "意向")
    late = draft | {"save_id": str(uuid4()), "base_version": 1, "reviewer": "阿青", "status": "已确认"}
    conflict = delta_desk.sync(store, outbox=[late], at=1)["acks"][0]
    assert conflict["result"] == "conflict"
    assert conflict["theirs"][0]["values"][STAGE] == "意向"


def test_a_conflict_names_what_the_draft_says_where_it_was_approved_otherwise(store: Store) -> None:
    dataset = make(store, 1)
    draft = drafted(store, dataset, "意向")
    plan = bulk.plan_edits(store, FORM, dataset.id, [bulk.CellEdit(1, 0, STAGE, "报价")])
    bulk.apply(store, FORM, plan, who="主管", reason="统一")

    delta_desk = open_session(store, dataset, FORM, reviewer="阿青", newer="新")
    late = draft | {"save_id": str(uuid4()), "base_version": 1, "reviewer": "阿青", "status": "已确认"}
    conflict = delta_desk.sync(store, outbox=[late], at=1)["acks"][0]
    assert (conflict["result"], conflict["theirs"][0]["values"][STAGE]) == ("conflict", "报价")
    assert "草稿里写的是另外的值：客户购买阶段「意向」" in conflict["why"]


def test_a_draft_takes_no_approval_back(store: Store) -> None:
    """What counts approvals reads events, and such a draft's event says 草稿 of a record that stays approved."""
    dataset = make(store, 6)
    for chat in range(2, 7):
        decide(store, dataset, chat, values={NAME: f"林木{chat}"})

    def counted() -> tuple[list[tuple[str, int]], int]:
        with store.read() as session:
            judged = fast_approvals(session, dataset.id, 100)["阿青"]
        return [(one.reviewer, one.chats) for one in lead_view(store, dataset, FORM).work], judged.judged

    drafted(store, dataset, "意向")
    before = counted()
    assert before == ([("阿青", 6)], 3)
    later = answer(store, dataset, "更新", {1: [{NAME: "林木1", STAGE: "报价"}], 6: [{NAME: "林木6", STAGE: "赢单"}]})
    draft = {
        "save_id": str(uuid4()),
        "chat": 6,
        "reviewer": "小白",
        "base_version": 1,
        "customers": [{"values": {NAME: "林木6", STAGE: "报价"}, "origin": 0}],
        "status": "草稿",
    }
    [ack] = open_session(store, dataset, FORM, reviewer="小白", newer="更新").sync(store, outbox=[draft], at=6)["acks"]
    assert (ack["result"], later > 0) == ("saved", True)
    assert {record.status for record in records(store, dataset).values()} == {"已确认"}
    assert counted() == before

    decide(store, dataset, 6, "草稿", {NAME: "林木6"}, version=2)
    assert counted() == ([("阿青", 5)], 2), "taken back by a draft of one's own"
