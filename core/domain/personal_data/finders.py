"""Finds everything in a text that tells who a person is, in any spelling, in time proportional to the text."""

import re
from collections.abc import Callable, Collection, Iterator
from enum import StrEnum
from typing import Final, NamedTuple

from core.domain.entities import addresses_in, emails_in, qq_numbers_in, wechat_ids_in
from core.domain.entities.numbers import PHONES, NumberKind, numbers_in, passes_luhn, plain_digits
from core.domain.personal_data.addresses import spelt_addresses
from core.domain.personal_data.names import KnownNames
from core.domain.personal_data.reading import DIGIT, Reading, read


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


_SP: Final = r"[ \t\u3000\u00a0]"
_LINK: Final = (
    r"(?:号码|同|叫|上|添加|查找|个|呗|好友|账号|帐号|号|id|就是|是|为|改成|改为|换成|搜索?|加|吧|一下|"
    r"[^\w\n。！？!?;；]){0,6}"
)
"""What stands between a word that says what follows and what follows."""
_D: Final = DIGIT
_G: Final = r"[ \t\u3000\u00a0\-‐‑–—―−_.．·•・/～~*()（）|]"
_BRACKETED: Final = (
    r"[\[({{<（【「《]{sp}{{0,1}}(?:{words}){sp}{{0,1}}[\])}}>）】」》]|"
    r"(?<=[a-z0-9])[-_*#~|.](?:{words})[-_*#~|.](?=[a-z0-9])|(?<={sp})(?:{words})(?={sp})"
)
# A number behind a word that says what it is; every part has an end, so that no text holds it up.
_CALLED_PHONE = re.compile(
    r"(?:电话|手机|座机|固话|热线|来电|联系方式|联络方式|(?<![\u3400-\u9fff])号码|(?:我的?|他的?|她的?|联系|这个|新)号码|传真|分机|"
    r"拨打|致电|打给?我?|(?<![a-z])(?:tel|phone|mobile|cell|call|fax|hotline)|☎|📞|📱)"
    rf"{_LINK}(\+?{_D}(?:{_G}{{0,3}}{_D}){{6,14}})(?!{_G}?{_D})"
)
_GROUPED_MOBILE = re.compile(
    rf"(?<![0-9a-z.])(?:(?:\+|00)?86{_G}{{0,3}})?1[3-9][0-9](?:[^\w\n\u4e00-\u9fff]{{1,3}}[0-9]{{4}}){{2}}(?![0-9])"
)
_PREFIXED_MOBILE = re.compile(rf"(?<![0-9]){_D}?1[3-9][0-9]{{9}}(?![0-9])")
_EVEN_MOBILE = re.compile(rf"(?<![0-9.])1(?P<gap>{_G}{{1,3}})[3-9](?:(?P=gap)[0-9]){{9}}(?!(?P=gap)?[0-9])")
_MIXED = re.compile(rf"(?<![0-9]){_D}(?:{_G}{{0,3}}{_D}){{10}}(?!{_G}?{_D})")
_MISTYPED = re.compile(r"(?<![0-9a-z])[1l][3-9](?:[ -]?[0-9lo]){9}(?![0-9a-z])")
"""A mobile number in which letters stand for 1 and 0."""
_MOST_MISTYPED = 3
_SERVICE = re.compile(rf"(?<![0-9.])[48]00{_G}{{0,3}}[0-9](?:{_G}{{0,3}}[0-9]){{6}}(?!{_G}?[0-9]|[.万元块])")
_ABROAD = re.compile(
    rf"(?<![0-9a-z])(?P<plus>\(?\+{_G}{{0,2}}|\(?00{_G}?)(?P<digits>[1-9](?:{_G}{{0,3}}[0-9]){{6,14}})(?!{_G}?[0-9])"
)
_CODES_ABROAD: Final = ("852", "853", "886", "1", "44", "81", "82", "65", "60", "61", "49", "33", "7", "66", "84")
# Without + or 00 only in the groups in which people there write them.
_USUAL_ABROAD = re.compile(
    rf"(?<![0-9.])(?:\(?85[23]\)?{_G}{{1,2}}[2-9][0-9]{{3}}{_G}?[0-9]{{4}}|\(?886\)?{_G}{{1,2}}\(?0?\)?[2-9](?:{_G}{{0,2}}[0-9]){{7,8}}|"
    rf"(?:1{_G}\(?[2-9][0-9]{{2}}\)?|\([2-9][0-9]{{2}}\)){_G}{{1,2}}[0-9]{{3}}{_G}[0-9]{{4}}|"
    rf"09[0-9]{{2}}[ -][0-9]{{3}}[ -][0-9]{{3}}|0[2-8]-[0-9]{{3,4}}-[0-9]{{4}}|07[0-9]{{3}}[ -][0-9]{{6}}|"
    rf"09[0-9]{{8}}|[2-9][0-9]{{2}}-[2-9][0-9]{{2}}-[0-9]{{4}}|"
    rf"44{_G}7[0-9]{{3}}{_G}[0-9]{{3}}{_G}?[0-9]{{3}}|81{_G}[789]0{_G}[0-9]{{4}}{_G}[0-9]{{4}})(?!{_G}?[0-9])"
)
_PERSONAL_NUMBER: Final = "(?:sfzh?m?|shenfenzheng(?:hao)?|id ?card|身份证?号?码?|身分证|证件|证号)"
_ID_CARD = re.compile(rf"(?<![0-9]){_D}(?:{_G}{{0,3}}{_D}){{16}}{_G}{{0,3}}(?:{_D}|x|×)(?![0-9a-z])")
_OLD_ID_CARD = re.compile(rf"(?<![0-9]){_D}(?:{_G}{{0,3}}{_D}){{14}}(?!{_G}?[0-9a-z])")
_CALLED_ID = re.compile(rf"{_PERSONAL_NUMBER}{_LINK}({_D}(?:{_G}{{0,3}}[0-9x×]|{_G}{{0,3}}{_D}){{13,17}})(?![0-9])")
_PASSPORT = re.compile(
    rf"(?:护照|通行证|回乡证|台胞证|军官证|身份证|passport){_LINK}([a-z]{{1,2}}[0-9]{{6,10}}(?:\([0-9a]\))?)(?![0-9a-z])"
)
_ID_WORDS: Final = frozenset("sfz sfzh sfzhm shenfenzheng shenfenzhenghao id idcard card no num".split())
_CALLED_CARD = re.compile(
    rf"(?:卡号|银行卡|储蓄卡|信用卡|借记卡|工行|建行|农行|中行|招行|交行|银行|账号|账户|帐号|帐户|打款|转账|汇款|收款){_LINK}"
    rf"(?:[\u4e00-\u9fff]{{0,6}}{_SP}?[:：]?{_SP}?)?({_D}(?:{_G}{{0,3}}{_D}){{11,20}})(?!{_G}?{_D})"
)
_REFERENCE = re.compile(
    r"(?:单号?|编号|流水号?|运单|快递|物流|任务|商品|合同|发票|"
    r"(?<![a-z])[a-z]{2}|[任务商品单]id)[号码id是为:： #]{0,4}$"
)
"""What says in front of a number that it is one of things, not of people."""
_AT: Final = f"@|艾特|爱特|小老鼠|圈a|a圈|&#64;|{_BRACKETED.format(sp=_SP, words='at|@|a|艾特')}"
_WORDY_DOT: Final = _BRACKETED.format(sp=_SP, words="dot|[.]|点|。")
_DOT: Final = rf"{_SP}?[.。·,]{_SP}?|{_SP}?点{_SP}?|{_SP}?(?:{_WORDY_DOT}){_SP}?"
_TOP: Final = (
    "com|c0m|cn|net|org|edu|gov|io|me|cc|co|hk|tw|mo|jp|uk|us|sg|de|fr|top|vip|xyz|info|biz|ai|app|dev|tech|shop|online|site|"
    "example|invalid|test"
)
_EMAIL = re.compile(
    rf"(?<![a-z0-9._%+])[a-z0-9][a-z0-9._%+-]{{0,63}}(?:(?:{_WORDY_DOT}|[。点])[a-z0-9_%+-]{{1,30}}){{0,3}}{_SP}{{0,2}}(?:{_AT}){_SP}{{0,2}}"
    rf"(?:[a-z0-9-]{{1,40}}?(?:{_DOT})){{1,5}}(?:{_TOP})(?![a-z0-9])"
)
_PLAIN_EMAIL = re.compile(
    rf"(?<![a-z0-9._%+])[a-z0-9][a-z0-9._%+-]{{0,63}}{_SP}{{0,2}}@{_SP}{{0,2}}(?:[a-z0-9-]{{1,40}}\.){{1,5}}[a-z]{{2,24}}"
)
_HOSTS: Final = (
    "(?:163|126|139|189|qq|gmail|foxmail|outlook|hotmail|sina|sohu|yahoo|icloud|aliyun|yeah|live|tom|21cn|"
    "vip[.](?:qq|163))"
)
_KNOWN_HOST_EMAIL = re.compile(
    rf"(?<![a-z0-9._%+])[a-z0-9][a-z0-9._%+-]{{1,63}}?"
    rf"(?:{_SP}{{0,2}}(?:{_AT}){_SP}{{0,2}}|{_SP}?(?:@|at){_SP}?(?={_HOSTS}[.]))"
    rf"{_HOSTS}(?:[-.。]?(?:com|cn|net)){{0,2}}(?![a-z0-9])"
)
_SPACED_EMAIL = re.compile(
    rf"(?<![a-z0-9])[a-z0-9](?:{_SP}[a-z0-9._-]){{2,30}}{_SP}@{_SP}[a-z0-9](?:{_SP}[a-z0-9.-]){{3,30}}(?![a-z0-9])"
)
_HAN_EMAIL = re.compile(r"[\u4e00-\u9fff]{0,8}[a-z0-9._-]{0,20}@[\u4e00-\u9fff]{2,12}\.(?:中国|公司|网络|[a-z]{2,6})")
_WECHAT_WORD: Final = (
    r"(?:[微薇威徽维魏][.]?信|[微薇威徽维v][❤♥💗]|卫星|绿泡泡|绿信|绿色软件|(?:wei|w)信|微x(?![a-z])|"
    r"(?<![a-z])(?:wechat|we ?chat|weixin|wei ?xin|vx|v x|wx|w x|v❤|v信))"
)
_WECHAT = re.compile(
    rf"(?:{_WECHAT_WORD}(?!名|群|小程序|支付)|微|加我|就搜|(?:[+]|加){_SP}?[v薇威徽维]|(?<![a-z0-9])v(?=[^\w\-.]|号)){_LINK}"
    rf"(?P<id>[a-z](?:[a-z0-9_-]{{5,19}}|(?:{_SP}[a-z0-9_-]){{5,19}}))(?![a-z0-9_@]|[.][a-z0-9])"
)
_ODD_ID: Final = r"(?=[a-z_-]{1,19}[0-9_-])[a-z][a-z0-9_-]{5,19}(?![a-z0-9_@]|[.][a-z0-9])"
"""An account that no word looks like: digits or signs stand in it."""
_NEAR_WECHAT = re.compile(rf"{_WECHAT_WORD}(?!支付|小程序)[^a-z0-9\n。！？!?;]{{0,10}}(?P<id>{_ODD_ID})")
_ADDED = re.compile(rf"(?:搜|添?加|(?<![\w+])[+]){_SP}?(?:我|一下|好友|个|号|下){{0,2}}[: ]{{0,2}}(?P<id>{_ODD_ID})")
_NUMBER_IN_WECHAT = re.compile(
    rf"{_WECHAT_WORD}(?!名|群|小程序|支付){_LINK}(?P<id>[0-9]{{6,11}})(?![0-9.]|{_SP}?[元块万人个])"
)
_WECHAT_BEHIND = re.compile(
    rf"(?<![a-z0-9_@.-])(?P<id>[a-z][a-z0-9_-]{{4,18}}[a-z0-9_])(?=[ \t\u3000\u00a0—–―\-,，]{{0,3}}(?:"
    r"微信搜|"
    rf"[(\[（【{_SP[1:]}{{0,2}}{_WECHAT_WORD}|{_WECHAT_WORD}(?:$|[\s,，。;；!！)）]|号)|[,，]?(?:这个?|就|都|才)?[是为](?:我|他|她)?的?(?:个人|私人|工作)?{_WECHAT_WORD}))"
)
_BARE_WECHAT = re.compile(r"(?<![a-z0-9_])wxid_[a-z0-9]{6,24}")
_QQ_WORD: Final = r"(?:(?<![a-z])(?:qq|q q|q)(?![a-z])|扣扣|企鹅|腾讯号|🐧|蔻蔻|球球|叩叩|抠抠|口口|秋秋)"
_QQ = re.compile(
    rf"(?:{_QQ_WORD}|扣)(?!群|音乐|邮箱)(?:我|号)?{_LINK}\n?(?P<id>{_D}(?:{_G}{{0,3}}{_D}){{4,10}})(?!{_G}?{_D}|{_SP}?[元块万人个条])"
)
_QQ_BEHIND = re.compile(
    rf"(?<![0-9a-z.])(?P<id>{_D}(?:{_G}?{_D}){{4,10}})(?={_SP}{{0,2}}[,，(（\[【]?{_SP}?(?:(?:这个?|就|都|才)?[是为])?(?:我|他|她|我们)?的?{_QQ_WORD}(?!群|音乐|邮箱|空间|会员|浏览|红包|文件))"
)
_NO_ID = re.compile(
    r"[-_ ]{2}|^(?:https?|www|group|wechat|weixin|mini|pay|iphone|ipad|windows|win[0-9]|android|ios|macos|macbook|"
    r"harmony|huawei|xiaomi|redmi|honor|"
    r"chrome|firefox|safari|facebook|whatsapp|telegram|skype|linkedin|version|python|excel|err|error|code|api|token|corp|app|agent|sku|order|model|test|utf|gbk|sha|md5|base64|http|ipv|jdk|java|node|mysql|word|office)"
)
_LATEST_YEAR = 2100
_REGIONS: Final = frozenset(
    (*range(11, 16), *range(21, 24), *range(31, 38), *range(41, 47), *range(50, 55), *range(61, 66), 71, 81, 82, 83)
)
_CARD = re.compile(rf"(?<![0-9a-z]){_D}(?:{_G}{{0,3}}{_D}){{14,18}}(?!{_G}?{_D})")
_CARD_START = re.compile("62|4|5[1-5]|3[457]|9")


