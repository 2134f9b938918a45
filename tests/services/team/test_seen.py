"""Who was shown a first review makes no blind second one: not offered, and refused with a sentence."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import event, select
from sqlmodel import col

from core.adapters.store import DatasetView, Store
from core.adapters.store.models import Chat, Record, RecordSeen, RecordStatus
from core.adapters.store.queries import PASSED_BY
from core.domain.permissions import AccountRole
from core.errors import StoreUnavailableError
from core.services.discussion import DiscussionFilter, Remark, add_remark, discussions
from core.services.export import parse_source
from core.services.export.table_export import TableFormat, export_table
from core.services.quality import Benchmark, align, remember_reference_shown
from core.services.review import BlindSession, apply_saves, blind_seen, blind_waiting, open_session, record_table
from core.services.review.queue.filters import Filter
from core.services.review.records.bulk_plan import plan_replace
from core.services.review.records.history import versions
from core.services.team import SEEN_ALREADY, Actor, acting_as
from tests.factories.datasets import FORM, make_record
from tests.factories.quality import NAME, TODO, add_record, add_run, form
from tests.factories.runs import add_dataset
from tests.services.team.test_roles import save

pytestmark = pytest.mark.both_databases
FIRST = Actor("王芳", AccountRole.ADMINISTRATOR, 1)
SECOND = Actor("林晓", AccountRole.ADMINISTRATOR, 2)
ALL = Filter(queue="全部")


@pytest.fixture
def dataset(store: Store) -> DatasetView:
    """Six chats, the first four confirmed by 王芳; 待办 of the third says something else."""
    dataset = add_dataset(store, 6)
    for name in ("甲", "乙"):
        add_run(store, dataset, name, {i: [form(**{NAME: f"林舟{i}", TODO: name})] for i in range(1, 7)})
    for i in range(1, 5):
        add_record(store, dataset, i, [form(**{NAME: f"林舟{i}", TODO: "报价" if i == 3 else "资料"})], FIRST.name)
    return dataset


def offered(store: Store, dataset: DatasetView, reviewer: str = SECOND.name) -> list[int]:
    """Indices of the chats that the blind desk offers."""
    data = BlindSession(dataset, FORM, reviewer).sync(store)
    return [] if data["open"] is None else [data["open"], *data["order"]["next"]]


def on_the_desk(store: Store, dataset: DatasetView) -> None:
    data = open_session(store, dataset, FORM, wanted="全部", reviewer=SECOND.name, in_order="序号").sync(store, at=4)
    assert [chat["chat"] for chat in data["chats"]] == [4, 5, 6]
    assert data["order"]["next"] == [5, 6, 1, 2]


def on_the_desk_one_further(store: Store, dataset: DatasetView) -> None:
    data = open_session(store, dataset, FORM, wanted="全部", reviewer=SECOND.name, in_order="序号").sync(store, at=5)
    assert data["order"]["prev"][0] == 4 and all(chat["chat"] > 4 for chat in data["chats"])


def in_the_table(store: Store, dataset: DatasetView) -> None:
    record_table.page(store, FORM, dataset.id, wanted=ALL, base_run=None, number=2, size=3)


def as_a_hit_of_the_table(store: Store, dataset: DatasetView) -> None:
    record_table.page(store, FORM, dataset.id, wanted=Filter(queue="全部", field=TODO, value="报价"), base_run=None)


def by_a_filter_of_the_table(store: Store, dataset: DatasetView) -> None:
    """One of three hits is drawn; that there are others, and which, is told by the next pages."""
    wanted = Filter(queue="全部", field=TODO, value="资料")
    assert record_table.page(store, FORM, dataset.id, wanted=wanted, base_run=None, size=1).chats == 3


def by_a_filter_of_the_desk(store: Store, dataset: DatasetView) -> None:
    narrow = Filter(queue="全部", field=TODO, value="资料")
    desk = open_session(store, dataset, FORM, narrow=narrow, reviewer=SECOND.name, in_order="序号")
    assert desk.sync(store, at=1)["order"]["next"] == [2, 4]


def by_what_all_hits_of_a_filter_are(store: Store, dataset: DatasetView) -> None:
    wanted = Filter(queue="全部", field=TODO, filled="有值")
    assert record_table.matching_chats(store, dataset.id, wanted=wanted, base_run=None) == [1, 2, 3, 4]


def in_the_history(store: Store, dataset: DatasetView) -> None:
    versions(store, FORM, dataset.id, 4)


def beside_runs(store: Store, dataset: DatasetView) -> None:
    alignment = align(store, Benchmark(dataset, FORM), ["甲", "乙"], against="records")
    remember_reference_shown(store, dataset.id, alignment, [4])


def beside_runs_without_reference(store: Store, dataset: DatasetView) -> None:
    remember_reference_shown(store, dataset.id, align(store, Benchmark(dataset, FORM), ["甲", "乙"]), [4])


def before_a_replacement(store: Store, dataset: DatasetView) -> None:
    plan_replace(store, FORM, dataset.id, find="报价", replacement="资料")


def in_a_conflict(store: Store, dataset: DatasetView) -> None:
    (ack,) = apply_saves(store, FORM, dataset.id, [save(4, SECOND.name)])
    assert ack.result == "conflict" and ack.theirs


def by_the_program(store: Store, dataset: DatasetView) -> None:
    with acting_as(Actor("", AccountRole.ADMINISTRATOR, address="服务器定时")):
        in_the_history(store, dataset)


@pytest.mark.parametrize(
    ("look", "left"),
    [
        (on_the_desk, [1, 2, 3]),
        (on_the_desk_one_further, [1, 2, 3, 4]),
        (in_the_table, [1, 2, 3]),
        (as_a_hit_of_the_table, [1, 2, 4]),
        (by_a_filter_of_the_table, [3]),
        (by_a_filter_of_the_desk, [3]),
        (by_what_all_hits_of_a_filter_are, []),
        (in_the_history, [1, 2, 3]),
        (beside_runs, [1, 2, 3]),
        (beside_runs_without_reference, [1, 2, 3, 4]),
        (before_a_replacement, [1, 2, 4]),
        (in_a_conflict, [1, 2, 3]),
        (by_the_program, [1, 2, 3, 4]),
    ],
)
def test_what_was_shown_is_not_offered(
    store: Store, dataset: DatasetView, look: Callable[[Store, DatasetView], None], left: list[int]
) -> None:
    with acting_as(SECOND):
        look(store, dataset)
        assert blind_waiting(store, dataset, FORM, SECOND.name) == len(left)
        assert blind_seen(store, dataset, FORM, SECOND.name) == 4 - len(left)
        assert blind_seen(store, dataset, FORM, "周遥") == 0, "of others nothing is remembered"
        assert offered(store, dataset) == left


def test_what_was_seen_is_refused_with_a_sentence(store: Store, dataset: DatasetView) -> None:
    blind = BlindSession(dataset, FORM, SECOND.name)
    with acting_as(SECOND):
        in_the_history(store, dataset)
        (ack,) = blind.save(store, [save(4, SECOND.name)])
        assert (ack.result, SEEN_ALREADY in ack.why) == ("set_aside", True)
        data = blind.sync(store, at=4)
        assert (data["open"], data["error"]) == (1, f"第 4 条不能由您盲审：{SEEN_ALREADY}。")
        assert blind.sync(store, at=2)["error"] == ""
        record_table.page(store, FORM, dataset.id, wanted=ALL, base_run=None)
        data = blind.sync(store)
        # 1 and 2 were opened before: they were kept from the table.
        assert data["open"] == 1 and blind_seen(store, dataset, FORM, SECOND.name) == 2


def test_an_export_shows_all_that_it_holds(store: Store, dataset: DatasetView, tmp_path: Any) -> None:
    with acting_as(SECOND):
        out = tmp_path / "a.csv"
        export_table(store, dataset=dataset.name, source=parse_source("run:甲"), out=out, table=TableFormat.CSV)
        assert blind_seen(store, dataset, FORM, SECOND.name) == 0
        export_table(store, dataset=dataset.name, source=parse_source("records+run:甲"), out=out, table=TableFormat.CSV)
        assert blind_seen(store, dataset, FORM, SECOND.name) == 4
        data = BlindSession(dataset, FORM, SECOND.name).sync(store)
        assert data["open"] is None and data["error"] == f"没有可以盲审的群聊：有 4 条{SEEN_ALREADY}。"


def test_what_the_first_reviewer_writes_afterwards_counts_too(store: Store, dataset: DatasetView) -> None:
    make_record(store, dataset, 5, [form(**{NAME: "林舟5"})], RecordStatus.DRAFT, reviewer=FIRST.name)
    with acting_as(SECOND):
        versions(store, FORM, dataset.id, 4)
        versions(store, FORM, dataset.id, 5)
    with acting_as(FIRST):
        for chat in (4, 5):
            sent = save(chat, FIRST.name, version=1, note="改写") | {"customers": [{"values": form(**{TODO: "改写"})}]}
            (ack,) = apply_saves(store, FORM, dataset.id, [sent])
            assert ack.result == "saved", ack.why
    with acting_as(SECOND):
        assert offered(store, dataset) == [1, 2, 3]
        for chat in (4, 5):
            (ack,) = BlindSession(dataset, FORM, SECOND.name).save(store, [save(chat, SECOND.name)])
            assert SEEN_ALREADY in ack.why


def comment(store: Store, dataset: DatasetView, chat: int, actor: Actor) -> None:
    with acting_as(actor):
        said = Remark(id=f"remark-{actor.account_id}-{chat}", chat=chat, text="应是报价")
        add_remark(store, dataset.id, said, who=actor.name)


def test_a_discussion_before_the_first_review_is_read_and_spoken_in(store: Store, dataset: DatasetView) -> None:
    """Chat 5 and 6 have no record, or only what a threshold let pass, when their discussions are read."""
    make_record(store, dataset, 6, [form(**{NAME: "林舟6"})], RecordStatus.DRAFT, reviewer=PASSED_BY)
    for chat in (1, 5, 6):
        comment(store, dataset, chat, FIRST)
    comment(store, dataset, 2, SECOND)
    third = Actor("周遥", AccountRole.REVIEWER, 3)
    with acting_as(SECOND):
        for chat in (5, 6):
            assert discussions(store, dataset.id, DiscussionFilter(chat=chat))
    comment(store, dataset, 5, third)
    make_record(store, dataset, 5, [form(**{NAME: "林舟5"})], RecordStatus.CONFIRMED, reviewer=FIRST.name)
    with store.write() as session:
        record = session.execute(select(Record).where(col(Record.reviewer) == PASSED_BY)).scalar_one()
        record.reviewer, record.status = FIRST.name, RecordStatus.CONFIRMED
    for actor, seen in ((SECOND, 3), (third, 1)):
        with acting_as(actor):
            assert blind_seen(store, dataset, FORM, actor.name) == seen
            assert blind_waiting(store, dataset, FORM, actor.name) == 6 - seen
            blind = BlindSession(dataset, FORM, actor.name)
            (ack,) = blind.save(store, [save(5, actor.name)])
            assert (ack.result, SEEN_ALREADY in ack.why) == ("set_aside", True)
    assert offered(store, dataset) == [1, 3, 4]


def seen_by(store: Store, reviewer: str) -> set[int]:
    """Indices of the chats that somebody is noted to have seen."""
    with store.read() as session:
        statement = select(col(Chat.index)).join(RecordSeen, col(RecordSeen.chat_id) == col(Chat.id))
        return set(session.execute(statement.where(col(RecordSeen.reviewer) == reviewer)).scalars())


def test_a_discussion_that_is_sent_ahead_is_not_seen_yet(store: Store, dataset: DatasetView) -> None:
    """The desk has the discussions of the next chats, too: only those of the chat on screen count."""
    for chat in (5, 6):
        comment(store, dataset, chat, FIRST)
    with acting_as(SECOND):
        desk = open_session(store, dataset, FORM, reviewer=SECOND.name, in_order="序号")
        sent = desk.sync(store, at=5)
        assert sent["discussions"]["chats"]["6"], "it is there, so that nobody waits for it"
        assert seen_by(store, SECOND.name) == {5}
        desk.sync(store, at=6)
        assert seen_by(store, SECOND.name) == {5, 6}


def test_what_only_a_threshold_let_pass_is_nobodys_review(store: Store, dataset: DatasetView) -> None:
    for chat, status in ((5, RecordStatus.CONFIRMED), (6, RecordStatus.DRAFT)):
        make_record(store, dataset, chat, [form(**{NAME: f"林舟{chat}"})], status, reviewer=PASSED_BY)
    blind = BlindSession(dataset, FORM, SECOND.name)
    with acting_as(SECOND):
        for chat in (5, 6):
            versions(store, FORM, dataset.id, chat)
            (ack,) = blind.save(store, [save(chat, SECOND.name)])
            assert SEEN_ALREADY in ack.why, "its audit asks who has not seen it"
        assert blind_waiting(store, dataset, FORM, SECOND.name) == 4
    with store.write() as session:
        for record in session.execute(select(Record).where(col(Record.reviewer) == PASSED_BY)).scalars():
            record.reviewer, record.status = FIRST.name, RecordStatus.CONFIRMED
    with acting_as(SECOND):
        assert blind_waiting(store, dataset, FORM, SECOND.name) == 6, "a person has reviewed it since"
        versions(store, FORM, dataset.id, 5)
        assert blind_waiting(store, dataset, FORM, SECOND.name) == 5


def test_ones_own_reviews_are_not_remembered_and_a_second_look_writes_nothing(
    store: Store, dataset: DatasetView
) -> None:
    for actor, seen in ((FIRST, 0), (SECOND, 4)):
        with acting_as(actor):
            record_table.page(store, FORM, dataset.id, wanted=ALL, base_run=None)
        with store.read() as session:
            assert len(session.execute(select(RecordSeen)).all()) == seen
    written: list[str] = []
    event.listen(store.engine, "before_cursor_execute", lambda _c, _k, statement, *_: written.append(statement))
    with acting_as(SECOND):
        record_table.page(store, FORM, dataset.id, wanted=ALL, base_run=None)
    assert written and not [statement for statement in written if statement.startswith(("INSERT", "UPDATE"))]


def test_a_database_that_cannot_be_written_is_read_all_the_same(
    store: Store, dataset: DatasetView, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused() -> None:
        raise StoreUnavailableError("数据库现在是只读的，写不进去", "请稍后再试")

    with acting_as(SECOND):
        with monkeypatch.context() as full:
            full.setattr(store, "write", refused)
            assert len(record_table.page(store, FORM, dataset.id, wanted=ALL, base_run=None).rows) == 6
        assert blind_waiting(store, dataset, FORM, SECOND.name) == 4
        in_the_table(store, dataset)
        assert blind_waiting(store, dataset, FORM, SECOND.name) == 3


def test_a_second_review_that_was_begun_goes_on(store: Store, dataset: DatasetView) -> None:
    blind = BlindSession(dataset, FORM, SECOND.name)
    with acting_as(SECOND):
        (ack,) = blind.save(store, [save(4, SECOND.name, status="草稿")])
        assert ack.result == "saved"
        record_table.page(store, FORM, dataset.id, wanted=ALL, base_run=None)  # without the fourth
        (ack,) = blind.save(store, [save(4, SECOND.name, version=1)])
        assert ack.result == "saved", ack.why
