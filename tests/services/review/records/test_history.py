"""History: every version says who, when, what and why; an old one comes back as a new one."""

import pytest

from core.adapters.store import Store
from core.errors import ConflictError, InputError, NotFoundError
from core.services.review.records.history import restore, versions
from tests.factories.datasets import FORM
from tests.factories.reviews import NAME, STAGE, answer, decide, make, records

pytestmark = pytest.mark.both_databases


def test_versions_say_what_changed_and_come_back(store: Store) -> None:
    dataset = make(store, 1)
    run = answer(store, dataset, "甲", {1: [{NAME: "林木1", STAGE: "报价"}]})
    assert versions(store, FORM, dataset.id, 1) == []
    decide(store, dataset, 1, "草稿", {NAME: "林木1", STAGE: "赢单"}, run=run)
    decide(
        store, dataset, 1, values={NAME: "林木1", STAGE: "输单"}, version=1, who="小白", note="改过", reason="看了合同"
    )
    newest, first = versions(store, FORM, dataset.id, 1)
    assert [(c.label, c.after) for c in first.changes] == [("购买阶段", "赢单")]
    assert (newest.who, newest.reason, newest.note) == ("小白", "看了合同", "改过")
    assert [(c.key, c.before, c.after) for c in newest.changes] == [(STAGE, "赢单", "输单")]
    assert restore(store, FORM, dataset.id, 1, 1, who="林晓", seen=2) == 3
    record = records(store, dataset)[1]
    assert (record.forms[0][STAGE], record.status, record.note, record.version) == ("赢单", "草稿", "", 3)
    assert versions(store, FORM, dataset.id, 1)[0].reason == "撤销版本 2"
    restore(store, FORM, dataset.id, 1, 1, who="林晓", seen=3)
    assert versions(store, FORM, dataset.id, 1)[0].reason == "恢复到版本 1"
    assert len(versions(store, FORM, dataset.id, 1)) == 4


def test_restoring_refuses_what_is_not_there_or_not_seen(store: Store) -> None:
    dataset = make(store, 1)
    with pytest.raises(NotFoundError):
        restore(store, FORM, dataset.id, 1, 1, who="林晓", seen=0)
    decide(store, dataset, 1)
    decide(store, dataset, 1, version=1)
    with pytest.raises(ConflictError, match="刚刚又保存"):
        restore(store, FORM, dataset.id, 1, 1, who="林晓", seen=1)
    with pytest.raises(InputError, match="现在就是"):
        restore(store, FORM, dataset.id, 1, 2, who="林晓", seen=2)
    with pytest.raises(NotFoundError, match="没有版本"):
        restore(store, FORM, dataset.id, 1, 7, who="林晓", seen=2)
    with pytest.raises(InputError, match="谁在恢复"):
        restore(store, FORM, dataset.id, 1, 1, who="", seen=2)


def test_customers_that_come_and_go_are_said(store: Store) -> None:
    dataset = make(store, 1)
    decide(store, dataset, 1, values={NAME: "林木1"})
    two = [{"values": {NAME: "林木1"}}, {"values": {NAME: "林木2"}}]
    decide(store, dataset, 1, version=1, customers=two)
    decide(store, dataset, 1, version=2, values={NAME: "林木1"})
    gone, came, _ = versions(store, FORM, dataset.id, 1)
    assert [(c.customer, c.before, c.after) for c in (*came.changes, *gone.changes)] == [
        (1, None, "林木2"),
        (1, "林木2", None),
    ]


def test_a_restored_version_is_that_of_who_decides_so_and_its_runs(store: Store) -> None:
    dataset = make(store, 1)
    run = answer(store, dataset, "甲", {1: [{NAME: "林木1"}]})
    decide(store, dataset, 1, values={NAME: "林木1"}, run=run)
    decide(store, dataset, 1, "待讨论", {NAME: "林木2"}, version=1, who="小白")
    restore(store, FORM, dataset.id, 1, 1, who="林晓", seen=2)
    record = records(store, dataset)[1]
    assert (record.status, record.reviewer, record.base_run_id) == ("已确认", "林晓", run)
    assert versions(store, FORM, dataset.id, 1)[0].who == "林晓"
    with pytest.raises(ConflictError, match="林晓 刚刚又保存"):
        restore(store, FORM, dataset.id, 1, 1, who="小白", seen=2)
    restore(store, FORM, dataset.id, 1, 2, who="林晓", seen=3)
    assert records(store, dataset)[1].reviewer == "小白", "all that 林晓 did is taken back"
    decide(store, dataset, 1, "草稿", {NAME: "林木3"}, version=4, who="小白")
    decide(store, dataset, 1, values={NAME: "林木3"}, version=5, who="小白")
    restore(store, FORM, dataset.id, 1, 5, who="林晓", seen=6)
    assert records(store, dataset)[1].reviewer == "林晓", "a draft is the work of who brings it back"


