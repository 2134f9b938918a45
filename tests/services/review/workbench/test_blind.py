"""The blind second review: nothing of a model or of the first review is shown, and the first record stays as it is."""

import json
from typing import Any
from uuid import uuid4

import pytest

from core.adapters.store import DatasetView, Store, queries
from core.adapters.store.models import Pass
from core.domain.permissions import AccountRole
from core.errors import PermissionDeniedError
from core.services.export.answer_sources import measure_coverage, parse_source, stream_answers
from core.services.review import BlindSession, PrimarySession, apply_saves, blind_waiting, open_session, record_table
from core.services.review.adjudication import two_reviews
from core.services.review.queue.filters import Filter
from core.services.review.records.history import versions
from core.services.team import Actor, acting_as
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


def confirmed_by(store: Store, dataset: DatasetView, review_pass: Pass) -> dict[int, tuple[str, str, int]]:
    with store.read() as session:
        return {
            record.index: (record.reviewer, record.forms[0][NAME], record.version)
            for record in queries.records(session, dataset.id, review_pass=review_pass)
        }


@pytest.mark.parametrize(("chat", "why"), [(3, "初审就是您做的"), (4, "还没有初审"), (2, "不是已确认")])
def test_a_second_review_of_a_chat_that_is_not_theirs_is_set_aside(store: Store, chat: int, why: str) -> None:
    dataset, desk = desk_of(store)
    add_record_draft = {"save_id": str(uuid4()), "chat": 2, "reviewer": "林晓", "base_version": 1, "status": "草稿"}
    apply_saves(store, FORM, dataset.id, [add_record_draft | {"customers": [{"values": form(**{NAME: "初审写的"})}]}])
    data = desk.sync(store, outbox=[save(chat)], at=chat)
    (ack,) = data["acks"]
    assert (ack["result"], ack["theirs"]) == ("set_aside", None) and why in ack["why"] and "还在本机" in ack["why"]
    assert confirmed_by(store, dataset, Pass.SECOND) == {}
    # The chat comes, without anybody's answers, so that what the reviewer typed can be shown beside the sentence.
    (shown,) = [one for one in data["chats"] if one["chat"] == chat]
    assert not any(shown["customers"][0]["values"].values())


def test_who_has_worked_on_the_first_review_makes_no_second_one(store: Store) -> None:
    dataset, desk = desk_of(store)
    base = {"chat": 1, "status": "草稿", "customers": [{"values": form(**{NAME: "小何的"})}]}
    (drafted,) = apply_saves(store, FORM, dataset.id, [save(1, base_version=1) | base])
    taken_back = save(
        1, base_version=2, undo=True, customers=[{"values": form(**{NAME: "初审写的", TODO: "初审计划"})}]
    )
    (undone,) = apply_saves(store, FORM, dataset.id, [taken_back])
    assert (drafted.result, undone.result) == ("saved", "saved")
    assert blind_waiting(store, dataset, FORM, "小何") == 1 and blind_waiting(store, dataset, FORM, "小赵") == 3
    (ack,) = desk.save(store, [save(1)])
    assert ack.result == "set_aside" and confirmed_by(store, dataset, Pass.SECOND) == {}


@pytest.mark.parametrize("status", ["草稿", "待讨论", "已跳过", "未审阅"])
def test_nothing_is_shown_until_a_second_review_is_confirmed_and_then_it_is_closed(store: Store, status: str) -> None:
    dataset, desk = desk_of(store)
    with acting_as(Actor("小何", AccountRole.LEAD, 1)):
        assert desk.save(store, [save(1, status="草稿")])[0].result == "saved"
        assert desk.save(store, [save(1, status=status, base_version=1)])[0].result == "saved"
        for read in (lambda: versions(store, FORM, dataset.id, 1), lambda: two_reviews(store, dataset, FORM, 1)):
            with pytest.raises(PermissionDeniedError, match="第 1 条您正在盲审"):
                read()
        assert desk.save(store, [save(1, base_version=2)])[0].result == "saved"
        assert "初审写的" in str(two_reviews(store, dataset, FORM, 1))
        copied = [{"values": form(**{NAME: "初审写的"})}]
        for later in ("草稿", "未审阅", "已确认"):
            (ack,) = desk.save(store, [save(1, status=later, base_version=3, customers=copied, undo=later == "草稿")])
            assert ack.result == "set_aside" and "您已经确认过它的盲审" in ack.why
    assert confirmed_by(store, dataset, Pass.SECOND)[1] == ("小何", "复审写的", 3)


def test_who_let_a_second_review_go_to_somebody_else_does_not_get_it_back(store: Store) -> None:
    dataset, desk = desk_of(store)
    desk.save(store, [save(1, status="草稿")])
    desk.save(store, [save(1, status="未审阅", base_version=1)])
    other = BlindSession(dataset, FORM, "小赵")
    other.save(store, [save(1, reviewer="小赵", status="草稿")])
    with acting_as(Actor("小何", AccountRole.REVIEWER, 1)):
        assert confirmed_by(store, dataset, Pass.PRIMARY)[1][1] == "初审写的"  # it is 小赵's now
    other.save(store, [save(1, reviewer="小赵", status="未审阅", base_version=3)])
    (ack,) = desk.save(store, [save(1, base_version=0)])
    assert ack.result == "set_aside" and "那时您能看到初审" in ack.why
    assert blind_waiting(store, dataset, FORM, "小何") == 1


