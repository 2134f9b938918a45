"""Guidelines and batches: what a lead agrees with reviewers, and hands out to them."""

import pytest

from core.adapters.store import Store
from core.adapters.store.models import Pass
from core.errors import ConflictError, InputError, NotFoundError
from core.services.review import Filter, guidelines, open_session
from core.services.review.batches import assign, batches, withdraw
from core.services.review.progress import review_pace
from tests.factories.datasets import FORM, make_record
from tests.factories.reviews import PHONE, STAGE, decide, make

pytestmark = pytest.mark.both_databases


def test_every_field_of_the_shipped_form_has_a_first_guideline() -> None:
    assert list(guidelines.shipped(FORM.name)) == list(FORM.keys)
    assert guidelines.shipped("nothing") == {}


def test_guidelines_are_versioned_and_reach_the_desk(store: Store) -> None:
    dataset = make(store, 1)
    first = guidelines.shipped(FORM.name)[STAGE]
    assert guidelines.write(store, FORM, STAGE, " 先看合同。 ", who="林晓", base_version=0, reason="第 3 条") == 1
    assert guidelines.write(store, FORM, STAGE, "再看报价。", who="林晓", base_version=1) == 2
    with store.read() as session:
        versions = guidelines.history(session, FORM, STAGE)
        now = guidelines.current(session, FORM)
    assert [(v.version, v.text, v.who, v.reason) for v in versions] == [
        (2, "再看报价。", "林晓", ""),
        (1, "先看合同。", "林晓", "第 3 条"),
        (0, first, "", ""),
    ]
    assert (now[STAGE].version, now[PHONE].version, list(now)) == (2, 0, list(FORM.keys))
    assert open_session(store, dataset, FORM, reviewer="阿青").sync(store)["guidelines"][STAGE] == "再看报价。"


def test_guidelines_refuse_what_would_lose_something(store: Store) -> None:
    guidelines.write(store, FORM, STAGE, "一", who="林晓", base_version=0)
    with pytest.raises(ConflictError, match="刚刚有人改过"):
        guidelines.write(store, FORM, STAGE, "二", who="小白", base_version=0)
    with pytest.raises(InputError, match="没有变化"):
        guidelines.write(store, FORM, STAGE, "一", who="小白", base_version=1)
    with pytest.raises(InputError, match="名字"):
        guidelines.write(store, FORM, STAGE, "二", who=" ", base_version=1)
    with pytest.raises(InputError, match="最多"):
        guidelines.write(store, FORM, STAGE, "长" * 5000, who="小白", base_version=1)


def test_chats_are_dealt_out_once_and_ones_own_are_walked(store: Store) -> None:
    dataset = make(store, 8)
    decide(store, dataset, 1)
    wanted = Filter()
    assign(store, FORM, dataset.id, name="第一批", reviewers=["阿青", "小白"], count=5, who="林晓", narrow=wanted)
    theirs, mine = batches(store, dataset.id)
    assert (mine.reviewer, mine.chats, mine.left, theirs.chats, theirs.who) == ("阿青", 3, 3, 2, "林晓")
    desk = open_session(store, dataset, FORM, reviewer="阿青", narrow={"batch": "我的批次"})
    data = desk.sync(store)
    assert (data["open"], data["order"]["next"]) == (2, [4, 6])
    for chat in (2, 4, 6):
        decide(store, dataset, chat, seconds=30)
    mine = batches(store, dataset.id)[1]
    assert (mine.confirmed, mine.left) == (3, 0)
    assert mine.pace_seconds is None and mine.left_seconds is None, (
        "a handful says what was easy, not how long it takes"
    )
    [rest] = assign(store, FORM, dataset.id, name="第二批", reviewers=["阿青"], count=9, who="林晓", narrow=wanted)
    assert next(b for b in batches(store, dataset.id) if b.id == rest).chats == 2
    with pytest.raises(InputError, match="没有可以分派的"):
        assign(store, FORM, dataset.id, name="第三批", reviewers=["阿青"], count=1, who="林晓", narrow=wanted)
    withdraw(store, rest)
    with pytest.raises(NotFoundError):
        withdraw(store, rest)
    assert len(batches(store, dataset.id)) == 2


def test_a_batch_needs_names_and_enough_chats(store: Store) -> None:
    dataset = make(store, 2)
    for change, why in (
        ({"who": ""}, "谁在分派"),
        ({"name": " "}, "名称"),
        ({"reviewers": [" "]}, "审阅人"),
        ({"count": 1, "reviewers": ["甲", "乙"]}, "有人会没有"),
    ):
        given = {"name": "批", "reviewers": ["甲"], "count": 1, "who": "林晓", "narrow": Filter()} | change
        with pytest.raises(InputError, match=why):
            assign(store, FORM, dataset.id, **given)  # type: ignore[arg-type]


def test_nobody_gets_a_batch_without_chats(store: Store) -> None:
    dataset = make(store, 2)
    made = assign(
        store, FORM, dataset.id, name="一", reviewers=["阿青", "小白", "小何"], count=3, who="林晓", narrow=Filter()
    )
    assert [(batch.reviewer, batch.chats) for batch in batches(store, dataset.id)] == [("小白", 1), ("阿青", 1)]
    assert len(made) == 2


def test_the_pace_is_that_of_first_reviews(store: Store) -> None:
    dataset = make(store, 20)
    for index in range(1, 11):
        make_record(store, dataset, index, [], reviewer="阿青", seconds=10.0)
        make_record(store, dataset, index, [], reviewer="阿青", review_pass=Pass.ADJUDICATED, seconds=700.0)
    for index in range(11, 21):
        make_record(store, dataset, index, [], reviewer="小白", seconds=20.0)
        make_record(store, dataset, index, [], reviewer="阿青", review_pass=Pass.SECOND, seconds=900.0)
    with store.read() as session:
        assert (review_pace(session, dataset.id, "阿青"), review_pace(session, dataset.id, "小白")) == (10.0, 20.0)
