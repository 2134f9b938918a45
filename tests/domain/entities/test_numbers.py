"""Numbers that tell a person are read in every writing, and taken for what they are."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain import entities
from core.domain.entities.numbers import NumberKind, numbers_in
from core.domain.form import load_named_form
from core.domain.masking import Mask, Masked, parse_mask

FORM = load_named_form()
SPELLINGS = [
    "13800008888",
    "138 0000 8888",
    "138-0000-8888",
    "138_0000_8888",
    "138.0000.8888",
    "138.00.00.8888",
    "138－0000－8888",
    "1 3 8 0 0 0 0 8 8 8 8",
    "１３８００００８８８８",
    "1３8００008888",
    "+86 13800008888",
    "+86-138-0000-8888",
    "8613800008888",
    "008613800008888",
    "（86）138 0000 8888",
    "138\u200b0000\u200b8888",
    "1\u2060380\u200d000\ufeff8888",
    "一三八零零零零八八八八",
    "幺三八〇〇〇〇八八八八",
    "一三八 零零零零 八八八八",
    "138零零零零8888",
    "周一13800008888",
    "①13800008888",
    "1、13800008888",
    "138-0000-8888转102",
]


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_a_mobile_number_in_every_writing(spelling: str) -> None:
    text = f"我的电话{spelling}，谢谢"
    assert entities.phones(text) == ["13800008888"]
    masked = parse_mask(["phone"]).text(text, FORM)
    assert len(masked) == len(text) and masked.count("*") == 4
    assert entities.phones(masked) == []


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("400-123-4567", NumberKind.SERVICE, "4001234567"),
        ("热线4001234567", NumberKind.SERVICE, "4001234567"),
        ("800 820 1234", NumberKind.SERVICE, "8008201234"),
        ("0571-88888888", NumberKind.LANDLINE, "057188888888"),
        ("(0571)8888 8888转801", NumberKind.LANDLINE, "057188888888"),
        ("+86 571 88888888", NumberKind.LANDLINE, "057188888888"),
        ("身份证11010519491231002X", NumberKind.ID_CARD, "11010519491231002X"),
        ("110105 19491231 002x", NumberKind.ID_CARD, "11010519491231002X"),
        ("6222 0212 3456 7890 128", NumberKind.BANK_CARD, "6222021234567890128"),
        ("４１１１１１１１１１１１１１１１", NumberKind.BANK_CARD, "4111111111111111"),
    ],
)
def test_other_numbers_are_kinds_of_their_own(text: str, kind: NumberKind, value: str) -> None:
    assert [(number.kind, number.value) for number in numbers_in(text)] == [(kind, value)]
    masked = parse_mask(Masked).text(text, FORM)
    assert list(numbers_in(masked)) == [] and masked.count("*") >= 4


@pytest.mark.parametrize(
    "text",
    [
        "192.168.10.100",
        "2023-11-21 14:00-15:00",
        "会议号 123 456 789",
        "订单号 20231121000123456",
        "110105194912310021",
        "6222021234567890129",
        "预算一百三十八万，三千五百元",
        "10 20 30 40 501",
        "1,380,000,111",
    ],
)
def test_what_is_none(text: str) -> None:
    assert list(numbers_in(text)) == []


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("微信号 abc_def123", "abc_def123"),
        ("加我微信：lin_xm2020吧", "lin_xm2020"),
        ("vx:Lin-2020-xm", "Lin-2020-xm"),
        ("wxid_abc123def456", "wxid_abc123def456"),
        ("QQ号：12345678", "12345678"),
        ("扣扣是98765432", "98765432"),
    ],
)
def test_accounts(text: str, value: str) -> None:
    mentions = [*entities.wechat_ids_in(text), *entities.qq_numbers_in(text)]
    assert [mention.value for mention in mentions] == [value]
    assert text[mentions[0].start : mentions[0].end] == value
    assert value not in parse_mask(["phone"]).text(text, FORM)


@pytest.mark.parametrize("text", ["微信同号", "微信公众号", "微信 https://example.com", "QQ群12345678", "wechatpay"])
def test_no_accounts(text: str) -> None:
    assert [*entities.wechat_ids_in(text), *entities.qq_numbers_in(text)] == []


@given(
    st.text("0123456789", min_size=9, max_size=9),
    st.lists(st.sampled_from(["", "", " ", "-", "\u200b", " - ", "_"]), min_size=2, max_size=2),
    st.sampled_from(["", "+86", "86-", "0086 "]),
    st.sampled_from(["0123456789", "０１２３４５６７８９", "零一二三四五六七八九"]),
)
def test_any_number_in_any_writing(rest: str, gaps: list[str], country: str, digits: str) -> None:
    number = f"13{rest}"
    parts = [number[:3], number[3:7], number[7:]]
    words = ["".join(digits[int(digit)] for digit in part) for part in parts]
    written = country + "".join(itertools.chain(*zip(words, [*gaps, ""], strict=True)))
    (found_number,) = numbers_in(f"电话{written}。")
    assert found_number.value == number
    masked = Mask(frozenset({Masked.PHONE})).text(f"电话{written}。", FORM)
    assert masked.count("*") == 4


@pytest.mark.parametrize("place", ["临平区", "钱塘区", "杭州市临平区", "浙江省杭州市钱塘区", "余杭区"])
def test_districts_of_today_and_of_yesterday(place: str) -> None:
    assert entities.place_and_address(f"我们在{place}，你们呢") == (place, "")
    street = f"{place}府前路5号3楼"
    assert entities.place_and_address(f"寄到{street}吧")[0] == place


def test_a_word_of_every_day_is_no_place() -> None:
    assert entities.place_and_address("我住在郊区，离市中心远") == ("", "")
    assert entities.place_and_address("地址：北京朝阳路5号") == ("北京", "北京朝阳路5号")
    assert entities.place_and_address("地址：北京朝阳建国路5号") == ("北京朝阳", "北京朝阳建国路5号")