def _spans(pattern: re.Pattern[str], text: str, group: int | str = 0) -> Iterator[tuple[int, int]]:
    return (match.span(group) for match in pattern.finditer(text))


def _phones(reading: Reading) -> Iterator[tuple[int, int]]:
    text = reading.numbers
    yield from _spans(_CALLED_PHONE, text, 1)
    for pattern in (_GROUPED_MOBILE, _EVEN_MOBILE, _SERVICE, _USUAL_ABROAD):
        yield from _spans(pattern, text)
    yield from (match.span() for match in _PREFIXED_MOBILE.finditer(text) if match[0][0] in "01")
    for start, end in _spans(_MISTYPED, text):
        if sum(one in "lo" for one in text[start:end]) <= _MOST_MISTYPED:
            yield start, end
    for start, end in _spans(_MIXED, text):
        digits = plain_digits(text[start:end])
        if digits[0] == "1" and digits[1] in "3456789" and not text[start:end].isascii():
            yield start, end
    for match in _ABROAD.finditer(text):
        digits = plain_digits(match["digits"])
        if "+" in match["plus"] or (digits.startswith(_CODES_ABROAD) and not _is_reference(text, match.start())):
            if _can_be_abroad(digits):
                yield match.span()


def _can_be_abroad(digits: str) -> bool:
    """Whether a number with its country's code has a length that numbers of that country have (ITU-T E.164)."""
    import phonenumbers

    try:
        number = phonenumbers.parse(f"+{digits}")
    except phonenumbers.NumberParseException:
        return False
    return phonenumbers.is_possible_number_with_reason(number) == phonenumbers.ValidationResult.IS_POSSIBLE


