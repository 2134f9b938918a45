"""Finds everything in a text that tells who a person is, in any spelling, in time proportional to the text."""

import re
from collections.abc import Callable, Collection, Iterator
from typing import Final, NamedTuple

from core.domain.entities import addresses_in, emails_in
from core.domain.entities.numbers import PHONES, NumberKind, numbers_in, passes_luhn, plain_digits
from core.domain.personal_data.accounts import qq_accounts, wechat_accounts
from core.domain.personal_data.addresses import spelt_addresses
from core.domain.personal_data.kinds import PersonalKind
from core.domain.personal_data.labels import GAP, LABEL_END, LINK, SP
from core.domain.personal_data.names import KnownNames
from core.domain.personal_data.reading import DIGIT, Reading, read


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


_BRACKETED: Final = (
    r"[\[({{<（【「《]{sp}{{0,1}}(?:{words}){sp}{{0,1}}[\])}}>）】」》]|"
    r"(?<=[a-z0-9])[-_*#~|.](?:{words})[-_*#~|.](?=[a-z0-9])|(?<={sp})(?:{words})(?={sp})"
)
# A number behind a word that says what it is; every part has an end, so that no text holds it up.
_CALLED_PHONE = re.compile(
    r"(?:电话|手机|座机|固话|热线|来电|联系方式|联络方式|(?<![\u3400-\u9fff])号码|(?:我的?|他的?|她的?|联系|这个|新)号码|传真|分机|"
    r"拨打|致电|打给?我?|(?<![a-z])(?:tel|phone|mobile|cell|call|fax|hotline)|☎|📞|📱)"
    rf"{LINK}(\+?{DIGIT}(?:{GAP}{{0,3}}{DIGIT}){{6,14}})(?!{GAP}?{DIGIT})"
)
_GROUPED_MOBILE = re.compile(
    rf"(?<![0-9a-z.])(?:(?:\+|00)?86{GAP}{{0,3}})?1[3-9][0-9](?:[^\w\n\u4e00-\u9fff]{{1,3}}[0-9]{{4}}){{2}}(?![0-9])"
)
_PREFIXED_MOBILE = re.compile(rf"(?<![0-9/=]){DIGIT}?1[3-9][0-9]{{9}}(?![0-9])")
_EVEN_MOBILE = re.compile(rf"(?<![0-9.])1(?P<gap>{GAP}{{1,3}})[3-9](?:(?P=gap)[0-9]){{9}}(?!(?P=gap)?[0-9])")
_MIXED = re.compile(rf"(?<![0-9]){DIGIT}(?:{GAP}{{0,3}}{DIGIT}){{10}}(?!{GAP}?{DIGIT})")
_MISTYPED = re.compile(r"(?<![0-9a-z])[1li][3-9](?:[ -]?[0-9lois]){9}(?![0-9a-z])")
"""A mobile number in which letters stand for 1 and 0."""
_MISTYPED_CARD = re.compile(r"(?<![0-9a-z])62(?:[ -]?[0-9loi]){14,17}(?![0-9a-z])")
_CUT_MOBILE = re.compile(rf"(?<![0-9a-z.])1[3-9][0-9](?:{GAP}?\n?[0-9]{{4}}){{2}}(?![0-9])")
"""A mobile number that somebody sent on two lines."""
_NOISE: Final = (
    r"(?:[^\w\n]{0,3}(?:那个|然后是?|再|接着|开头|打头|后面是?|中间是?|最后是?|空格?|横?杠|横线?|减号|逗号|句号|斜杠|点|的|"
    r"\\[nrt]|&(?:[a-z]{2,6}|#[0-9]{1,5});|%[0-9a-f]{2}|<[^<>]{1,12}>)[^\w\n]{0,3}|[^\w\n]{1,3})"
)
"""What people and programs put between the groups of a number: 139那个1234然后5678, 139&nbsp;1234."""
_INTERRUPTED_MOBILE = re.compile(
    rf"(?<![0-9a-z.])1[3-9][0-9]{_NOISE}(?:[0-9]{{8}}|[0-9]{{4}}{_NOISE}[0-9]{{4}}|[0-9]{{2}}(?:{_NOISE}[0-9]{{2}}){{3}})(?![0-9])"
)
_SPOKEN_LANDLINE = re.compile(rf"(?<!{DIGIT})[0零〇]{DIGIT}{{2,3}}{GAP}{{0,3}}{DIGIT}{{7,8}}(?!{DIGIT})")
_LANDLINE_FROM_ABROAD = re.compile(
    rf"(?<![0-9a-z.])(?:\+|00)86{GAP}{{0,2}}(?:10|2[0-9]|[3-9][0-9]{{2}}){GAP}{{0,2}}[2-9][0-9]{{6,7}}(?![0-9.])"
)
_EVEN_SERVICE = re.compile(rf"(?<![0-9.])[48](?P<gap>{GAP}{{1,2}})0(?P=gap)0(?:(?P=gap)[0-9]){{7}}(?!(?P=gap)?[0-9])")
_ODD_SIGN: Final = r"[\[\]{}()<>（）「」『』【】\u2190-\u2bff\U0001f000-\U0001faff]{1,3}"
_PARTED_MOBILE = re.compile(
    r"(?<![0-9a-z.])1[3-9](?:"
    + "|".join(f"[0-9]{{{first}}}{_ODD_SIGN}[0-9]{{{9 - first}}}" for first in range(1, 9))
    + r")(?![0-9])"
)
"""One odd sign somewhere within: 139123😊45678, 「139」12345678."""
_LETTERED_MOBILE = re.compile(
    r"(?<![0-9a-z.])1[3-9][0-9](?P<gap>[a-z]|[\u3400-\u9fff])(?<![元块个年月日号米克斤件人万次])[0-9]{4}(?:(?P=gap)|[a-z])[0-9]{4}(?![0-9a-z])"
)
_DIALLED_LANDLINE = re.compile(
    rf"(?<![0-9a-z.])(?:\(?\+?86[) -]{{0,2}})?[(\[]?0(?:10|2[0-9]|[3-9][0-9]{{2}})(?:{_NOISE}|[^\w\n]{{0,3}})"
    r"[2-9][0-9]{2,3}[ -]{0,2}[0-9]{3,4}(?![0-9.])"
)
"""A number with the code of a city; which of them are in use is not asked."""
_MOST_MISTYPED = 5
_SERVICE = re.compile(rf"(?<![0-9.])[48]00{GAP}{{0,3}}[0-9](?:{GAP}{{0,3}}[0-9]){{6}}(?!{GAP}?[0-9]|[.万元块])")
_ABROAD = re.compile(
    rf"(?<![0-9a-z])(?P<plus>\(?\+{GAP}{{0,2}}|\(?00{GAP}?)(?P<digits>[1-9](?:{GAP}{{0,3}}[0-9]){{6,14}})(?!{GAP}?[0-9])"
)
_CODES_ABROAD: Final = ("852", "853", "886", "1", "44", "81", "82", "65", "60", "61", "49", "33", "7", "66", "84")
# Without + or 00 only in the groups in which people there write them.
_USUAL_ABROAD = re.compile(
    rf"(?<![0-9.])(?:\(?85[23]\)?{GAP}{{1,2}}[2-9][0-9]{{3}}{GAP}?[0-9]{{4}}|\(?886\)?{GAP}{{1,2}}\(?0?\)?[2-9](?:{GAP}{{0,2}}[0-9]){{7,8}}|"
    rf"(?:1{GAP}\(?[2-9][0-9]{{2}}\)?|\([2-9][0-9]{{2}}\)){GAP}{{1,2}}[0-9]{{3}}{GAP}[0-9]{{4}}|"
    rf"09[0-9]{{2}}[ -][0-9]{{3}}[ -][0-9]{{3}}|0[2-8]-[0-9]{{3,4}}-[0-9]{{4}}|07[0-9]{{3}}[ -][0-9]{{6}}|"
    rf"09[0-9]{{8}}|[2-9][0-9]{{2}}-[2-9][0-9]{{2}}-[0-9]{{4}}|"
    rf"44{GAP}7[0-9]{{3}}{GAP}[0-9]{{3}}{GAP}?[0-9]{{3}}|81{GAP}[789]0{GAP}[0-9]{{4}}{GAP}[0-9]{{4}})(?!{GAP}?[0-9])"
)
_PERSONAL_NUMBER: Final = "(?:sfzh?m?|shenfenzheng(?:hao)?|id ?card|身份证?号?码?|身分证|证件|证号)"
_ID_CARD = re.compile(rf"(?<![0-9]){DIGIT}(?:{GAP}{{0,3}}\n?{DIGIT}){{16}}{GAP}{{0,3}}(?:{DIGIT}|[x×叉*])(?![0-9a-z])")
_DATED_ID_CARD = re.compile(
    r"(?<![0-9])[1-9][0-9]{5}(?:19|20)[0-9]{2}年[01]?[0-9]月?[0-3]?[0-9]日?[0-9]{3}[0-9x](?![0-9a-z])"
)
_OLD_ID_CARD = re.compile(rf"(?<![0-9]){DIGIT}(?:{GAP}{{0,3}}{DIGIT}){{14}}(?!{GAP}?[0-9a-z])")
_CALLED_ID = re.compile(
    rf"{_PERSONAL_NUMBER}{LABEL_END}({DIGIT}(?:{GAP}{{0,3}}[0-9x×]|{GAP}{{0,3}}{DIGIT}){{13,17}})(?![0-9])"
)
_PASSPORT = re.compile(
    rf"(?:护照|证件号?码?|档案编号|通行证|回乡证|台胞证|居留证|永居证|军官证|士兵证|警官证|驾驶证|驾照|社保卡?|医保卡?|身份证|hkid|passport|旅行证|海员证|出生证明?|"
    r"户口[本簿]|残疾证|结婚证|学生证|港澳证|往来证|签证|车架号|营业执照|信用代码)(?:编号|字号| ?(?:number|num|no)\.?)?"
    rf"{LINK}"
    rf"(?:([a-z]{{0,2}}[-.]?{SP}?{DIGIT}(?:[ \t-]?{DIGIT}){{5,19}}(?:\([0-9a-z]\)|[a-z])?|"
    r"[0-9]{2}[0-9a-z]{16}|l[0-9a-z]{16})"
    r"(?![0-9a-z])|([\u4e00-\u9fff]字第?[0-9]{5,10}))"
)
_HONG_KONG_CARD = re.compile(r"(?<![0-9a-z])[a-z]{1,2}[0-9]{6}\([0-9a]\)")
_BARE_PASSPORT = re.compile(
    r"(?<![0-9a-z])(?:[egdspc][a-z]?[0-9]{8}|[hm][0-9]{8}(?:[0-9]{2})?|[a-z]{3}[0-9]{12})(?![0-9a-z])"
)
"""Numbers of passports and of passes for Hong Kong, Macau and Taiwan, of permits to stay."""
_GOODS = re.compile(
    r"(?:型号|货号|款号|批号|批次|序列号|零件|配件|sn|s/n|sku|准字|编码|条码|代码|版本)[号码是为:： #]{0,3}$"
)
_CALLED_PAPER = re.compile(
    rf"(?<!许可)(?<!资格)(?<!合格)(?<!认)证(?:件|书)?(?:号码?|编号){LINK}([a-z]?[0-9][0-9 -]{{5,24}}[0-9])(?![0-9a-z])"
)
_OFFICER = re.compile(r"[军政后海空陆武警东南西北中]字第?[0-9]{6,8}号?")
_ID_TAIL = re.compile(rf"{_PERSONAL_NUMBER}(?:最?后|末)[四4六6八8几]位{LINK}([0-9]{{3,7}}[0-9x×])(?![0-9a-z])")
_ID_WITH_MOBILE = re.compile(r"(?<![0-9])[1-9][0-9]{16}[0-9x](?=1[3-9][0-9]{9}(?![0-9]))")
_ID_WORDS: Final = frozenset("sfz sfzh sfzhm shenfenzheng shenfenzhenghao id idcard card no num".split())
_CALLED_CARD = re.compile(
    r"(?:卡号?|卡里|[公个人]户|[工建农中招交浦]行|银行|银联|账号|账户|帐号|帐户|存折|打款|转账|汇款|收款|"
    rf"(?<![a-z])(?:card|acct|account)(?:[_ -]?(?:no|num|number|id))?){LABEL_END}"
    rf"(?:[\u4e00-\u9fff]{{0,6}}{SP}?[:：]?{SP}?)?({DIGIT}(?:{GAP}{{0,3}}{DIGIT}){{11,20}})(?!{GAP}?{DIGIT})"
)
_SECURITY_CODE = re.compile(rf"(?:(?<![a-z])cv[vcn]2?|安全码|背面(?:的|后)?三位数?){LINK}([0-9]{{3,4}})(?![0-9])")
_IBAN = re.compile(r"(?<![0-9a-z])[a-z]{2}[0-9]{2}(?: ?[a-z0-9]{4}){2,7}(?: ?[a-z0-9]{1,3})?(?![0-9a-z])")
_REFERENCE = re.compile(
    r"(?:单号?|编号|流水号?|运单|快递|物流|任务|商品|合同|发票|"
    r"(?<![a-z])(?!no)[a-z]{2}|[任务商品单]id)[号码id是为:： #]{0,4}$"
)
"""What says in front of a number that it is one of things, not of people."""
_AT: Final = (
    r"@@?|[#☆★](?=[a-z0-9-]{1,20}[.](?:com|cn|net))|%40|&#x40;|艾特|爱特|小老鼠|圈a|a圈|&#64;|"
    f"{_BRACKETED.format(sp=SP, words='at|@|a|艾特')}"
)
_WORDY_DOT: Final = _BRACKETED.format(sp=SP, words="dot|[.]|点|。")
_DOT: Final = rf"{SP}?[.。·,]{SP}?|{SP}?点{SP}?|{SP}?(?:{_WORDY_DOT}){SP}?"
_TOP: Final = (
    "com|c0m|cn|net|org|edu|gov|io|me|cc|co|hk|tw|mo|jp|uk|us|sg|de|fr|top|vip|xyz|info|biz|ai|app|dev|tech|shop|online|site|"
    "example|invalid|test"
)
_EMAIL = re.compile(
    rf"(?<![a-z0-9._%+])[a-z0-9][a-z0-9._%+-]{{0,63}}(?:(?:{_WORDY_DOT}|[。点])[a-z0-9_%+-]{{1,30}}){{0,3}}{SP}{{0,2}}(?:{_AT}){SP}{{0,2}}"
    rf"(?:[a-z0-9-]{{1,40}}?(?:{_DOT})){{1,5}}(?:{_TOP})(?![a-z0-9])"
)
_PLAIN_EMAIL = re.compile(
    rf"(?<![a-z0-9._%+'])[a-z0-9][a-z0-9._%+'-]{{0,63}}{SP}{{0,2}}\n?@{{1,2}}(?:邮箱|后缀|域名|后面|是){{0,3}}{SP}{{0,2}}\n?"
    r"(?:(?:[a-z0-9-]{1,40}\.){1,5}[a-z]{2,24}|\[?[0-9]{1,3}(?:\.[0-9]{1,3}){3}\]?)"
)
_HOSTS: Final = (
    "(?:163|126|139|189|qq|gmail|foxmail|outlook|hotmail|sina|sohu|yahoo|icloud|aliyun|yeah|live|tom|21cn|"
    "vip[.](?:qq|163))"
)
_KNOWN_HOST_EMAIL = re.compile(
    rf"(?<![a-z0-9._%+])[a-z0-9][a-z0-9._%+-]{{1,63}}?"
    rf"(?:{SP}{{0,2}}(?:{_AT}){SP}{{0,2}}|{SP}?(?:@|at){SP}?(?={_HOSTS}[.]))"
    rf"{_HOSTS}(?:[-.。]?(?:com|cn|net)){{0,2}}(?![a-z0-9])"
)
_SPACED_EMAIL = re.compile(
    rf"(?<![a-z0-9])[a-z0-9](?:{SP}[a-z0-9._-]){{1,30}}{SP}?@{SP}?[a-z0-9](?:{SP}[a-z0-9.-]){{3,30}}(?![a-z0-9])"
)
_SPELT_EMAIL = re.compile(
    rf"(?<![a-z0-9._%+-])[a-z0-9][a-z0-9._%+-]{{1,40}}(?:at(?:[a-z0-9-]{{2,20}}点){{1,3}}[a-z]{{2,8}}|(?<=[0-9_])at(?:[a-z0-9-]{{2,20}}[.]){{1,3}}(?:com|cn|net|org)|"
    rf"{SP}{{0,2}}[,]?(?:邮箱)?(?:后面|后缀|域名)是?{SP}?@?(?:[a-z0-9-]{{2,20}}[点.]){{1,3}}[a-z]{{2,8}})(?![a-z0-9])"
)
"""linat163点com: nothing stands around the sign, but the dots are words."""
_QUOTED_EMAIL = re.compile(r'["\'][a-z0-9 ._%+-]{1,40}["\']@(?:[a-z0-9-]{1,40}[.]){1,5}[a-z]{2,24}')
_HAN_EMAIL = re.compile(r"[\u4e00-\u9fff]{0,8}[a-z0-9._-]{0,20}@[\u4e00-\u9fff]{2,12}\.(?:中国|公司|网络|[a-z]{2,6})")
_LANDLINE_BEHIND = re.compile(r"(?<![0-9-])[2-8][0-9]{2,3}[- ][0-9]{4}(?=[(（]?(?:座机|固话|电话|办公))")
_LATEST_YEAR = 2100
_REGIONS: Final = frozenset(
    (*range(11, 16), *range(21, 24), *range(31, 38), *range(41, 47), *range(50, 55), *range(61, 66), 71, 81, 82, 83)
)
_CARD = re.compile(rf"(?<![0-9a-z]){DIGIT}(?:{GAP}{{0,3}}\n?{DIGIT}){{14,18}}(?!{GAP}?{DIGIT})")
_CARD_START = re.compile("6[02]|4|5[1-5]|3[457]|9")
_UNIONPAY = re.compile("62[0-9]{14,17}|9558[0-9]{15}")
_IN_FOURS = re.compile(rf"{DIGIT}{{4}}(?:{GAP}{{1,3}}{DIGIT}{{4}}){{3}}(?:{GAP}{{1,3}}{DIGIT}{{1,3}})?")
"""How cards are printed; dates and amounts are not."""


