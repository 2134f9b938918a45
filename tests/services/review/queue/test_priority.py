"""Points at stake: what raises them, that they are kept up to date, and the order that they make."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from sqlalchemy import select

from core.adapters.store import Store
from core.adapters.store.models import Chat, ChatPriority
from core.domain.scoring import Scorer
from core.services.review import open_session
from core.services.review.queue import background_update
from core.services.review.queue.priority import ChangeRates, assess_priority
from tests.factories.datasets import FORM
from tests.factories.reviews import NAME, PHONE, STAGE, answer, decide, make

pytestmark = pytest.mark.both_databases

SCORER = Scorer(FORM)
TEXT = "林木1：你好，我的手机 13800000001\n客服小何：好的"
RIGHT = FORM.empty() | {NAME: "林木1", PHONE: "13800000001"}


def stake(values=RIGHT, others=None, rates=None):  # type: ignore[no-untyped-def]
    return assess_priority(
        SCORER, TEXT, None if values is None else [values], others or {}, rates or ChangeRates(SCORER)
    )


def test_doubts_raise_the_stake_and_are_named() -> None:
    calm = stake()
    made_up = stake(RIGHT | {PHONE: "13999999999"})
    contested = stake(others={"乙": [RIGHT | {STAGE: "报价"}], "丙": [RIGHT]})
    failed = stake(None)
    assert calm.points < contested.points < made_up.points + 2 < failed.points
    assert (calm.differing, calm.warnings) == (0, 0)
    assert made_up.warnings == 1
    assert made_up.reasons[0]["key"] == PHONE
    assert contested.differing == 1
    assert [(r["key"], r["why"]) for r in contested.reasons] == [(STAGE, "与「乙」不同")]
    assert failed.reasons[0]["why"].startswith("抽取失败")
    assert stake(others={"乙": [RIGHT, FORM.empty() | {NAME: "林木2"}]}).reasons[0]["why"] == "「乙」有 2 位客户"


def test_fields_that_reviewers_often_change_weigh_more() -> None:
    rates = ChangeRates(SCORER)
    for _ in range(30):
        rates.add([{"values": RIGHT | {STAGE: "报价"}, "source": 0}], [RIGHT])
    assert rates.of(STAGE) > 0.5 > 0.05 > rates.of(NAME)
    assert stake(RIGHT | {STAGE: "输单"}, rates=rates).points > stake(RIGHT | {STAGE: "输单"}).points
    assert rates.version > ChangeRates(SCORER).version


def test_stakes_are_stored_kept_up_to_date_and_make_the_order(store: Store) -> None:
    dataset = make(store, 5)
    right = {index: [{NAME: f"林木{index}", PHONE: f"1380000000{index}"}] for index in range(1, 6)}
    base = answer(store, dataset, "甲", right | {3: [{NAME: "林木3", PHONE: "13999999999"}], 5: None})
    decide(store, dataset, 2)
    assert background_update.update_outdated_chats(store, FORM, dataset.id, base) > 0
    assert background_update.IndexUpdate(store, FORM, dataset.id, base).count() == 0
    with store.read() as session:
        assert session.get(ChatPriority, (base, 2)) is None  # decided: nothing is at stake any more
    desk = open_session(store, dataset, FORM, reviewer="阿青", in_order="按预计失分", base="甲")
    data = desk.sync(store)
    assert (data["open"], data["order"]["next"]) == (5, [3, 1, 4])
    shown = {chat["chat"]: chat for chat in data["chats"]}
    assert shown[5]["expected_loss"] == 18.0
    assert shown[5]["loss_estimated"]  # nobody has approved twenty chats
    assert shown[3]["loss_reasons"][0]["key"] == PHONE
    answer(store, dataset, "乙", {1: [{NAME: "林木1", STAGE: "报价"}], 4: right[4]})
    assert background_update.IndexUpdate(store, FORM, dataset.id, base).count() == 2
    desk = open_session(store, dataset, FORM, reviewer="阿青", narrow={"differ": "有分歧"}, base="甲")
    assert desk.sync(store)["open"] == 1


def test_two_updates_of_the_same_chats_at_once_do_not_disturb_each_other(store: Store) -> None:
    """The page computes what it is ordered by while the background is at the same chats."""
    dataset = make(store, 40)
    run = answer(store, dataset, "模型", {index: [{NAME: f"林木{index}"}] for index in range(1, 41)})
    together = Barrier(4)

    def update(_: int) -> None:
        together.wait()
        background_update.update_outdated_chats(store, FORM, dataset.id, run)

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(update, range(4)))
    with store.read() as session:
        assert len(session.execute(select(ChatPriority.chat_id)).all()) == 40


def test_long_chats_are_computed_one_by_one_and_not_while_somebody_waits(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = make(store, 3)
    run = answer(store, dataset, "模型", {index: [{NAME: f"林木{index}"}] for index in range(1, 4)})
    with store.read() as session:
        sizes = dict(session.execute(select(Chat.id, Chat.characters)).all())
    monkeypatch.setattr(background_update, "_BATCH_CHARACTERS", min(sizes.values()))
    update = background_update.IndexUpdate(store, FORM, dataset.id, run)
    assert [update.update_batch(), update.update_batch(), update.count()] == [1, 2, 1]
    shortest = min(sizes.values()) - 1
    assert background_update.update_outdated_chats(store, FORM, dataset.id, run, longest=shortest) == 0
    assert background_update.update_outdated_chats(store, FORM, dataset.id, run) > 0
    assert update.count() == 0
