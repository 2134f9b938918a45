"""Lines that nobody says: titles above a chat, notices of the application; and names with something around them."""

import pytest

from core.domain.chat import MessageKind, parse_chat

NOTICES = [
    '"林小满" 撤回了一条消息',
    "你撤回了一条消息",
    "“林小满”邀请“阿青”加入了群聊",
    "林小满 邀请 阿青 加入了群聊",
    "阿青 拍了拍 林小满",
    '"林小满" 拍了拍我',
    "以上为打招呼的内容",
    "以上是打招呼的内容",
    '"小王"通过扫描"林小满"分享的二维码加入群聊',
    "林小满修改群名为“装修”",
    '你将"小王"移出了群聊',
    "群主已启用“群聊邀请确认”",
    "林小满 已成为新群主",
    "林小满发起了群收款",
    "消息已发出，但被对方拒收了。",
    "收到红包，请在手机上查看",
    "林小满领取了你的红包",
    "[系统消息] 群公告已更新",
    "系统消息：阿青接入会话",
    "系统提示：会话已结束",
    "客服阿青进入会话",
    "会话已结束",
    "用户已离线",
    "对方正在输入...",
]
TITLES = [
    "微信群聊：满满装修群",
    "群聊：装修群",
    "【群名称】满满装修",
    "导出时间：2024-01-02 10:00",
    "群成员：林小满、阿青",
]
SAID = [("林小满", "你好"), ("客服阿青", "您好"), ("林小满", "多少钱"), ("客服阿青", "十元")]
FORMS = ["{name}：{body}", "{name} 2024-01-02 10:2{at}\n{body}\n", "2024-01-02 10:2{at} {name}\n{body}\n"]


def written(form: str, said: list[tuple[str, str]]) -> list[str]:
    return [form.format(name=name, body=body, at=at) for at, (name, body) in enumerate(said)]


@pytest.mark.parametrize("form", FORMS)
def test_notices_are_kept_and_said_by_nobody(form: str) -> None:
    wrong = []
    for notice in NOTICES:
        lines = written(form, SAID)
        text = "\n".join([*lines[:2], notice + "\n" * form.endswith("\n"), *lines[2:]])
        messages = parse_chat(text).messages
        read = [(one.speaker, one.body.of(text)) for one in messages]
        if read != [*SAID[:2], ("", notice), *SAID[2:]] or messages[2].kind is not MessageKind.SYSTEM:
            wrong.append((notice, read))
    assert wrong == []


@pytest.mark.parametrize("form", FORMS)
def test_titles_above_a_chat_are_kept_and_said_by_nobody(form: str) -> None:
    for titles in (TITLES, *([title] for title in TITLES)):
        text = "\n".join([*titles, "", *written(form, SAID)])
        messages = parse_chat(text).messages
        assert [(one.speaker, one.body.of(text)) for one in messages if one.speaker] == SAID
        above = [one for one in messages if not one.speaker]
        assert "".join(one.span.of(text) for one in above).split("\n")[: len(titles)] == titles
        assert {one.kind for one in above} == {MessageKind.SYSTEM}


def test_somebody_who_is_called_like_a_title_speaks() -> None:
    text = "成员：你好\n客服阿青：您好\n成员：多少钱\n客服阿青：十元"
    assert [one.speaker for one in parse_chat(text).messages] == ["成员", "客服阿青", "成员", "客服阿青"]


@pytest.mark.parametrize("name", ["系统消息", "系统提示", "系统通知"])
def test_the_application_is_no_speaker_even_under_a_header(name: str) -> None:
    said = [*SAID[:2], (name, '"小王" 撤回了一条消息'), *SAID[2:]]
    for form in FORMS:
        text = "\n".join(written(form, said))
        assert parse_chat(text).speakers == ("林小满", "客服阿青")
        assert [one.body.of(text) for one in parse_chat(text).messages if one.speaker] == [body for _, body in SAID]


DECORATED = (
    "🌸小满🌸|【店长】王|【客服】小满|小满🌙晚安|A00装修-老李|A.小满|0小满0|-小满-|*小满*|小满~|小满_01|王五(备注)|[玫瑰]小满|"
    "（店长）王|ʚ小满ɞ|🌸|...|小满/装修|A-小满丨装修|13800001111|2024小满|1号客服|AAA建材王总13800001111|小满(3栋502)|3-502小满|"
    "A00 装修-老李|小满 Lin|Dr. Wang|满 满|A 小 满|3栋2单元502 小满|小满 138"
).split("|")
OF_LINES = ["@小满", "<小满>", "《小满》", "「小满」", "#小满", "1.小满", "A:小满"]
HEADERS = [
    "{name} 2024-01-02 10:2{at}:00\n{body}\n",
    "2024-01-02 10:2{at}:00 {name}\n{body}\n",
    "{name}  10:2{at}\n{body}\n",
    "{name} 2024-01-02 10:2{at} 已读\n{body}\n",
    "{name} 2024-01-02 10:2{at}（已编辑）\n{body}\n",
]


def test_decorated_names_speak() -> None:
    wrong = []
    for name in (*DECORATED, *OF_LINES):
        said = [(name if who == "林小满" else who, body) for who, body in [*SAID, SAID[0]]]
        forms = (
            ["{name}：{body}"] if name in OF_LINES else ["{name}：{body}", "{name}: {body}", "{name}:{body}", *HEADERS]
        )
        for form in forms:
            text = "\n".join(written(form, said))
            read = [(one.speaker, one.body.of(text)) for one in parse_chat(text).messages]
            if read != said:
                wrong.append((form, name, read))
    assert wrong == []


def test_nicknames_that_end_as_sentences_do_speak_beside_whole_dates() -> None:
    for name in ("小满。", "。", "在吗？"):
        said = [(name if who == "林小满" else who, body) for who, body in SAID]
        text = "\n".join(written(HEADERS[0], said))
        assert [one.speaker for one in parse_chat(text).messages] == [who for who, _ in said]


def test_titles_of_qq_are_no_part_of_a_name_and_others_tell_people_apart() -> None:
    text = "\n".join(written(HEADERS[1], [("【管理员】小满(10001)", "一"), ("【店长】王", "二"), ("【客服】王", "三")]))
    assert parse_chat(text).speakers == ("小满", "【店长】王", "【客服】王")


@pytest.mark.parametrize(
    "text", ["姓名：甲\n电话：1\n姓名：乙\n电话：2", "型号：A\n价格：1\n型号：B\n价格：2\n型号：C\n价格：3"]
)
def test_labels_that_come_back_are_nobody(text: str) -> None:
    assert parse_chat(text).speakers == ()