def test_a_decision_that_is_taken_back_leaves_the_record_to_who_had_it(store: Store) -> None:
    dataset = make(store, 2)
    decide(store, dataset, 1, values={NAME: "林木1"})
    decide(store, dataset, 1, "待讨论", {NAME: "林木1"}, version=1, who="小白")
    assert records(store, dataset)[1].reviewer == "小白"
    decide(store, dataset, 1, values={NAME: "林木1"}, version=2, who="小白", undo=True)
    assert records(store, dataset)[1].reviewer == "阿青"
    decide(store, dataset, 2, "已确认", {NAME: "林木2"}, who="小白")
    decide(store, dataset, 2, "未审阅", {NAME: "林木2"}, version=1, who="小白", undo=True)
    assert records(store, dataset)[2].reviewer == "小白"


@pytest.mark.parametrize("before", ["草稿", "待讨论", "已确认"])
def test_nobody_decides_in_anothers_name(store: Store, before: str) -> None:
    dataset = make(store, 3)
    for chat in (1, 2, 3):
        decide(store, dataset, chat, before, {NAME: "阿青的"}, who="阿青")
    # An "undo" of what never was: other values, then another decision than there was.
    decide(store, dataset, 1, "草稿", {NAME: "小白的"}, version=1, who="小白")
    decide(store, dataset, 1, "已确认", {NAME: "小白的"}, version=2, who="小白", undo=True)
    assert records(store, dataset)[1].reviewer == "小白"
    decide(store, dataset, 1, "草稿", {NAME: "小白的"}, version=3, who="小白", undo=True)
    assert records(store, dataset)[1].reviewer == "小白"
    # An older decision of somebody who has gone on since, by a save and from the history.
    for chat in (2, 3):
        decide(store, dataset, chat, "已确认", {NAME: "早先的"}, version=1, who="阿青")
        decide(store, dataset, chat, "草稿", {NAME: "后来的"}, version=2, who="阿青")
    decide(store, dataset, 2, "草稿", {NAME: "小白的"}, version=3, who="小白")
    decide(store, dataset, 2, "已确认", {NAME: "早先的"}, version=4, who="小白", undo=True)
    restore(store, FORM, dataset.id, 3, 2, who="小白", seen=3)
    assert {records(store, dataset)[chat].reviewer for chat in (2, 3)} == {"小白"}
    assert records(store, dataset)[3].status == "已确认"


def test_edits_that_are_all_taken_back_leave_the_record_as_it_was(store: Store) -> None:
    dataset = make(store, 1)
    decide(store, dataset, 1, values={NAME: "林木1"})
    decide(store, dataset, 1, "草稿", {NAME: "林木"}, version=1, who="小白")
    decide(store, dataset, 1, "草稿", {NAME: "林"}, version=2, who="小白")
    assert records(store, dataset)[1].reviewer == "小白"
    decide(store, dataset, 1, "已确认", {NAME: "林木1"}, version=3, who="小白", undo=True)
    record = records(store, dataset)[1]
    assert (record.status, record.reviewer) == ("已确认", "阿青"), "not the draft before, the version that it is again"


def test_customers_are_compared_with_themselves_not_by_place(store: Store) -> None:
    dataset = make(store, 1)
    run = answer(store, dataset, "甲", {1: [{NAME: "林舟"}, {NAME: "周遥"}]})

    def save(version: int, *customers: tuple[str, str, int | None]) -> None:
        sent = [{"values": {NAME: name, STAGE: stage}, "origin": origin} for name, stage, origin in customers]
        decide(store, dataset, 1, "草稿", version=version, customers=sent, run=run)

    save(0, ("林舟", "", 0), ("周遥", "", 1))
    save(1, ("周遥", "报价", 1), ("林舟", "", 0))
    save(2, ("林舟", "", 0), ("王强", "赢单", None), ("周遥", "报价", 1))
    save(3, ("王强", "赢单", None), ("周小遥", "报价", 1))
    gone, split, turned, _ = (
        [(change.customer, change.label, change.before, change.after) for change in version.changes]
        for version in versions(store, FORM, dataset.id, 1)
    )
    assert turned == [(0, "购买阶段", "", "报价"), (0, "客户的顺序", "林舟、周遥", "周遥、林舟")]
    assert split[0] == (1, "客户", None, "王强")
    assert gone == [(1, "姓名", "周遥", "周小遥"), (0, "客户", "林舟", None)]
