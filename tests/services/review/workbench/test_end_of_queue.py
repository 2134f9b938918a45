"""The card at the end of a queue: one's own work of the latest sitting and of today, and where to go on."""

from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import delete, select, update
from sqlmodel import col

from core.adapters.store import DatasetView, Store
from core.adapters.store.models import Dataset, Extraction, ExtractionStatus, Pass, Record, RecordEvent, now
from core.services.review import PrimarySession, apply_saves, claim, open_session
from core.services.review.records.save_types import FIELD_SECONDS, SECONDS
from core.services.review.workbench.contract import WorkbenchPayload
from core.services.review.workbench.end_contract import EndPayload
from core.services.review.workbench.end_of_queue import end_of_queue
from tests.factories.datasets import FORM, make_form
from tests.factories.reviews import NAME, PHONE, STAGE, answer, make

pytestmark = pytest.mark.both_databases
ME, OTHER = "林晓", "周岚"


def save(
    store: Store, dataset: DatasetView, chat: int, run: int | None, status: str = "已确认", **more: object
) -> None:
    """Save a chat as the desk does, with the time that it took."""
    values = make_form({NAME: f"林木{chat}", STAGE: "报价"})
    whole = {
        "save_id": str(uuid4()),
        "chat": chat,
        "reviewer": ME,
        "base_version": 0,
        "status": status,
        "customers": [{"values": values, "origin": 0}],
        "seconds": 30,
        "field_seconds": {STAGE: 12.04, PHONE: 3, "没有这个字段": 99},
    }
    [ack] = apply_saves(store, FORM, dataset.id, [whole | more], base_run_id=run)
    assert ack.result == "saved", ack.why


def card(store: Store, dataset: DatasetView, who: str = ME, **more: object) -> EndPayload:
    with store.read() as session:
        return end_of_queue(session, FORM, dataset.id, who, **more)  # type: ignore[arg-type]


def opened(store: Store, dataset: DatasetView, who: str = ME, **more: str) -> PrimarySession:
    return open_session(store, dataset, FORM, reviewer=who, narrow=more)


def move(store: Store, chat: int, back: timedelta) -> None:
    """Let the saves of a chat have been made earlier."""
    with store.write() as session:
        ids = list(session.execute(select(col(Record.id)).where(col(Record.chat_id) == chat)).scalars())
        session.execute(update(RecordEvent).where(col(RecordEvent.record_id).in_(ids)).values(at=now() - back))


def test_work_of_a_sitting_is_summed_up(store: Store) -> None:
    dataset = make(store, 3)
    run = answer(store, dataset, "模型", {i: [{NAME: f"林木{i}"}] for i in (1, 2, 3)})
    save(store, dataset, 1, run)
    save(store, dataset, 2, run, status="已跳过")
    sitting = card(store, dataset)["sitting"]
    assert sitting == {
        "chats": 2,
        "seconds": 60.0,
        "changes": 2,
        "points": FORM.field(STAGE).points,  # of the approved one: a chat that was skipped has no right answer
        "slowest": STAGE,
        "slowest_seconds": 24.0,
    }
    with store.read() as session:
        change = session.execute(select(col(RecordEvent.change)).limit(1)).scalar_one()
    assert (change[SECONDS], change[FIELD_SECONDS]) == (30.0, {STAGE: 12.0, PHONE: 3.0})


def test_today_counts_all_datasets_and_a_sitting_its_own(store: Store) -> None:
    first, second = make(store, 1), make(store, 2, "另一批")
    save(store, first, 1, answer(store, first, "模型", {1: [{NAME: "林木1"}]}))
    save(store, second, 2, None)
    shown = card(store, second)
    assert (shown["sitting"]["chats"], shown["today"]["chats"], shown["today"]["seconds"]) == (1, 2, 60.0)
    assert shown["today"]["points"] == FORM.field(STAGE).points, "by the form of the other dataset"


def test_a_dataset_whose_form_is_gone_ends_nobodys_card(store: Store) -> None:
    here, other = make(store, 2), make(store, 1, "另一批")
    for dataset in (here, other):
        save(store, dataset, 1, answer(store, dataset, "模型", {1: [{NAME: "林木1"}]}))
    with store.write() as session:
        session.get_one(Dataset, other.id).form = "gone@3"
    assert card(store, here)["today"]["chats"] == 2


