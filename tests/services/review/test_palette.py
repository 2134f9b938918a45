"""The palette's service: names once, chats by number and by words, nothing of what others made of them."""

import pytest
from sqlmodel import col, select

from core.adapters.store import Store
from core.adapters.store.models import Chat, Dataset, RunKind
from core.services.review.palette import MOST_CHATS, FoundChat, find_chats, palette_names, passage_around
from core.services.review.palette_people import name_spellings
from core.services.review.queue import search
from core.services.team import viewing_as
from tests.factories.datasets import make_run
from tests.factories.reviews import NAME, answer, decide, make

pytestmark = pytest.mark.both_databases

TEXTS = [f"林木{index}：你好\n客服小何：{'价格表发您' if index % 10 == 3 else '好的'}" for index in range(1, 34)]


def indices(found: list[FoundChat]) -> list[int]:
    return [chat.index for chat in found]


def test_datasets_runs_and_fields_come_by_name_the_newest_first(store: Store) -> None:
    old, new = make(store, 1, "会议"), make(store, 1, "<b>新的</b>")
    answer(store, old, "甲", {1: [{}]})
    run = answer(store, new, "乙", {1: [{}]})
    make_run(store, new, "标注", {1: [{}]}, kind=RunKind.LABELS)
    names = palette_names(store)
    assert [(dataset.id, dataset.name) for dataset in names.datasets] == [(new.id, "<b>新的</b>"), (old.id, "会议")]
    assert [item.name for item in names.runs] == ["乙", "甲"]
    assert (names.runs[0].id, names.runs[0].dataset) == (run, new.id)
    assert {field.label for field in names.fields[new.form]} >= {"意向产品"}


def test_a_dataset_whose_form_is_gone_is_found_without_its_fields(store: Store) -> None:
    dataset = make(store, 1)
    with store.write() as session:
        session.get_one(Dataset, dataset.id).form = "gone"
    names = palette_names(store)
    assert len(names.datasets) == 1
    assert names.fields == {}


def test_a_blank_database_has_no_names_and_no_chats(store: Store) -> None:
    names = palette_names(store)
    assert (names.datasets, names.runs, names.fields) == ([], [], {})
    assert find_chats(store, [1], number=1) == []


def test_the_chat_of_a_number_comes_first_then_those_that_begin_with_it(store: Store) -> None:
    dataset = make(store, TEXTS)
    assert indices(find_chats(store, [dataset.id], number=3)) == [3, 30, 31, 32, 33]
    assert indices(find_chats(store, [dataset.id], number=33)) == [33]
    assert find_chats(store, [dataset.id], number=34) == []
    assert find_chats(store, [dataset.id], number=2**31 - 1) == []
    assert find_chats(store, [dataset.id]) == []
    assert len(find_chats(store, [dataset.id], number=1)) == MOST_CHATS


def test_of_several_datasets_the_exact_chat_of_each_comes_first(store: Store) -> None:
    first, second = make(store, TEXTS, "甲"), make(store, TEXTS, "乙")
    found = find_chats(store, [second.id, first.id], number=3)
    assert [(chat.dataset, chat.index) for chat in found[:2]] == [(second.id, 3), (first.id, 3)]


@pytest.mark.parametrize("indexed_from", [search.INDEXED_FROM, 5])
def test_words_are_found_with_and_without_the_index(
    store: Store, monkeypatch: pytest.MonkeyPatch, indexed_from: int
) -> None:
    monkeypatch.setattr(search, "INDEXED_FROM", indexed_from)
    other, dataset = make(store, ["林木：价格", "林木：价格表"], "别的"), make(store, TEXTS)
    for one in (other, dataset):
        search.index_batch(store, one.id)
    found = find_chats(store, [dataset.id], words=["价格"])
    assert indices(found) == [3, 13, 23, 33]
    assert "价格表" in found[0].passage
    assert indices(find_chats(store, [dataset.id], words=["价格", "林木13"])) == [13]
    assert indices(find_chats(store, [dataset.id], words=["价格"], number=3)) == [3, 33]
    assert find_chats(store, [dataset.id], words=["格价"]) == []
    assert find_chats(store, [dataset.id], words=["价"]) == []
    assert find_chats(store, [dataset.id], words=['"" OR "']) == []
    assert find_chats(store, [dataset.id, other.id], words=["%_"]) == []


def test_what_stands_in_residue_is_not_found(store: Store) -> None:
    dataset = make(store, ['林木：你好" data-sheet="价格"'])
    with store.write() as session:
        chat = session.execute(select(Chat).where(col(Chat.dataset_id) == dataset.id)).scalar_one()
        chat.residue_characters = chat.characters - chat.text.index('"')
    assert find_chats(store, [dataset.id], words=["价格"]) == []


def test_what_somebody_wrote_into_a_record_is_never_found(store: Store) -> None:
    dataset = make(store, TEXTS)
    decide(store, dataset, 1, values={NAME: "初审秘密写法"})
    with viewing_as("林晓"):
        assert find_chats(store, [dataset.id], words=["初审秘密写法"]) == []


def test_a_passage_is_one_line_around_the_word() -> None:
    text = "甲" * 40 + "\n报价 CRM 单\n" + "乙" * 40
    assert passage_around(text, "crm") == f"…{'甲' * 12} 报价 CRM 单 {'乙' * 13}…"
    assert passage_around("价格", "价格") == "价格"
    assert passage_around("价格", "别的") == ""


def test_a_customer_is_found_by_first_letters_or_pinyin_in_what_a_run_found(store: Store) -> None:
    dataset, other = make(store, 4), make(store, 1, "别的")
    assert find_chats(store, [dataset.id], letters="wj9") == [], "no run has answered"
    answer(
        store, dataset, "甲", {1: [{NAME: "王静9"}, {NAME: "乐 行"}], 2: None, 3: [{NAME: "王静91"}], 4: [{NAME: ""}]}
    )
    answer(store, dataset, "少", {4: [{NAME: "王静9"}]})
    answer(store, other, "甲", {1: [{NAME: "王静9"}]})
    for letters in ("wj9", "wangjing9", "wang"):
        assert find_chats(store, [dataset.id], letters=letters) == [
            FoundChat(dataset.id, 1, "王静9"),
            FoundChat(dataset.id, 3, "王静91"),
        ], letters
    assert indices(find_chats(store, [dataset.id], letters="wj91")) == [3]
    for letters in ("lx", "yh", "yuexing", "lehang"):
        assert [chat.passage for chat in find_chats(store, [dataset.id], letters=letters)] == ["乐 行"], letters
    for letters in ("j9", "w", "WJ9", "w.*", "王静", "wj9 "):
        assert find_chats(store, [dataset.id], letters=letters) == [], letters
    decide(store, dataset, 4, values={NAME: "周岚"})
    assert find_chats(store, [dataset.id], letters="zl") == [], "what a record says is not found"
    assert name_spellings("王静9", {"王": ["wang"], "静": ["jing"]}) == ["wj9", "wangjing9"]
    assert len(name_spellings("乐" * 30, {"乐": ["le", "yue"]})) <= 16