def test_work_of_another_kind_of_review_is_never_stored_as_a_second_one(store: Store) -> None:
    dataset, desk = desk_of(store)
    (ack,) = desk.save(store, [save(1, review="primary")])
    assert (ack.result, "普通审阅" in ack.why) == ("set_aside", True)
    # A page that told no kinds apart: what it did over the first record is nothing of the second.
    with store.read() as session:
        first, *_ = queries.records(session, dataset.id)
    (ack,) = desk.save(store, [save(first.index, record_id=first.id, base_version=0)])
    assert (ack.result, ack.theirs) == ("set_aside", None)
    assert confirmed_by(store, dataset, Pass.SECOND) == {}
    ordinary = open_session(store, dataset, FORM, reviewer="小何")
    acks = ordinary.save(store, [save(1, review="blind"), save(1, review="delta:1"), save(1, review="??")])
    assert [ack.result for ack in acks] == ["set_aside", "set_aside", "rejected"]
    assert confirmed_by(store, dataset, Pass.PRIMARY)[1] == ("林晓", "初审写的", 1)


def test_a_blind_conflict_shows_nothing_of_anybody_else(store: Store) -> None:
    dataset, desk = desk_of(store)
    other = BlindSession(dataset, FORM, "小赵")
    other.save(store, [save(1, reviewer="小赵", customers=[{"values": form(**{NAME: "别人写的"})}], note="别人的话")])
    for version in (0, 1):
        (ack,) = desk.save(store, [save(1, base_version=version)])
        assert (ack.result, ack.theirs, ack.note, ack.who) == ("set_aside", None, "", None)
        assert "小赵" not in ack.why
    # One's own other page is a conflict like any other.
    desk.save(store, [save(2, status="草稿")])
    (ack,) = desk.save(store, [save(2, customers=[{"values": form()}])])
    assert (ack.result, ack.who) == ("conflict", "小何")


def test_a_second_review_that_was_taken_back_is_anybodys_and_shows_nothing(store: Store) -> None:
    dataset, desk = desk_of(store)
    other = BlindSession(dataset, FORM, "小赵")
    begun = other.sync(store, at=1)  # before 小何 touches it
    desk.save(store, [save(1, status="已跳过", seconds=50)])
    (ack,) = other.save(store, [save(1, reviewer="小赵")])
    assert ack.result == "set_aside"
    desk.save(store, [save(1, status="未审阅", base_version=1, undo=True, note="小何的话")])
    assert blind_waiting(store, dataset, FORM, "小赵") == 3
    (chat,) = [one for one in other.sync(store, at=1)["chats"] if one["chat"] == 1]
    assert "复审写的" not in json.dumps(chat, ensure_ascii=False) and "小何" not in json.dumps(chat, ensure_ascii=False)
    assert (chat["version"], chat["status"], chat["note"]) == (2, "未审阅", "")
    # Whether begun before or after: it starts anew, over nobody's work.
    assert [one["version"] for one in begun["chats"] if one["chat"] == 1] == [0]
    (ack,) = other.save(store, [save(1, reviewer="小赵", base_version=0, customers=[{"values": form(**{NAME: "赵"})}])])
    assert ack.result == "saved"
    with store.read() as session:
        (second,) = queries.records(session, dataset.id, review_pass=Pass.SECOND)
    assert (second.reviewer, second.forms[0][NAME], second.seconds) == ("小赵", "赵", 12)
    (ack,) = desk.save(store, [save(1, base_version=2)])
    assert (ack.result, ack.theirs) == ("set_aside", None)


def test_who_is_at_a_blind_review_sees_the_first_one_nowhere_until_it_is_decided(store: Store) -> None:
    dataset, desk = desk_of(store)
    with acting_as(Actor("小赵", AccountRole.REVIEWER, 3)):
        assert "初审写的" in seen_of(store, dataset, open_session(store, dataset, FORM, reviewer="小赵"), 1)
    with acting_as(Actor("小何", AccountRole.REVIEWER, 1)):
        primary = open_session(store, dataset, FORM, reviewer="小何")
        desk.save(store, [save(1, status="草稿")])
        with pytest.raises(PermissionDeniedError, match="第 1 条您正在盲审"):
            versions(store, FORM, dataset.id, 1)
        with pytest.raises(PermissionDeniedError, match="第 1 条您正在盲审"):
            two_reviews(store, dataset, FORM, 1)
        rows = record_table.page(store, FORM, dataset.id, wanted=Filter(queue="全部"), base_run=None).rows
        assert {row.chat for row in rows} == {2, 3, 4}
        data = primary.sync(store, at=1)
        assert data["open"] != 1 and "第 1 条您正在盲审" in data["error"]
        sent = {chat["chat"] for chat in data["chats"]}
        assert 1 not in sent | set(data["order"]["next"]) | set(data["order"]["prev"])
        desk.save(store, [save(1, base_version=1)])
        versions(store, FORM, dataset.id, 1)
        assert two_reviews(store, dataset, FORM, 1) is not None
        assert primary.sync(store, at=1)["open"] == 1
    with acting_as(Actor("林晓", AccountRole.REVIEWER, 2)):
        versions(store, FORM, dataset.id, 1)


def seen_of(store: Store, dataset: DatasetView, primary: PrimarySession, chat: int) -> str:
    return json.dumps(primary.sync(store, at=chat)["chats"], ensure_ascii=False)
