"""What looks wrong is said once, at its field, as a warning or a hint; what is right is left alone."""

from collections import Counter
from typing import Any

import pytest

from core.domain import entities
from core.domain.chat import Role, RoleGuess, parse_chat
from core.domain.checks import check
from core.domain.checks.form_warning import FormWarning, Level
from core.domain.form import Form, FormValues, load_named_form

FORM = load_named_form()
NAME, PHONE, MAIL = "基本信息-姓名", "基本信息-手机号码", "基本信息-邮箱"
WHEN, TODO, BORN, AMOUNT = "下一步跟进计划-时间点", "下一步跟进计划-具体事项", "基本信息-生日", "客户预算-总体预算金额"
STAFF, STAGE, INTENT = "下一步跟进计划-参与人", "客户购买阶段", "客户是否有意向"
ENOUGH, DOUBTS, BUDGET = "客户预算-预算是否充足", "购买异议点", "客户预算-预算明细"

CHAT = parse_chat("何晴2：您好\n林舟3：你好\n周遥1：我是采购\n江月7：在的")
ROLES = {
    "何晴2": RoleGuess(Role.STAFF, 3.0, ("自我介绍为客服",)),
    "江月7": RoleGuess(Role.STAFF, 0.4, ()),
    "林舟3": RoleGuess(Role.CUSTOMER, -3.0, ("询问价格",)),
    "周遥1": RoleGuess(Role.CUSTOMER, -0.5, ()),
}


def form(**changes: Any) -> FormValues:
    return {**FORM.empty(), NAME: "林舟3", **changes}


def remarks(*customers: FormValues, **more: Any) -> list[FormWarning]:
    return check(FORM, CHAT, ROLES, customers, **more)


def test_a_good_form_is_left_alone() -> None:
    good = form(
        **{PHONE: "13900001234", MAIL: "zhou@example.com", STAFF: ["何晴2、江月7"], STAGE: "赢单", INTENT: "有意向"}
    )
    assert remarks(good, form(**{NAME: "周遥1"}), form(**{NAME: ""})) == []
    assert remarks() == []


@pytest.mark.parametrize(
    "phone",
    [
        "13900001234",
        "139 0000 1234",
        "139-0000-1234",
        "+86 13900001234",
        "14100000000",  # out of range, as the anonymiser makes them
        "0571-88886666",
        "010 62345678",
        "88886666",
        "400-820-8820",
        "13900001234、13900005678",
        "13900001234 13900005678",
        "+1 650 253 0000",
    ],
)
def test_phones(phone: str) -> None:
    assert remarks(form(**{PHONE: phone})) == []


@pytest.mark.parametrize("phone", ["1390000123", "139000012345", "林舟3", "10086", "微信同号", "138****1234"])
def test_not_phones(phone: str) -> None:
    (said,) = remarks(form(**{PHONE: phone}))
    assert (said.key, said.level) == (PHONE, Level.WARNING)
    assert phone in said.text


def test_only_the_wrong_one_of_two_phones_is_named() -> None:
    (said,) = remarks(form(**{PHONE: "13900001234，1390000"}))
    assert "「1390000」" in said.text


@pytest.mark.parametrize(
    ("mail", "right"),
    [
        ("zhou.yao+1@mail.example.com", True),
        ("a@example.cn、b@example.cn", True),
        ("zhou@example", False),
        ("zhou.example.com", False),
        ("[zhou@example.com](mailto:zhou@example.com)", False),
    ],
)
def test_mails(mail: str, right: bool) -> None:
    assert ([said.key for said in remarks(form(**{MAIL: mail}))] == []) is right


@pytest.mark.parametrize(
    ("key", "value", "right"),
    [
        (BORN, "2月29日", True),
        (BORN, "1990年2月29日", False),
        (BORN, "13月1日", False),
        (BORN, "4月31号", False),
        (BORN, "属虎", True),
        (WHEN, "下周五 13:30", True),
        (WHEN, "2024-01-01 16:46:49", True),
        (WHEN, "2023/11/31", False),
        (WHEN, "周五 25:00", False),
        (AMOUNT, "36万", True),
        (AMOUNT, "三十六万左右", True),
        (AMOUNT, "未提及", False),
    ],
)
def test_dates_and_amounts(key: str, value: str, right: bool) -> None:
    said = remarks(form(**{key: value, TODO: "回访"}))
    assert [one.key for one in said] == ([] if right else [key])
    assert all(one.level is (Level.HINT if key == AMOUNT else Level.WARNING) for one in said)


