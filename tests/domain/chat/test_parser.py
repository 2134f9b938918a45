"""Taking chats apart: offsets, quotations, kinds, mentions, and texts that are no chats at all."""

import sys
from types import FrameType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.domain.chat import MessageKind, ParsedChat, parse_chat

CHAT_BITS = st.sampled_from(
    [
        "小李：",
        "王女士：",
        "：",
        ":",
        "\n",
        "\r\n",
        "\r",
        "这是一条引用/回复消息：\n",
        '"小李：\n',
        '"\n------\n',
        "「小李：好」\n- - - - - -\n",
        "@小李\u2005",
        "[图片]",
        "\" data-sheet-href='",
        '" style="color: red" >',
        "会议时间：",
        "😀",
        "￼",
        " ",
        "好的",
    ]
)


def rebuilt(parsed: ParsedChat) -> str:
    return "".join(span.of(parsed.text) for span in parsed.all_spans)


@settings(deadline=None)
@given(st.text())
def test_any_text_comes_back(text: str) -> None:
    assert rebuilt(parse_chat(text)) == text


@settings(deadline=None)
@given(st.lists(CHAT_BITS, max_size=40).map("".join))
def test_any_chat_like_text_comes_back_with_everything_inside_its_message(text: str) -> None:
    parsed = parse_chat(text)
    assert rebuilt(parsed) == text
    for index, message in enumerate(parsed.messages):
        assert message.index == index
        assert message.speaker_span.of(text) == message.speaker
        inner = [message.speaker_span, message.body]
        if message.quote:
            inner += [message.quote.span]
            assert message.quote.span.start <= message.quote.text_span.start
            assert message.quote.text_span.end <= message.quote.span.end <= message.body.start
        for span in inner:
            assert message.span.start <= span.start <= span.end <= message.span.end


@pytest.mark.parametrize("text", ["", "\n", "\n\n\n", "\r\n\r\n", "   ", "没有说话人的一段文字", "：：：", "\ufeff"])
def test_texts_without_speakers(text: str) -> None:
    parsed = parse_chat(text)
    assert rebuilt(parsed) == text
    assert parsed.speakers == ()
    assert len(parsed.messages) == (1 if text else 0)


def test_messages_have_exact_offsets() -> None:
    text = "\n小李：您好\r\n王女士： 在的 \n王女士：第一行\n第二行\n小李：[图片]"
    parsed = parse_chat(text)
    assert [(m.speaker, m.body.of(text), m.kind.value) for m in parsed.messages] == [
        ("小李", "您好", "text"),
        ("王女士", "在的", "text"),
        ("王女士", "第一行\n第二行", "text"),
        ("小李", "[图片]", "image"),
    ]
    assert parsed.messages[0].span == (0, 8)
    assert parsed.messages[0].speaker_span == (1, 3)
    assert parsed.conversation == text


def test_lines_before_the_first_speaker_are_nobodys() -> None:
    parsed = parse_chat("（接上文）明天再说\n小李：好的\n王女士：收到")
    assert [m.speaker for m in parsed.messages] == ["", "小李", "王女士"]


def test_quote_mark_of_a_csv_cell_is_not_part_of_the_first_name() -> None:
    parsed = parse_chat('"小李：您好\n王女士：在吗\n小李：在的')
    assert parsed.speakers == ("小李", "王女士")
    assert parsed.messages[0].speaker_span == (1, 3)


def test_half_width_colon_separates_only_where_the_full_width_one_does_not() -> None:
    assert parse_chat("小李: 您好\n王女士: 几点\n小李: 9:30").speakers == ("小李", "王女士")
    assert parse_chat("小李：您好\n王女士：密码如下\nuser: admin\n小李：好的").speakers == ("小李", "王女士")


@pytest.mark.parametrize("end", ["\n", "\r", "\r\n", "\r\r\n", "\n\n"])
@pytest.mark.parametrize("colon", ["：", ":", ": "])
@pytest.mark.parametrize("words", ["XL 1299 杭州", "在吗 您好 好的", "T001 T002 T003"])
def test_people_who_open_every_line_speak_whatever_they_say_and_whatever_ends_lines(
    end: str, colon: str, words: str
) -> None:
    said = list(zip(["张三", "李四", "张三"], words.split(), strict=True))
    text = end.join(f"{name}{colon}{word}" for name, word in said)
    assert [(one.speaker, one.body.of(text)) for one in parse_chat(text).messages] == said


def test_announced_quotation() -> None:
    asked = "多少钱\n含安装吗"
    text = f'王女士：{asked}\n小李：这是一条引用/回复消息：\n"王女士：\n{asked}"\n------\n含的\n王女士：好的'
    parsed = parse_chat(text)
    assert [m.speaker for m in parsed.messages] == ["王女士", "小李", "王女士"]
    quote = parsed.messages[1].quote
    assert quote is not None
    assert quote.speaker == "王女士"
    assert quote.text_span.of(text) == asked
    assert quote.span.of(text).startswith("这是一条引用") and quote.span.of(text).endswith("------\n")
    assert parsed.messages[1].body.of(text) == "含的"


