"""Finders of phones, e-mails, addresses and amounts in text, without a model.

Values are returned as they stand in the chat: nothing is resolved, converted or corrected. The libraries are imported
on first use, for together they take two seconds; none of them touches the network. Functions ending in ``_in`` also
say where.
"""

import re
from collections.abc import Iterator
from functools import lru_cache

from core.domain.entities import number_chains
from core.domain.entities.folding import fold
from core.domain.entities.mention import Mention
from core.domain.entities.numbers import PHONES, Number, NumberKind, numbers_in

# Every repetition has an end: without one, a long run of digits is walked through from each of its digits.
_EMAIL = re.compile(r"\w[\w.%+-]{0,63}@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}", re.ASCII)
_AMOUNT = re.compile(
    r"[¥￥]\s{0,4}\d[\d,]{0,30}(?:\.\d{1,12})?\s{0,4}[万千wk]?|"
    r"\d[\d,]{0,30}(?:\.\d{1,12})?\s{0,4}(?:多|来|几)?\s{0,4}(?:个?亿|百万|十万|万|千|w|W|k|K)?\s{0,4}(?:元|块钱?|人民币|RMB)|"
    r"\d[\d,]{0,30}(?:\.\d{1,12})?\s{0,4}(?:多|来|几)?\s{0,4}(?:亿|百万|十万|万|[wW](?![A-Za-z]))|"
    r"[零一二两三四五六七八九十百千几]{1,30}(?:多|来)?(?:万|亿|千)[零一二两三四五六七八九十百千]{0,30}(?:多|左右)?(?:元|块钱?)?|"
    r"\d{1,3}(?:,\d{3}){1,10}(?:\.\d{1,12})?"
)
_MONEY = re.compile("[万亿w萬億]")
"""What makes a number money in folded text without a currency beside it."""
_ROAD = r"[\u4e00-\u9fa5]{1,12}(?:路|街|大道|巷|弄|胡同)\s?(?:[\u4e00-\u9fa5]{0,4})\d{1,5}\s?(?:号|弄)"
_BUILDING = (
    r"[\u4e00-\u9fa5]{2,14}(?:大厦|广场|产业园|科技园|小区|花园|写字楼|中心)"
    r"\s?[A-Za-z\d]{1,4}\s?(?:号|座|栋|幢|楼|层|室)"
)
_ADDRESS = re.compile(rf"(?:{_ROAD}|{_BUILDING})[\u4e00-\u9fa5A-Za-z\d#\-]{{0,24}}")
ADDRESS_HINT = re.compile(
    r"(?:路|街|大道|巷|弄|胡同)\s?[\u4e00-\u9fa5]{0,4}\d|"
    r"(?:大厦|广场|产业园|科技园|小区|花园|写字楼|中心)\s?[A-Za-z\d]{1,4}\s?[号座栋幢楼层室]"
)
"""Stands in every address, behind at most :data:`_LONGEST_NAME` characters of a street's or building's name."""
_LONGEST_NAME = 14
_ADDRESS_LEAD = re.compile(
    r"^.*?(?:地址(?:是|为)?|寄到|寄往|发到|送到|位于|搬到|就在|我在|人在|我家|住在|公司在|我们在|咱们在|的话|在(?=[\u4e00-\u9fa5]{2,80}[省市区县路街]))"
)
_SHORTEST_ADDRESS = 5


def is_email(text: str) -> bool:
    """Whether a whole text is one e-mail address, by the pattern of the finder."""
    return _EMAIL.fullmatch(text) is not None


def is_mobile(text: str) -> bool:
    """Whether a text is a mobile number, however written; accepts anonymised chats' invented ones."""
    numbers = list(numbers_in(text.strip()))
    return len(numbers) == 1 and numbers[0].kind is NumberKind.MOBILE and numbers[0][2:] == (0, len(text.strip()))


def emails(text: str) -> list[str]:
    """E-mail addresses, in order."""
    return list(dict.fromkeys(mention.value for mention in emails_in(text)))


