"""The record table's pages: sorted and filtered by the database, on both kinds of it."""

import pytest

from core.adapters.store import Store
from core.services.review import Filter
from core.services.review.queue import background_update
from core.services.review.record_table import BY_CHANGE, BY_INDEX, BY_STAKE, matching_chats, page
from core.services.review.records import bulk
from core.services.review.records.bulk_plan import CellEdit, plan_edits
from tests.factories.datasets import FORM
from tests.factories.reviews import NAME, PHONE, PRODUCT, answer, decide, make

pytestmark = pytest.mark.both_databases
ALL = Filter(queue="全部")


def test_rows_come_in_the_order_asked_for(store: Store) -> None:
    dataset = make(store, 5)
    right = {index: [{NAME: f"林木{index}", PHONE: f"1380000000{index}"}] for index in range(1, 6)}
    run = answer(store, dataset, "甲", right | {4: [{NAME: "林木4", PHONE: "13999999999"}]})
    background_update.update_outdated_chats(store, FORM, dataset.id, run)
    decide(store, dataset, 3, values={NAME: "乙", PRODUCT: ["高级版", "CRM"]}, run=run)
    decide(store, dataset, 1, values={NAME: "甲", PRODUCT: ["CRM"]}, run=run)
    decide(store, dataset, 2, values={NAME: "丙"}, run=run)

    def chats(sort: str, wanted: Filter = ALL) -> list[int]:
        return [row.chat for row in page(store, FORM, dataset.id, wanted=wanted, base_run=run, sort=sort).rows]

    assert chats(BY_INDEX) == [1, 2, 3, 4, 5]
    assert chats(BY_CHANGE) == [2, 1, 3, 4, 5]
    assert chats(BY_STAKE)[0] == 4
    assert chats(NAME) == [2, 3, 4, 5, 1]  # by code point, without a record by what the run says
    assert chats(PRODUCT) == [1, 3, 2, 4, 5]
    assert chats(PRODUCT, Filter(queue="已确认", field=PRODUCT, value="CRM")) == [1, 3]
    second = page(store, FORM, dataset.id, wanted=ALL, base_run=run, number=2, size=3)
    assert ([row.chat for row in second.rows], second.chats) == ([4, 5], 5)
    assert second.rows[0].values[PHONE] == "13999999999"
    assert matching_chats(store, dataset.id, wanted=Filter(field=PHONE, value="1399"), base_run=run) == [4]


def test_empty_means_chats_without_customers_too_and_sorting_goes_with_a_filter(store: Store) -> None:
    dataset = make(store, 5)
    forms = {1: [], 2: [{NAME: "林木2", PHONE: "2"}], 3: [{NAME: "林木3"}], 4: [{NAME: "林木4", PHONE: "1"}], 5: None}
    run = answer(store, dataset, "甲", forms)
    decide(store, dataset, 4, values={NAME: "林木4", PHONE: "3"}, run=run, customers=[])

    def chats(wanted: Filter, sort: str = BY_INDEX) -> list[int]:
        return [row.chat for row in page(store, FORM, dataset.id, wanted=wanted, base_run=run, sort=sort).rows]

    empty = Filter(queue="全部", field=PHONE, filled="为空")
    assert matching_chats(store, dataset.id, wanted=empty, base_run=run) == [1, 3, 4, 5]
    assert matching_chats(store, dataset.id, wanted=Filter(field=PHONE, filled="有值"), base_run=run) == [2]
    assert chats(empty, PHONE) == [1, 3, 5]  # chat 4 has a record and no customer, so no row
    assert chats(ALL, PHONE)[0] == 2


def test_an_edit_that_was_undone_leaves_nobody_beside_an_unreviewed_chat(store: Store) -> None:
    dataset = make(store, 1)
    run = answer(store, dataset, "甲", {1: [{NAME: "林木1"}]})
    edits = [CellEdit(1, 0, NAME, "林木木", 0)]
    plan = plan_edits(store, FORM, dataset.id, edits, base_run=run, who="新来")
    done = bulk.apply(store, FORM, plan, who="新来", reason="改", base_run=run, cell_id="e-1")

    def row() -> tuple[str, str, bool]:
        [one] = page(store, FORM, dataset.id, wanted=ALL, base_run=run).rows
        return one.status, one.reviewer, bool(one.updated)

    assert row() == ("草稿", "新来", True)
    bulk.undo(store, FORM, dataset.id, done.id, who="新来")
    assert row() == ("未审阅", "", False)
