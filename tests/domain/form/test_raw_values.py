"""What files and models give for a field: numbers of spreadsheets, words for nothing, characters that nobody sees."""

import json

import pytest

from core.domain.form import MODEL_WORDS, PROGRAM_WORDS, load_named_form
from core.domain.form.raw_values import _DROPPED, coerce_value, is_settled

FORM = load_named_form()
PHONE = next(field.key for field in FORM.fields if field.kind == "phone")
NAME = FORM.name_field
CHOICES = next(field.key for field in FORM.fields if field.is_list and field.values)


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        (13800001111.0, "13800001111"),
        ("13800001111.0", "13800001111"),
        (13800001111, "13800001111"),
        (float("nan"), ""),
        (float("-inf"), ""),
        ("NaN", ""),
        ("null", ""),
        ("未提及", ""),
        ("N/A", ""),
        ("138\u200b0000\u200b1111", "13800001111"),
        ("\u202a13800001111\u202c", "13800001111"),
        ("1.38E+10", "1.38E+10"),
    ],
)
def test_a_phone_is_read_and_every_change_is_said(raw: object, value: str) -> None:
    values, notes = FORM.coerce({**FORM.empty(), PHONE: raw}, empty_words=MODEL_WORDS)
    assert values[PHONE] == value
    unseen = isinstance(raw, str) and raw.startswith(("138\u200b", "\u202a"))
    assert unseen or any(PHONE in note for note in notes)


def test_the_digits_that_excel_dropped_are_said_to_be_lost() -> None:
    _, notes = FORM.coerce({**FORM.empty(), PHONE: "1.38E+10"})
    assert any("丢了位数" in note for note in notes)


def test_what_a_person_typed_stays() -> None:
    for typed in ("无", "null", "N/A", "10000.0"):
        assert FORM.coerce({**FORM.empty(), NAME: typed}) == ({**FORM.empty(), NAME: typed}, ())
    assert FORM.coerce({**FORM.empty(), NAME: "无"}, empty_words=PROGRAM_WORDS).values[NAME] == "无"


def test_lists_lose_such_items_only() -> None:
    given = ["答疑", "未提及", float("nan"), None]
    assert FORM.coerce({**FORM.empty(), CHOICES: given}, empty_words=MODEL_WORDS).values[CHOICES] == ["答疑"]


def test_an_unseen_character_in_a_key_does_not_lose_the_value() -> None:
    raw = json.loads(json.dumps({**FORM.empty(), "\ufeff" + NAME + " ": "林小满"}))
    del raw[NAME]
    values, notes = FORM.coerce(raw)
    assert values[NAME] == "林小满"
    assert any("看不见的字符" in note for note in notes)
    assert not any("已忽略" in note for note in notes)


def test_emoji_keep_their_joiners() -> None:
    assert FORM.coerce({**FORM.empty(), NAME: "👨‍👩‍👧一家"}).values[NAME] == "👨‍👩‍👧一家"
    assert FORM.coerce({**FORM.empty(), NAME: "林\u200d小满"}).values[NAME] == "林小满"


def test_whatever_is_dropped_cannot_be_printed() -> None:
    """A text that can be printed whole is not searched for what is dropped from texts."""
    assert not [number for number in range(0x110000) if _DROPPED.search(chr(number)) and chr(number).isprintable()]


def test_what_is_taken_at_a_glance_is_what_a_closer_look_leaves_as_it_is() -> None:
    unseen = ("\0", "\ud83d", "\u200b", "\u3000", "\xa0", " ", "\t", "\ufe0f", "\u3164", "\u2800", "\U000e0100")
    words = ("林小满", "10", "2.50", "13800001111.0", "1.38E+10", "无", "NULL", "👨\u200d👩", "é", "-")
    texts = [text for word in words for one in unseen for text in (one, one + word, word + one, word + one + word)]
    field = FORM.field(NAME)
    for empty_words in ((), PROGRAM_WORDS, MODEL_WORDS):
        for text in (*words, *texts):
            notes: list[str] = []
            if is_settled(text, empty_words):
                assert (coerce_value(field, text, notes, empty_words), notes) == (text, [])
    assert is_settled("林小满", MODEL_WORDS)
    assert not any(map(is_settled, ("", None, 1, ["林小满"], *unseen)))


def test_a_phone_in_a_list_is_looked_at_as_one_alone_is() -> None:
    field = FORM.field(CHOICES).model_copy(update={"kind": "phone"})
    notes: list[str] = []
    assert coerce_value(field, ["1.38E+10"], notes) == ["1.38E+10"]
    assert notes and "丢了位数" in notes[0]
