"""What was said and stands in no form is found at its place, and silence is kept where a form says it already."""

import json
from pathlib import Path
from typing import Any

import pytest

from core.domain.chat import Role, RoleGuess, parse_chat
from core.domain.checks import find_omissions
from core.domain.evidence import ChatIndex
from core.domain.form import FormValues, load_named_form

FORM = load_named_form()
NAME, PHONE, MAIL, ADDRESS = "基本信息-姓名", "基本信息-手机号码", "基本信息-邮箱", "基本信息-详细地址"
AMOUNT, BUDGET, WHEN, BORN = "客户预算-总体预算金额", "客户预算-预算明细", "下一步跟进计划-时间点", "基本信息-生日"

CHAT = """\
何晴2：您好，我的电话是 0571-88886666，报价 12 万元
林舟3：预算 36万 左右，我电话 139 0000 1234
周遥1：寄到云南省大理市古城路18号，邮箱 zhou.yao@example.com，生日 5月6日
何晴2：好的，下周三下午两点半给您演示
"""
ROLES = {
    "何晴2": RoleGuess(Role.STAFF, 3.0, ()),
    "林舟3": RoleGuess(Role.CUSTOMER, -3.0, ()),
    "周遥1": RoleGuess(Role.CUSTOMER, -3.0, ()),
}
ALL = [
    (AMOUNT, "36万", 0),
    (PHONE, "13900001234", 0),
    (MAIL, "zhou.yao@example.com", None),
    (ADDRESS, "云南省大理市古城路18号", None),
    (BORN, "5月6日", None),
    (PHONE, "057188886666", None),
    (WHEN, "下周三下午两点半", None),
]


def form(**changes: Any) -> FormValues:
    return {**FORM.empty(), NAME: "林舟3", **changes}


def found(*customers: FormValues, chat: str = CHAT) -> list[tuple[str, str, int | None]]:
    index = ChatIndex(parse_chat(chat), ROLES)
    every = find_omissions(FORM, index, customers)
    for one in every:
        message = index.parsed.messages[one.message]
        assert message.body.start <= one.span.start < one.span.end <= message.body.end
        if one.key != PHONE:
            assert one.span.of(chat) == one.value
    return [(one.key, one.value, one.customer) for one in every]


def test_what_customers_said_comes_first() -> None:
    assert sorted(found(form()), key=str) == sorted(ALL, key=str)
    assert [one[1] for one in found(form())[-2:]] == ["057188886666", "下周三下午两点半"]


@pytest.mark.parametrize(
    ("changes", "gone"),
    [
        ({PHONE: "139-0000-1234"}, [(PHONE, "13900001234", 0)]),
        ({AMOUNT: "360000"}, [(AMOUNT, "36万", 0)]),
        ({BUDGET: "一共 36 万，分三期"}, [(AMOUNT, "36万", 0)]),
        ({WHEN: "周三 14:30"}, [(WHEN, "下周三下午两点半", None)]),
        ({ADDRESS: "云南省大理市，古城路18号"}, [(ADDRESS, "云南省大理市古城路18号", None)]),
        ({MAIL: "别处@example.com"}, []),
    ],
)
def test_what_a_form_says_is_not_missed(changes: dict[str, Any], gone: list[Any]) -> None:
    assert set(ALL) - set(found(form(**changes))) == set(gone)


def test_what_belongs_to_another_customer_knows_whose_it_is() -> None:
    owners = {key: owner for key, _, owner in found(form(), form(**{NAME: "周遥1"}))}
    assert (owners[MAIL], owners[AMOUNT], owners[WHEN]) == (1, 0, None)


def test_prices_and_offices_of_staff_are_no_answers() -> None:
    chat = "何晴2：高级版 12800 元一年，我们在浙江省杭州市文三路100号\n林舟3：订单 20240101000，密码 88886666"
    assert found(form(), chat=chat) == []


def test_nothing_said_nothing_missed() -> None:
    assert find_omissions(FORM, ChatIndex(parse_chat("")), [form()]) == []


@pytest.mark.competition
def test_labelled_chats_are_mostly_quiet(competition: Path) -> None:
    """Advice that is given everywhere is read nowhere: at most every third labelled chat has any."""
    rows = json.loads((competition / "train.json").read_text("utf-8"))
    counts = []
    for row in rows:
        index = ChatIndex(parse_chat(row["chat_text"]))
        counts.append(len(find_omissions(FORM, index, [FORM.coerce(raw).values for raw in row["infos"]])))
    assert sum(count > 0 for count in counts) <= len(rows) / 3
    assert max(counts) <= 5


OTHERS = """\
客户12：我的电话 138 0000 1234
客户1：好的
林木森：邮箱 senlin@example.com
林木：收到
"""


@pytest.mark.parametrize(
    ("names", "owners"),
    [
        (["客户1", "林木"], {PHONE: None, MAIL: None}),
        (["客户1", "客户12", "林木", "林木森"], {PHONE: 1, MAIL: 3}),
        (["客户", "木森"], {PHONE: None, MAIL: 1}),
        (["客户十二"], {PHONE: 0, MAIL: None}),
    ],
)
def test_nobody_gets_what_another_one_with_a_longer_name_said(names: list[str], owners: dict[str, int | None]) -> None:
    gaps = found(*(form(**{NAME: name}) for name in names), chat=OTHERS)
    assert {key: customer for key, _, customer in gaps} == owners
