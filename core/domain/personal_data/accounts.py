"""Finds accounts of WeChat, QQ and other networks in text that was read."""

import re
from collections.abc import Iterator
from typing import Final

from core.domain.entities import qq_numbers_in, wechat_ids_in
from core.domain.personal_data.labels import ASKED, GAP, LABEL_END, LINK, MORE, SP
from core.domain.personal_data.reading import DIGIT, Reading

_WECHAT_WORD: Final = (
    r"(?:[微薇威徽维魏卫围徵溦葳巍崴炜玮][ .·\-—_*]{0,2}[信芯鑫]|[微薇威徽维v][❤♥💗]|卫星|绿泡泡|绿信|"
    r"绿色(?:聊天)?软件|(?:wei|w)信|"
    r"微x(?![a-z])|(?<![a-z])(?:we ?chat(?:[ _-]?(?:id|no|number|account))?(?: is)?|"
    r"wei[ _-]?xin(?:hao)?|[vw][ .·\-]?x|v❤|v信))"
    r"(?:[/、和及](?:qq|扣扣|电话|手机号?)){0,2}"
)
_SPELT_SIGN: Final = r"[(]?(?:下划线|减号|横线|横杠|中划线|短横|杠)[)]?"
_WECHAT = re.compile(
    rf"(?:{_WECHAT_WORD}(?!名|群|小程序|支付)|微我?|加我|就搜|[加个我]{SP}?v(?=[吧呗哈啊: ])|"
    rf"(?:[+]|加){SP}?[vw薇威徽维卫]|(?<![a-z0-9])[vw]{SP}?[+]|(?<![a-z0-9])v(?=[^\w\-.]|号)){LINK}"
    rf"(?P<id>[a-z](?:(?:[a-z0-9_-]{{0,14}}{_SPELT_SIGN}){{1,3}}[a-z0-9_-]{{1,14}}|"
    rf"[a-z0-9]{{0,11}}(?:{SP}[_-]{SP}[a-z0-9]{{1,18}}){{1,3}}|[a-z0-9_-]{{1,10}}{SP}_[a-z0-9]{{2,18}}|"
    rf"[a-z0-9_-]{{5,19}}|[a-z0-9_-]{{1,10}}{SP}(?=[a-z_-]{{0,10}}[0-9_-])[a-z0-9_-]{{2,18}}|"
    rf"[a-z0-9_-]{{0,14}}(?:[.](?!com|cn|net|org)[a-z0-9_-]{{1,10}}){{2,4}}|[a-z0-9_-]{{1,14}}[.][0-9_]{{2,8}}|"
    rf"(?:{SP}[a-z0-9_-]){{5,19}}))(?![a-z0-9_@]|[.][a-z0-9])"
)
_ODD_ID: Final = r"(?=[a-z_-]{1,19}[0-9_-])[a-z][a-z0-9_-]{5,19}(?![a-z0-9_@]|[.][a-z0-9])"
"""An account that no word looks like: digits or signs stand in it."""
_NEAR_WECHAT = re.compile(rf"{_WECHAT_WORD}(?!支付|小程序)[^a-z0-9\n。！？!?;]{{0,10}}(?P<id>{_ODD_ID})")
_ASKED_WECHAT = re.compile(rf"{_WECHAT_WORD}{ASKED}(?P<id>[a-z][a-z0-9_-]{{5,19}})(?![a-z0-9_@]|[.][a-z0-9])")
_MORE_IDS = re.compile(rf"{MORE}(?P<id>(?=[a-z_.-]{{1,19}}[0-9_-])[a-z][a-z0-9_.-]{{5,19}})(?![a-z0-9_@.-])")
_ELSEWHERE = re.compile(
    r"(?:小红书|抖音|快手|钉钉|旺旺|淘宝|闲鱼|支付宝|微博|哔哩哔哩|陌陌|探探|知乎|飞书|易信|推特|脸书|电报|飞机|"
    r"(?<![a-z0-9])(?:telegram|tg|whatsapp|skype|instagram|ins|facebook|fb|twitter|line|discord|douyin|alipay|dingtalk))"
    rf"(?:名|昵称|用户名)?{LINK}(?P<id>{_ODD_ID})"
)
"""An account of another network."""
_ADDED = re.compile(
    rf"(?:搜|添?加|(?<![\w+])[+]){SP}?(?:我|一下|好友|个|号|下){{0,2}}[: 「“\"【(]{{0,2}}(?P<id>{_ODD_ID})"
)
_NUMBER_IN_WECHAT = re.compile(
    rf"{_WECHAT_WORD}(?!名|群|小程序|支付){LINK}(?P<id>[0-9]{{6,11}})(?![0-9.]|{SP}?[元块万人个])"
)
_WECHAT_BEHIND = re.compile(
    rf"(?<![a-z0-9_@.-])(?P<id>[a-z][a-z0-9_-]{{4,18}}[a-z0-9_])(?=[ \t\u3000\u00a0—–―\-,，]{{0,3}}(?:"
    r"微信搜|"
    rf"[(\[（【{SP[1:]}{{0,2}}{_WECHAT_WORD}|{_WECHAT_WORD}(?:$|[\s,，。;；!！)）]|号)|[,，]?(?:这个?|就|都|才)?[是为](?:我|他|她)?的?(?:个人|私人|工作)?(?:{_WECHAT_WORD}|[vw](?![a-z0-9]))))"
)
_BARE_WECHAT = re.compile(r"(?<![a-z0-9_])wxid_[a-z0-9]{6,24}")
_QQ_WORD: Final = r"(?:(?<![a-z])(?:qq|q q|q)(?![a-z])|扣扣|企鹅|腾讯号|🐧|蔻蔻|球球|叩叩|抠抠|口口|秋秋)"
_QQ_NUMBER: Final = rf"(?P<id>{DIGIT}(?:{GAP}{{0,3}}{DIGIT}){{4,10}})(?!{GAP}?{DIGIT}|{SP}?[元块万人个条])"
"""Digits that may stand apart, and are no amount or count."""
_QQ = re.compile(rf"(?:{_QQ_WORD}|扣)(?!群|音乐|邮箱)(?:我|号)?{LABEL_END}\n?{_QQ_NUMBER}")
_ASKED_QQ = re.compile(rf"{_QQ_WORD}{ASKED}{_QQ_NUMBER}")
_QQ_ADDRESS = re.compile(r"(?:[?&;]uin=|qzone\.qq\.com/|qlogo\.cn/[a-z/]{0,20}/)(?P<id>[1-9][0-9]{4,10})(?![0-9])")
_QQ_GROUP = re.compile(
    rf"(?:(?:[qQ扣粉丝交流客户买家福利加进入建讨论]|qq|扣扣)群|群聊?号|(?<![a-z])qun)(?:号码?|是|为|{SP}|[:=]){{0,3}}"
    rf"(?P<id>[1-9][0-9]{{5,10}})(?!{GAP}?{DIGIT}|{SP}?[元块万人个条])"
)
"""Who is in a group can be looked up by its number."""
_MORE_QQ = re.compile(rf"{MORE}(?P<id>[1-9][0-9]{{4,10}})(?![0-9]|{SP}?[元块万人个条])")
_QQ_BEHIND = re.compile(
    rf"(?<![0-9a-z.])(?P<id>{DIGIT}(?:{GAP}?{DIGIT}){{4,10}})(?={SP}{{0,2}}[,，(（\[【]?{SP}?(?:(?:这个?|就|都|才)?[是为])?(?:我|他|她|我们)?的?{_QQ_WORD}(?!群|音乐|邮箱|空间|会员|浏览|红包|文件))"
)
_NO_ID = re.compile(
    r"[-_ ]{2}|^(?:https?|www|group|wechat|weixin|mini|pay|iphone|ipad|windows|win[0-9]|android|ios|macos|macbook|"
    r"harmony|huawei|xiaomi|redmi|honor|"
    r"chrome|firefox|safari|facebook|whatsapp|telegram|skype|linkedin|version|python|excel|error|token|agent|gbk|md5|base64|http|ipv|jdk|mysql|office|"
    r"(?:err|code|api|corp|app|sku|order|model|test|utf|sha|java|node|word)(?![a-z]))"
)


