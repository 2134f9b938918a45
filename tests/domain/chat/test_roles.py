"""Role guesses: who sells and who buys, with reasons, in chats of several trades and in thin ones."""

import pytest

from core.domain.chat import Role, guess_roles, parse_chat
from tests.domain.chat.test_trades import CHATS

SIDES = {
    "家装": ({"周女士"}, {"设计师小林"}),
    "教育": ({"李浩然爸爸（高二3班）"}, {"学而优·班主任Lucy"}),
    "医美": ({"茉莉花开🌸"}, {"美莱 医助阿May"}),
    "物流": ({"王总"}, {"顺达物流 小陈 8:00-22:00"}),
    "汽车": ({"~风一样的男子~"}, {"比亚迪4S-销售顾问小吴"}),
    "软件": ({"钱多多"}, {"云客服007"}),
    "旅游": ({"Grace"}, {"康辉旅行社　小雅"}),
    "保险": ({"林姐"}, {"平安-郭峰"}),
}


@pytest.mark.parametrize("trade", SIDES)
def test_sides(trade: str) -> None:
    customers, staff = SIDES[trade]
    guesses = guess_roles(parse_chat(CHATS[trade][0]))
    assert {name for name in customers if guesses[name].role is Role.CUSTOMER} == customers
    assert {name for name in staff if guesses[name].role is Role.STAFF} == staff


def test_reasons_speak_for_the_guess() -> None:
    guesses = guess_roles(
        parse_chat("王女士：请问怎么收费\n小李：您好，我是这边的客服，稍等给您发报价\n王女士：好的 谢谢")
    )
    assert guesses["王女士"].role is Role.CUSTOMER and guesses["王女士"].score < 0
    assert guesses["小李"].role is Role.STAFF and guesses["小李"].score > 0
    assert "问价格" in guesses["王女士"].reasons
    assert "用“您”称呼对方" in guesses["小李"].reasons


def test_known_staff_are_staff_and_do_not_turn_the_others() -> None:
    parsed = parse_chat("小李：这个怎么弄\n小李：收到\n小李：谢谢\n小陈：您点设置\n小陈：您再试试\n小陈：好了吗")
    guesses = guess_roles(parsed, known_staff={"小李", "不在群里"})
    assert guesses["小李"].role is Role.STAFF
    assert guesses["小李"].reasons[0] == "在已知客服名单中"
    assert guesses["小陈"].role is Role.STAFF
    assert list(guesses) == ["小李", "小陈"]


@pytest.mark.parametrize("text", ["", "没有人说话", "\n"])
def test_nobody(text: str) -> None:
    assert guess_roles(parse_chat(text)) == {}


def test_somebody_who_said_nothing_telling_stays_unknown() -> None:
    guess = guess_roles(parse_chat("小李：[图片]\n小李：[图片]"))["小李"]
    assert guess.role is Role.UNKNOWN
    assert guess.reasons == ("说得太少，看不出",)


def test_one_person_who_advertises_to_nobody() -> None:
    text = "小李：各位老板早上好，限时优惠，欢迎咨询\n小李：[链接]\n小李：各位老板，最后2天，扫码领福利"
    assert guess_roles(parse_chat(text))["小李"].role is Role.STAFF


def test_quoted_words_are_not_held_against_the_one_who_quotes() -> None:
    text = '王女士：多少钱\n小李：这是一条引用/回复消息：\n"王女士：\n多少钱"\n------\n您好，500元/年\n王女士：好'
    assert "问价格" not in guess_roles(parse_chat(text))["小李"].reasons


def test_a_title_in_the_name_outweighs_a_few_words() -> None:
    chat = parse_chat(
        "唐果4：我们想换一套 CRM\n客服-小叶：可以先看演示，周五下午三点方便吗\n唐果4：可以，邮箱 tang@example.com\n"
    )
    guesses = guess_roles(chat)
    assert {name: guess.role for name, guess in guesses.items()} == {"唐果4": Role.CUSTOMER, "客服-小叶": Role.STAFF}
    assert "名字里写着客服一方的职务" in guesses["客服-小叶"].reasons