@pytest.mark.parametrize(
    ("block", "speaker", "words"),
    [
        ('这是一条引用/回复消息：\n"王女士: 原文"\n------\n', "王女士", "原文"),
        ("这是一条引用/回复消息：\n“王女士: \n原文”\n------\n", "王女士", "原文"),
        ('这是一条引用/回复消息：\n"王女士\n原文"\n------\n', "王女士", "原文"),
        ('这是一条引用/回复消息：\n"王女士(王女士 某某家居·客户)：\n原文"\n------\n', "王女士", "原文"),
        ('这是一条引用/回复消息：\n""王女士：\n原文""\n------\n', "王女士", "原文"),
        ('这是一条引用/回复消息：\n"[图片]"\n------\n', "", "[图片]"),
        ('This is a quote/reply:\n"王女士：\n原文"\n------\n', "王女士", "原文"),
        ("「王女士：原文」\n- - - - - - - - - - - - - - -\n", "王女士", "原文"),
        ('"王女士 某某家居·客户: 原文"\n- - - - - - - - - - -\n', "王女士", "原文"),
        (
            '这是一条引用/回复消息：\n"王女士：\n「小李：原价」\n- - - - - -\n原文"\n------\n',
            "王女士",
            "「小李：原价」\n- - - - - -\n原文",
        ),
    ],
)
def test_shapes_of_quotations(block: str, speaker: str, words: str) -> None:
    text = f"小李：原价\n王女士：原文\n小李：{block}答复\n王女士：嗯"
    parsed = parse_chat(text)
    message = parsed.messages[2]
    assert message.quote is not None
    assert (message.quote.speaker, message.quote.text_span.of(text)) == (speaker, words)
    assert message.body.of(text) == "答复"
    assert parsed.speakers == ("小李", "王女士")


def test_fields_inside_a_quotation_are_not_messages() -> None:
    text = '王女士：您好\n小李：这是一条引用/回复消息：\n"王女士：\n姓名：王\n陈总：抄送"\n------\n收到\n王女士：好'
    assert parse_chat(text).speakers == ("王女士", "小李")


def test_quotation_without_dashes_ends_at_its_mark() -> None:
    text = '王女士：在吗\n小李：这是一条引用/回复消息：\n"王女士：\n在吗"\n王女士：在不在\n小李：在'
    parsed = parse_chat(text)
    assert [m.speaker for m in parsed.messages] == ["王女士", "小李", "王女士", "小李"]
    assert parsed.messages[1].quote is not None


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ("[图片]", MessageKind.IMAGE),
        ("[图片][图片]", MessageKind.IMAGE),
        ("[文件]", MessageKind.FILE),
        ("[报价单 v2.xlsx]", MessageKind.FILE),
        ("[链接]", MessageKind.LINK),
        ("https://example.com/a?b=1", MessageKind.LINK),
        ("看这个 https://example.com/a", MessageKind.TEXT),
        ("[视频]", MessageKind.VIDEO),
        ("[语音]", MessageKind.VOICE),
        ("[撤回消息]", MessageKind.RECALL),
        ("[玫瑰]", MessageKind.STICKER),
        ("[抱拳][抱拳]", MessageKind.STICKER),
        ("[OK]", MessageKind.STICKER),
        ("好的[OK]", MessageKind.TEXT),
        ("[会话记录消息]", MessageKind.OTHER),
        ("[位置]", MessageKind.OTHER),
        ("我通过了你的联系人验证请求，现在我们可以开始聊天了", MessageKind.SYSTEM),
        ("[2024年报价含税", MessageKind.TEXT),
    ],
)
def test_kinds(body: str, kind: MessageKind) -> None:
    assert parse_chat(f"小李：您好\n王女士：{body}\n小李：好的").messages[1].kind is kind


def test_system_lines_are_nobodys() -> None:
    parsed = parse_chat('小李：您好\n"小李"邀请"王女士"加入了群聊\n王女士：在吗\n小李：在的')
    assert [(m.speaker, m.kind) for m in parsed.messages][1] == ("", MessageKind.SYSTEM)
    assert [m.speaker for m in parsed.messages] == ["小李", "", "王女士", "小李"]


@pytest.mark.parametrize(
    ("body", "mentions"),
    [
        ("@小李\u2005在吗", ("小李",)),
        ("@小李 在吗", ("小李",)),
        ("@小李", ("小李",)),
        ("@小李在吗", ("小李",)),
        ("@客服 9:00-18:00在线 在吗", ("客服 9:00-18:00在线",)),
        ("@小陈 某某科技·小店管家\u2005看下", ("小陈",)),
        ("@小李 @老王\u2005@小李", ("小李", "老王")),
        ("发我 mei@example.com", ()),
        ("@", ()),
        ("@@小李 在吗", ("小李",)),
    ],
)
def test_mentions(body: str, mentions: tuple[str, ...]) -> None:
    text = f"小李：您好\n客服 9:00-18:00在线：[图片]\n王女士：{body}\n小李：好的"
    assert parse_chat(text).messages[2].mentions == mentions


def _calls(text: str) -> int:
    """Python function calls that parsing a text takes: a measure that does not depend on the machine."""
    count = 0

    def watch(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal count
        count += event in {"call", "c_call"}

    before = sys.getprofile()
    sys.setprofile(watch)
    try:
        parse_chat(text)
    finally:
        sys.setprofile(before)
    return count


@pytest.mark.parametrize(
    "unit",
    [
        "：",
        "：\n",
        '"',
        '"\n',
        "「\n",
        "@",
        "甲：@甲",
        "甲：这是一条引用/回复消息：\n",
        '"甲：\n',
        "------\n",
        "甲：「\n",
        "名称：1\n",
        "\" data-sheet-href='x' ",
        '" style="a" >',
        "小李：好的\n王女士：@小李 这个多少钱\n",
    ],
)
def test_work_grows_no_faster_than_the_text(unit: str) -> None:
    parse_chat(unit * 400)  # fills caches
    small, large = _calls(unit * 400), _calls(unit * 1600)
    assert large <= 4.4 * small + 200


@pytest.mark.parametrize("unit", ["：", '"', "@", "「", "[", "n：\n", '" title="x"', "- ", " ", "\n"])
def test_a_hundred_thousand_of_the_same(unit: str) -> None:
    text = unit * 100_000
    assert rebuilt(parse_chat(text)) == text
