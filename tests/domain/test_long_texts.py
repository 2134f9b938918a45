"""What is computed quickly for long texts is what the plain way gives."""

import gc
import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from core.domain.chat import Role, guess_roles, parse_chat
from core.domain.checks import omissions
from core.domain.checks.omissions import find_mentions
from core.domain.entities import finders
from core.domain.entities.folding import fold
from core.domain.evidence import (
    ChatIndex,
    analyse_chat,
    analysis,
    cached_analysis,
    garbage_kept,
    text_index,
)
from core.domain.evidence import index as evidence_index

WORDS = [
    *"张路街12-3:4;5~6,7，。\n@aqw_·…|*\0\u3000０：？!“”号座弄元",
    "大厦3楼",
    "138 1234 5678",
    "一三八一二三四五六七八",
]
WORDS += ["微信 abcdef12", "qq 123456", "预算两万", "下周二下午3点", "a@b.com", "李四3：", "𠀀", "😀", "生日 5月3号"]


def texts(count: int) -> Iterator[str]:
    rng = random.Random(7)
    for _ in range(count):
        yield "李四3：你好\n" + "".join(rng.choice(WORDS) for _ in range(rng.randint(0, 70)))


def test_long_texts_are_folded_as_short_ones() -> None:
    every = "".join(map(chr, [*range(0x3400), *range(0xF900, 0x11000)]))
    pieces = [every[start : start + 5_000] for start in range(0, len(every), 5_000)]
    assert fold(every) == "".join(map(fold, pieces))


def test_addresses_are_those_that_a_search_of_every_place_finds() -> None:
    for text in texts(300):
        assert [m.span() for m in finders._address_matches(text)] == [m.span() for m in finders._ADDRESS.finditer(text)]


def test_the_compact_view_is_what_is_kept_of_each_range() -> None:
    for text in texts(300):
        index: ChatIndex = text_index(text)
        runs = [list(evidence_index._KEPT.finditer(index.folded, region.start, region.end)) for region in index.regions]
        assert index.compact == "".join("".join(run[0] for run in region) + "\0" for region in runs)
        places = [at for region in runs for run in region for at in range(*run.span())]
        kept = [at for region in index.regions for at in range(region.compact_start, region.compact_end)]
        assert [index.span_of_compact(at, at + 1).start for at in kept] == places


def test_common_pairs_are_counted_once_in_each_body() -> None:
    index = text_index("林舟3：价格价格\n何晴2：价格表\n林舟3：表价\n何晴2：格\n林舟3：价格表很好")
    bodies = {least: [body.message for body in index.bodies_with_common_pairs("价格表", least)] for least in (0.1, 0.6)}
    assert bodies == {0.1: [0, 1, 4], 0.6: [1, 4]}
    assert text_index("").bodies_with_common_pairs("价格表", 0.5) == []


def test_a_message_without_a_hint_holds_nothing() -> None:
    for text in texts(300):
        index = ChatIndex(parse_chat(text))
        every = [
            (kind.kind, one.value, message.index)
            for message in index.parsed.messages
            for kind in omissions._KINDS
            for one in omissions._of(kind, message.body.of(text))
        ]
        assert [(kind, one.value, message.index) for kind, one, message in find_mentions(index)] == every


def test_who_has_said_much_is_judged_by_the_beginning() -> None:
    turns = [
        "林舟3：请问这个怎么收费？\n客服何晴2：您好，这边给您报价，麻烦您提供下联系方式\n",
        "林舟3：好的\n客服何晴2：嗯\n",
    ]
    sides = {"林舟3": Role.CUSTOMER, "客服何晴2": Role.STAFF}
    for first, later in (turns, turns[::-1]):
        roles = guess_roles(parse_chat(first * 1_000 + later * 3_000))
        assert {name: guess.score for name, guess in roles.items()} == {
            name: guess.score for name, guess in guess_roles(parse_chat(first * 1_000)).items()
        }
    assert {name: guess.role for name, guess in guess_roles(parse_chat(turns[0] * 4_000)).items()} == sides


def test_garbage_is_looked_for_again_afterwards() -> None:
    with garbage_kept():
        assert not gc.isenabled()
        with garbage_kept():
            pass
        assert not gc.isenabled()
    assert gc.isenabled()


def test_who_asks_for_a_chat_that_is_being_analysed_waits_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    analysed: list[str] = []
    together = Barrier(2)

    def slow(text: str) -> analysis.ChatAnalysis:
        analysed.append(text)
        together.wait(5)
        return analyse_chat(text)

    monkeypatch.setattr(analysis, "analyse_chat", slow)
    text = "林舟3：只算一次\n何晴2：好\n"
    with ThreadPoolExecutor(2) as pool:
        asked = [pool.submit(cached_analysis, text) for _ in range(2)]
        together.wait(5)
        first, second = (one.result() for one in asked)
    assert first is second and analysed == [text]


def test_few_analyses_of_huge_chats_are_kept_and_none_of_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = analysis._KeptAnalyses()
    monkeypatch.setattr(analysis, "_MOST_CHARACTERS", 30)
    texts = [f"林舟{number}：好的好的\n" for number in range(5)]
    first = kept.get(texts[0])
    assert kept.get(texts[0]) is first
    for text in texts[1:]:
        kept.get(text)
    assert len(kept._kept) == 3 and texts[0] not in kept._kept

    def broken(text: str) -> analysis.ChatAnalysis:
        raise MemoryError(text)

    with monkeypatch.context() as patch:
        patch.setattr(analysis, "analyse_chat", broken)
        with pytest.raises(MemoryError):
            kept.get("何晴2：好")
    assert kept.get("何晴2：好").parsed.text == "何晴2：好"
