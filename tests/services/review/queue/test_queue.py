"""The queue: what comes next and in which order, what came before, how far it is, and who is on a chat."""

from datetime import datetime, timedelta

import pytest
from sqlmodel import col, select

from core.adapters.store import DatasetView, Store, queries
from core.adapters.store.models import Claim, now
from core.services.review import FILTERS, ORDERS, Filter, claim, claimed_chats, open_session
from core.services.review.base_runs import base_run
from core.services.review.overview import overview
from core.services.review.progress import review_pace, review_progress
from core.services.review.queue import order
from core.services.review.queue.navigation import chats_before
from tests.factories.datasets import FORM
from tests.factories.reviews import NAME, PHONE, PRODUCT, answer, decide, make

pytestmark = pytest.mark.both_databases


@pytest.fixture
def dataset(store: Store) -> DatasetView:
    return make(store)


def ahead(store: Store, dataset: DatasetView, at: int, count: int = 4, **wanted: str) -> list[int]:
    given = {"who": "阿青", "in_order": order.INDEX} | wanted
    who, how = given.pop("who"), given.pop("in_order")
    with store.read() as session:
        run = base_run(session, dataset.id, given.pop("run", ""))
        queue_spec = order.QueueSpec(dataset.id, Filter.of(given), how, run.id if run else None, who)
        return order.next_open_chats(session, FORM, queue_spec, at, count)


def test_decided_chats_leave_the_queue_and_it_wraps_around(store: Store, dataset: DatasetView) -> None:
    decide(store, dataset, 2)
    decide(store, dataset, 5, "草稿")
    assert ahead(store, dataset, 1) == [3, 4, 5, 6]
    assert ahead(store, dataset, 5) == [6, 1, 3, 4]
    assert ahead(store, dataset, 3, queue="已确认") == [2]
    assert ahead(store, dataset, 2, queue="已确认") == []


def test_a_chat_that_leaves_an_order_keeps_its_place_in_it(store: Store, dataset: DatasetView) -> None:
    path = ahead(store, dataset, 0, 6, in_order=order.RANDOM)
    assert sorted(path) == [1, 2, 3, 4, 5, 6]
    assert path == ahead(store, dataset, 0, 6, in_order=order.RANDOM)
    decide(store, dataset, path[2])
    assert ahead(store, dataset, path[2], 2, in_order=order.RANDOM) == path[3:5]
    decide(store, dataset, path[3])
    assert ahead(store, dataset, path[2], 2, in_order=order.RANDOM) == path[4:6]
    decide(store, dataset, path[5])
    assert ahead(store, dataset, path[5], 1, in_order=order.RANDOM) == path[:1]


def test_the_longest_untouched_comes_first(store: Store, dataset: DatasetView) -> None:
    for chat in (3, 1, 2):
        decide(store, dataset, chat, "待讨论")
    assert ahead(store, dataset, 0, 6, in_order=order.OLDEST, queue="待讨论") == [3, 1, 2]
    assert ahead(store, dataset, 0, 6, in_order=order.OLDEST, queue="全部") == [4, 5, 6, 3, 1, 2]


def test_the_desk_opens_the_queue_or_else_nothing(store: Store, dataset: DatasetView) -> None:
    decide(store, dataset, 1, "已跳过")
    assert open_session(store, dataset, FORM, reviewer="阿青").sync(store)["open"] == 2
    assert open_session(store, dataset, FORM, wanted="待讨论", reviewer="阿青").sync(store)["open"] is None


def test_progress_counts_decisions_and_pace_is_ones_own(store: Store) -> None:
    dataset = make(store, 13, "十三条")
    for chat, status in ((1, "已确认"), (2, "待讨论"), (3, "已跳过"), (4, "草稿")):
        decide(store, dataset, chat, status, seconds=10.0 * chat)
    for chat in range(5, 11):
        decide(store, dataset, chat, seconds=20.0)

    def shown() -> tuple[int, int, float | None, float | None]:
        progress = open_session(store, dataset, FORM, reviewer="阿青").sync(store)["progress"]
        return progress["left"], progress["queue"], progress["pace_seconds"], progress["left_seconds"]

    assert shown() == (4, 4, None, None), "nine decided chats say nothing yet"
    decide(store, dataset, 11, seconds=20.0)
    with store.read() as session:
        done = review_progress(session, dataset.id)
        assert (review_pace(session, dataset.id, "阿青"), review_pace(session, dataset.id, "小白")) == (20.0, None)
        assert queries.reviewers(session, dataset.id) == ["阿青"]
    assert (done.total, done.confirmed, done.discussed, done.skipped, done.left) == (13, 8, 1, 1, 3)
    assert shown() == (3, 3, 20.0, 60.0)


