"""Finds everything in a text that tells who a person is, in any spelling, in time proportional to the text."""

import re
from collections.abc import Callable, Collection, Iterator
from enum import StrEnum
from typing import Final, NamedTuple

from core.domain.entities import addresses_in, emails_in, qq_numbers_in, wechat_ids_in
from core.domain.entities.folding import fold
from core.domain.entities.numbers import (
    INVISIBLE,
    PHONES,
    NumberKind,
    is_digit,
    numbers_in,
    passes_luhn,
    plain_digits,
)
from core.domain.personal_data.addresses import spelt_addresses
from core.domain.personal_data.names import KnownNames


class PersonalKind(StrEnum):
    """Kinds of values that tell who a person is."""

    NAME = "name"
    PHONE = "phone"
    EMAIL = "email"
    ADDRESS = "address"
    ID_CARD = "id_card"
    BANK_CARD = "bank_card"
    WECHAT = "wechat"
    QQ = "qq"


class PersonalMention(NamedTuple):
    """A place in a text that tells who somebody is.

    Attributes:
        start: offset.
        end: behind the last character.
        kind: what stands there.
    """

    start: int
    end: int
    kind: PersonalKind


_SP: Final = rf"[ \t\u3000\u00a0{INVISIBLE}]"
_LINK: Final = (
    rf"{_SP}{{0,3}}(?:号码|账号|帐号|号|id|是|为|就是|加|:|：|=|-|—|→|\(|（|【|\[|\"|“|「){{0,3}}{_SP}{{0,3}}"
)
_D: Final = r"[0-9零〇○一二三四五六七八九幺两壹贰叁肆伍陆柒捌玖]"
_G: Final = rf"[{_SP[1:-1]}\-‐‑–—―−_.．·•・/~～*()（）|]"
# A number behind a word that says what it is; every part has an end, so that no text holds it up.
_CALLED_PHONE = re.compile(
    rf"(?:电话|手机|座机|固话|热线|来电|联系方式|联络方式|号码|传真|分机|拨打|致电|打给?我?|tel|phone|mobile|cell|call|fax|hotline|☎|📞|📱){_LINK}"
    rf"(\+?{_D}(?:{_G}{{0,3}}{_D}){{6,14}})(?!{_G}?{_D})",
    re.IGNORECASE,
)
_GROUPED_MOBILE = re.compile(
    rf"(?<![0-9a-z.])(?:(?:\+|00)?86{_G}{{0,3}})?1[3-9][0-9](?:[^\w\n\u4e00-\u9fff]{{1,3}}[0-9]{{4}}){{2}}(?![0-9])"
)
_KEYCAPS = re.compile("[0-9]\ufe0f?\u20e3(?:[ \u200b]?[0-9]\ufe0f?\u20e3){6,18}")
_MIXED = re.compile(rf"(?<![0-9]){_D}(?:{_G}{{0,2}}{_D}){{10}}(?!{_G}?{_D})")
_SERVICE = re.compile(rf"(?<![0-9.])[48]00{_G}{{0,3}}[0-9](?:{_G}{{0,3}}[0-9]){{6}}(?!{_G}?[0-9]|[.万元块])")
_ID_CARD = re.compile(rf"(?<![0-9a-z]){_D}(?:{_G}{{0,2}}{_D}){{16}}{_G}{{0,2}}(?:{_D}|x|×)(?![0-9a-z])")
_OLD_ID_CARD = re.compile(rf"(?<![0-9a-z]){_D}(?:{_G}{{0,2}}{_D}){{14}}(?!{_G}?[0-9a-z])")
_CALLED_ID = re.compile(
    rf"(?:身份证|证件|身份号码?|id ?card|证号){_LINK}({_D}(?:{_G}{{0,3}}[0-9x×]|{_G}{{0,3}}{_D}){{13,17}})(?![0-9])"
)
_CALLED_CARD = re.compile(
    rf"(?:卡号|银行卡|储蓄卡|信用卡|借记卡|工行|建行|农行|中行|招行|交行|银行|账号|账户|帐号|帐户|打款|转账|汇款|收款){_LINK}"
    rf"(?:[\u4e00-\u9fff]{{0,6}}{_SP}?[:：]?{_SP}?)?({_D}(?:{_G}{{0,3}}{_D}){{11,20}})(?!{_G}?{_D})"
)
_EMAIL = re.compile(
    rf"(?<![a-z0-9._%+])[a-z0-9][a-z0-9._%+-]{{0,63}}{_SP}{{0,2}}(?:@|\(at\)|（at）|\[at\]|【at】|<at>|{{at}}|(?<={_SP})at(?={_SP})|艾特|#at#|\(a\)){_SP}{{0,2}}"
    rf"(?:[a-z0-9-]{{1,40}}{_SP}?(?:\.|。|点|\(dot\)|（dot）|\[dot\]|【dot】|{_SP}dot{_SP}){_SP}?){{1,5}}[a-z]{{2,24}}"
)
_HAN_EMAIL = re.compile(r"[\u4e00-\u9fff]{0,8}[a-z0-9._-]{0,20}@[\u4e00-\u9fff]{2,12}\.(?:中国|公司|网络|[a-z]{2,6})")
_WECHAT = re.compile(
    rf"(?:微信|微\.?信|薇信|威信|徽信|卫星|(?<![a-z])(?:wechat|we ?chat|weixin|wei ?xin|vx|v x|wx|w x|v信|v)|微)"
    rf"(?!名|群|小程序|支付)"
    rf"{_LINK}(?P<id>[a-z](?:{_SP}?[a-z0-9_-]){{5,19}})(?![a-z0-9_@.])"
)
_BARE_WECHAT = re.compile(r"(?<![a-z0-9_])wxid_[a-z0-9]{6,24}")
_QQ = re.compile(
    rf"(?:(?<![a-z])(?:qq|q q|q)|扣扣|企鹅|球球|叩叩|扣)(?!群|音乐|邮箱){_LINK}(?:我|号)?{_SP}?"
    rf"(?P<id>{_D}(?:{_G}{{0,2}}{_D}){{4,10}})(?!{_G}?{_D})"
)
_NO_ID = re.compile(r"(?:https?|www|group|wechat|weixin|mini|pay)")
_LATEST_YEAR = 2100
_REGIONS: Final = frozenset(
    (*range(11, 16), *range(21, 24), *range(31, 38), *range(41, 47), *range(50, 55), *range(61, 66), 71, 81, 82, 83)
)
_CARD = re.compile(rf"(?<![0-9a-z]){_D}(?:{_G}{{0,2}}{_D}){{14,18}}(?!{_G}?{_D})")
_CARD_START = re.compile("62|4|5[1-5]|3[457]|9")


