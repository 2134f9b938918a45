"""Exported chats: header lines of WeChat, QQ, mail forwards and desktop copies name speakers and times."""

import pytest

from core.domain.chat import MessageKind, ParsedChat, Role, guess_roles, parse_chat

A, B = "林小满3", "客服阿青"
Q, P = "你好，怎么卖", "您好，1299元"
STYLES = {
    "time name": (
        "2024-01-02 10:21:00 {a}\n{q}\n\n2024-01-02 10:22:05 {b}\n{p}\n",
        "2024-01-02T10:21:00",
    ),
    "slashes": ("2024/1/2 10:21 {a}\n{q}\n2024/1/2 10:22 {b}\n{p}", "2024-01-02T10:21"),
    "Chinese date": (
        "2024年1月2日 上午10:21 {a}\n{q}\n2024年1月2日 上午10:22 {b}\n{p}",
        "2024-01-02T10:21",
    ),
    "weekday": (
        "2024-01-02 星期二 10:21:00 {a}\n{q}\n2024-01-02 星期二 10:22:00 {b}\n{p}",
        "2024-01-02T10:21:00",
    ),
    "name time": (
        "{a} 2024/01/02 10:21:00\n{q}\n{b} 2024/01/02 10:22:00\n{p}",
        "2024-01-02T10:21:00",
    ),
    "mail": (
        "Dear:\n\n\t“{a}、{b}”的聊天记录如下:\n\n—————  2024-01-02  —————\n\n{a}  10:21\n\n{q}\n\n{b}  10:22\n\n{p}\n",
        "2024-01-02T10:21",
    ),
    "clock": ("{a} 10:21\n{q}\n{b} 10:22\n{p}\n{a} 10:23\n好的", "10:21"),
    "yesterday": ("{a} 昨天 10:21\n{q}\n{b} 昨天 10:22\n{p}\n{a} 昨天 10:23\n好的", "10:21"),
    "brackets": (
        "[2024-01-02 10:21:00] {a}: {q}\n[2024-01-02 10:22:00] {b}: {p}",
        "2024-01-02T10:21:00",
    ),
    "brackets, full": (
        "【2024-01-02 10:21】{a}：{q}\n【2024-01-02 10:22】{b}：{p}",
        "2024-01-02T10:21",
    ),
    "dash": ("2024/1/2, 10:21 - {a}: {q}\n2024/1/2, 10:22 - {b}: {p}", "2024-01-02T10:21"),
    "behind the name": (
        "{a}(2024-01-02 10:21:00): {q}\n{b}(2024-01-02 10:22:00): {p}",
        "2024-01-02T10:21:00",
    ),
    "name colon": ("{a}:\n{q}\n\n{b}:\n{p}\n\n{a}:\n好的", ""),
    "name above time": (
        "{a}\n2024-01-02 10:21:00\n{q}\n\n{b}\n2024-01-02 10:22:00\n{p}\n\n{a}\n2024-01-02 10:23:00\n好的\n",
        "2024-01-02T10:21:00",
    ),
    "name above Chinese time": (
        "{a}\n2024年1月2日 10:21\n{q}\n{b}\n2024年1月2日 10:22\n{p}\n",
        "2024-01-02T10:21",
    ),
    "tabs": ("2024-01-02 10:21:00\t{a}\t{q}\n2024-01-02 10:22:00\t{b}\t{p}\n", "2024-01-02T10:21:00"),
    "bars": ("2024-01-02 10:21:00 | {a} | {q}\n2024-01-02 10:22:00 | {b} | {p}\n", "2024-01-02T10:21:00"),
    "PM": ("{a} 2024/01/02 2:51 PM\n{q}\n\n{b} 2024/01/02 2:52 PM\n{p}\n", "2024-01-02T14:51"),
    "title and address": (
        "2024-01-02 10:21:00 【管理员】{a}(10001)\n{q}\n\n2024-01-02 10:22:00 【群主】{b}<b@example.com>\n{p}\n",
        "2024-01-02T10:21:00",
    ),
    "number of WeChat": (
        "{a}(wxid_abc123) 2024-01-02 10:21:00\n{q}\n\n{b}(wxid_zzz99) 2024-01-02 10:22:00\n{p}\n",
        "2024-01-02T10:21:00",
    ),
    "times between": (
        "2024年1月2日 上午10:21\n{a}：\n{q}\n{b}：\n{p}\n2024年1月2日 上午11:21\n{a}：\n好的\n",
        "2024-01-02T10:21",
    ),
    "month and day": ("{a} 1月2日 10:21\n{q}\n{b} 1月2日 10:22\n{p}\n{a} 1月2日 10:25\n好的", "10:21"),
    "clock of QQ": (
        "【LV2 群友】{a} 1:19:33  \n{q}\n\n【群主】{b} 1:20:22  \n{p}\n\n【LV2 群友】{a} 1:21:33\n好",
        "01:19:33",
    ),
    "number": ("#1 {a}\n{q}\n#2 {b}\n{p}", ""),
}


def spoken(chat: ParsedChat) -> list[tuple[str, str]]:
    return [(m.speaker, m.body.of(chat.text)) for m in chat.messages if m.kind is not MessageKind.SYSTEM]


