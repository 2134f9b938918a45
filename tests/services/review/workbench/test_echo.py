"""Echo: after the third equal correction, the undecided chats in which the run said the same, and no others."""

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

import pytest

from core.adapters.store import DatasetView, Store
from core.services.review import claim, open_session
from core.services.review.queue.order import QueueSpec
from core.services.review.workbench import echo
from core.services.review.workbench.contract import WorkbenchPayload
from core.services.review.workbench.session import PrimarySession
from tests.factories.datasets import FORM
from tests.factories.reviews import NAME, PRODUCT, STAGE, answer, decide, make, records

pytestmark = pytest.mark.both_databases

CRM, AI = ["CRM"], ["AI"]


def ready(store: Store, chats: int = 8, **said: Any) -> tuple[DatasetView, int]:
    """A dataset whose run says CRM of everybody, or something else of some: ``_3={STAGE: "报价"}``."""
    dataset = make(store, chats)
    forms = {i: [said.get(f"_{i}", {NAME: f"林木{i}", PRODUCT: CRM})] for i in range(1, chats + 1)}
    return dataset, answer(store, dataset, "甲", forms)


def desk(store: Store, dataset: DatasetView, who: str = "阿青", **more: Any) -> PrimarySession:
    return open_session(store, dataset, FORM, reviewer=who, **more)


def approve(
    store: Store, session: PrimarySession, chat: int, values: Mapping[str, Any], **more: Any
) -> WorkbenchPayload:
    """Approve a chat as the desk does: the sync that stores it answers."""
    known = records(store, session.dataset).get(chat)
    save = {
        "save_id": str(uuid4()),
        "chat": chat,
        "reviewer": session.reviewer,
        "base_version": known.version if known else 0,
        "customers": [{"values": dict(values), "origin": 0}],
        "status": "已确认",
        "review": session.review,
    }
    return session.sync(store, outbox=[save | more], at=chat)


def changed(index: int, product: list[str] = AI) -> dict[str, Any]:
    return {NAME: f"林木{index}", PRODUCT: product}


def test_the_third_equal_correction_offers_the_others_and_the_second_does_not(store: Store) -> None:
    dataset, _ = ready(store)
    session = desk(store, dataset)
    assert "echo" not in approve(store, session, 1, changed(1))
    assert "echo" not in approve(store, session, 2, changed(2))
    offered = approve(store, session, 3, changed(3))["echo"]
    assert (offered["key"], offered["was"], offered["now"]) == (PRODUCT, CRM, AI)
    assert (offered["chats"], offered["more"], offered["held"]) == ([4, 5, 6, 7, 8], False, 0)
    assert "echo" not in session.sync(store, at=4), "it is said once; the browser keeps it"
    assert approve(store, session, 6, changed(6))["echo"]["chats"] == [7, 8, 4, 5], "those behind come first"
    assert sorted(records(store, dataset)) == [1, 2, 3, 6], "nothing was changed by itself"


def test_only_equal_corrections_of_this_person_from_this_run_that_are_approved_count(store: Store) -> None:
    dataset, run = ready(store)
    other = answer(store, dataset, "乙", {i: [{PRODUCT: CRM}] for i in range(1, 9)})
    session = desk(store, dataset, base="甲")
    decide(store, dataset, 4, values=changed(4), who="小李", run=run)
    decide(store, dataset, 5, values=changed(5), run=other)
    decide(store, dataset, 6, "草稿", values=changed(6), run=run)
    approve(store, session, 1, changed(1))
    approve(store, session, 7, changed(7, ["商城"]))
    assert "echo" not in approve(store, session, 2, changed(2))
    assert approve(store, session, 3, changed(3))["echo"]["chats"] == [6, 8], "a draft is undecided"


def test_chats_in_which_the_run_said_something_else_or_failed_are_left_out(store: Store) -> None:
    dataset = make(store, 7)
    forms: dict[int, Any] = {i: [{PRODUCT: CRM}] for i in range(1, 4)}
    forms |= {4: [{PRODUCT: ["CRM", "AI"]}], 5: None, 6: [{STAGE: "报价"}, {PRODUCT: CRM}], 7: [{PRODUCT: ["SCRM"]}]}
    answer(store, dataset, "甲", forms)
    session = desk(store, dataset)
    for index in (1, 2):
        approve(store, session, index, changed(index))
    assert approve(store, session, 3, changed(3))["echo"]["chats"] == [6], "of any customer, and exactly that value"


def test_an_order_of_a_list_is_no_other_value(store: Store) -> None:
    dataset, _ = ready(store, 5, _2={PRODUCT: ["AI", "CRM"]}, _3={PRODUCT: ["CRM", "AI"]}, _5={PRODUCT: ["AI", "CRM"]})
    session = desk(store, dataset)
    approve(store, session, 2, {PRODUCT: ["商城"]})
    approve(store, session, 3, {PRODUCT: ["商城"]})
    decide(store, dataset, 1, values=changed(1))
    assert "echo" not in approve(store, session, 4, changed(4))