def _spans(pattern: re.Pattern[str], text: str, group: int | str = 0) -> Iterator[tuple[int, int]]:
    return (match.span(group) for match in pattern.finditer(text))


def _phones(text: str, folded: str) -> Iterator[tuple[int, int]]:
    yield from _spans(_CALLED_PHONE, folded, 1)
    yield from _spans(_GROUPED_MOBILE, folded)
    yield from _spans(_KEYCAPS, text)
    yield from _spans(_SERVICE, folded)
    for start, end in _spans(_MIXED, folded):
        digits = plain_digits(folded[start:end])
        has_words = any(is_digit(one) and not one.isascii() for one in folded[start:end])
        if digits[0] == "1" and digits[1] in "3456789" and has_words:
            yield start, end


def _emails(text: str, folded: str) -> Iterator[tuple[int, int]]:
    yield from ((mention.start, mention.end) for mention in emails_in(text))
    yield from _spans(_EMAIL, folded)
    yield from _spans(_HAN_EMAIL, folded)


def _id_cards(text: str, folded: str) -> Iterator[tuple[int, int]]:
    yield from _spans(_CALLED_ID, folded, 1)
    for pattern, born in ((_ID_CARD, slice(6, 14)), (_OLD_ID_CARD, slice(6, 12))):
        for start, end in _spans(pattern, folded):
            digits = plain_digits(folded[start:end])
            birthday = digits[born]
            if _is_region(digits) and _is_day(birthday if len(birthday) == 8 else f"19{birthday}"):
                yield start, end


