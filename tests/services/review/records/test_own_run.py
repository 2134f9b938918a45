"""A record is compared with the run that it was started from, whichever run the workbench shows."""

from typing import Any
from uuid import uuid4

import pytest

from core.adapters.store import DatasetView, Store, queries
from core.adapters.store.models import Run
from core.domain.scoring import Scorer
from core.services.quality.reviewer_agreement import paces
from core.services.review import apply_saves, open_session
from core.services.review.queue.background_update import _rates
from core.services.review.record_table import rows_of_chats
from core.services.review.records.history import restore, versions
from core.services.training.corrections import correction_groups
from tests.factories.datasets import FORM
from tests.factories.reviews import NAME, PHONE, STAGE, answer, make, records

pytestmark = pytest.mark.both_databases

FIRST = {NAME: "林木1", PHONE: "1", STAGE: "报价"}
SECOND = {NAME: "周舟2", PHONE: "2", STAGE: "赢单"}


@pytest.fixture
def two_runs(store: Store) -> tuple[DatasetView, int, int]:
    """Three chats and two runs; the newer has the customers in another order and other values."""
    dataset = make(store, 3)
    old = answer(store, dataset, "旧", {index: [FIRST, SECOND] for index in (1, 2, 3)})
    newer = [SECOND | {PHONE: "9"}, FIRST | {STAGE: "输单"}]
    new = answer(store, dataset, "新", dict.fromkeys((1, 2, 3), newer))
    return dataset, old, new


def save(chat: int, values: list[dict[str, str]], origins: list[int | None], **more: Any) -> dict[str, Any]:
    customers = [{"values": FORM.empty() | one, "origin": origin} for one, origin in zip(values, origins, strict=True)]
    fresh = {"save_id": str(uuid4()), "reviewer": "阿青", "base_version": 0, "status": "已确认"}
    return fresh | {"chat": chat, "customers": customers} | more


def shown(store: Store, dataset: DatasetView, chat: int, **session: Any) -> dict[str, Any]:
    data = open_session(store, dataset, FORM, reviewer="阿青", **session).sync(store, at=chat)
    return next(one for one in data["chats"] if one["chat"] == chat)  # type: ignore[return-value]


def apply(store: Store, dataset: DatasetView, run: int, sent: dict[str, Any]) -> None:
    [ack] = apply_saves(store, FORM, dataset.id, [sent], base_run_id=run)
    assert ack.result == "saved", ack.why


def test_nothing_is_changed_that_nobody_changed(store: Store, two_runs: tuple[DatasetView, int, int]) -> None:
    dataset, old, new = two_runs
    apply(store, dataset, old, save(1, [FIRST, SECOND], [0, 1]))
    chat = shown(store, dataset, 1, base="新")
    assert [one["baseline"] == one["values"] for one in chat["customers"]] == [True, True]
    assert chat["run"]["name"] == "旧" and chat["base_run_id"] == old and not chat["run_gone"]
    # The run of the selector is one of the others now.
    assert chat["customers"][0]["others"][STAGE] == [{"value": "输单", "who": ["新"]}]
    untouched = shown(store, dataset, 2, base="新")
    assert (untouched["run"]["name"], untouched["base_run_id"]) == ("新", new)
    assert [one["values"][NAME] for one in untouched["customers"]] == ["周舟2", "林木1"]


def test_a_save_under_another_selector_keeps_the_run(store: Store, two_runs: tuple[DatasetView, int, int]) -> None:
    dataset, old, new = two_runs
    apply(store, dataset, old, save(1, [FIRST, SECOND], [0, 1]))
    apply(store, dataset, new, save(1, [FIRST | {PHONE: "7"}, SECOND], [0, 1], base_version=1))
    record = records(store, dataset)[1]
    assert record.base_run_id == old
    assert [{key for key, said in one["origin"].items() if said == "reviewer"} for one in record.customers] == [
        {PHONE},
        set(),
    ]
    [first, second] = rows_of_chats(store, FORM, dataset.id, [1], base_run=new)
    assert (first.corrected, second.corrected) == ({PHONE}, set())
    [pace] = paces(store, dataset, FORM)
    assert pace.changed == pytest.approx(1 / (2 * len(FORM.keys)))
    with store.read() as session:
        rates = _rates(session, Scorer(FORM), old)
        assert rates.of(PHONE) > rates.of(STAGE)
        assert _rates(session, Scorer(FORM), new).version == 1  # nothing was seen of this run