def _with_more(first: re.Match[str], more: re.Pattern[str]) -> Iterator[re.Match[str]]:
    """A value and the ones that are listed behind it."""
    following: re.Match[str] | None = first
    while following:
        yield following
        following = more.match(first.string, following.end("id"))


def wechat_accounts(reading: Reading) -> Iterator[tuple[int, int]]:
    """Offsets of ids of WeChat and of accounts of other networks."""
    text = reading.text
    yield from ((mention.start, mention.end) for mention in wechat_ids_in(text))
    yield from (match.span() for match in _BARE_WECHAT.finditer(text))
    for pattern in (
        _WECHAT,
        _NEAR_WECHAT,
        _ASKED_WECHAT,
        _ADDED,
        _WECHAT_BEHIND,
        _NUMBER_IN_WECHAT,
        _ELSEWHERE,
    ):
        for first in pattern.finditer(text):
            if not _NO_ID.search(re.sub(SP, "", first["id"])):
                yield from (match.span("id") for match in _with_more(first, _MORE_IDS))


def qq_accounts(reading: Reading) -> Iterator[tuple[int, int]]:
    """Offsets of numbers of QQ and of its groups."""
    yield from ((mention.start, mention.end) for mention in qq_numbers_in(reading.text))
    for pattern in (_QQ, _ASKED_QQ, _QQ_ADDRESS, _QQ_GROUP, _QQ_BEHIND):
        for first in pattern.finditer(reading.numbers):
            yield from (match.span("id") for match in _with_more(first, _MORE_QQ))
