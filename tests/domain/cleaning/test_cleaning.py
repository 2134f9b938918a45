"""Cleaning: residue goes, placeholders go, speakers stay."""

import json
from pathlib import Path

import pytest

from core.domain.chat import UnparsedChat, parse_chat, strip_residue
from core.domain.cleaning import clean, uncut
from core.domain.cleaning.apply_steps import without_placeholders
from tests.factories.exports import FIRST, TEXTS


@pytest.mark.parametrize("text", [*TEXTS, "", "\n", "没有说话人"])
def test_strip_residue_is_the_conversation_of_the_parser(text: str) -> None:
    assert strip_residue(text) == parse_chat(text).conversation


def reads_alike(text: str) -> bool:
    """Whether a chat that is not parsed leaves the same as one that is."""
    unparsed, whole = uncut(UnparsedChat(text)), clean(parse_chat(text))
    return (unparsed.text, unparsed.left_out, unparsed.steps) == (whole.text, whole.left_out, whole.steps)


@pytest.mark.parametrize(
    "text",
    [
        *TEXTS,
        *(text.replace("：", "：\u200b").replace("data-", "da\u200bta-") + "\u200e" for text in TEXTS),
        *("", "\n", "\u200b", "\u200b\n\n", "没有说话人", "甲：在\n\n\n", "2024-05-06 10:21 甲\n在吗\n\n"),
    ],
)
def test_without_steps_no_messages_are_needed(text: str) -> None:
    assert reads_alike(text)
    assert UnparsedChat(text).conversation == parse_chat(text).conversation


def test_residue_goes_and_nothing_else() -> None:
    assert strip_residue(TEXTS[0]) == FIRST.rstrip("\n")


def test_placeholders_go_but_no_speaker_and_no_quotation() -> None:
    text = (
        "李四1：[图片]\n王五2：看到了\n王五2：[图片]\n李四1：[图片]\n"
        '王五2：[文件]\n王五2：这是一条引用/回复消息：\n"李四1: 周五能到吗"\n------\n[OK]\n'
    )
    cleaned = without_placeholders(parse_chat(text))
    assert cleaned == (
        '李四1：[图片]\n王五2：看到了\n王五2：[文件]\n王五2：这是一条引用/回复消息：\n"李四1: 周五能到吗"\n------\n[OK]'
    )


@pytest.mark.competition
def test_real_chats(competition: Path) -> None:
    texts = [
        chat["chat_text"]
        for name in ("train.json", "test_data.json")
        for chat in json.loads((competition / name).read_bytes())
    ]
    for text in texts:
        chat = parse_chat(text)
        assert strip_residue(text) == chat.conversation
        assert reads_alike(text)
        cleaned = parse_chat(without_placeholders(chat))
        assert set(cleaned.speakers) == set(chat.speakers)
        assert len(cleaned.text) <= len(chat.conversation)