def test_going_back_leads_through_ones_own_work(store: Store, dataset: DatasetView) -> None:
    for chat in (5, 2, 6):
        decide(store, dataset, chat)
    decide(store, dataset, 1, who="小白")

    def back(at: int, *, by_index: bool = False) -> list[int]:
        with store.read() as session:
            return chats_before(session, dataset.id, at=at, reviewer="阿青", by_index=by_index, count=2)

    assert back(4) == [6, 2]
    assert back(2) == [5]
    assert back(4, by_index=True) == [3, 2]
    assert back(5) == [4, 3]


def test_a_claimed_chat_is_passed_over_by_others_until_it_expires(store: Store, dataset: DatasetView) -> None:
    with store.read() as session:
        ids = queries.chat_ids(session, dataset.id)
    assert claim(store, [ids[2], ids[3]], "小白") == {}
    assert ahead(store, dataset, 1) == [4, 5, 6]
    assert ahead(store, dataset, 1, who="小白") == [2, 3, 4, 5]
    assert claim(store, [ids[3], ids[4]], "阿青") == {ids[3]: "小白"}
    with store.write() as session:
        for row in session.execute(select(Claim).where(col(Claim.reviewer) == "小白")).scalars():
            row.until = now() - timedelta(seconds=1)
    assert claim(store, [ids[3]], "阿青") == {}
    assert ahead(store, dataset, 1) == [2, 3, 4, 5]


def test_a_queue_that_is_all_on_other_desks_opens_nothing_and_says_whose(store: Store) -> None:
    dataset = make(store, 3)
    decide(store, dataset, 1, "已确认")
    mine, hers = (open_session(store, dataset, FORM, reviewer=who) for who in ("阿青", "小白"))
    assert mine.sync(store)["open"] == 2
    shown = hers.sync(store)
    assert (shown["open"], shown["order"]["next"], shown["chats"]) == (None, [], [])
    assert shown["end"]["held"] == [{"who": "阿青", "chats": 2}]


def test_filters_narrow_and_combine(store: Store, dataset: DatasetView) -> None:
    forms = {index: [{NAME: f"林木{index}", PRODUCT: ["CRM", "商城"] if index % 2 else []}] for index in range(1, 6)}
    answer(store, dataset, "甲", forms | {6: None})
    decide(store, dataset, 2, "已确认", {PRODUCT: ["高级版"]}, note="问过")
    decide(store, dataset, 4, "草稿", who="小白")

    def found(**wanted: str) -> list[int]:
        return sorted(ahead(store, dataset, 0, 6, **({"queue": "全部"} | wanted)))

    assert found(field=PRODUCT, filled="有值") == [1, 2, 3, 5]
    assert found(field=PRODUCT, filled="为空") == [4, 6]
    assert found(field=PRODUCT, value="商城") == [1, 3, 5]
    assert found(field=PRODUCT, value="商城", queue="已确认") == []
    assert found(field=NAME, value="木3") == [3]
    assert found(field=NAME, value="100%") == []
    assert found(by="小白") == [4]
    assert found(flag="有备注") == [2]
    assert found(flag="抽取失败") == [6]
    assert found(text="13800000003") == [3]
    assert found(text="小何 手机") == [1, 2, 3, 4, 5, 6]
    assert found(text="没有这个词") == []


def test_a_filter_survives_the_address(store: Store) -> None:
    wanted = Filter(queue="全部", by="阿青", field=PHONE, filled="为空", text="价格", batch="我的批次")
    assert Filter.of(wanted.as_query()) == wanted
    assert Filter.of({"queue": "没有", "other": "x"}) == Filter()
    assert Filter().as_query() == {}
    assert (wanted.narrow, wanted.cheap, Filter().cheap) == (4, False, True)
    assert list(FILTERS)[0] == Filter().queue and ORDERS[0] == order.INDEX


