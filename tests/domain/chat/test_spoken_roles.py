"""Speakers who are called by a role or a letter, which are labels elsewhere."""

import pytest

from core.domain.chat import parse_chat
from core.domain.chat.unread_headers import unspoken_openings

SAID = ["空调坏了，怎么修", "好的，请提供地址", "幸福路8号", "收到", "谢谢"]
PAIRS = (
    "客户/客服|A/B|医生/患者|患者/医生|家长/老师|学生/老师|学员/教练|司机/乘客|乘客/司机|甲/乙|甲方/乙方|用户/商家|买家/卖家|"
    "访客/坐席|客户/阿青|客户/林小满3|问/答|Q/A|收件人/客服|负责人/客户|对接人/经办人|客户1/客服1|客户A/客服B|User/Assistant|"
    "我/对方|业主/设计师|孩子/家长|病人/护士|机器人/客户|[客户]/[客服]|（客户）/（客服）|发言人1/发言人2"
).split("|")
FORMS = ["{name}：{body}", "{name}:{body}", "{name}: {body}", " {name} ： {body}", "{name}：{body}\n"]
LISTS = ["{number}. {name}：{body}", "- {name}：{body}", "**{name}**：{body}", "{name}：\n{body}\n"]


def written(form: str, said: list[tuple[str, str]]) -> str:
    return "\n".join(form.format(name=name, body=body, number=at) for at, (name, body) in enumerate(said, start=1))


@pytest.mark.parametrize("form", FORMS + LISTS)
def test_two_roles_that_take_turns_speak(form: str) -> None:
    wrong = []
    for pair in PAIRS:
        if form is LISTS[-1] and pair.startswith("收件人"):
            continue  # the head of a mail
        first, second = pair.split("/")
        said = list(zip([first, second, first, second, first], SAID, strict=True))
        text = written(form, said)
        read = [(one.speaker, one.body.of(text)) for one in parse_chat(text).messages]
        if read != said:
            wrong.append((pair, read))
    assert wrong == []


@pytest.mark.parametrize("pair", ["客户/客服", "A/B", "医生/患者", "客户/阿青"])
def test_one_message_of_each_is_enough_where_they_talk(pair: str) -> None:
    first, second = pair.split("/")
    assert parse_chat(f"{first}：你好\n{second}：您好").speakers == (first, second)


def test_three_roles_and_messages_of_several_lines() -> None:
    text = (
        "群聊：维修群\n机器人：您好，请问有什么可以帮您？\n客户：空调坏了\n客户：怎么修\n客服：您好，请填写：\n姓名：\n电话：\n"
        "客户：姓名：张三\n电话：13800000000\n客服：收到，师傅明天上门\n客户：好的"
    )
    read = [(one.speaker, one.body.of(text)) for one in parse_chat(text).messages if one.speaker]
    assert [speaker for speaker, _ in read] == ["机器人", "客户", "客户", "客服", "客户", "客服", "客户"]
    assert read[3][1] == "您好，请填写：\n姓名：\n电话："
    assert read[4][1] == "姓名：张三\n电话：13800000000"


def test_two_labels_that_talk_in_turn_speak() -> None:
    text = "问题：请问怎么退货\n回复：您好，七天内可以退\n问题：运费谁出呢\n回复：您好，我们出\n问题：谢谢\n"
    assert parse_chat(text).speakers == ("问题", "回复")


@pytest.mark.parametrize(
    "text",
    [
        "价格：10元，包邮\n运费：5元\n价格：8元，送给您\n运费：6元\n价格：9元",
        "客户：张三\n客服：李四\n客户：王五\n客服：赵六",
        "客户：张女士\n司机：王师傅\n联系人：李总",
        "收货人：张三\n收件人：李四\n寄件人：王五",
        "型号：A\n价格：1\n型号：B\n价格：2",
        "姓名：甲\n电话：1\n姓名：乙\n电话：2",
        "甲方：某某公司\n乙方：某某科技有限公司\n甲方：\n乙方：",
    ],
)
def test_fields_that_name_roles_are_nobody(text: str) -> None:
    assert parse_chat(text).speakers == ()


@pytest.mark.parametrize(
    "above", ["2024-01-02", "聊天记录", "以下为客户沟通记录\n", "张三的会话", "群聊：维修群", "—— 2024-01-02 ——\n"]
)
def test_titles_and_dates_above_roles_are_nobodys(above: str) -> None:
    text = f"{above}\n客户：空调坏了\n客服：您好\n2024-01-03\n客户：多少钱\n客服：100元\n"
    said = [(one.speaker, one.body.of(text)) for one in parse_chat(text).messages if one.speaker]
    assert said == [("客户", "空调坏了"), ("客服", "您好"), ("客户", "多少钱"), ("客服", "100元")]


