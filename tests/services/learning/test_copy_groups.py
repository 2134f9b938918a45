"""Which chats are copies of one another: equal, nearly equal, gone on; never for what everybody is sent."""

import random

from core.services.learning import copy_groups as module
from core.services.learning.copy_groups import copy_groups


def chat(number: int, messages: int = 8) -> list[str]:
    chance = random.Random(number)
    words = [chr(code) for code in range(0x4E00, 0x4E00 + 800)]
    return [f"客人{number}：{''.join(chance.choices(words, k=chance.randint(4, 30)))}" for _ in range(messages)]


def test_copies_are_found_however_they_came_about() -> None:
    one, other = chat(1), chat(2)
    texts = [
        "\n".join(lines) for lines in (one, other, [*one, "客服：好的"], ["客服：您好", *one], one[:4], one, chat(3))
    ]
    assert copy_groups(texts) == [0, 1, 0, 0, 0, 0, 2]
    assert copy_groups([]) == []
    assert copy_groups(["", "", "\n", "\ud800"])[:2] == [0, 0]


def test_what_everybody_is_sent_makes_no_copies() -> None:
    sent = ["客服：本店年中大促全场八折，详情请看公告", "客服：周末照常营业", "客服：祝您生活愉快"]
    texts = ["\n".join([*sent, *chat(number, 6)]) for number in range(30)]
    assert copy_groups(texts) == list(range(30))
    # Two short chats that share a greeting are two chats.
    assert copy_groups(["客服：您好\n甲：多少钱", "客服：您好\n乙：怎么退货"]) == [0, 1]


def test_of_very_many_only_equal_ones_are_looked_for(monkeypatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setattr(module, "MOST_COMPARED", 2)
    lines = chat(1)
    assert copy_groups(["\n".join(lines), "\n".join([*lines, "完"]), "\n".join(lines), "别的"]) == [0, 1, 0, 2]
