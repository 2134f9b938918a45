"""The blind second review: nothing of a model or of the first review is shown, and the first record stays as it is."""

import json
from typing import Any
from uuid import uuid4

import pytest

from core.adapters.store import DatasetView, Store, queries
from core.adapters.store.models import Pass
from core.services.export.answer_sources import measure_coverage, parse_source, stream_answers
from core.services.review import BlindSession, blind_waiting
from tests.factories.datasets import FORM
from tests.factories.quality import NAME, TODO, add_record, add_run, form
from tests.factories.runs import add_dataset

pytestmark = pytest.mark.both_databases


def desk_of(store: Store, reviewer: str = "小何") -> tuple[DatasetView, BlindSession]:
    dataset = add_dataset(store, 4)
    add_run(store, dataset, "模型", {i: [form(**{NAME: "模型说的", TODO: "模型计划"})] for i in range(1, 5)})
    for i, who in ((1, "林晓"), (2, "林晓"), (3, "小何")):
        add_record(store, dataset, i, [form(**{NAME: "初审写的", TODO: "初审计划"})], who)
    return dataset, BlindSession(dataset, FORM, reviewer)


def save(chat: int, **more: Any) -> dict[str, Any]:
    values = form(**{NAME: "复审写的"})
    return {
        "save_id": str(uuid4()),
        "chat": chat,
        "reviewer": "小何",
        "base_version": 0,
        "customers": [{"values": values}],
        "status": "已确认",
        "seconds": 12,
        **more,
    }


def test_only_what_others_confirmed_and_nothing_of_it(store: Store) -> None:
    dataset, desk = desk_of(store)
    assert blind_waiting(store, dataset, FORM, "小何") == 2
    data = desk.sync(store)
    assert data["open"] == 1 and data["order"]["next"] == [2]
    assert data["progress"] == {"total": 2, "confirmed": 0, "discussed": 0, "skipped": 0, "left": 2}
    shown = json.dumps(data["chats"], ensure_ascii=False)
    for leak in ("模型说的", "模型计划", "初审写的", "初审计划", "林晓"):
        assert leak not in shown
    chat = data["chats"][0]
    assert (chat["status"], chat["version"], chat["run"]) == ("未审阅", 0, None)
    assert not any(chat["customers"][0]["values"].values())
    assert chat["customers"][0]["baseline"] is None


def test_an_address_opens_no_chat_that_is_not_theirs(store: Store) -> None:
    _, desk = desk_of(store)
    # One's own first review, and one that nobody has confirmed.
    assert [desk.sync(store, at=at)["open"] for at in (3, 4, 99)] == [1, 1, 1]
    assert desk.sync(store, at=2)["open"] == 2


def test_saving_makes_a_second_record(store: Store) -> None:
    dataset, desk = desk_of(store)
    sent = save(1)
    data = desk.sync(store, outbox=[sent], at=2)
    assert [ack["result"] for ack in data["acks"]] == ["saved"]
    assert data["progress"]["confirmed"] == 1 and data["progress"]["left"] == 1
    assert data["order"]["prev"] == [1]
    assert desk.sync(store, outbox=[sent], at=2)["acks"][0]["result"] == "saved", "once"
    with store.read() as session:
        (second,) = queries.records(session, dataset.id, review_pass=Pass.SECOND)
        first = list(queries.records(session, dataset.id))[0]
    assert (second.forms[0][NAME], second.base_run_id, second.reviewer) == ("复审写的", None, "小何")
    assert (first.forms[0][NAME], first.version, first.reviewer) == ("初审写的", 1, "林晓")
    # A third person does not review it once more.
    assert blind_waiting(store, dataset, FORM, "小赵") == 1, "neither chat 1, nor chat 2 that 小何 is on"


def test_ones_own_draft_comes_back_and_nobody_elses(store: Store) -> None:
    dataset, desk = desk_of(store)
    desk.sync(store, outbox=[save(1, status="草稿")], at=1)
    data = desk.sync(store, at=1)
    assert data["chats"][0]["customers"][0]["values"][NAME] == "复审写的"
    other = BlindSession(dataset, FORM, "小赵")
    assert other.sync(store, at=1)["open"] != 1


def test_nothing_to_review_blindly_is_said(store: Store) -> None:
    dataset = add_dataset(store, 1)
    data = BlindSession(dataset, FORM, "小何").sync(store)
    assert data["open"] is None and "没有可以盲审的群聊" in data["error"]


def test_what_was_adjudicated_stands(store: Store) -> None:
    dataset, _ = desk_of(store)
    add_record(store, dataset, 2, [form(**{NAME: "仲裁"})], "主管", Pass.ADJUDICATED)
    add_record(store, dataset, 4, [form(**{NAME: "只有仲裁"})], "主管", Pass.ADJUDICATED)
    with store.read() as session:
        standing = queries.confirmed_by_index(session, dataset.id)
        source = parse_source("records")
        exported = {one.index: one.forms[0][NAME] for one in stream_answers(session, dataset, FORM, source)}
        covered = measure_coverage(session, dataset, source).records
    assert {i: forms[0][NAME] for i, forms in standing.items()} == {
        1: "初审写的",
        2: "仲裁",
        3: "初审写的",
        4: "只有仲裁",
    }
    assert exported == {i: forms[0][NAME] for i, forms in standing.items()}
    assert covered == (1, 2, 3, 4)


def test_a_skip_taken_back_waits_again(store: Store) -> None:
    _, desk = desk_of(store)
    desk.sync(store, outbox=[save(1, status="已跳过")], at=2)
    data = desk.sync(store, outbox=[save(1, status="未审阅", base_version=1, undo=True)], at=2)
    assert data["progress"] == {"total": 2, "confirmed": 0, "discussed": 0, "skipped": 0, "left": 2}
    assert desk.sync(store)["open"] == 1
