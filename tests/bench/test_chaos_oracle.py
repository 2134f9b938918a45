"""What ``make chaos`` calls 0 is 0: the oracle sees each fault that it is there to see."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import delete, update
from sqlmodel import col

from bench.chaos.oracle import Oracle, SentSave
from bench.chaos.paid_calls import compare_calls
from bench.chaos.reviewers import raw_save
from bench.chaos.tally import Tally, table
from core.adapters.store import Store
from core.adapters.store.models import Record, RecordEvent
from core.services.review import apply_saves
from tests.factories.datasets import FORM
from tests.factories.reviews import make

NOON = datetime(2026, 11, 28, 12, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


@pytest.fixture
def reviewed(store: Store) -> tuple[Store, int, Oracle]:
    """Three acknowledged saves of one chat by two people, the last one typed before the second was answered."""
    dataset = make(store, 2)
    oracle = Oracle()
    ids = [f"0000000{number}-0000-4000-8000-000000000000" for number in range(3)]
    saves = [
        SentSave(ids[0], "甲", 1, 0, "记一"),
        SentSave(ids[1], "乙", 1, 1, "记二"),
        SentSave(ids[2], "乙", 1, 1, "记三", after=ids[1]),
    ]
    for save in saves:
        oracle.sent(save)
        [ack] = apply_saves(
            store,
            FORM,
            dataset.id,
            [raw_save(save, {"record_id": 0, "customers": []})],
            reviewer=save.reviewer,
        )
        oracle.acknowledge(save, {"result": ack.result, "version": ack.version})
    return store, dataset.id, oracle


def faults(store: Store, dataset_id: int, oracle: Oracle) -> dict[str, int]:
    tally = Tally()
    oracle.compare(store, dataset_id, tally)
    return {kind: number for kind, number in tally.faults().items() if number}


def test_nothing_is_wrong_where_nothing_is_wrong(reviewed: tuple[Store, int, Oracle]) -> None:
    assert faults(*reviewed) == {}


def test_a_save_that_is_gone_from_the_history_is_lost(reviewed: tuple[Store, int, Oracle]) -> None:
    with reviewed[0].write() as session:
        session.execute(delete(RecordEvent).where(col(RecordEvent.version) == 3))
        session.execute(update(Record).values(version=2))
    assert faults(*reviewed)["lost"] >= 1


def test_a_record_that_is_not_its_last_version_is_lost(reviewed: tuple[Store, int, Oracle]) -> None:
    with reviewed[0].write() as session:
        session.execute(update(Record).values(customers=[]))
    assert faults(*reviewed) == {"lost": 1}


def test_what_was_typed_and_never_answered_is_lost_unless_it_is_stored(reviewed: tuple[Store, int, Oracle]) -> None:
    reviewed[2].sent(SentSave("00000009-0000-4000-8000-000000000000", "丙", 2, 0, "记九"))
    assert faults(*reviewed) == {"lost": 1}


def test_a_version_under_another_name_is_an_overwritten_one(reviewed: tuple[Store, int, Oracle]) -> None:
    with reviewed[0].write() as session:
        session.execute(update(RecordEvent).where(col(RecordEvent.version) == 2).values(who="丙"))
    assert faults(*reviewed) == {"overwritten": 1}


def test_a_save_over_a_version_that_nobody_saw_is_an_overwriting_one(reviewed: tuple[Store, int, Oracle]) -> None:
    store, dataset_id, oracle = reviewed
    # As a store without versions would have it: saved over version 3 by somebody who had version 1 on screen.
    seen = SentSave("00000008-0000-4000-8000-000000000000", "丁", 1, 3, "记八")
    apply_saves(store, FORM, dataset_id, [raw_save(seen, {"record_id": 0, "customers": []})], reviewer="丁")
    stale = SentSave(seen.save_id, "丁", 1, 1, "记八")
    oracle.acknowledge(stale, {"result": "saved", "version": 4})
    assert faults(*reviewed) == {"overwritten": 1}


def test_a_missing_version_is_an_overwritten_one(reviewed: tuple[Store, int, Oracle]) -> None:
    with reviewed[0].write() as session:
        session.execute(delete(RecordEvent).where(col(RecordEvent.version) == 2))
    assert faults(*reviewed)["overwritten"] >= 1


def test_a_save_that_was_applied_twice_is_doubled(reviewed: tuple[Store, int, Oracle]) -> None:
    with reviewed[0].write() as session:
        event = session.get(RecordEvent, 3)
        assert event is not None
        session.add(RecordEvent(**event.model_dump(exclude={"id"}) | {"version": 4, "save_id": "again"}))
        session.execute(update(Record).values(version=4))
    assert faults(*reviewed) == {"doubled": 1}


def test_a_save_that_is_stored_though_its_author_was_told_otherwise_is_doubled(
    reviewed: tuple[Store, int, Oracle],
) -> None:
    save = SentSave("00000001-0000-4000-8000-000000000000", "乙", 1, 1, "记二")
    reviewed[2].acknowledge(save, {"result": "conflict", "version": 2})
    assert faults(*reviewed) == {"doubled": 1}


def paid_twice(moments: list[float], *, stored: float | None = None, kills: tuple[float, ...] = ()) -> int:
    tally = Tally()
    answers = {} if stored is None else {1: at(stored)}
    compare_calls({1: [at(moment) for moment in moments]}, answers, [at(kill) for kill in kills], tally)
    return tally.paid_twice


def test_a_call_is_paid_twice_unless_a_kill_took_its_answer() -> None:
    assert paid_twice([0.0], stored=1.2) == 0
    assert paid_twice([0.0, 9.0], kills=(0.5,), stored=11.0) == 0, "the first was under way when killed"
    assert paid_twice([0.0, 9.0], stored=11.0) == 1, "nobody was killed"
    assert paid_twice([0.0, 40.0], kills=(30.0,), stored=42.0) == 1, "there was time to store the first"
    assert paid_twice([0.0, 3.0], kills=(2.0,), stored=1.5) == 1, "the first was stored before the kill"
    assert paid_twice([0.0, 0.1, 0.2], stored=1.2) == 2, "three at once"


def test_every_fault_stands_in_the_table_and_in_the_sum() -> None:
    bad = Tally(memory=[(100.0, 0), (110.0, 2000)])
    for kind in ("lost", "doubled", "overwritten", "paid_twice", "crashed", "not_done"):
        bad.count(kind, "seeded", 7)
    lines = table({"one part": bad, "another part": Tally()}).splitlines()
    assert [line for line in lines if line.startswith("one part")][0].count(" 7 ") == 6
    assert "+5.0" in lines[2]
    assert lines[-1].count(" 7 ") == 6