def test_staff_as_customer() -> None:
    (said,) = remarks(form(**{NAME: "何晴2"}))
    assert (said.key, said.level) == (NAME, Level.WARNING)
    assert "自我介绍为客服" in said.text
    (unsure,) = remarks(form(**{NAME: "江月7"}))
    assert unsure.level is Level.HINT


def test_a_name_that_never_speaks() -> None:
    (said,) = remarks(form(**{NAME: "林舟"}))
    assert (said.key, said.level) == (NAME, Level.HINT)


def test_a_customer_twice() -> None:
    (said,) = remarks(form(), form())
    assert (said.customer, said.key, said.level) == (1, NAME, Level.WARNING)


def test_customers_among_the_staff() -> None:
    said = remarks(form(**{NAME: "周遥1", STAFF: ["何晴2、周遥1", "林舟3"]}))
    assert [(one.key, one.level) for one in said] == [(STAFF, Level.HINT), (STAFF, Level.HINT)]
    assert "周遥1" in said[0].text
    assert "林舟3" in said[1].text


@pytest.mark.parametrize(
    ("changes", "key", "level"),
    [
        ({STAGE: "赢单", INTENT: "无意向"}, STAGE, Level.WARNING),
        ({STAGE: "续费", INTENT: "无意向"}, STAGE, Level.HINT),
        ({STAGE: "输单", INTENT: "有意向"}, STAGE, Level.HINT),
        ({ENOUGH: "充足", DOUBTS: ["工时、价格"]}, ENOUGH, Level.HINT),
        ({WHEN: "下周"}, WHEN, Level.HINT),
    ],
)
def test_contradictions(changes: dict[str, Any], key: str, level: Level) -> None:
    (said,) = remarks(form(**changes))
    assert (said.key, said.level) == (key, level)


def test_values_without_evidence() -> None:
    values = form(**{PHONE: "13900001234", BUDGET: "每年三万", INTENT: "有意向"})
    said = remarks(form(), values, unsupported=[[], {NAME, PHONE, BUDGET, INTENT, MAIL}])
    assert Counter((one.customer, one.key, one.level) for one in said) == Counter(
        [
            (1, NAME, Level.WARNING),  # the same customer twice
            (1, NAME, Level.WARNING),  # and not in the chat
            (1, PHONE, Level.WARNING),
            (1, BUDGET, Level.HINT),
        ]
    )


def test_remarks_come_in_the_order_of_the_form() -> None:
    said = remarks(form(**{STAGE: "赢单", INTENT: "无意向", PHONE: "1"}), form(**{MAIL: "x"}))
    assert [(one.customer, one.key) for one in said] == [(0, PHONE), (0, STAGE), (1, NAME), (1, MAIL)]


def test_another_form_has_only_the_checks_of_its_kinds() -> None:
    small = Form(
        name="small",
        title="小表",
        version=1,
        name_field=NAME,
        groups=FORM.groups,
        fields=tuple(field for field in FORM.fields if field.key in (NAME, PHONE, STAGE)),
    )
    said = check(small, CHAT, {}, [{NAME: "林舟3", PHONE: "1", STAGE: "赢单"}])
    assert [one.key for one in said] == [PHONE]


@pytest.mark.parametrize(
    "mail", ["_lin@example.com", "lin%zhou@example.com", "lin.zhou+1@mail.example.com", "lin@example"]
)
def test_what_is_found_in_a_chat_is_what_a_check_takes_for_an_address(mail: str) -> None:
    """The finder and the check had a pattern each: an address could be found cut off, or found and then doubted."""
    assert (entities.emails(f"邮箱 {mail} 谢谢") == [mail]) is not bool(remarks(form(**{MAIL: mail})))
