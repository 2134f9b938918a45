"""The queue: what comes next, what came before, and who is on a chat."""

from datetime import timedelta

import pytest
from sqlmodel import col, select

from core.form import load_named_form
from core.review import FILTERS, apply_saves, claim, first, neighbours, progress
from core.store import Store, queries
from core.store.models import Chat, Claim, Dataset, now

FORM = load_named_form()
OPEN = FILTERS["待审阅"]


@pytest.fixture
def dataset(store: Store) -> int:
    with store.write() as session:
        row = Dataset(name="群聊", form=FORM.name, sha256="x", expected=6)
        session.add(row)
        session.flush()
        for index in range(1, 7):
            text = f"林木{index}：你好"
            session.add(
                Chat(
                    dataset_id=row.id or 0,
                    index=index,
                    text=text,
                    sha256=str(index),
                    characters=len(text),
                    residue_characters=0,
                )
            )
        return row.id or 0


def decide(store: Store, dataset: int, chat: int, status: str) -> None:
    [ack] = apply_saves(
        store,
        FORM,
        dataset,
        [
            {
                "save_id": f"decide-{chat}",
                "chat": chat,
                "reviewer": "阿青",
                "base_version": 0,
                "customers": [{"values": {}}],
                "status": status,
            }
        ],
    )
    assert ack.result == "saved"


def around(
    store: Store, dataset: int, at: int, wanted: str = "待审阅", who: str = "阿青"
) -> tuple[list[int], list[int]]:
    with store.read() as session:
        return neighbours(session, dataset, at=at, statuses=FILTERS[wanted], reviewer=who)


def test_decided_chats_leave_the_queue_and_it_wraps_around(store: Store, dataset: int) -> None:
    decide(store, dataset, 2, "已确认")
    decide(store, dataset, 5, "草稿")
    assert around(store, dataset, 1) == ([3, 4, 5, 6], [])
    assert around(store, dataset, 5) == ([6, 1, 3, 4], [4, 3])
    assert around(store, dataset, 3, "已确认")[0] == [2]


def test_first_opens_the_queue_or_else_the_dataset(store: Store, dataset: int) -> None:
    decide(store, dataset, 1, "已跳过")
    with store.read() as session:
        assert first(session, dataset, statuses=OPEN, reviewer="阿青") == 2
        assert first(session, dataset, statuses=FILTERS["待讨论"], reviewer="阿青") == 1
        assert first(session, 99, statuses=OPEN, reviewer="阿青") is None


def test_progress_counts_decisions(store: Store, dataset: int) -> None:
    for chat, status in ((1, "已确认"), (2, "待讨论"), (3, "已跳过"), (4, "草稿")):
        decide(store, dataset, chat, status)
    with store.read() as session:
        done = progress(session, dataset)
    assert (done.total, done.confirmed, done.discussed, done.skipped, done.left) == (6, 1, 1, 1, 3)


def test_a_claimed_chat_is_passed_over_by_others_until_it_expires(store: Store, dataset: int) -> None:
    with store.read() as session:
        ids = queries.chat_ids(session, dataset)
    assert claim(store, [ids[2], ids[3]], "小白") == {}
    assert around(store, dataset, 1)[0] == [4, 5, 6]
    assert around(store, dataset, 1, who="小白")[0] == [2, 3, 4, 5]
    assert claim(store, [ids[3], ids[4]], "阿青") == {ids[3]: "小白"}
    with store.write() as session:
        for row in session.execute(select(Claim).where(col(Claim.reviewer) == "小白")).scalars():
            row.until = now() - timedelta(seconds=1)
    assert claim(store, [ids[3]], "阿青") == {}
    assert around(store, dataset, 1)[0] == [2, 3, 4, 5]
