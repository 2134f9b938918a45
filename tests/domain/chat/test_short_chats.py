"""Chats of a few lines: labels that answer one another speak, and first lines about the chat are nobody's."""

import pytest

from core.domain.chat import MessageKind, parse_chat

SPOKEN = """\
林：T001|小王：好
林：123|小王：好
林0：T0000|小王：好0
@林：你好|小王：在
业主：漏水|物业：马上来
患者：头疼|医生：多久了
家长：孩子几点放学|老师：四点
问：多少钱|答：一百
快递员：到了|收件人：放门口|快递员：好
机器人：您好|访客：你好|人工：请讲
客户：好|客服：好|专员：我来处理|财务：已开票|客户：谢谢
学员：老师好|班主任：你好|学员：几点|班主任：八点
住户：漏水了|前台：马上到
骑手：到了|商户：好
代理人：您好|投保人：请讲
Agent: hi|Customer: hello|Agent: ok
Agent: hi|User: hello
user: hi|assistant: hello
Me: hi|Lin: hello
Visitor: hello|Agent: ok
Customer: Hello|Support: Thanks
Bot: hi|Visitor: hello|Agent: ok|Visitor: thanks
（林小满）：T001|（小王）：T002|（林小满）：T003""".split("\n")
ABOVE = [
    "系统：已接入",
    "系统: 林小满进入会话",
    "System: joined",
    "通知：明天放假",
    "群公告：本群改名",
    "主题：报价",
    "时间：2024-03-01",
    "订单号：20240301001",
    "店铺：满满旗舰店",
    "【主题】报价",
]
FIELDS = [
    "客户：张女士\n司机：王师傅",
    "客户：满满公司\n司机：王师傅\n财务：李四",
    "收件人：张三\n寄件人：李四",
    "主题：报价\n时间：2024-03-01",
    "单价：100\n数量：3",
]


def read(text: str) -> list[tuple[str, str]]:
    return [(one.speaker, one.body.of(text)) for one in parse_chat(text).messages]


def test_everybody_in_a_short_chat_speaks() -> None:
    wrong = []
    for case in SPOKEN:
        lines = case.split("|")
        mark = "：" if "：" in case else ":"
        wanted = [(line.partition(mark)[0], line.partition(mark)[2].strip()) for line in lines]
        if (got := read("\n".join(lines) + "\n")) != wanted:
            wrong.append((case, got))
    assert wrong == []


@pytest.mark.parametrize("above", ABOVE)
def test_a_first_line_about_the_chat_is_nobodys_and_counted(above: str) -> None:
    for said in (
        [("林小满", "好"), ("小王", "收到")],
        [("林小满", "你好"), ("小王", "在"), ("林小满", "好"), ("小王", "嗯")],
    ):
        text = "\n".join([above, *(f"{name}：{body}" for name, body in said)])
        assert read(text) == [("", above), *said]
        assert parse_chat(text).messages[0].kind is MessageKind.SYSTEM


def test_what_the_system_says_last_is_nobodys() -> None:
    text = "系统：林小满进入会话\n小王：您好\n林小满：在吗\n系统：会话结束"
    assert read(text) == [("", "系统：林小满进入会话"), ("小王", "您好"), ("林小满", "在吗"), ("", "系统：会话结束")]


def test_a_system_that_answers_is_a_speaker() -> None:
    text = "系统：您好，请问您要什么\n客户：退货\n系统：好的，请稍等\n客户：谢谢"
    assert parse_chat(text).speakers == ("系统", "客户")


@pytest.mark.parametrize("rule", ["---", "——————", "======", "***"])
def test_chats_parted_by_rules_have_their_speakers(rule: str) -> None:
    for first, second in ((["T001", "T002"], ["T003", "T004"]), (["你好", "在的"], ["请问", "您说"])):
        text = f"林小满：{first[0]}\n小王：{first[1]}\n\n{rule}\n\n王五：{second[0]}\n小王：{second[1]}\n"
        said = [("林小满", first[0]), ("小王", first[1]), ("", rule), ("王五", second[0]), ("小王", second[1])]
        assert read(text) == said


@pytest.mark.parametrize("text", FIELDS)
def test_short_lists_of_fields_are_nobodys(text: str) -> None:
    assert parse_chat(text).speakers == ()
