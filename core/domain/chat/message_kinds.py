"""Kinds of messages: placeholders (``[图片]``), stickers, links, system lines; and mentions of other speakers."""

import re
from collections.abc import Collection
from typing import Final

from core.domain.chat.parsed_chat import MessageKind
from core.domain.chat.speaker_lines import MAX_NAME

_PLACEHOLDERS: Final[dict[str, MessageKind]] = {
    "图片": MessageKind.IMAGE,
    "照片": MessageKind.IMAGE,
    "截图": MessageKind.IMAGE,
    "文件": MessageKind.FILE,
    "文档": MessageKind.FILE,
    "链接": MessageKind.LINK,
    "网页": MessageKind.LINK,
    "网页链接": MessageKind.LINK,
    "小程序": MessageKind.LINK,
    "小程序消息": MessageKind.LINK,
    "视频": MessageKind.VIDEO,
    "小视频": MessageKind.VIDEO,
    "视频号": MessageKind.VIDEO,
    "语音": MessageKind.VOICE,
    "语音消息": MessageKind.VOICE,
    "语音通话": MessageKind.VOICE,
    "撤回消息": MessageKind.RECALL,
    "表情": MessageKind.STICKER,
    "动画表情": MessageKind.STICKER,
}
_BRACKET = re.compile(r"\[([^\[\]\n]{1,120})\]")
_FILE_NAME = re.compile(r"\.(?:pdf|docx?|xlsx?|pptx?|csv|txt|zip|rar|7z|wps|dwg|psd|key|numbers)$", re.IGNORECASE)
LINK = re.compile(r"https?://[^\s\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]+")
"""A link; Chinese characters and punctuation end it."""
PLACEHOLDER = re.compile(r"\[[^\[\]\n]{1,12}\]")
"""What an export writes in place of a picture, a voice message or an emoji: ``[图片]``."""
_SYSTEM = re.compile(
    r"(?:[\"“]?.{1,30}?[\"”]?(?:邀请.{1,60}加入了?群聊|通过扫描.{1,40}加入群聊|加入了?群聊|退出了?群聊|被?移出了?群聊|"
    r"撤回了一条消息|修改群名为.{1,40}|将.{1,30}移出了群聊|拍了拍.{1,30})"
    r"|.{0,10}(?:我通过了你的|你已添加了|我已添加了你).{1,40}现在(?:我们)?可以开始聊天了.?"
    r"|以上[是为]打?招呼的内容.?|以下是?新消息"
    r"|群主已(?:启用|关闭|取消).{1,30}|.{1,30}已?成为新?群主.?|.{1,30}已将群主转让给.{1,30}|.{1,30}发起了群收款"
    r"|.{1,30}?领取了(?:你|您|.{1,30})的红包|收到(?:红包|一笔转账|转账)，请在(?:手机|最新版微信)上?.{0,8}查看.?"
    r"|(?:对方|.{1,30})(?:已|还未|未)?开启了?(?:朋友|好友)验证.{0,40}|消息已发出，但被对方拒收了.?"
    r"|对方正在(?:输入|讲话)[.。…]{0,6}"
    r"|(?:本次|当前|客服|用户|访客|客户|系统自动)?(?:会话|对话|接待|服务)(?:已|已经)?(?:自动|超时)?(?:开始|结束|关闭|超时|接入)了?.?"
    r"|(?:.{1,20}?)(?:已)?(?:进入|接入|接起|离开|退出|结束|转接)了?(?:本次)?(?:会话|对话|接待|聊天室).{0,20}"
    r"|(?:用户|客户|访客|客服|对方)已(?:离线|下线|上线).?"
    r"|[\[【(（]?系统(?:消息|提示|通知|公告)[\]】)）]?\s?[:：]?.{1,100}"
    r"|(?:系统|[Ss]ystem|SYSTEM)\s?[:：]\s{0,4}.{0,60}?(?:进入|加入|接入|离开|退出|结束|转接|关闭|超时|撤回|邀请|分配|排队|"
    r"joined|left|entered|ended|closed|connected|transferred|assigned|started).{0,40})"
)
SYSTEM_NAMES = frozenset(("系统消息", "系统提示", "系统通知"))
"""What stands in the place of a name where the application speaks."""
_SYSTEM_STARTS = tuple(SYSTEM_NAMES)
_SYSTEM_SAYS = re.compile(r"(?:系统|[Ss]ystem|SYSTEM)\s?[:：]")
_TITLE_LINE = re.compile(
    r"[【\[(（]?(?:(?:微信|QQ|企业微信|企微|钉钉|飞书)\s?)?"
    r"(?:群聊|群|群名|群名称|群聊名称|群号|群主|群成员|群人数|成员|成员数|成员列表|聊天对象|聊天记录|会话|会话名称|会话ID|"
    r"对话|对话对象|联系人|好友|导出时间|导出日期|导出人|导出工具|导出范围|消息数|消息总数|消息数量|消息条数|时间范围|"
    r"起止时间|日期范围|统计时间|聊天时间)(?:[】\])）]\s{0,2}[:：]?|\s{0,2}[:：])\s{0,4}\S.*"
)
_HEADING_LINE = re.compile(
    r"[【\[(（]?(?:系统|系统消息|[Ss]ystem|SYSTEM|通知|公告|群公告|重要通知|活动通知|主题|标题|题目|时间|日期|地点|项目|项目名称|客户名称|"
    r"订单号|订单编号|工单号|单号|编号|来源|渠道|平台|店铺|店铺名称|备注|说明|摘要|[Ss]ubject|[Tt]opic|[Dd]ate|[Nn]otice)"
    r"(?:[】\])）]\s{0,2}[:：]?|\s{0,2}[:：])\s{0,4}\S.*"
)
_RULE = re.compile(r"[-–—=*_~─━#]{3,120}")
# Where a mention ends if its name is not a known speaker: WeChat writes U+2005 behind it,
# people write spaces or punctuation.
_MENTION = re.compile(r"(?<![A-Za-z0-9_.+-])@([^\s@，,。；;：:！!？?、“”\"'「」]{1,40})")
# People of another company are shown with it: 「小李 某某科技·某某管家」, 「小李（某某科技）」.
COMPANY = re.compile(
    r"[ \u00a0]{0,2}(?:[（(][^（）()\n]{2,20}[)）]|[\u4e00-\u9fff\w]{2,12}[·•][\u4e00-\u9fff\w]{2,12})"
)
_LONGEST_ONCE: Final = 20
_LONGEST_COMPANY: Final = 40
"""Characters of a name that is repeated in brackets, and of what may follow it there."""
_LONGEST_REPEATED: Final = 2 * _LONGEST_ONCE + _LONGEST_COMPANY + 2
_MENTION_WIDE = re.compile(r"@([^@\n\u2005]{1,40})\u2005")