def _is_reference(text: str, start: int) -> bool:
    """Whether a number is that of an order, a parcel or another thing, by the words in front of it."""
    return _REFERENCE.search(text, max(0, start - 10), start) is not None


def _emails(reading: Reading) -> Iterator[tuple[int, int]]:
    yield from ((mention.start, mention.end) for mention in emails_in(reading.text))
    for pattern in (_EMAIL, _PLAIN_EMAIL, _KNOWN_HOST_EMAIL, _SPACED_EMAIL, _HAN_EMAIL):
        yield from _spans(pattern, reading.text)


def _id_cards(reading: Reading) -> Iterator[tuple[int, int]]:
    text = reading.numbers
    yield from _spans(_CALLED_ID, text, 1)
    yield from _spans(_PASSPORT, text, 1)
    for pattern, born in ((_ID_CARD, slice(6, 14)), (_OLD_ID_CARD, slice(6, 12))):
        for start, end in _spans(pattern, text):
            letters = re.search("(?<![a-z])[a-z]{0,15}$", text[max(0, start - 16) : start])
            if letters and letters[0] and letters[0] not in _ID_WORDS:
                continue
            digits = plain_digits(text[start:end])
            birthday = digits[born]
            if _is_region(digits) and _is_day(birthday if len(birthday) == 8 else f"19{birthday}"):
                yield start, end