def test_what_the_run_left_empty_is_offered_where_the_form_suggests_what_was_put_in(store: Store) -> None:
    empty = {f"_{i}": {NAME: f"林木{i}"} for i in range(1, 7)}
    dataset, _ = ready(store, 6, **empty)
    session = desk(store, dataset)
    for index in (1, 2):
        approve(store, session, index, {NAME: "同一个人", STAGE: "报价"})
    offered = approve(store, session, 3, {NAME: "同一个人", STAGE: "报价"})["echo"]
    assert (offered["key"], offered["was"], offered["chats"]) == (STAGE, "", [4, 5, 6])


def test_what_is_empty_nearly_everywhere_is_no_likeness(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(echo, "MOST_OF_EMPTY", 2)
    empty = {f"_{i}": {NAME: f"林木{i}"} for i in range(1, 7)}
    dataset, _ = ready(store, 6, **empty)
    session = desk(store, dataset)
    for index in (1, 2):
        approve(store, session, index, {NAME: f"林木{index}", STAGE: "报价"})
    assert "echo" not in approve(store, session, 3, {NAME: "林木3", STAGE: "报价"})


def test_no_more_are_looked_at_and_offered_than_the_limits_say(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(echo, "MOST_CHATS", 2)
    monkeypatch.setattr(echo, "LOOKED_AHEAD", 4)
    dataset, _ = ready(store, 12)
    session = desk(store, dataset)
    for index in (1, 2):
        approve(store, session, index, changed(index))
    offered = approve(store, session, 3, changed(3))["echo"]
    assert (offered["chats"], offered["more"]) == ([4, 5], True)


def test_chats_of_others_are_left_out_and_counted_and_the_walk_passes_over_them(store: Store) -> None:
    dataset, run = ready(store)
    session = desk(store, dataset)
    ids = {chat["chat"]: chat["chat_id"] for chat in desk(store, dataset, "小李").sync(store, at=5)["chats"]}
    claim(store, (), "小李", leaving=list(ids.values()))
    claim(store, [ids[5]], "小李")
    for index in (1, 2):
        approve(store, session, index, changed(index))
    offered = approve(store, session, 3, changed(3))["echo"]
    assert (offered["chats"], offered["held"]) == ([4, 6, 7, 8], 1)
    claim(store, (), "阿青", leaving=[ids[6]])
    claim(store, [ids[6]], "小李")
    decide(store, dataset, 7, values=changed(7), who="小李", run=run)
    walked = session.sync(store, at=4, walk=[4, 6, 7, 8])
    assert walked["order"]["next"] == [8]
    assert walked["walk"] == {"open": [4, 8], "held": [6]}
    assert {chat["chat"] for chat in walked["chats"]} >= {4, 8}, "the next one is there before the key is up"
    assert session.sync(store, at=8, walk=[4, 6, 7, 8])["order"]["next"] == [], "a walk has an end"
    assert "walk" not in session.sync(store, at=8)


def test_approving_in_a_walk_offers_no_second_one(store: Store) -> None:
    dataset, _ = ready(store)
    session = desk(store, dataset)
    for index in (1, 2, 3):
        approve(store, session, index, changed(index))
    save = {"save_id": str(uuid4()), "chat": 4, "reviewer": "阿青", "base_version": 0, "status": "已确认"}
    outbox = [save | {"customers": [{"values": changed(4), "origin": 0}], "review": session.review}]
    answered = session.sync(store, outbox=outbox, at=5, walk=[4, 5, 6])
    assert answered["acks"][0]["result"] == "saved"
    assert "echo" not in answered


def test_a_walk_that_nobody_can_mean_does_no_harm(store: Store) -> None:
    dataset, _ = ready(store, 3)
    session = desk(store, dataset)
    answered = session.sync(store, at=1, walk=[99, 2, 2, 2**31 - 1])
    assert answered["walk"]["open"] == [2, 2] or answered["walk"]["open"] == [2]
    assert 99 not in answered["order"]["next"]


def test_a_delta_review_and_an_empty_start_offer_nothing(store: Store) -> None:
    dataset, _ = ready(store)
    with store.read() as session:
        for spec in (
            QueueSpec(dataset.id, desk(store, dataset).filter, "按序号", None, "阿青"),
            QueueSpec(dataset.id, desk(store, dataset).filter, "按序号", 1, "阿青", delta=True),
            QueueSpec(dataset.id, desk(store, dataset).filter, "按序号", 1, ""),
        ):
            assert echo.find_echo(session, FORM, spec, 1) is None