def _spans(pattern: re.Pattern[str], text: str, group: int | str = 0) -> Iterator[tuple[int, int]]:
    return (match.span(group) for match in pattern.finditer(text))


def _phones(reading: Reading) -> Iterator[tuple[int, int]]:
    text = reading.numbers
    yield from _spans(_CALLED_PHONE, text, 1)
    for pattern in (
        _LANDLINE_BEHIND,
        _GROUPED_MOBILE,
        _CUT_MOBILE,
        _EVEN_MOBILE,
        _SERVICE,
        _USUAL_ABROAD,
        _INTERRUPTED_MOBILE,
        _LETTERED_MOBILE,
        _LANDLINE_FROM_ABROAD,
        _EVEN_SERVICE,
    ):
        yield from _spans(pattern, text)
    yield from _spans(_PARTED_MOBILE, reading.text)
    yield from (match.span() for match in _SPOKEN_LANDLINE.finditer(text) if not match[0].isascii())
    for start, end in _spans(_DIALLED_LANDLINE, text):
        if not _is_reference(text, start):
            yield start, end
    yield from (match.span() for match in _PREFIXED_MOBILE.finditer(text) if match[0][0] in "01")
    for start, end in _spans(_MISTYPED, text):
        if sum(one in "los" for one in text[start:end]) <= _MOST_MISTYPED:
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
    for pattern in (_EMAIL, _PLAIN_EMAIL, _KNOWN_HOST_EMAIL, _SPACED_EMAIL, _SPELT_EMAIL, _QUOTED_EMAIL, _HAN_EMAIL):
        yield from _spans(pattern, reading.text)


