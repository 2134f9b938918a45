"""Cleaning steps: what each leaves out, and the way back to the original offsets whatever the chat."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.chat import Span, parse_chat
from core.domain.cleaning import STEPS, clean, left_out_report
from core.errors import SettingsError

NOTICE = "各位老板好，本周五下午系统升级，期间无法登录，请提前导出需要的数据"
TALK = (
    "林木1：在吗\n林木1：[图片]\n客服小何：您好\n林木1：看这个 https://a.example/x?y=1 和价格\n"
    f"客服小何：{NOTICE}\n林木1：[撤回消息]\n林木1：多少钱\n林木1：急\n客服小何：{NOTICE}！\n周山2：[图片]\n"
)


@pytest.mark.parametrize(
    ("step", "text"),
    [
        ("residue", TALK.rstrip("\n")),
        ("placeholders", TALK.replace("林木1：[图片]\n", "").rstrip("\n")),
        ("recalled", TALK.replace("林木1：[撤回消息]\n", "").rstrip("\n")),
        ("broadcasts", TALK.replace(f"客服小何：{NOTICE}！\n", "").rstrip("\n")),
        ("links", TALK.replace("https://a.example/x?y=1", "[链接]").rstrip("\n")),
        (
            "runs",
            TALK.replace("\n林木1：[图片]", "\n[图片]")
            .replace("\n林木1：多少钱\n林木1：急", "\n多少钱\n急")
            .rstrip("\n"),
        ),
    ],
)
def test_each_step_leaves_out_what_it_says(step: str, text: str) -> None:
    cleaned = clean(parse_chat(TALK), [step])
    assert cleaned.text == text
    assert cleaned.steps == (step,)


def test_all_together_and_the_report() -> None:
    cleaned = clean(parse_chat(TALK), STEPS)
    assert cleaned.text == (
        "林木1：在吗\n客服小何：您好\n林木1：看这个 [链接] 和价格\n"
        f"客服小何：{NOTICE}\n林木1：多少钱\n急\n周山2：[图片]"
    )
    report = {entry["step"]: entry for entry in left_out_report(cleaned)}
    assert [report[name]["messages"] for name in ("placeholders", "recalled", "broadcasts", "links", "runs")] == [
        [2],
        [6],
        [9],
        [4],
        [8],
    ]
    assert report["links"]["characters"] == len("https://a.example/x?y=1")
    assert (report["links"]["whole"], report["recalled"]["whole"]) == ([], [6])


def test_residue_is_reported_and_always_left_out() -> None:
    text = TALK + '"  data-sheets-hyperlink=\'{1}\' style="color:red">' + TALK
    assert parse_chat(text).residue
    for steps in ((), ("residue",)):
        cleaned = clean(parse_chat(text), steps)
        assert cleaned.text == TALK.rstrip("\n")
        assert left_out_report(cleaned)[0]["characters"] == len(text) - len(TALK)


def test_an_unknown_step_is_refused_by_name() -> None:
    with pytest.raises(SettingsError, match="没有名为「soap」的清理步骤.*placeholders"):
        clean(parse_chat(TALK), ["soap"])


BODIES = st.one_of(
    st.sampled_from(
        ["[图片]", "[撤回消息]", "[链接]", NOTICE, "看 https://a.example/b 吧", "好", "@林木1 在\n第二行", "😀"]
    ),
    st.text(alphabet="好的吗：:\n @[]\"'a1", max_size=12),
)
CHATS = st.lists(st.tuples(st.sampled_from(["林木1", "客服小何", "周山2"]), BODIES), max_size=14).map(
    lambda lines: "\n".join(f"{name}：{body}" for name, body in lines)
)


@given(CHATS, st.sets(st.sampled_from(list(STEPS))), st.booleans())
def test_every_character_knows_where_it_came_from(text: str, steps: set[str], more: bool) -> None:
    chat = parse_chat(text + ("\n\n" if more else ""))
    cleaned = clean(chat, steps)
    assert cleaned.text == "".join(piece.text for piece in cleaned.pieces)
    kept: list[Span] = []
    for piece in cleaned.pieces:
        assert cleaned.text[piece.start : piece.end] == piece.text != ""
        if piece.source is not None:
            assert piece.source.of(chat.text) == piece.text
            kept.append(piece.source)
    for offset, character in enumerate(cleaned.text):
        place = cleaned.original(offset)
        assert place is None or chat.text[place] == character
    # Kept and left out together are the whole text, but for line breaks at the end of what was kept.
    covered = sorted(
        [Span(0, 0), *kept, *(part.span for part in cleaned.left_out), Span(len(chat.text), len(chat.text))]
    )
    gaps = [Span(a.end, b.start) for a, b in zip(covered, covered[1:], strict=False)]
    assert all(gap.start <= gap.end and not gap.of(chat.text).strip("\n") for gap in gaps)
    assert "".join(span.of(chat.text) for span in cleaned.original_spans(Span(0, len(cleaned.text)))) == "".join(
        piece.text for piece in cleaned.pieces if piece.source
    )


@given(CHATS, st.sets(st.sampled_from(list(STEPS))))
def test_no_speaker_is_lost_and_nothing_grows(text: str, steps: set[str]) -> None:
    chat = parse_chat(text)
    cleaned = clean(chat, steps)
    assert {chat.messages[number].speaker for number, _ in cleaned.messages} >= set(chat.speakers)
    if not steps - {"residue"}:
        assert cleaned.text == chat.conversation
    if "links" not in steps:
        assert len(cleaned.text) <= len(chat.conversation)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("12.80 元", "1280 元"),
        ("1.5 万", "15 万"),
        ("10-15 人", "1015 人"),
        ("9:30", "930"),
        ("5 折", "5% 折"),
        ("1/2 价", "12 价"),
        ("-5 度", "5 度"),
        ("１２．８０ 元", "１２８０ 元"),
        ("1 2 号", "12 号"),
    ],
)
def test_broadcasts_that_differ_in_numbers_both_stay(one: str, other: str) -> None:
    text = "\n".join(
        f"客服小何：各位老板好，本周五的活动价格是 {said}，欢迎咨询和转告朋友" for said in (one, other, one)
    )
    cleaned = clean(parse_chat(text), ["broadcasts"])
    assert [message for message, _ in cleaned.messages] == [0, 1]
