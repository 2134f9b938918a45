"""A number that a form holds is found in a chat in whatever writing."""

import pytest

from core.domain.chat import parse_chat
from core.domain.checks.omissions import find_omissions
from core.domain.evidence import ChatIndex
from core.domain.evidence.normalised_matchers import match_numbers, match_phones
from core.domain.form import Kind, load_named_form
from core.domain.form.loading import parse_form
from tests.domain.entities.test_numbers import SPELLINGS

FORM = load_named_form()
PHONE = next(field.key for field in FORM.fields if field.kind is Kind.PHONE)


def index_of(text: str) -> ChatIndex:
    return ChatIndex(parse_chat(f"何苗2：{text}\n客服阿青：收到\n"))


@pytest.mark.parametrize("spelling", [spelling for spelling in SPELLINGS if "①" not in spelling])
@pytest.mark.parametrize("value", ["13800008888", "+86 138 0000 8888", "１３８００００８８８８"])
def test_a_phone_is_found_and_not_missed(spelling: str, value: str) -> None:
    index = index_of(f"我电话 {spelling}，")
    assert len(match_phones(index, value)) == 1
    assert find_omissions(FORM, index, [FORM.empty() | {"基本信息-姓名": "何苗2", PHONE: value}]) == []


def test_an_extension_is_a_part_of_what_is_looked_for() -> None:
    index = index_of("座机 0571-8888 8888 转 801")
    assert match_phones(index, "057188888888转801")
    assert match_phones(index, "0571-88888888")
    assert not match_phones(index, "0571-88888888转802")


@pytest.mark.parametrize(
    ("text", "value"),
    [("身份证110105 19491231 002x", "11010519491231002X"), ("卡号6222 0212 3456 7890 128", "6222021234567890128")],
)
def test_cards(text: str, value: str) -> None:
    assert match_numbers(index_of(text), value)
    assert not match_numbers(index_of(text), value.replace("1", "2"))


def test_a_number_is_missed_in_the_field_of_its_own_kind() -> None:
    kinds = {"电话": "phone", "身份证": "id_card", "银行卡": "bank_card", "微信": "wechat", "QQ": "qq"}
    head = 'name = "x"\ntitle = "x"\nversion = 1\nname_field = "姓名"\ngroups = ["甲"]\n'
    rest = 'group = "甲"\ntype = "str"\nnature = "verbatim"\npoints = 1\none_right_answer = true\nvalues = []\n'
    source = head + "".join(
        f'[[field]]\nkey = "{key}"\nlabel = "{key}"\nkind = "{kind}"\ndescription = "{key}"\n{rest}'
        for key, kind in ({"姓名": "person"} | kinds).items()
    )
    form = parse_form(source, "x.toml")
    index = index_of(
        "我电话138 0000 8888，身份证11010519491231002X，卡6222021234567890128，微信lin_xm2020，QQ 12345678"
    )
    missed = find_omissions(form, index, [form.empty() | {"姓名": "何苗2"}])
    assert {omission.key: omission.value for omission in missed} == {
        "电话": "13800008888",
        "身份证": "11010519491231002X",
        "银行卡": "6222021234567890128",
        "微信": "lin_xm2020",
        "QQ": "12345678",
    }


@pytest.mark.parametrize("text", ["客服热线是400-123-4567", "一键拨号入会+8675536550000,,123456789"])
def test_the_hotline_of_a_company_is_nobodys_phone(text: str) -> None:
    assert find_omissions(FORM, index_of(text), [FORM.empty() | {"基本信息-姓名": "何苗2"}]) == []
