"""What the desk is sent of huge chats: texts once, evidence with every save, neighbours as far as they are short."""

import threading
from collections.abc import Sequence

import pytest

from core.adapters.store import Store, queries
from core.domain.evidence import analysis
from core.domain.form import load_named_form
from core.services.datasets import import_text
from core.services.review import PrimarySession, open_session
from core.services.review.workbench import sync
from core.services.review.workbench.sync import QueuePosition

FORM = load_named_form()
TALK = "林舟3：你好，我电话 139 0000 1234\n何晴2：您好，我是客服何晴2\n林舟3：谢谢\n"


def desk(store: Store, texts: Sequence[str]) -> PrimarySession:
    for number, text in enumerate(texts):
        import_text(store, text + f"何晴2：第 {number} 条", dataset="群聊")
    with store.read() as session:
        dataset = queries.dataset(session, "群聊")
    return open_session(store, dataset, FORM, reviewer="小何")


def test_texts_are_sent_once_and_evidence_again(store: Store) -> None:
    review = desk(store, [TALK])
    (whole,) = review.sync(store, at=1)["chats"]
    (again,) = review.sync(store, at=1, texts_sent={1})["chats"]
    assert "text_kept" not in whole
    assert again["text_kept"]
    number = next(one["message"] for one in again["missed"])
    assert again["messages"] == [message for message in whole["messages"] if message["i"] == number]
    kept = ("messages", "text_kept")
    assert {k: v for k, v in again.items() if k not in kept} == {k: v for k, v in whole.items() if k not in kept}


def test_long_neighbours_stay_away_until_they_are_opened(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    review = desk(store, [TALK, TALK * 4, TALK])
    monkeypatch.setattr(sync, "AHEAD_CHARACTERS", len(TALK) * 3)
    data = review.sync(store, at=1)
    assert data["order"]["next"] == [2, 3]
    assert [chat["chat"] for chat in data["chats"]] == [1, 3]
    assert [chat["chat"] for chat in review.sync(store, at=2)["chats"]] == [2, 3, 1]


def test_what_was_saved_comes_back_however_long_and_the_rest_as_far_as_there_is_room() -> None:
    position = QueuePosition(1, (2, 3, 4), (9,))
    sizes = {2: 300_000, 3: 300_000, 4: 90_000, 9: 10_000}
    assert position.to_send([3], sizes) == [1, 2, 4, 9, 3]


def test_a_long_neighbour_is_analysed_while_the_chat_before_is_read(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    review = desk(store, [TALK, TALK * 5, TALK])
    monkeypatch.setattr(sync, "AHEAD_CHARACTERS", len(TALK) * 3)
    review.sync(store, at=1)
    for thread in threading.enumerate():
        if thread.name == "shiyao-ahead":
            thread.join()

    def analysed_late(text: str) -> None:
        raise AssertionError(text)

    monkeypatch.setattr(analysis, "analyse_chat", analysed_late)
    assert [chat["chat"] for chat in review.sync(store, at=2)["chats"]] == [2, 3, 1]
