"""Every trait of real chats must occur in the shipped sample set: what is not there is not tested by anything else."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import pytest

from core.domain.chat import parse_chat

CHATS: list[dict[str, Any]] = json.loads(
    (Path(__file__).resolve().parents[3] / "data" / "sample" / "chats.json").read_text(encoding="utf-8")
)
RAW = [chat["chat_text"] for chat in CHATS]
FIRST = [raw.split('" data-online-sheet-link=')[0] for raw in RAW]
FORMS = [form for chat in CHATS for form in chat["infos"]]
NAMES = [form["基本信息-姓名"] for form in FORMS]


def _chats_with(pattern: str) -> int:
    return sum(bool(re.search(pattern, text, re.MULTILINE)) for text in FIRST)


@pytest.mark.parametrize(
    ("pattern", "at_least"),
    [
        (r"^[^\n：]{2,24}：\S", 28),
        (r"^会议时间：", 2),
        (r"^●购买版本：", 1),
        (r"^需求背景：", 1),
        (r"^注：", 5),
        (r"企业ID：", 1),
        (r"^这是一条引用/回复消息：|：这是一条引用/回复消息：", 15),
        (r"引用/回复消息：\n[\"“][^\n：:]+[:：]? ?\n", 3),
        (r"：「.+」\n(- )+-\n", 2),
        (r"^------$", 15),
        (r"\[图片\]", 15),
        (r"\[文件\]", 12),
        (r"\[链接\]", 10),
        (r"\[撤回消息\]", 5),
        (r"\[视频\]", 5),
        (r"\[语音\]", 2),
        (r"【未知消息类型】", 1),
        (r"\[(玫瑰|OK|捂脸|抱拳|强)\]", 15),
        (r"\?{4}", 15),
        (r"@所有人", 1),
        (r"1\d{2}[ -]\d{4}[ -]\d{4}", 8),
        (r"@example\.(com|cn)", 6),
        (r"[一二三四五六七八九十]万", 4),
        (r"\d+万", 6),
        (r"元/月", 1),
        (r"https?://", 2),
        (r"[A-Za-z]{3,} [A-Za-z]{3,} [A-Za-z]{2,}", 1),
    ],
)
def test_trait_occurs(pattern: str, at_least: int) -> None:
    assert _chats_with(pattern) >= at_least


@pytest.mark.parametrize(
    "wanted",
    [
        lambda name: re.fullmatch(r"[一-鿿]{2,3}\d", name),
        lambda name: " " in name,
        lambda name: "." in name,
        lambda name: re.search(r"[\U0001F300-\U0001FAFF]", name),
        lambda name: "×" in name,
        lambda name: "-" in name,
    ],
    ids=["digit", "space", "dot", "emoji", "prefix", "hyphen"],
)
def test_shape_of_customer_names(wanted: Callable[[str], object]) -> None:
    assert any(wanted(name) for name in NAMES)


def test_shape_of_staff_names() -> None:
    staff = {speaker for raw in RAW for speaker in parse_chat(raw).speakers} - set(NAMES)
    assert any(re.search(r"\d{1,2}:\d{2}-\d{1,2}:\d{2}", name) for name in staff), "business hours"
    assert any("（" in name for name in staff), "brackets"
    assert any(name.startswith("????") for name in staff), "lost emoji"


def test_mentions_that_are_no_speaker() -> None:
    scrambled = [
        chat
        for chat in map(parse_chat, RAW)
        if {name for message in chat.messages for name in message.mentions} - set(chat.speakers) - {"所有人"}
    ]
    assert len(scrambled) >= 6


def test_residue() -> None:
    with_residue = [raw for raw in RAW if '" data-online-sheet-link=' in raw]
    assert len(with_residue) >= 8
    assert len({tuple(re.findall(r"data-[a-z-]+=|style=", raw)) for raw in with_residue}) >= 3
    for raw, first in zip(RAW, FIRST, strict=True):
        chat = parse_chat(raw)
        assert "".join(piece.of(raw) for piece in chat.all_spans) == raw
        assert bool(chat.residue) == (raw in with_residue)
        assert chat.conversation.strip('"\n') == first.strip('"\n')


def test_labelled_customers_are_speakers() -> None:
    for chat in CHATS:
        assert {form["基本信息-姓名"] for form in chat["infos"]} <= set(parse_chat(chat["chat_text"]).speakers)


def test_sizes() -> None:
    assert len(CHATS) >= 24
    assert 28_000 <= max(map(len, FIRST)) <= 31_000
    assert RAW[max(range(len(RAW)), key=lambda n: len(FIRST[n]))] in FIRST, "the long one is conversation only"
    assert 1_500 <= median(map(len, RAW)) <= 2_500
    assert sum(len(chat["infos"]) >= 2 for chat in CHATS) >= 6
    assert sum(len(chat["infos"]) >= 3 for chat in CHATS) >= 2


def test_labels_have_their_traits() -> None:
    assert any(sum(bool(value) for value in form.values()) == 1 for form in FORMS), "a form with a name only"
    assert any("、" in entry for form in FORMS for entry in form["购买异议点"]), "several values in one string"
    for key in FORMS[0]:
        assert any(form[key] for form in FORMS), key
