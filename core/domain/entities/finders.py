"""Finders of phones, e-mails, places, addresses and amounts in text, without a model.

Values are returned as they stand in the chat: nothing is resolved, converted or corrected. The libraries are imported
on first use, for together they take two seconds; none of them touches the network. Functions ending in ``_in`` also
say where.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, NamedTuple

from core.domain.entities import number_chains
from core.domain.entities.folding import fold

# Every repetition has an end: without one, a long run of digits is walked through from each of its digits.
_EMAIL = re.compile(r"\w[\w.%+-]{0,63}@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}", re.ASCII)
_MOBILE = re.compile(r"1\d{10}")
_PLACE_HINT = re.compile(r"[省市区县州盟旗]|地址|北京|上海|天津|重庆|香港|澳门|人在|位于")
_DIVISION = re.compile(r"[\u4e00-\u9fa5]{1,10}?(?:省|自治区|特别行政区|市|自治州|地区|盟|区|县|旗)")
_BEFORE = re.compile(r"(?:[\u4e00-\u9fa5]{2}[省市]){1,8}$")
"""Place names right before the first one in the gazetteer's order: scrambled places name two provinces."""
_STREET = re.compile(r"\d\s*号|号楼|[路街道巷弄]\s*\d|大道|大厦|广场|小区|产业园|科技园|\d\s*[楼层室栋幢座]|[A-Z]座")
_ADDRESS_END = re.compile(r"[\n，。；;！!？?、]|(?<=\S)\s{2,}")
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
_ADDRESS_LEAD = re.compile(
    r"^.*?(?:地址(?:是|为)?|寄到|寄往|发到|送到|位于|搬到|就在|我在|人在|我家|住在|公司在|我们在|咱们在|的话|在(?=[\u4e00-\u9fa5]{2,80}[省市区县路街]))"
)
_SHORTEST_ADDRESS = 5


class Mention(NamedTuple):
    """A value that was recognised in a text.

    Attributes:
        value: what a field would be given.
        start: offset in the text.
        end: behind the last character.
    """

    value: str
    start: int
    end: int


@lru_cache(maxsize=1)
def _cpca() -> Any:
    import cpca

    return cpca


def is_email(text: str) -> bool:
    """Whether a whole text is one e-mail address, by the pattern of the finder."""
    return _EMAIL.fullmatch(text) is not None


def is_mobile(text: str) -> bool:
    """Whether a text is a mobile number; ignores blanks, hyphens and +86, accepts anonymised chats' invented ones."""
    return re.fullmatch(rf"(?:\+?86)?{_MOBILE.pattern}", re.sub(r"[\s\-]", "", text)) is not None


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
    """Chinese phone numbers, digits only, with their offsets.

    Any eleven digits that begin with 1 are a mobile number, whether or not the prefix is in use: anonymised chats
    carry made-up ones. Landlines need an area code.
    """
    if not re.search(r"\d{7}|\d{3,4}[ -]\d", text):
        return
    import phonenumbers

    matcher = phonenumbers.PhoneNumberMatcher(text, "CN", leniency=phonenumbers.Leniency.POSSIBLE)
    for match in matcher:
        digits = re.sub(r"\D", "", match.raw_string)
        digits = digits.removeprefix("86") if len(digits) == 13 else digits
        landline = digits.startswith("0") and 10 <= len(digits) <= 12 and phonenumbers.is_valid_number(match.number)
        if _MOBILE.fullmatch(digits) or landline:
            yield Mention(digits, match.start, match.start + len(match.raw_string))


def addresses_in(text: str) -> Iterator[Mention]:
    """Streets with a house number and buildings with a floor or room, as written, with the introducing words."""
    for match in _ADDRESS.finditer(text):
        start = match.start()
        if lead := _ADDRESS_LEAD.match(match[0]):
            start += lead.end()
        if match.end() - start >= _SHORTEST_ADDRESS:
            yield Mention(text[start : match.end()], start, match.end())


def place_and_address(text: str) -> tuple[str, str]:
    """The first place (省市区 as written) and, if street or house follow it, the whole address.

    ``("", "")`` where the gazetteer of ``cpca`` knows no province, city or county in the text. The wording is kept
    even where province and city do not belong together.
    """
    for line, parsed_place in _parsed_places([line for line in text.splitlines() if _PLACE_HINT.search(line)]):
        starts = [parsed_place[f"{level}_pos"] for level in ("省", "市", "区") if parsed_place[f"{level}_pos"] >= 0]
        if not starts:
            continue
        start = int(min(starts))
        if before := _BEFORE.search(line[:start]):
            start = before.start()
        tail = _ADDRESS_END.split(line[start:], maxsplit=1)[0].strip(" \t_-")
        place = _place_at(tail, [parsed_place["省"], parsed_place["市"], parsed_place["区"]])
        rest = tail[len(place) :]
        return place, tail if _STREET.search(rest) else ""
    return "", ""


def _parsed_places(lines: list[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each line with what the gazetteer reads in it, more and more lines at once: a table per line takes a while."""
    start, count = 0, 1
    while start < len(lines):
        batch = lines[start : start + count]
        yield from zip(batch, _cpca().transform(batch, pos_sensitive=True).to_dict("records"), strict=True)
        start, count = start + count, min(count * 4, 256)


def _place_at(tail: str, names: list[Any]) -> str:
    """How much of ``tail`` names administrative divisions, one after the other."""
    end = 0
    place_names = [name for name in names if isinstance(name, str)]
    while end < len(tail):
        step = 0
        for name in place_names:
            short = re.sub(r"(?:特别行政区|(?:壮族|回族|维吾尔)?自治区|[省市区县])$", "", name)
            for form in (name, short):
                if len(form) >= 2 and tail.startswith(form, end):
                    step = max(step, len(form))
        if match := _DIVISION.match(tail, end):
            step = max(step, match.end() - end) if not _STREET.search(match[0]) else step
        if not step:
            break
        end += step
    return tail[:end]


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
