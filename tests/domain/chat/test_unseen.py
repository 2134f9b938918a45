"""Characters that nobody sees part no names, and offsets stay true."""

import random

import pytest

from core.domain.chat import parse_chat

CHAT = (
    "林小满3：电话13800001111\n客服阿青：收到\n林小满3：再报一次13800001111\n"
    '客服阿青：@林小满3 好的\n林小满3：这是一条引用/回复消息：\n"客服阿青：\n收到"\n------\n谢谢'
)
EXPORT = (
    "2024-01-02 10:21:00 林小满3\n你好\n\n2024-01-02 10:22:00 客服阿青\n您好\n\n2024-01-02 10:23:00 林小满3\n在吗\n"
)
UNSEEN = "\u200b\u200c\u200e\u200f\u202a\u202c\u202d\u2060\u2066\u2069\ufeff\u00ad\u061c"


def strewn(text: str, seed: int, share: float) -> str:
    """The text with unseen characters before and behind some of its own."""
    chance = random.Random(seed)
    return "".join(
        (chance.choice(UNSEEN) if chance.random() < share else "") + character for character in text
    ) + chance.choice(UNSEEN)


@pytest.mark.parametrize("text", [CHAT, EXPORT], ids=["colons", "export"])
@pytest.mark.parametrize("share", [0.05, 0.5, 1.0])
def test_a_chat_is_parsed_as_if_nothing_unseen_stood_in_it(text: str, share: float) -> None:
    plain = parse_chat(text)
    for seed in range(20):
        dirty = strewn(text, seed, share)
        parsed = parse_chat(dirty)
        assert parsed.text == dirty
        assert "".join(span.of(dirty) for span in parsed.all_spans) == dirty
        assert [message.speaker for message in parsed.messages] == [message.speaker for message in plain.messages]
        for message, model in zip(parsed.messages, plain.messages, strict=True):
            assert seen(message.body.of(dirty)) == model.body.of(text)
            assert seen(message.speaker_span.of(dirty)) == model.speaker_span.of(text)
            assert (message.kind, message.mentions, message.time) == (model.kind, model.mentions, model.time)
            assert (message.quote is None) == (model.quote is None)
            if message.quote and model.quote:
                assert seen(message.quote.text_span.of(dirty)) == model.quote.text_span.of(text)


def seen(text: str) -> str:
    return "".join(character for character in text if character not in UNSEEN)


def test_names_with_marks_are_the_same_speaker_and_spans_begin_with_what_is_seen() -> None:
    text = (
        "\u200b林小满3：电话138\u200b0000\u200b1111\n客服阿青：收到\n"
        "\u202d林小满3\u202c：再报一次\u202a13800001111\u202c\n客服阿青\u2060：好的\n"
    )
    parsed = parse_chat(text)
    assert parsed.speakers == ("林小满3", "客服阿青")
    assert [m.speaker_span.of(text) for m in parsed.messages] == ["林小满3", "客服阿青", "林小满3", "客服阿青"]
    assert parsed.messages[0].body.of(text) == "电话138\u200b0000\u200b1111"


def test_joined_emoji_in_names_stay_whole() -> None:
    text = "👨\u200d👩\u200d👧一家：你好\n客服阿青：您好\n👨\u200d👩\u200d👧一家：在吗"
    assert parse_chat(text).speakers == ("👨\u200d👩\u200d👧一家", "客服阿青")


def test_a_text_of_nothing_seen() -> None:
    assert "".join(span.of("\u200b\u200e") for span in parse_chat("\u200b\u200e").all_spans) == "\u200b\u200e"