def _id_cards(reading: Reading) -> Iterator[tuple[int, int]]:
    text = reading.numbers
    yield from _spans(_CALLED_ID, text, 1)
    yield from (match.span(1) if match[1] else match.span(2) for match in _PASSPORT.finditer(text))
    yield from _spans(_ID_TAIL, text, 1)
    yield from _spans(_CALLED_PAPER, text, 1)
    for pattern in (_HONG_KONG_CARD, _OFFICER, _DATED_ID_CARD):
        yield from _spans(pattern, text)
    for start, end in _spans(_BARE_PASSPORT, text):
        if not _is_reference(text, start) and not _GOODS.search(text, max(0, start - 10), start):
            yield start, end
    for pattern, born in ((_ID_CARD, slice(6, 14)), (_ID_WITH_MOBILE, slice(6, 14)), (_OLD_ID_CARD, slice(6, 12))):
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
    yield from _spans(_SECURITY_CODE, text, 1)
    yield from (match.span() for match in _IBAN.finditer(text) if _is_iban(match[0]))
    for start, end in _spans(_MISTYPED_CARD, text):
        if 0 < sum(one in "loi" for one in text[start:end]) <= _MOST_MISTYPED:
            yield start, end
    for start, end in _spans(_CARD, text):
        digits = plain_digits(text[start:end])
        is_card = passes_luhn(digits) or _UNIONPAY.fullmatch(digits) or _IN_FOURS.fullmatch(text, start, end)
        if _CARD_START.match(digits) and is_card and not _is_reference(text, start):
            yield start, end


def _is_iban(letters: str) -> bool:
    """Whether the check digits of an account number are right (ISO 13616)."""
    plain = letters.replace(" ", "")
    return int("".join(str(int(one, 36)) for one in plain[4:] + plain[:4])) % 97 == 1


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
    PersonalKind.WECHAT: wechat_accounts,
    PersonalKind.QQ: qq_accounts,
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