def emails_in(text: str) -> Iterator[Mention]:
    """E-mail addresses with their offsets."""
    return (Mention(match[0], *match.span()) for match in _EMAIL.finditer(text))


def phones(text: str) -> list[str]:
    """Chinese phone numbers, digits only, in order."""
    return list(dict.fromkeys(mention.value for mention in phones_in(text)))


def phones_in(text: str) -> Iterator[Mention]:
    """Mobile, landline and 400 numbers, digits only, with their offsets, however they are written.

    Any eleven digits that begin with 1 are a mobile number, whether or not the prefix is in use: anonymised chats
    carry made-up ones. Landlines need an area code; an extension behind a number is not a part of it.
    """
    return (Mention(number.value, number.start, number.end) for number in _numbers(text) if number.kind in PHONES)


def personal_phones_in(text: str) -> Iterator[Mention]:
    """Phones without numbers that reach nobody: 400 and 800, and those that dial into meetings (``,,`` behind)."""
    kinds = PHONES - {NumberKind.SERVICE}
    return (
        Mention(number.value, number.start, number.end)
        for number in _numbers(text)
        if number.kind in kinds and not text.startswith(",,", number.end)
    )


def id_cards_in(text: str) -> Iterator[Mention]:
    """Numbers of identity cards whose check digit is right."""
    return _of_kind(text, NumberKind.ID_CARD)


def bank_cards_in(text: str) -> Iterator[Mention]:
    """Numbers of bank cards whose check digit is right."""
    return _of_kind(text, NumberKind.BANK_CARD)


@lru_cache(maxsize=4)
def _numbers(text: str) -> tuple[Number, ...]:
    """The numbers of a text; it is asked for phones, cards and others right after another."""
    return tuple(numbers_in(text))


def _of_kind(text: str, kind: NumberKind) -> Iterator[Mention]:
    return (Mention(number.value, number.start, number.end) for number in _numbers(text) if number.kind is kind)


def addresses_in(text: str) -> Iterator[Mention]:
    """Streets with a house number and buildings with a floor or room, as written, with the introducing words."""
    for match in _address_matches(text):
        start = match.start()
        if lead := _ADDRESS_LEAD.match(match[0]):
            start += lead.end()
        if match.end() - start >= _SHORTEST_ADDRESS:
            yield Mention(text[start : match.end()], start, match.end())


def _address_matches(text: str) -> Iterator[re.Match[str]]:
    """What ``_ADDRESS.finditer`` gives, looked for only around streets and buildings: that is ten times as fast."""
    end = 0
    for hint in ADDRESS_HINT.finditer(text):
        start = max(end, hint.start() - _LONGEST_NAME)
        while start < hint.end():
            match = _ADDRESS.match(text, start)
            start = match.end() if match else start + 1
            if match:
                yield match
                end = match.end()


def amounts(text: str) -> list[str]:
    """Amounts of money, as written, in order."""
    return [mention.value for mention in amount_mentions(text)]


def amount_mentions(text: str) -> Iterator[Mention]:
    """Amounts of money, as written, with their offsets; never a part of a longer one (1万 of 1万5千)."""
    spans = [match.span() for match in _AMOUNT.finditer(text)]
    folded = fold(text)
    for number in number_chains.amounts_in(folded):
        # A number is money where it is counted in 万 or has a currency beside it.
        if _MONEY.search(folded, *number.span):
            spans.append((number.span.start, number.span.end))
    start = end = -1
    for one_start, one_end in sorted(spans):
        if one_start >= end:
            yield from _mention(text, start, end)
            start, end = one_start, one_end
        end = max(end, one_end)
    yield from _mention(text, start, end)


def _mention(text: str, start: int, end: int) -> Iterator[Mention]:
    if words := text[max(start, 0) : max(end, 0)].strip():
        start += text[start:end].index(words)
        yield Mention(words, start, start + len(words))