def test_leaving_a_chat_frees_it_and_only_ones_own(store: Store) -> None:
    dataset = make(store, 12)
    mine, hers = (open_session(store, dataset, FORM, reviewer=who) for who in ("阿青", "小白"))
    with store.read() as session:
        ids = queries.chat_ids(session, dataset.id)
    first = claimed_chats(mine.sync(store, at=1))
    assert sorted(first) == [ids[index] for index in (1, 2, 3, 4, 5)]
    her_data = hers.sync(store)
    assert (her_data["open"], len(claimed_chats(her_data))) == (6, 5)
    shown = hers.sync(store, at=1, leaving=claimed_chats(her_data))
    assert [chat["claimed_by"] for chat in shown["chats"] if chat["chat"] == 1] == ["阿青"]
    again = mine.sync(store, at=1, leaving=first)  # who was there first is told, too
    assert [(chat["chat"], chat["claimed_by"]) for chat in again["chats"] if chat["claimed_by"]] == [(1, "小白")]
    hers.sync(store, at=6, leaving=claimed_chats(shown))
    assert not [chat for chat in mine.sync(store, at=1, leaving=first)["chats"] if chat["claimed_by"]]
    shown = hers.sync(store, at=1, leaving=claimed_chats(her_data))
    # On with chat 3: 1 and 2 are free again.
    second = claimed_chats(mine.sync(store, at=3, leaving=first))
    assert ids[1] not in second and ids[3] in second
    assert 1 in ahead(store, dataset, 12, 12, who="小白") and 3 not in ahead(store, dataset, 12, 12, who="小白")
    # Off to another page: all of mine are free, and nothing that is hers.
    hers_now = [chat_id for chat_id in claimed_chats(shown) if chat_id != ids[1]]  # this one she only looked at
    assert claim(store, (), "阿青", leaving=[*second, *claimed_chats(shown)]) == {}
    assert len(ahead(store, dataset, 0, 12, who="小白")) == 12
    assert len(ahead(store, dataset, 0, 12, who="阿青")) == 12 - len(hers_now)


def test_a_turn_renews_the_claim_of_somebody_who_only_reads(store: Store, dataset: DatasetView) -> None:
    desk = open_session(store, dataset, FORM, reviewer="阿青")
    held = claimed_chats(desk.sync(store, at=1))

    def until() -> list[datetime]:
        with store.read() as session:
            return [session.get_one(Claim, chat_id).until for chat_id in held]

    with store.write() as session:
        for chat_id in held:
            session.get_one(Claim, chat_id).until = now() + timedelta(seconds=5)
    soon = max(until())
    assert claimed_chats(desk.sync(store, at=1, leaving=held)) == held
    assert min(until()) > soon + timedelta(minutes=1)


def test_a_skip_taken_back_leaves_the_chat_unreviewed(store: Store, dataset: DatasetView) -> None:
    run = answer(store, dataset, "模型", {2: [{NAME: "林木2"}]})
    decide(store, dataset, 2, "已跳过", {NAME: "林木2"}, run=run, seconds=5)
    decide(
        store, dataset, 2, "未审阅", {NAME: "林木2"}, run=run, version=1, undo=True, reason="撤销「已跳过」", seconds=5
    )
    assert ahead(store, dataset, 1) == [2, 3, 4, 5]
    assert ahead(store, dataset, 1, queue="已跳过") == []
    with store.read() as session:
        done = review_progress(session, dataset.id)
        assert (done.skipped, done.left, review_pace(session, dataset.id, "阿青")) == (0, 6, None)
    chat = open_session(store, dataset, FORM).sync(store, at=2)["chats"][0]
    assert (chat["chat"], chat["status"], chat["version"]) == (2, "未审阅", 2)
    assert [activity.status for activity in overview(store)[1]] == ["已跳过"]


def test_what_was_worked_on_last_comes_first(store: Store, dataset: DatasetView) -> None:
    newer = make(store, name="后来的")
    assert [state.dataset.id for state in overview(store)[0]] == [newer.id, dataset.id]
    decide(store, newer, 1)
    decide(store, dataset, 2)
    assert [state.dataset.id for state in overview(store)[0]] == [dataset.id, newer.id]
    newest = make(store, name="刚导入的")
    assert [state.dataset.id for state in overview(store)[0]] == [newest.id, dataset.id, newer.id]
