"""Chats exported from WhatsApp: phones write the date with the year at its end, in either order."""

import pytest

from core.domain.chat import MessageKind, parse_chat


def times(text: str) -> list[tuple[str, str, str]]:
    parsed = parse_chat(text)
    assert "".join(span.of(text) for span in parsed.all_spans) == text
    return [(one.speaker, one.time, one.body.of(text)) for one in parsed.messages]


def test_android_in_english_with_what_the_application_says() -> None:
    text = (
        "12/31/25, 9:15\u202fPM - Messages and calls are end-to-end encrypted.\n"
        "12/31/25, 9:15\u202fPM - 林小满: 你好\n想问: 怎么卖\n1/1/26, 12:05 AM - 客服阿青: <Media omitted>\n"
    )
    assert times(text)[1:] == [
        ("林小满", "2025-12-31T21:15", "你好\n想问: 怎么卖"),
        ("客服阿青", "2026-01-01T00:05", "<Media omitted>"),
    ]
    assert parse_chat(text).messages[0].kind is MessageKind.SYSTEM


ENCRYPTED = "消息和通话已进行端到端加密。对话之外的任何人，甚至包括 WhatsApp 都无法读取或收听。点击了解更多。"


@pytest.mark.parametrize("opening", [f"2024/3/1 上午9:00 - {ENCRYPTED}\n", "2024/3/1 上午9:00 - 你已加入群组\n", ""])
@pytest.mark.parametrize(
    "notice",
    ["李四将群组主题更改为“夏天”", "李四将群组主题更改为“A:b”", "李四添加了王五", "王五已使用此群组的邀请链接加入"],
)
def test_android_in_chinese_begins_with_the_year(opening: str, notice: str) -> None:
    text = (
        f"{opening}2024/3/1 上午9:00 - 张三: 你好\n地址: 杭州\n2024/3/1 中午12:01 - 李四: <省略多媒体文件>\n"
        f"2024/3/1 下午12:01 - {notice}\n2024/3/1 下午1:01 - 王五·门店: 备注: 冒号\n2024/3/2 上午12:05 - 张三: 谢谢\n"
    )
    assert [one for one in times(text) if one[0]] == [
        ("张三", "2024-03-01T09:00", "你好\n地址: 杭州"),
        ("李四", "2024-03-01T12:01", "<省略多媒体文件>"),
        ("王五·门店", "2024-03-01T13:01", "备注: 冒号"),
        ("张三", "2024-03-02T00:05", "谢谢"),
    ]
    assert {one.kind for one in parse_chat(text).messages if not one.speaker} == {MessageKind.SYSTEM}


@pytest.mark.parametrize("time", ["2024/3/1 上午9:0{n}", "1/3/2024, 09:0{n}"])
def test_names_may_hold_colons(time: str) -> None:
    text = "".join(f"{time.format(n=n)} - {who}: 好\n" for n, who in enumerate(["林", "A:小满", "店：阿青", "A:小满"]))
    assert [who for who, _, _ in times(text)] == ["林", "A:小满", "店：阿青", "A:小满"]


def test_dashes_of_other_programs_stay_what_they_are() -> None:
    text = "2024-01-02 10:21 - 林小满：你好\n2024-01-02 10:22 - 客服阿青：您好\n2024-01-02 10:23 - 林小满：好\n"
    assert [who for who, _, _ in times(text)] == ["林小满", "客服阿青", "林小满"]


@pytest.mark.parametrize(
    ("text", "first", "second"),
    [
        ("[31.12.25, 21:15:03] 林: 甲\n[01.01.26, 08:00:00] 何: 乙\n", "2025-12-31T21:15:03", "2026-01-01T08:00:00"),
        (
            "\u200e[03/02/2024, 21:15:03] 林: 甲\n[04/02/2024, 08:00:00] 何: 乙\n",
            "2024-02-03T21:15:03",
            "2024-02-04T08:00:00",
        ),
        ("3/2/24, 9:15 PM - 林: 甲\n3/4/24, 9:16 PM - 何: 乙\n", "2024-03-02T21:15", "2024-03-04T21:16"),
        ("28/2/24, 下午9:15 - 林: 甲\n1/3/24, 上午9:16 - 何: 乙\n", "2024-02-28T21:15", "2024-03-01T09:16"),
        # Only with the day first do the messages stand in their order.
        ("10/1/24, 9:15 - 林: 甲\n5/2/24, 9:16 - 何: 乙\n", "2024-01-10T09:15", "2024-02-05T09:16"),
    ],
)
def test_day_and_month_are_told_by_the_whole_text(text: str, first: str, second: str) -> None:
    assert times(text) == [("林", first, "甲"), ("何", second, "乙")]


def test_a_day_that_is_none_costs_the_time_and_nothing_else() -> None:
    assert times("31.02.24, 21:15 - 林: 甲\n31.02.24, 21:16 - 何: 乙\n") == [("林", "", "甲"), ("何", "", "乙")]


@pytest.mark.parametrize(
    "text",
    ["1/2/24 降价了\n林木1：你好\n客服：好", "3.5.24, 10:00 - 开会\n林木1：好\n何：好", "12/31/25, 9:15 PM - 林: 甲"],
)
def test_other_chats_stay_what_they_are(text: str) -> None:
    assert not any(time for _, time, _ in times(text))
