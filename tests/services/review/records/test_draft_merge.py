"""A delta draft goes along when the approved values change otherwise: nothing typed is lost, nothing new is undone."""

from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.adapters.store import DatasetView, Store
from core.services.review import PrimarySession, open_session
from core.services.review.records import bulk, bulk_plan
from core.services.review.records.draft_merge import carried_draft
from core.services.review.records.history import restore
from tests.factories.datasets import FORM
from tests.factories.reviews import NAME, PHONE, STAGE, answer, decide, make, records

_CELL = st.sampled_from(["", "1", "2"])
_FORM = st.fixed_dictionaries({NAME: _CELL, PHONE: _CELL})
_CUSTOMERS = st.lists(st.tuples(_FORM, st.sampled_from([None, 0, 1])), min_size=1, max_size=3)


def stored(customers: list[tuple[dict[str, str], int | None]]) -> list[dict[str, Any]]:
    taken: set[int] = set()
    rows = []
    for values, source in customers:
        own = None if source is None or source in taken else source
        taken |= {own} - {None}  # type: ignore[arg-type]
        rows.append({"values": values, "origin": {}, "confirmed": {}, "pinned": {}, "source": own})
    return rows


@given(approved=_CUSTOMERS, typed=_CUSTOMERS, now=_CUSTOMERS)
def test_what_only_one_side_changed_stands(approved: Any, typed: Any, now: Any) -> None:
    before, mine, after = stored(approved), stored(typed), stored(now)

    def merged(draft: Any, later: Any) -> list[Any]:
        made = carried_draft({"customers": draft, "note": "x"}, before, later, form=FORM, note_before="", note_after="")
        assert made["note"] == "x" and made["customers"]
        return [customer["values"] for customer in made["customers"]]

    assert merged(before, after) == [one["values"] for one in after], "nothing typed: what is approved now"
    alone = sorted(sorted(values.items()) for values in merged(mine, before))
    assert alone == sorted(sorted(one["values"].items()) for one in mine), "nothing else changed"
    cells = {(key, value) for values in merged(mine, after) for key, value in values.items()}
    assert cells <= {(key, value) for one in (*mine, *after) for key, value in one["values"].items()}, "nothing made up"


def test_cells_of_one_customer_are_merged() -> None:
    before = stored([({NAME: "1", PHONE: "1"}, 0), ({NAME: "9", PHONE: "9"}, 1)])
    mine = stored([({NAME: "2", PHONE: "1"}, 0), ({NAME: "9", PHONE: "9"}, 1)])
    after = stored([({NAME: "9", PHONE: "9"}, 1), ({NAME: "1", PHONE: "2"}, 0)])
    made = carried_draft({"customers": mine, "note": ""}, before, after, form=FORM, note_before="", note_after="新")
    assert [one["values"] for one in made["customers"]] == [{NAME: "9", PHONE: "9"}, {NAME: "2", PHONE: "2"}]
    assert (made["note"], made["carried"]) == ("新", True)


def carried(
    before: list[tuple[dict[str, str], int | None]],
    mine: list[tuple[dict[str, str], int | None]],
    after: list[tuple[dict[str, str], int | None]],
    **more: Any,
) -> tuple[list[dict[str, str]], dict[str, Any]]:
    """The filled values of a carried draft, and the draft."""
    draft = {"customers": stored(mine), "note": ""}
    made = carried_draft(
        draft, stored(before), stored(after), form=FORM, note_before="", note_after="", who="阿青", **more
    )
    return [{key: value for key, value in one["values"].items() if value} for one in made["customers"]], made


LIN, WANG = {NAME: "林舟", STAGE: "报价"}, {NAME: "王强", STAGE: "报价"}
WON = LIN | {STAGE: "赢单"}
CALLED = WANG | {PHONE: "2"}


@pytest.mark.parametrize("sources", [(None, None), (0, 1), (0, None), (None, 0)])
@pytest.mark.parametrize("same_run", [True, False])
def test_a_removed_customer_who_was_changed_since_is_asked_about_and_mixed_with_nobody(
    sources: tuple[int | None, int | None], same_run: bool
) -> None:
    lin, wang = sources
    forms, made = carried([(LIN, lin), (WANG, wang)], [(CALLED, wang)], [(WON, lin), (WANG, wang)], same_run=same_run)
    assert forms == [WON, CALLED]
    assert made["contested"] == [{"customer": 0, "key": STAGE, "value": "赢单", "who": "阿青", "removed": True}]
    assert made["customers"][0]["confirmed"] == {STAGE: "未看"}
    approved = [{"values": one, "origin": {}, "confirmed": {}, "pinned": {}, "source": None} for one in (WON, WANG)]
    noted = [one | {"values": {**one["values"], PHONE: "3"}} if one["values"] == WANG else one for one in approved]
    again = carried_draft(made, approved, noted, form=FORM, note_before="", note_after="", who="小何")
    assert made["contested"][0] in again["contested"], "still asked about after another change"