def test_no_field_takes_longer_than_all_of_the_work(store: Store) -> None:
    dataset = make(store, 1)
    save(store, dataset, 1, None, seconds=1, field_seconds={STAGE: 1.4})  # the browser rounds the whole
    sitting = card(store, dataset)["sitting"]
    assert (sitting["seconds"], sitting["slowest_seconds"]) == (1.4, 1.4)


def test_nothing_done_and_nothing_known_are_no_zeros(store: Store) -> None:
    dataset = make(store, 2)
    nothing = card(store, dataset)
    assert nothing["today"]["chats"] == 0 and nothing["today"]["seconds"] is None
    save(store, dataset, 1, None)
    alone = card(store, dataset)["sitting"]
    assert (alone["chats"], alone["changes"], alone["points"]) == (1, None, None), "no run to compare with"
    assert card(store, dataset, OTHER)["sitting"]["chats"] == 0, "somebody else's work"


@pytest.mark.parametrize("failed", [False, True])
def test_an_answer_that_arrives_after_the_approval_was_changed_by_nobody(store: Store, failed: bool) -> None:
    dataset = make(store, 2)
    said = {1: [{NAME: "林木1"}]} | ({2: None} if failed else {})
    run = answer(store, dataset, "模型", said)
    data = opened(store, dataset).sync(store, at=2)
    (chat,) = (one for one in data["chats"] if one["chat"] == 2)
    assert (chat["base_run_id"], chat["run"], chat["run_gone"]) == (None, None, False)
    save(store, dataset, 2, run)  # a browser that was opened before names the run all the same
    arrived = [make_form({NAME: "林木2", STAGE: "赢单", PHONE: "13800000002"})]
    with store.write() as session:
        chat_id = chat["chat_id"]
        session.execute(delete(Extraction).where(col(Extraction.run_id) == run, col(Extraction.chat_id) == chat_id))
        session.add(Extraction(run_id=run, chat_id=chat_id, status=ExtractionStatus.OK, forms=arrived))
    sitting = card(store, dataset)["sitting"]
    assert (sitting["chats"], sitting["changes"], sitting["points"]) == (1, None, None)


def test_a_pause_ends_a_sitting_and_a_decision_taken_back_counts_no_more(store: Store) -> None:
    dataset = make(store, 3)
    for chat in (1, 2, 3):
        save(store, dataset, chat, None)
    move(store, 1, timedelta(hours=2))
    move(store, 2, timedelta(minutes=20))
    assert card(store, dataset)["sitting"]["chats"] == 2
    save(store, dataset, 3, None, status="未审阅", base_version=1, undo=True)
    assert card(store, dataset)["sitting"]["chats"] == 1


def test_a_second_review_is_compared_with_nothing(store: Store) -> None:
    dataset = make(store, 1)
    run = answer(store, dataset, "模型", {1: [{NAME: "林木1"}]})
    save(store, dataset, 1, run)
    assert card(store, dataset, review_pass=Pass.SECOND)["sitting"]["chats"] == 0


def ended(store: Store, dataset: DatasetView, who: str = ME, **more: str) -> WorkbenchPayload:
    return opened(store, dataset, who, **more).sync(store)


def test_a_desk_without_a_chat_shows_the_card(store: Store) -> None:
    first, dataset = make(store, 2, "另一个"), make(store, 2)
    for chat in (1, 2):
        save(store, dataset, chat, None)
    done = ended(store, dataset)
    assert (done["open"], done["chats"], done["end"]["held"]) == (None, [], [])
    assert done["end"]["next_dataset"] == {"id": first.id, "name": "另一个", "left": 2}
    assert ended(store, first, text="没有人这样说")["open"] is None, "no chat for this filter"
    assert "end" not in ended(store, first)


def test_chats_that_others_hold_are_named_and_come_back(store: Store) -> None:
    dataset = make(store, 3)
    save(store, dataset, 1, None)
    with store.read() as session:
        ids = list(session.execute(select(col(Record.chat_id))).scalars())
    held = [ids[0] + 1, ids[0] + 2]
    claim(store, held, OTHER)
    desk = opened(store, dataset)
    waiting = desk.sync(store, at=1, want_end=True)
    assert waiting["end"]["held"] == [{"who": OTHER, "chats": 2}]
    assert waiting["order"]["next"] == []
    assert waiting["end"]["next_dataset"] is None
    claim(store, (), OTHER, leaving=held)
    again = desk.sync(store, at=1, want_end=True)
    assert (again["order"]["next"], again["end"]["held"]) == ([2, 3], [])
    assert claim(store, held, OTHER) == {}, "who looks at the card holds nothing"