@pytest.mark.parametrize(
    ("text", "speakers"),
    [
        ("user: hello\nassistant: hi, how can I help?\nuser: my AC is broken\nassistant: ok", ("user", "assistant")),
        ("客户:1\n客服:您好\n客户:2\n客服:好的\n", ("客户", "客服")),
        ("客服：您好，欢迎\n地址：杭州\n客户：姓名：张三\n地址：上海\n客服：好的\n客户：谢谢\n", ("客服", "客户")),
    ],
)
def test_roles_speak_in_english_in_numbers_and_among_fields(text: str, speakers: tuple[str, ...]) -> None:
    assert parse_chat(text).speakers == speakers


@pytest.mark.parametrize(
    "sent",
    [
        "常见问题\nQ：怎么退货？\nA：您好，七天内可退\nQ：运费谁出？\nA：您出",
        "请看\n客户：杭州某某公司，做电商的\n对接人：李总，您直接联系他\n需求：想了解一下价格，您看看",
        "选哪个呢\nA：好吃的\nB：您喜欢的\nC：都行",
    ],
)
def test_questions_and_fields_in_a_message_are_its_words(sent: str) -> None:
    text = f"王总：把资料发下\n客服小王：{sent}\n王总：收到\n客服小王：{sent}\n王总：好的，谢谢\n客服小王：不客气"
    said = [(one.speaker, one.body.of(text)) for one in parse_chat(text).messages]
    assert said[1] == said[3] == ("客服小王", sent)


def test_a_role_in_what_somebody_sends_is_a_label() -> None:
    text = (
        "林小满3：帮我登记一下\n客服阿青：好的，请填写\n客户：\n司机：\n电话：\n林小满3：客户：张三，已付款\n司机：李师傅\n电话：138\n"
        "客服阿青：收到\n客户：张三\n司机：李师傅，您核对一下\n林小满3：对的"
    )
    assert parse_chat(text).speakers == ("林小满3", "客服阿青")


@pytest.mark.parametrize(
    ("text", "speakers"),
    [
        ("Q：怎么退货\nA：七天内都可以\n林小满：谢谢\nQ：多久到\nA：三天", ("Q", "A", "林小满")),
        ("问：怎么退货\n答：七天内都可以\n林小满：谢谢\n问：多久到\n答：三天", ("问", "答", "林小满")),
        (
            "林小满：你好\nQ：怎么退货？\nA：七天内都可以。\n林小满：谢谢\nQ：多久到？\nA：三天左右",
            ("林小满", "Q", "A"),
        ),
        ("Q：你好\n客服阿青：您好\nQ：怎么退货？\n客服阿青：七天内都可以。\nQ：谢谢", ("Q", "客服阿青")),
        # A list of questions that one person sends is what he says.
        ("客服阿青：常见问题如下\nQ：怎么退货？\nA：七天内都可以。\nQ：多久到？\nA：三天左右", ("客服阿青",)),
        ("林小满3：想问一下\n问：怎么退货？\n答：七天内。\n问：多久到？\n答：三天\n林小满3：谢谢", ("林小满3",)),
    ],
)
def test_questions_and_answers_beside_one_named_person(text: str, speakers: tuple[str, ...]) -> None:
    assert parse_chat(text).speakers == speakers


@pytest.mark.parametrize(
    ("text", "speakers"),
    [
        ("林：T0001\n小王：好", ("林", "小王")),
        ("@林：你好\n小王：在", ("@林", "小王")),
        ("系统：已接入\n林小满：你好\n小王：在", ("林小满", "小王")),
        ("业主：漏水\n物业：马上来", ("业主", "物业")),
        ("机器人：您好\n访客：你好\n人工：请讲", ("机器人", "访客", "人工")),
        ("学员：几点上课\n班主任：下午两点\n学员：好的\n班主任：不见不散", ("学员", "班主任")),
        ("主题：开会\n地点：杭州\n小王：好的，收到\n型号：一号", ()),
    ],
)
def test_who_begins_speaks_and_so_do_roles_between_others(text: str, speakers: tuple[str, ...]) -> None:
    assert parse_chat(text).speakers == speakers


def test_lines_with_other_names_are_counted_where_they_are_many() -> None:
    assert unspoken_openings(parse_chat("小王：好的\n客服：在\n物流：已发货\n小王：嗯")) == [3]
    many = "小王：好的，收到\n林小满：谢谢\n" * 4
    assert unspoken_openings(parse_chat(many)) == []