def test_two_of_one_source_and_two_of_one_name_do_not_mix() -> None:
    halves = [one | {"source": 0} for one in stored([(LIN, None), (WANG, None)])]
    mine = [one | {"source": 0} for one in stored([(CALLED, None)])]
    after = [one | {"source": 0} for one in stored([(WON, None), (WANG, None)])]
    made = carried_draft({"customers": mine, "note": ""}, halves, after, form=FORM, note_before="", note_after="")
    assert [one["values"] for one in made["customers"]] == [WON, CALLED]
    again = WANG | {PHONE: "7"}
    assert carried([(WANG, None), (again, None)], [(again, None)], [(WANG, None), (again | {STAGE: "赢单"}, None)])[
        0
    ] == [again | {STAGE: "赢单"}]


def test_who_is_added_is_not_who_was_removed_and_a_new_name_stays_the_customer() -> None:
    new = {NAME: "张三", STAGE: "报价"}
    forms, made = carried([(LIN, None), (WANG, None)], [(WANG, None), (new, None)], [(WON, None), (WANG, None)])
    assert (forms, [cell["customer"] for cell in made["contested"]]) == ([WON, WANG, new], [0])
    renamed, called = WANG | {NAME: "李四"}, LIN | {PHONE: "1"}
    assert carried([(LIN, None), (WANG, None)], [(called, None), (WANG, None)], [(LIN, None), (renamed, None)])[0] == [
        called,
        renamed,
    ]
    nameless = {PHONE: "1"}
    assert carried([(nameless, None)], [(nameless | {NAME: "林舟"}, None)], [(nameless | {STAGE: "赢单"}, None)])[
        0
    ] == [{NAME: "林舟", PHONE: "1", STAGE: "赢单"}]


@pytest.fixture
def drafted(store: Store) -> tuple[DatasetView, PrimarySession]:
    """An approved chat with 小白's delta draft beside it: another phone, and a note."""
    dataset = make(store, 1)
    old = answer(store, dataset, "旧", {1: [{NAME: "林木1"}]})
    decide(store, dataset, 1, values={NAME: "林木1"}, run=old)
    answer(store, dataset, "新", {1: [{NAME: "林木1", STAGE: "赢单", PHONE: "2"}]})
    desk = open_session(store, dataset, FORM, reviewer="小白", newer="新")
    draft = save(1, {NAME: "林木1", PHONE: "139"}, note="问电话", review=desk.review)
    assert [ack.result for ack in desk.save(store, [draft])] == ["saved"]
    return dataset, desk


def save(version: int, values: dict[str, str], status: str = "草稿", **more: object) -> dict[str, object]:
    return {
        "save_id": str(uuid4()),
        "chat": 1,
        "reviewer": "小白",
        "base_version": version,
        "customers": [{"values": values, "origin": 0}],
        "status": status,
    } | more


def shown(store: Store, desk: PrimarySession) -> tuple[str, str, str, str]:
    [chat] = desk.sync(store, at=1)["chats"]
    values = chat["customers"][0]["values"]
    return str(values[NAME]), str(values[PHONE]), chat["status"], chat["note"]


@pytest.mark.both_databases
def test_a_bulk_change_and_its_undoing_take_the_draft_along(
    store: Store, drafted: tuple[DatasetView, PrimarySession]
) -> None:
    dataset, desk = drafted
    plan = bulk.plan_replace(store, FORM, dataset.id, find="林木1", replacement="林木甲")
    done = bulk.apply(store, FORM, plan, who="阿青", reason="统一名字")
    assert records(store, dataset)[1].forms[0][PHONE] == ""  # the draft stays a draft
    assert shown(store, desk) == ("林木甲", "139", "已确认", "问电话")
    bulk.undo(store, FORM, dataset.id, done.id, who="阿青")
    assert shown(store, desk) == ("林木1", "139", "已确认", "问电话")
    assert (records(store, dataset)[1].status, records(store, dataset)[1].note) == ("已确认", "")