def kind_of(body: str) -> MessageKind:
    """The kind of a message, judged by its whole body."""
    if not body:
        return MessageKind.TEXT
    if body[0] == "[" and body[-1] == "]":
        return _bracket_kind(body)
    if body.startswith("http") and len(body) < 4000 and all(LINK.fullmatch(word) for word in body.split()):
        return MessageKind.LINK
    return MessageKind.SYSTEM if is_system_line(body) else MessageKind.TEXT


def is_system_line(line: str) -> bool:
    """Whether the application wrote the line (somebody joined, recalled a message) and no person did."""
    return len(line) <= 120 and _SYSTEM.fullmatch(line) is not None


def is_title_line(line: str) -> bool:
    """Whether a line above a chat says of which group it is, or when it was exported: ``微信群聊：装修群``."""
    return len(line) <= 200 and _TITLE_LINE.fullmatch(line) is not None


def is_heading_line(line: str) -> bool:
    """Whether the first line of a text says what it is about, and nobody says it: ``主题：报价``, ``通知：…``."""
    return len(line) <= 200 and _HEADING_LINE.fullmatch(line) is not None


def is_said_by_system(line: str) -> bool:
    """Whether a line begins with what stands for the application in the place of a name: ``系统：已接入``."""
    return line.startswith(_SYSTEM_STARTS) or _SYSTEM_SAYS.match(line) is not None and is_system_line(line)


