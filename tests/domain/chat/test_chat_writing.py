"""Messages written as one chat are read back as they were: senders, words, times and sides."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.domain.chat import parse_chat
from core.domain.chat.chat_writing import SentMessage, write_chat
from core.domain.chat.parsed_chat import MessageKind, Role

NAMES = st.sampled_from(
    [
        "林小满3",
        "客服阿青",
        "小李:售后",
        "A B",
        "张三(12345)",
        "2024",
        "【群主】甲",
        "店长（我方）",
        "名" * 60,
        "",
        "#7",
        "付款时间",
        "来，开会",
    ]
)
LINES = st.sampled_from(
    [
        "你好",
        "电话：138",
        "林小满3：在吗",
        "2024-01-02 10:21:00 客服阿青",
        "#3 客服",
        "— 2024-01-02 —",
        "[图片]",
        "",
        "10:30",
    ]
)
TIMES = st.sampled_from(["2024-01-02T10:21:00", "2024-01-02T10:22:30", ""])
MESSAGES = st.lists(
    st.builds(
        SentMessage,
        sender=NAMES,
        text=st.lists(LINES, min_size=1, max_size=4).map("\n".join),
        time=TIMES,
        side=st.sampled_from(Role),
    ),
    min_size=1,
    max_size=8,
)


@settings(max_examples=60, deadline=None)
@given(MESSAGES)
def test_what_is_written_is_read_back(messages: list[SentMessage]) -> None:
    chat = parse_chat(write_chat(messages).text)
    read = [message for message in chat.messages if message.speaker]
    assert len(read) == len(messages)
    for message, sent in zip(read, messages, strict=True):
        assert message.time == sent.time
        words = [line.removeprefix("> ") for line in message.body.of(chat.text).split("\n") if line.strip()]
        assert words == [line for line in sent.text.split("\n") if line.strip()]
    assert len({message.speaker for message in read}) == len({sent.sender for sent in messages})


def test_two_people_of_one_name_stay_two() -> None:
    chat = parse_chat(
        write_chat(
            [
                SentMessage("张三", "我要一台", "2024-01-02T10:21:00", "wxid_a"),
                SentMessage("张三", "我不要", "2024-01-02T10:22:00", "wxid_b"),
                SentMessage("客服", "好的", "2024-01-02T10:23:00", "wxid_c", Role.STAFF),
            ]
        ).text
    )
    assert chat.speakers == ("张三[wxid_a]", "张三[wxid_b]", "客服")
    assert chat.messages[2].side is Role.STAFF


LONG = "某某建材有限公司杭州分公司客户服务部售后服务中心第三小组值班工程师王"


@pytest.mark.parametrize(
    "senders",
    [
        [("张三", "1"), ("张三", "2"), ("张三[1]", "3")],
        [("张三[1]", "3"), ("张三", "1"), ("张三", "2"), ("张三[1]", "4")],
        [("张三", "wxid_aaaaaaaaaaaaaaa_1"), ("张三", "wxid_aaaaaaaaaaaaaaa_2")],
        [("张三", "wxid_aaaaaaaaaaaaaaa_1_bbbbbbbbbbbbbbbb"), ("张三", "wxid_aaaaaaaaaaaaaaa_2_bbbbbbbbbbbbbbbb")],
        [(LONG + "小明一二三四五六七八", ""), (LONG + "小明一二三四五六九十", "")],
        [(LONG + "小明一二三四五六七八", "1"), (LONG + "小明一二三四五六九十", "2")],
        [("李四(12345)", ""), ("李四〔12345〕", ""), ("李四（12345）", "")],
        [("", "u1"), ("", "u2"), ("未知发送人[u1]", "")],
        [("", "u" * 60 + "1"), ("", "u" * 60 + "2")],
    ],
)
def test_no_two_senders_become_one_speaker(senders: list[tuple[str, str]]) -> None:
    said = [SentMessage(name, f"第{n}句", f"2024-01-02T10:{n:02}:00", one) for n, (name, one) in enumerate(senders * 2)]
    read = parse_chat(write_chat(said).text).messages
    speakers = [message.speaker for message in read]
    assert len(set(speakers)) == len(senders)
    assert speakers[: len(senders)] == speakers[len(senders) :]


def test_a_name_that_can_stay_stays() -> None:
    senders = [("张三", "1"), ("张三", "2"), ("张三[1]", "3")]
    said = [SentMessage(name, "好", f"2024-01-02T10:0{n}:00", one) for n, (name, one) in enumerate(senders)]
    assert parse_chat(write_chat(said).text).speakers[1:] == ("张三[2]", "张三[1]")


def test_what_was_changed_is_counted() -> None:
    written = write_chat([SentMessage("", "2024-01-02 10:21:00 转发的人\n你好"), SentMessage("甲", " ")])
    assert (written.quoted_lines, written.nameless, written.empty) == (1, 1, 1)
    assert [m.kind for m in parse_chat(written.text).messages] == [MessageKind.TEXT, MessageKind.TEXT]