def _is_region(digits: str) -> bool:
    """Whether a number begins as those of the provinces do (GB/T 2260)."""
    return int(digits[:2]) in _REGIONS


def _is_day(digits: str) -> bool:
    return 1900 <= int(digits[:4]) < _LATEST_YEAR and 1 <= int(digits[4:6]) <= 12 and 1 <= int(digits[6:8]) <= 31


def _bank_cards(reading: Reading) -> Iterator[tuple[int, int]]:
    text = reading.numbers
    yield from _spans(_CALLED_CARD, text, 1)
    for start, end in _spans(_CARD, text):
        digits = plain_digits(text[start:end])
        if _CARD_START.match(digits) and passes_luhn(digits) and not _is_reference(text, start):
            yield start, end


def _wechat_ids(reading: Reading) -> Iterator[tuple[int, int]]:
    text = reading.text
    yield from ((mention.start, mention.end) for mention in wechat_ids_in(text))
    yield from _spans(_BARE_WECHAT, text)
    for pattern in (_WECHAT, _NEAR_WECHAT, _ADDED, _WECHAT_BEHIND, _NUMBER_IN_WECHAT):
        yield from (match.span("id") for match in pattern.finditer(text) if not _NO_ID.search(match["id"]))


def _qq_numbers(reading: Reading) -> Iterator[tuple[int, int]]:
    yield from ((mention.start, mention.end) for mention in qq_numbers_in(reading.text))
    for pattern in (_QQ, _QQ_BEHIND):
        yield from _spans(pattern, reading.numbers, "id")