def is_rule(line: str) -> bool:
    """Whether a line is drawn to part one conversation from the next: ``---``, ``======``."""
    return _RULE.fullmatch(line.strip()) is not None


def _bracket_kind(body: str) -> MessageKind:
    if _BRACKET.sub("", body).strip():
        return MessageKind.TEXT
    kinds: list[MessageKind] = []
    for word in _BRACKET.findall(body):
        if word in _PLACEHOLDERS:
            kinds.append(_PLACEHOLDERS[word])
        elif _FILE_NAME.search(word):
            kinds.append(MessageKind.FILE)
        elif word.endswith(("消息", "会话聊天内容")) or word in {"位置", "名片", "红包", "转账", "接龙", "聊天记录"}:
            kinds.append(MessageKind.OTHER)
        elif len(word) <= 8 and not any(character.isdigit() for character in word):
            kinds.append(MessageKind.STICKER)
        else:
            return MessageKind.TEXT
    # Something to look at counts more than the sticker behind it.
    return next((kind for kind in kinds if kind is not MessageKind.STICKER), MessageKind.STICKER)


def without_company(name: str) -> str:
    """A name without the company that WeChat shows behind it (``林舟@某某公司``)."""
    if repeated := _repeated(name.strip()):
        return repeated
    head, gap, tail = name.strip().replace("\u00a0", " ").partition(" ")
    return head if gap and COMPANY.fullmatch(tail.strip()) else name.strip()


def _repeated(name: str) -> str:
    """小李 of 小李(小李 某某科技): the same person again in brackets; ``""`` where it is not."""
    if name[-1:] not in ("）", ")") or "\n" in name or len(name) > _LONGEST_REPEATED:
        return ""
    for length in range(min(_LONGEST_ONCE, len(name)), 0, -1):
        again = length + 1
        if name[length:again] in ("(", "（") and name.startswith(name[:length], again):
            rest = len(name) - again - length - 1
            if 0 <= rest <= _LONGEST_COMPANY:
                return name[:length]
    return ""


class Mentions:
    """Finds mentions (``@name``) in one chat, whose speakers' names may hold spaces, brackets and colons."""

    def __init__(self, speakers: Collection[str]) -> None:
        self._speakers = frozenset(speakers)
        self._lengths = sorted({len(name) for name in self._speakers if len(name) <= MAX_NAME}, reverse=True)

    def known(self, text: str, at: int) -> str:
        """The longest speaker name that starts at an offset of ``text``; ``""`` if there is none.

        A number is not cut: ``客户12`` is not ``客户1``.
        """
        for length in self._lengths:
            name = text[at : at + length]
            goes_on = name[-1:].isdecimal() and text[at + length : at + length + 1].isdecimal()
            if name in self._speakers and not goes_on:
                return name
        return ""

    def of(self, body: str) -> tuple[str, ...]:
        """Distinct names mentioned in a body, in order; known speakers under their full name."""
        if "@" not in body:
            return ()
        names: dict[str, None] = {}
        at = body.find("@")
        while at >= 0:
            if name := self.known(body, at + 1):
                names[name] = None
                at = body.find("@", at + 1 + len(name))
                continue
            # A name with spaces is only known to end where U+2005 does.
            match = _MENTION_WIDE.match(body, at) or _MENTION.match(body, at)
            if match:
                names[without_company(match.group(1))] = None
            at = body.find("@", max(match.end() if match else 0, at + 1))
        return tuple(name for name in names if name)