def _is_region(digits: str) -> bool:
    """Whether a number begins as those of the provinces do (GB/T 2260)."""
    return int(digits[:2]) in _REGIONS


def _is_day(digits: str) -> bool:
    return 1900 <= int(digits[:4]) < _LATEST_YEAR and 1 <= int(digits[4:6]) <= 12 and 1 <= int(digits[6:8]) <= 31


def _bank_cards(text: str, folded: str) -> Iterator[tuple[int, int]]:
    yield from _spans(_CALLED_CARD, folded, 1)
    for start, end in _spans(_CARD, folded):
        digits = plain_digits(folded[start:end])
        if _CARD_START.match(digits) and passes_luhn(digits):
            yield start, end


def _wechat_ids(text: str, folded: str) -> Iterator[tuple[int, int]]:
    yield from ((mention.start, mention.end) for mention in wechat_ids_in(text))
    yield from _spans(_BARE_WECHAT, folded)
    yield from (match.span("id") for match in _WECHAT.finditer(folded) if not _NO_ID.match(match["id"]))


def _qq_numbers(text: str, folded: str) -> Iterator[tuple[int, int]]:
    yield from ((mention.start, mention.end) for mention in qq_numbers_in(text))
    yield from _spans(_QQ, folded, "id")


def _addresses(text: str, folded: str) -> Iterator[tuple[int, int]]:
    yield from ((mention.start, mention.end) for mention in addresses_in(text))
    yield from spelt_addresses(folded)


_NUMBER_KINDS: Final = dict.fromkeys(PHONES, PersonalKind.PHONE) | {
    NumberKind.ID_CARD: PersonalKind.ID_CARD,
    NumberKind.BANK_CARD: PersonalKind.BANK_CARD,
}
_FINDERS: Final[dict[PersonalKind, Callable[[str, str], Iterator[tuple[int, int]]]]] = {
    PersonalKind.PHONE: _phones,
    PersonalKind.EMAIL: _emails,
    PersonalKind.ADDRESS: _addresses,
    PersonalKind.ID_CARD: _id_cards,
    PersonalKind.BANK_CARD: _bank_cards,
    PersonalKind.WECHAT: _wechat_ids,
    PersonalKind.QQ: _qq_numbers,
}
_ORDER: Final = (
    PersonalKind.EMAIL,
    PersonalKind.ID_CARD,
    PersonalKind.BANK_CARD,
    PersonalKind.WECHAT,
    PersonalKind.QQ,
    PersonalKind.PHONE,
    PersonalKind.ADDRESS,
    PersonalKind.NAME,
)
"""Where two kinds are found in one place, the first one of these it is."""


def personal_mentions(
    text: str, kinds: Collection[PersonalKind] = tuple(PersonalKind), names: KnownNames | None = None
) -> list[PersonalMention]:
    """Every place of a text that tells who somebody is, in order; none overlaps another.

    Args:
        text: any text.
        kinds: what is looked for.
        names: people who are known; without them only names with a title or an introduction are found.
    """
    folded = fold(text)
    people = names if names is not None else KnownNames()
    spans = [
        PersonalMention(number.start, number.end, _NUMBER_KINDS[number.kind])
        for number in (numbers_in(text) if not set(kinds).isdisjoint(_NUMBER_KINDS.values()) else ())
        if _NUMBER_KINDS[number.kind] in kinds
    ]
    for kind in _ORDER:
        if kind not in kinds:
            continue
        places = people.mentions(text) if kind is PersonalKind.NAME else _FINDERS[kind](text, folded)
        spans += [PersonalMention(start, end, kind) for start, end in places if start < end]
    rank = {kind: place for place, kind in enumerate(_ORDER)}
    return _joined(sorted(spans, key=lambda span: (span.start, rank[span.kind], -span.end)))


def _joined(spans: list[PersonalMention]) -> list[PersonalMention]:
    """Overlapping places as one, of the kind of the first."""
    joined: list[PersonalMention] = []
    for span in spans:
        if joined and span.start < joined[-1].end:
            joined[-1] = joined[-1]._replace(end=max(joined[-1].end, span.end))
        else:
            joined.append(span)
    return joined