def _addresses(reading: Reading) -> Iterator[tuple[int, int]]:
    yield from ((mention.start, mention.end) for mention in addresses_in(reading.text))
    yield from spelt_addresses(reading.text)


_NUMBER_KINDS: Final = dict.fromkeys(PHONES, PersonalKind.PHONE) | {
    NumberKind.ID_CARD: PersonalKind.ID_CARD,
    NumberKind.BANK_CARD: PersonalKind.BANK_CARD,
}
_FINDERS: Final[dict[PersonalKind, Callable[[Reading], Iterator[tuple[int, int]]]]] = {
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
    reading = read(text)
    people = names if names is not None else KnownNames()
    spans = [
        PersonalMention(number.start, number.end, kind)
        for number in (numbers_in(reading.numbers) if not set(kinds).isdisjoint(_NUMBER_KINDS.values()) else ())
        if (kind := _NUMBER_KINDS[number.kind]) in kinds
        and not (kind is PersonalKind.BANK_CARD and _is_reference(reading.numbers, number.start))
    ]
    for kind in _ORDER:
        if kind in kinds:
            places = people.mentions(reading.text) if kind is PersonalKind.NAME else _FINDERS[kind](reading)
            spans += [PersonalMention(start, end, kind) for start, end in places if start < end]
    rank = {kind: place for place, kind in enumerate(_ORDER)}
    joined = _joined(sorted(spans, key=lambda span: (span.start, rank[span.kind], -span.end)))
    return [PersonalMention(*reading.span(start, end), kind) for start, end, kind in joined]


def _joined(spans: list[PersonalMention]) -> list[PersonalMention]:
    """Overlapping places as one, of the kind of the first."""
    joined: list[PersonalMention] = []
    for span in spans:
        if joined and span.start < joined[-1].end:
            joined[-1] = joined[-1]._replace(end=max(joined[-1].end, span.end))
        else:
            joined.append(span)
    return joined
