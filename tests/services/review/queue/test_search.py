"""Words of two characters are found, with the index, without it, and while it is behind."""

import pytest
from sqlalchemy import select
from sqlmodel import col

from core.adapters.store import Store
from core.adapters.store.models import Chat
from core.services.review.queue import search
from tests.factories.reviews import make

pytestmark = pytest.mark.both_databases

TEXTS = [
    "林木1：这个价格能便宜吗\n客服小何：可以",
    "林木2：格价表发我",
    "林木3：CRM 怎么收费？100%保证吗",
    '林木4：你好" data-sheet-href="价格"',
]


def found(store: Store, words: str) -> list[int]:
    with store.read() as session:
        statement = select(col(Chat.index)).where(search.containing(session, words)).order_by(col(Chat.index))
        return list(session.execute(statement).scalars())


@pytest.mark.parametrize("indexed", [0, 2, 4])
def test_words_are_found_however_far_the_index_is(store: Store, indexed: int) -> None:
    dataset = make(store, TEXTS)
    with store.write() as session:
        last = session.execute(select(Chat).where(col(Chat.index) == 4)).scalar_one()
        last.residue_characters = len(TEXTS[3]) - TEXTS[3].index('"')
    if indexed:
        assert search.index_batch(store, dataset.id, limit=indexed) == indexed
    assert found(store, "价格") == [1]  # not the other way round, and not in the residue
    assert found(store, "crm") == [3]
    assert found(store, "CRM 收费") == [3]
    assert found(store, "CRM 价格") == []
    assert found(store, "100%") == [3]
    assert found(store, "费") == [3]
    assert found(store, "？") == [3]
    assert found(store, '" OR "') == []


def test_the_index_is_complete_at_some_time(store: Store) -> None:
    dataset = make(store, TEXTS)
    assert [search.index_batch(store, dataset.id, limit=3) for _ in range(3)] == [3, 1, 0]
    assert search.pairs("价格 ok，A1b") == ["价格", "ok", "a1", "1b"]