def test_a_first_save_counts_in_the_run_that_it_names(store: Store, two_runs: tuple[DatasetView, int, int]) -> None:
    dataset, old, new = two_runs
    # Typed while the old run was shown, sent after a reload with the new one in the selector.
    apply(store, dataset, new, save(1, [FIRST, SECOND], [0, 1], base_run_id=old))
    record = records(store, dataset)[1]
    assert record.base_run_id == old and [one["source"] for one in record.customers] == [0, 1]
    assert {said for one in record.customers for said in one["origin"].values()} == {f"run:{old}"}
    # Somebody else's record is there already, from the other run: customers are matched with that run's.
    apply(store, dataset, new, save(2, [SECOND, FIRST], [0, 1], base_run_id=new))
    apply(store, dataset, old, save(2, [FIRST, SECOND], [0, 1], base_run_id=old, base_version=1))
    record = records(store, dataset)[2]
    assert record.base_run_id == new and [one["source"] for one in record.customers] == [1, 0]


def test_the_first_version_changes_what_differs_from_the_own_form(
    store: Store, two_runs: tuple[DatasetView, int, int]
) -> None:
    dataset, old, _ = two_runs
    apply(store, dataset, old, save(1, [SECOND, FIRST | {STAGE: "输单"}], [1, 0]))
    [version] = versions(store, FORM, dataset.id, 1)
    assert [(change.customer, change.key) for change in version.changes] == [(1, STAGE)]
    apply(store, dataset, old, save(2, [SECOND, {NAME: "新来的"}], [1, None]))
    [version] = versions(store, FORM, dataset.id, 2)
    assert [(change.key, change.after) for change in version.changes] == [("", "新来的"), ("", None)]


def test_corrections_are_those_of_the_own_run(store: Store, two_runs: tuple[DatasetView, int, int]) -> None:
    dataset, old, new = two_runs
    for chat in (1, 2, 3):
        apply(store, dataset, old, save(chat, [SECOND, FIRST | {STAGE: "方案交流"}], [1, 0]))
        again = save(chat, [SECOND, FIRST | {STAGE: "方案交流"}], [1, 0], base_version=1)
        apply(store, dataset, new, again)
    with store.read() as session:
        runs = {run.id: run for run in queries.runs(session, dataset.id)}
    groups = correction_groups(store, FORM, runs[old])
    assert [(group.key, group.before, group.after) for group in groups] == [(STAGE, "报价", "方案交流")]
    assert correction_groups(store, FORM, runs[new]) == []


def test_a_deleted_run_leaves_nothing_to_compare_with(store: Store, two_runs: tuple[DatasetView, int, int]) -> None:
    dataset, old, new = two_runs
    apply(store, dataset, old, save(1, [FIRST, SECOND | {PHONE: "3"}], [0, 1]))
    with store.write() as session:
        session.delete(session.get_one(Run, old))
    chat = shown(store, dataset, 1, base="新")
    assert [one["baseline"] for one in chat["customers"]] == [None, None]
    assert chat["run"] is None and chat["base_run_id"] is None and chat["run_gone"]
    apply(store, dataset, new, save(1, [FIRST | {STAGE: "输单"}, SECOND | {PHONE: "3"}], [0, 1], base_version=1))
    record = records(store, dataset)[1]
    assert record.base_run_id is None
    changed = [{key for key, said in one["origin"].items() if said == "reviewer"} for one in record.customers]
    assert changed == [{STAGE}, {PHONE}]  # what came from the run still did


