"""Who a message is from and to."""

from core.domain.chat import Role, RoleGuess, parse_chat
from core.domain.evidence import ChatIndex, locate
from core.domain.evidence.exchanges import exchanges, same_person
from core.domain.form import load_named_form

STAFF, CUSTOMER = RoleGuess(Role.STAFF, 3.0, ()), RoleGuess(Role.CUSTOMER, -3.0, ())
ROLES = {"何晴2": STAFF, "沈墨5": STAFF, "林舟3": CUSTOMER, "周遥1": CUSTOMER}

CHAT = """\
林舟3：多少钱
何晴2：您好
沈墨5：@林舟3 一年两万
周遥1：能便宜吗
何晴2：可以
沈墨5：这是一条引用/回复消息：
"林舟3: 多少钱"
------
已发
何晴2：@真名 收到
"""


def test_staff_answer_the_customer_who_spoke_last_unless_they_name_one() -> None:
    assert exchanges(parse_chat(CHAT), ROLES) == (
        ("林舟3",),
        ("何晴2", "林舟3"),
        ("沈墨5", "林舟3"),
        ("周遥1",),
        ("何晴2", "周遥1"),
        ("沈墨5", "林舟3"),
        ("何晴2", "林舟3"),
    )


def test_without_roles_only_who_is_named_counts() -> None:
    assert exchanges(parse_chat(CHAT))[4] == ("何晴2",)
    assert exchanges(parse_chat("")) == ()


def test_long_silence_ends_an_exchange() -> None:
    lines = ["林舟3：在吗", *[f"何晴2：通知 {n}" for n in range(20)]]
    found = exchanges(parse_chat("\n".join(lines)), ROLES)
    assert found[12] == ("何晴2", "林舟3")
    assert found[13] == ("何晴2",)


def test_same_person() -> None:
    assert same_person("林舟", "林舟3")
    assert not same_person("林", "林舟3")


def test_of_two_places_the_answer_to_the_customer_comes_first() -> None:
    form = load_named_form()
    when = "下一步跟进计划-时间点"
    chat = "周遥1：什么时候\n何晴2：周三上午十点\n林舟3：我呢\n何晴2：周三上午十点"
    index = ChatIndex(parse_chat(chat), ROLES)
    values = {**form.empty(), when: "周三上午十点"}
    assert locate(form, index, values, "林舟3")[when].messages == (3, 1)
    assert locate(form, index, values, "周遥1")[when].messages == (1, 3)


def test_the_places_of_a_longer_name_are_not_near() -> None:
    form = load_named_form()
    place = "基本信息-地区"
    chat = (
        "林木森：我在大理\n客户12：我在丽江\n林木：我也去过大理\n客户1：丽江好玩\n陶然乡-邱总：我在昆明\n客户12：昆明"
    )
    index = ChatIndex(parse_chat(chat), {})

    def messages(name: str, city: str, *others: str) -> tuple[int, ...]:
        return locate(form, index, {**form.empty(), place: city}, name, others)[place].messages

    assert messages("林木", "大理") == (2, 0)
    assert messages("林木森", "大理") == (0, 2)
    assert messages("客户1", "丽江") == (3, 1)
    assert messages("客户", "丽江") == (1, 3), "two have this part: nobody's messages are preferred"
    assert messages("邱总", "昆明") == (4, 5)
    assert messages("邱总", "昆明", "陶然乡-邱总") == (4, 5)
    prefixed = ChatIndex(parse_chat("客户1：我在大理\n公司-林木森：我在大理\n客户1：谢谢"), {})
    values = {**form.empty(), place: "大理"}
    assert locate(form, prefixed, values, "公司-林木")[place].messages == (0, 1), "a namesake's messages are not near"


def test_a_mention_of_a_part_that_two_have_names_nobody() -> None:
    chat = "林舟3：在吗\n林舟5：在\n何晴2：@林舟 好\n林舟3：@何晴2 收到\n沈墨5：@林舟5 稍等"
    assert exchanges(parse_chat(chat)) == (("林舟3",), ("林舟5",), ("何晴2",), ("林舟3", "何晴2"), ("沈墨5", "林舟5"))


def test_a_mention_is_not_cut_within_its_number() -> None:
    chat = "客户1：在吗\n何晴2：@客户12 您好\n何晴2：@客户1您好"
    assert [message.mentions for message in parse_chat(chat).messages] == [(), ("客户12",), ("客户1",)]
    assert exchanges(parse_chat(chat)) == (("客户1",), ("何晴2",), ("何晴2", "客户1"))