@pytest.mark.both_databases
def test_an_ordinary_save_and_a_restored_version_take_the_draft_along(
    store: Store, drafted: tuple[DatasetView, PrimarySession]
) -> None:
    dataset, desk = drafted
    ordinary = open_session(store, dataset, FORM, reviewer="阿青")
    # Made before the draft came: the draft changed nothing that an ordinary review shows.
    [ack] = ordinary.save(store, [save(1, {NAME: "林木1", STAGE: "报价"}, "待讨论", reviewer="阿青", note="先问")])
    assert ack.result == "saved"
    assert (records(store, dataset)[1].status, records(store, dataset)[1].note) == ("待讨论", "先问")
    [ack] = ordinary.save(store, [save(3, {NAME: "林木1", STAGE: "报价"}, "已确认", reviewer="阿青", note="先问")])
    assert shown(store, desk) == ("林木1", "139", "已确认", "问电话")
    restore(store, FORM, dataset.id, 1, 1, who="阿青", seen=4)
    assert shown(store, desk) == ("林木1", "139", "已确认", "问电话")
    [ack] = desk.save(store, [save(5, {NAME: "林木1", PHONE: "139"}, "已确认")])
    assert (ack.result, records(store, dataset)[1].forms[0][PHONE]) == ("saved", "139")
    ordinary.save(store, [save(6, {NAME: "林木1"}, "已确认", reviewer="阿青")])
    assert shown(store, desk)[1] == "", "the decision took the draft's place"


@pytest.mark.both_databases
def test_a_cell_that_both_changed_is_said_and_takes_the_first_approval(
    store: Store, drafted: tuple[DatasetView, PrimarySession]
) -> None:
    dataset, desk = drafted
    ordinary = open_session(store, dataset, FORM, reviewer="阿青")
    ordinary.save(store, [save(2, {NAME: "林木1", PHONE: "137"}, "已确认", reviewer="阿青")])
    decide(store, dataset, 1, values={NAME: "林木乙", PHONE: "137"}, version=3)  # another change keeps it contested
    assert shown(store, desk) == ("林木乙", "139", "已确认", "问电话")
    [chat] = desk.sync(store, at=1)["chats"]
    [warning] = [one for one in chat["warnings"] if one["key"] == PHONE and "137" in one["text"]]
    assert (warning["level"], "阿青" in warning["text"]) == ("warning", True)
    assert chat["customers"][0]["confirmed"][PHONE] == "未看"
    [ack] = desk.save(store, [save(2, {NAME: "林木1", PHONE: "139"})])  # a page that was open all the time
    assert ack.theirs is not None and ack.theirs[0]["values"][PHONE] == "137"


@pytest.mark.both_databases
def test_a_conflict_under_delta_review_shows_the_draft_and_decides_nothing(
    store: Store, drafted: tuple[DatasetView, PrimarySession]
) -> None:
    dataset, _ = drafted
    desk = open_session(store, dataset, FORM, reviewer="阿青", newer="新")
    [ack] = desk.save(store, [save(1, {NAME: "林木1", PHONE: "2"}, reviewer="阿青")])
    assert (ack.result, ack.who, ack.note, ack.status) == ("conflict", "小白", "问电话", "")
    assert ack.theirs is not None and ack.theirs[0]["values"][PHONE] == "139"


def test_a_customer_removed_by_hand_comes_back_with_a_warning(store: Store) -> None:
    dataset = make(store, ["林舟：你好\n王强：我也在\n客服小何：好"])
    answer(store, dataset, "旧", {1: []})
    answer(store, dataset, "新", {1: [{NAME: "林舟"}, {NAME: "王强", PHONE: "2"}]})
    added = [{"values": LIN, "origin": None}, {"values": WANG, "origin": None}]
    ordinary = open_session(store, dataset, FORM, reviewer="阿青")
    ordinary.save(store, [save(0, {}, "已确认", reviewer="阿青") | {"customers": added}])
    desk = open_session(store, dataset, FORM, reviewer="小白", newer="新")
    kept = {"customers": [{"values": CALLED, "origin": None}]}
    [ack] = desk.save(store, [save(1, {}, review=desk.review) | kept])
    assert ack.result == "saved"
    plan = bulk_plan.plan_edits(store, FORM, dataset.id, [bulk_plan.CellEdit(1, 0, STAGE, "赢单", None)], who="阿青")
    bulk.apply(store, FORM, plan, who="阿青", reason="改")
    [chat] = desk.sync(store, at=1)["chats"]
    values = [{key: value for key, value in one["values"].items() if value} for one in chat["customers"]]
    assert values == [WON, CALLED]
    [warning] = [one for one in chat["warnings"] if "阿青" in one["text"]]
    assert (warning["customer"], warning["key"], warning["level"]) == (0, STAGE, "warning")
    assert "删除" in warning["text"]
