"""One list says what nobody sees; tests/js/unseen_characters.test.mjs reads the same file for the browser's."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from core.domain.form.raw_values import as_text
from core.domain.form.values import UNSTORABLE, is_storable
from core.domain.person_names import plain_name
from core.domain.stored_names import is_usable_name
from core.domain.unseen_characters import UNSEEN, is_blank

RANGES: dict[str, list[list[str]]] = json.loads(Path(__file__).with_name("unseen_characters.json").read_text("utf-8"))


def characters(kind: str) -> list[str]:
    return [chr(code) for first, last in RANGES[kind] for code in range(int(first, 16), int(last, 16) + 1)]


@pytest.mark.parametrize(
    ("kind", "is_one"),
    [("blank", is_blank), ("no part of a name", lambda one: plain_name.__wrapped__(f"a{one}a") == "aa")],
)
def test_every_character(kind: str, is_one: Callable[[str], bool]) -> None:
    surrogates = range(0xD800, 0xE000)
    assert [chr(code) for code in range(0x110000) if code not in surrogates and is_one(chr(code))] == characters(kind)


def test_a_value_in_which_nothing_can_be_seen_is_none() -> None:
    filled = [one for one in characters("blank") if as_text(f" {one}{one}\u2800\u3164") or as_text([one])]
    assert filled == []
    assert as_text("\u3164林木 森\u2800") == "\u3164林木 森\u2800", "what is written beside them stays as it is"


def test_what_is_looked_up_quickly_is_what_the_patterns_say_of_every_character() -> None:
    """Texts that are printable are not searched: none of these is a character in a pattern."""
    for one in map(chr, range(0x110000)):
        assert not (one.isprintable() and UNSEEN.search(one)), hex(ord(one))
        assert is_storable(one) is (UNSTORABLE.search(one) is None), hex(ord(one))


@pytest.mark.parametrize(
    "name", ["", "\u3164", "a\nb", "a\x1b[2J", "抽\u202e取", "a\u200bb", "长" * 21, "a/../b", "..\\b", "./a", "a/.."]
)
def test_names_that_nobody_could_read_or_tell_apart_are_not_usable(name: str) -> None:
    assert not is_usable_name(name, 20)
    assert is_usable_name("抽取 2 · ok", 20) and is_usable_name("长" * 20, 20) and is_usable_name("2026/11 a..b", 20)
