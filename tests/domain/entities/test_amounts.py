"""Every spelling of a number meets every other, different numbers never meet, and 晚上12点 is midnight."""

import time
from decimal import Decimal

import cn2an
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.domain.chat import parse_chat
from core.domain.entities import amount_mentions
from core.domain.entities.folding import fold
from core.domain.entities.number_chains import amounts_in
from core.domain.evidence.index import ChatIndex
from core.domain.evidence.normalised_matchers import cuts_amount, match_amounts
from core.domain.evidence.quantities import moments_in

CALM = settings(derandomize=True, deadline=None, max_examples=120)


def values(text: str) -> list[Decimal]:
    return [amount.value for amount in amounts_in(fold(text))]


@pytest.mark.parametrize(
    "spellings",
    [
        "300万 3百万 300w 300W 三百万 叁佰万 3,000,000 ３００万",
        "2000万 2千万 二千万 两千万 0.2亿",
        "1.5亿 1.5个亿 一亿五千万 1亿5千万 1亿5000万 1亿5 15000万 一点五亿",
        "12.5万 12万5 12万5千 十二万五 十二万五千 125000 十二点五万 12万5000",
        "15000 1万5千 1.5万 一万五 1万5 15k 1万5000 一万五千",
        "10500 1万零5百 一万零五百 1万500 1万零500",
        "105 一百零五 1百零5",
        "150 一百五 1百5",
        "1250000 1百25万 125万 一百二十五万",
        "12.5 12块5 12元5角 12.50",
        "两百 二百 200 2百",
    ],
)
def test_spellings_of_one_number_meet(spellings: str) -> None:
    read = {spelling: values(spelling) for spelling in spellings.split()}
    assert len({tuple(found) for found in read.values()}) == 1, read
    assert all(len(found) == 1 for found in read.values())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("五六万", []),
        ("二三十万", []),
        ("几十万", []),
        ("千万别忘", []),
        ("万一", []),
        ("36kg", []),
        ("3万5个人", [30000, 5]),
        ("2万3月付", [20000, 3]),
        ("3万5万", [30000, 50000]),
        ("五千一万", [5000, 10000]),
        ("100元3个", [100, 3]),
        ("30多万", [300000]),
        ("3.6万到5千", [36000, 5000]),
    ],
)
def test_what_does_not_belong_together_stays_apart(text: str, expected: list[int]) -> None:
    assert values(text) == expected


def _with_units(number: int) -> list[str]:
    """Spellings of a whole number, each made by a rule of its own."""
    words = cn2an.an2cn(number)
    spellings = [str(number), f"{number:,}", f"{number}元", words, cn2an.an2cn(number, "up")]
    spellings.append("".join(str("零一二三四五六七八九".index(c)) if c in "一二三四五六七八九" else c for c in words))
    for unit, names in ((100, "百"), (1000, "千k"), (10_000, "万w"), (10_000_000, ["千万"]), (10**8, ["亿", "个亿"])):
        shown = format((Decimal(number) / unit).normalize(), "f")
        if number >= unit and len(shown) < 8:
            spellings += [f"{shown}{name}" for name in names]
    if number >= 10_000 and number % 10_000 >= 1_000:
        spellings.append(f"{number // 10_000}万{number % 10_000}")
    if number >= 10_000 and number % 10_000 and number % 1_000 == 0:
        spellings.append(f"{number // 10_000}万{number % 10_000 // 1_000}")
    return spellings


NUMBERS = st.one_of(
    st.integers(100, 10**10),
    st.builds(lambda head, zeros: head * 10**zeros, st.integers(1, 9999), st.integers(2, 7)),
)


@given(NUMBERS, NUMBERS)
@CALM
def test_every_spelling_meets_every_other_and_no_other_number(one: int, other: int) -> None:
    for spelling in _with_units(one):
        assert values(spelling) == [one], spelling
        assert values(f"大概{spelling}左右。") == [one], spelling
    if one != other:
        index = ChatIndex(parse_chat("林舟3：" + "，".join(_with_units(other))))
        for spelling in _with_units(one):
            assert not match_amounts(index, spelling)
            assert all(cuts_amount(index, hit) for hit in (*index.find(spelling), *index.find_compact(spelling)))


@given(NUMBERS)
@CALM
def test_the_finder_never_returns_a_part(number: int) -> None:
    for spelling in _with_units(number):
        for mention in amount_mentions(f"预算{spelling}可以"):
            assert values(mention.value) == [number], spelling


@pytest.mark.parametrize("value", ["1万", "5千", "12", "30万"])
def test_a_part_is_no_evidence(value: str) -> None:
    index = ChatIndex(parse_chat("林舟3：1万5千，12万5，130万"))
    assert all(cuts_amount(index, hit) for hit in index.find(value))
    assert not match_amounts(index, value)


def test_more_than_an_amount_is_not_that_amount() -> None:
    index = ChatIndex(parse_chat("林舟3：30多万"))
    assert match_amounts(index, "三十多万")
    assert not match_amounts(index, "30万")


HALVES = {
    "晚上12点": (0, 0),
    "今晚12点半": (0, 30),
    "凌晨12点": (0, 0),
    "半夜12点": (0, 0),
    "中午12点": (12, 0),
    "中午12点半": (12, 30),
    "下午12点": (12, 0),
    "12:00": (12, 0),
    "24点": (0, 0),
    "零点": (0, 0),
    "0点": (0, 0),
    "晚上1点": (1, 0),
    "晚上8点": (20, 0),
    "晚上11点": (23, 0),
    "半夜3点": (3, 0),
    "深夜十一点": (23, 0),
    "早9点": (9, 0),
    "中午11点": (11, 0),
    "中午一点": (13, 0),
    "午后3点": (15, 0),
}


@pytest.mark.parametrize("text", HALVES)
def test_hours_of_a_part_of_the_day(text: str) -> None:
    (moment,) = moments_in(text)
    assert moment.readings == {("time", *HALVES[text])}


@pytest.mark.parametrize(
    "text", ["1万", "零五", "五六万3千", "1", "1,", "一", "十", "千万", "1,111", "一点", "12块5", "亿零"]
)
def test_long_nonsense_takes_linear_time(text: str) -> None:
    start = time.process_time()
    list(amounts_in(text * 40_000))
    assert time.process_time() - start < 3  # about 0.3 s when the machine is idle