@pytest.mark.parametrize("ends", ["\n", "\r\n"], ids=["LF", "CRLF"])
@pytest.mark.parametrize(("text", "time"), STYLES.values(), ids=STYLES)
def test_speakers_words_and_times_are_read(text: str, time: str, ends: str) -> None:
    text = text.format(a=A, b=B, q=Q, p=P).replace("\n", ends)
    chat = parse_chat(text)
    assert spoken(chat)[:2] == [(A, Q), (B, P)]
    assert next(m for m in chat.messages if m.speaker).time == time
    assert "".join(span.of(text) for span in chat.all_spans) == text
    for message in chat.messages:
        assert message.speaker_span.of(text) == message.speaker
    roles = guess_roles(chat)
    assert (roles[A].role, roles[B].role) == (Role.CUSTOMER, Role.STAFF)


def test_a_qq_export_has_a_preamble_ids_and_titles() -> None:
    text = (
        "消息记录（此消息记录为文本格式，不支持重新导入）\n\n================\n消息分组:我的QQ群\n================\n"
        "消息对象:客户群\n================\n\n"
        "2024-01-02 10:21:00 【管理员】阿青(10002)\n您好\n\n"
        "2024-01-02 10:22:00 小满<lin@example.com>\n收件人：林小满\n电话：138\n\n"
        "2024-01-02 10:23:00 【管理员】阿青(10002)\n收到\n"
    )
    chat = parse_chat(text)
    assert spoken(chat) == [("阿青", "您好"), ("小满", "收件人：林小满\n电话：138"), ("阿青", "收到")]
    assert [m.sender_id for m in chat.messages if m.speaker] == ["10002", "lin@example.com", "10002"]
    assert chat.messages[0].kind is MessageKind.SYSTEM


def test_ids_tell_people_of_one_name_apart_where_they_come_back() -> None:
    line = "2024-01-02 10:2{n}:00 张三({number})\n第{n}句\n"
    chat = parse_chat("".join(line.format(n=n, number=number) for n, number in enumerate((10001, 10002, 10001))))
    assert chat.speakers == ("张三(10001)", "张三(10002)")
    # Each message with a number of its own: the numbers are messages', not people's.
    numbered = parse_chat("".join(line.format(n=n, number=10000 + n) for n in range(3)))
    assert numbered.speakers == ("张三",)


def test_the_side_that_a_file_names_counts() -> None:
    chat = parse_chat("2024-01-02 10:21:00 甲（我方）\n你好\n2024-01-02 10:22:00 乙（对方）\n您好，请问需要什么\n")
    assert {name: guess.role for name, guess in guess_roles(chat).items()} == {"甲": Role.STAFF, "乙": Role.CUSTOMER}


def test_half_past_two_in_the_afternoon_and_midnight() -> None:
    chat = parse_chat("甲 2024年1月2日 下午2:30\n好\n乙 2024年1月2日 凌晨12:05\n好\n甲 2024年1月2日 中午12:30\n好")
    assert [m.time for m in chat.messages] == ["2024-01-02T14:30", "2024-01-02T00:05", "2024-01-02T12:30"]


@pytest.mark.parametrize(
    "text",
    [
        "林小满3：改到 2024-01-02 10:21:00\n客服阿青：好的，明天 10:30\n",
        "客服阿青：会议安排\n2024-01-02 10:21:00 第一场\n2024-01-02 11:21:00 第二场\n林小满3：收到",
        "客服阿青：请填写\n姓名：\n电话：\n姓名：\n林小满3：好的",
        "我们十点见 10:30",
    ],
)
def test_a_time_in_what_somebody_says_is_no_header(text: str) -> None:
    chat = parse_chat(text)
    assert chat.speakers in ((), ("林小满3", "客服阿青"), ("客服阿青", "林小满3"))
    assert not any(message.time for message in chat.messages)


def test_both_colons_open_messages() -> None:
    chat = parse_chat("林小满3: 你好\n客服阿青: 您好，1299元\n何田田5：我也要一台，谢谢\n客服阿青: 收到\n林小满3: 好的")
    assert chat.speakers == ("林小满3", "客服阿青", "何田田5")
    # The other way round labels stay labels, and known speakers are known before either colon.
    chat = parse_chat("林小满3：你好，怎么卖\n客服阿青: 您好\n客服阿青：请发\n电话: 138\n地址: 杭州\n林小满3：好的")
    assert chat.speakers == ("林小满3", "客服阿青")
    assert len(chat.messages) == 4


def test_a_member_without_a_name_is_known_by_the_number() -> None:
    text = "2017-02-25 10:40:20 (123456)\n你好\n\n2017-02-25 10:41:20 小红(123457)\n在\n"
    chat = parse_chat(text)
    assert [(m.speaker, m.sender_id, m.speaker_span.of(text)) for m in chat.messages] == [
        ("123456", "123456", "123456"),
        ("小红", "123457", "小红"),
    ]


def test_dates_between_the_messages_of_an_ordinary_chat_are_nobodys() -> None:
    text = "2024年1月2日 上午10:21\n甲一1：你好\n乙二2：您好\n\n—— 2024-01-03 ——\n甲一1：日期是\n2024-01-05\n记住了吗\n"
    chat = parse_chat(text)
    assert spoken(chat) == [("甲一1", "你好"), ("乙二2", "您好"), ("甲一1", "日期是\n2024-01-05\n记住了吗")]
    assert [m.body.of(text) for m in chat.messages if m.kind is MessageKind.SYSTEM] == [
        "2024年1月2日 上午10:21",
        "—— 2024-01-03 ——",
    ]


def test_a_written_chat_is_not_read_as_names_above_times() -> None:
    text = "2024-01-02 10:21:00 甲一1\n2024-01-02 10:22:00\n2024-01-02 10:23:00 乙二2\n2024-01-02 10:24:00\n"
    assert parse_chat(text).speakers == ("甲一1", "乙二2")