def test_a_run_deleted_under_an_open_workbench_does_not_hold_up_saves(
    store: Store, two_runs: tuple[DatasetView, int, int]
) -> None:
    dataset, _, new = two_runs
    workbench = open_session(store, dataset, FORM, reviewer="阿青", base="新")
    with store.write() as session:
        session.delete(session.get_one(Run, new))
    acks = workbench.save(store, [save(chat, [SECOND, FIRST], [0, 1], base_run_id=new) for chat in (1, 2)])
    assert [ack.result for ack in acks] == ["saved", "saved"]
    assert records(store, dataset)[1].base_run_id is None


def test_a_restored_version_comes_back_with_its_run(store: Store, two_runs: tuple[DatasetView, int, int]) -> None:
    dataset, old, new = two_runs
    apply(store, dataset, old, save(1, [FIRST, SECOND], [0, 1]))
    workbench = open_session(store, dataset, FORM, reviewer="阿青", newer="新")
    sent = save(1, [FIRST | {STAGE: "输单"}, SECOND | {PHONE: "9"}], [0, 1], base_version=1, base_run_id=old)
    assert [ack.result for ack in workbench.save(store, [sent])] == ["saved"]
    record = records(store, dataset)[1]
    assert record.base_run_id == new and [one["source"] for one in record.customers] == [1, 0]
    restore(store, FORM, dataset.id, 1, 1, who="阿青", seen=2)
    record = records(store, dataset)[1]
    assert record.base_run_id == old and [one["source"] for one in record.customers] == [0, 1]
    chat = shown(store, dataset, 1, base="新")
    assert all(one["baseline"] == one["values"] for one in chat["customers"])


def test_undoing_a_delta_decision_whose_run_was_deleted(store: Store, two_runs: tuple[DatasetView, int, int]) -> None:
    dataset, old, _ = two_runs
    apply(store, dataset, old, save(1, [FIRST, SECOND], [0, 1]))
    workbench = open_session(store, dataset, FORM, reviewer="阿青", newer="新")
    decided = save(1, [FIRST | {STAGE: "输单"}, SECOND], [0, 1], base_version=1)
    assert workbench.save(store, [decided])[0].result == "saved"
    with store.write() as session:
        session.delete(session.get_one(Run, old))
    undone = save(1, [FIRST | {STAGE: "输单"}, SECOND], [0, 1], base_version=2, undo=True)
    assert workbench.save(store, [undone])[0].result == "saved"
    record = records(store, dataset)[1]
    assert record.base_run_id is None and record.forms[0][STAGE] == "报价"


def test_positions_that_no_form_has_are_no_source(store: Store, two_runs: tuple[DatasetView, int, int]) -> None:
    dataset, old, _ = two_runs
    values = [FIRST, SECOND, FIRST, FIRST, SECOND]
    apply(store, dataset, old, save(1, values, [0, 2, -1, 2**40, 0]))
    record = records(store, dataset)[1]
    assert [one["source"] for one in record.customers] == [0, None, None, None, None]
    assert set(record.customers[4]["origin"].values()) == {"reviewer"}


def test_of_two_halves_of_a_customer_the_one_with_the_name_came_from_the_run(
    store: Store, two_runs: tuple[DatasetView, int, int]
) -> None:
    dataset, old, _ = two_runs
    apply(store, dataset, old, save(1, [FIRST | {NAME: "王强"}, FIRST, SECOND], [0, 0, 1]))
    apply(store, dataset, old, save(2, [FIRST | {NAME: "王强"}, FIRST | {NAME: "李四"}, SECOND], [0, 0, 1]))
    sources = {index: [one["source"] for one in record.customers] for index, record in records(store, dataset).items()}
    assert sources == {1: [None, 0, 1], 2: [0, None, 1]}
