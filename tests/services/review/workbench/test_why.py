"""Why a value: what speaks for it and who said it, alike approved chats, and nothing for who reviews blind."""

from uuid import uuid4

from core.adapters.store import Store
from core.domain.permissions import AccountRole
from core.services.review import open_session
from core.services.review.workbench.blind import BlindSession
from core.services.review.workbench.why_contract import WhyPayload
from core.services.team.acting import Actor, acting_as
from tests.factories.datasets import FORM
from tests.factories.reviews import NAME, PHONE, STAGE, answer, decide, make
from tests.services.learning.test_learner import KIND, made_up

PHONE_AT, KIND_AT, STAGE_AT = (FORM.keys.index(key) for key in (PHONE, KIND, STAGE))


def desk(store: Store, chats: int = 12, approved: int = 8):  # type: ignore[no-untyped-def]
    rows = [made_up(number) for number in range(1, chats + 1)]
    dataset = make(store, [text for text, _ in rows])
    run = answer(store, dataset, "甲", {at: [values] for at, (_, values) in enumerate(rows, 1)})
    answer(store, dataset, "乙", {at: [values | {STAGE: "赢单"}] for at, (_, values) in enumerate(rows, 1)})
    for at, (_, values) in enumerate(rows[:approved], 1):
        decide(store, dataset, at, values=values, run=run)
    return dataset, open_session(store, dataset, FORM, reviewer="阿青", base="甲")


def why(store: Store, session, cell: tuple[int, int, int]) -> WhyPayload:  # type: ignore[no-untyped-def]
    answered = session.sync(store, at=cell[0], want_why=cell)["why"]
    assert answered is not None
    return answered


def test_cues_say_who_said_it_which_words_mean_it_and_what_others_say(store: Store) -> None:
    dataset, session = desk(store)
    phone = why(store, session, (11, 0, PHONE_AT))
    assert phone["cues"][0].startswith("第 4 条，客户 ")
    assert "说：「我的手机 138" in phone["cues"][0]
    assert "另外 1 个抽取任务说法相同" in phone["cues"]
    assert "这个抽取任务填了的「手机号码」，确认过 8 次，8 次没有改" in phone["cues"]
    kind = why(store, session, (11, 0, KIND_AT))
    assert any("多半是「询价」" in cue and "第 2 条有「" in cue for cue in kind["cues"])
    stage = why(store, session, (11, 0, STAGE_AT))
    assert "「乙」的说法不同" in stage["cues"]
    # Nobody has seen what a run says from which no record was started.
    unseen = open_session(store, dataset, FORM, reviewer="阿青", base="乙")
    assert not any("确认过" in cue for cue in why(store, unseen, (11, 0, PHONE_AT))["cues"])


def test_the_most_alike_approved_chats_come_with_their_values(store: Store) -> None:
    _, session = desk(store)
    alike = why(store, session, (11, 0, KIND_AT))["alike"]
    assert len(alike) == 3
    assert all(one["chat"] <= 8 and one["value"] == ("询价" if one["chat"] % 2 else "吐槽") for one in alike)
    assert alike == sorted(alike, key=lambda one: -one["percent"])
    assert 20 < alike[0]["percent"] <= 100


def test_who_reviews_blind_is_told_nothing_of_others(store: Store) -> None:
    dataset, session = desk(store)
    blind = BlindSession(dataset, FORM, "小赵")
    opened = blind.sync(store, at=1, want_why=(1, 0, PHONE_AT))
    assert opened["open"] == 1
    assert opened.get("why") is None
    # Somebody who is at a blind review of chats 1 and 3 does not get their values by way of an alike chat either.
    for index in (1, 3):
        save = {"save_id": str(uuid4()), "chat": index, "reviewer": "小赵", "base_version": 0, "review": "blind"}
        save |= {"customers": [{"values": {NAME: "某"}, "origin": None}], "status": "草稿"}
        [ack] = blind.save(store, [save])
        assert ack.result == "saved", ack.why
    with acting_as(Actor("小赵", AccountRole.REVIEWER)):
        alike = why(store, open_session(store, dataset, FORM, reviewer="小赵", base="甲"), (11, 0, KIND_AT))["alike"]
    assert {one["chat"] for one in alike} <= {2, 4, 5, 6, 7, 8}


def test_an_empty_history_and_questions_about_nothing_are_answered(store: Store) -> None:
    _, session = desk(store, chats=2, approved=0)
    alone = why(store, session, (1, 0, STAGE_AT))
    assert alone["alike"] == []
    for cell in ((1, 7, STAGE_AT), (1, 0, 999), (99, 0, STAGE_AT)):
        assert session.sync(store, at=1, want_why=cell)["why"] is None
