"""Columns of tables with one message a row: found by their usual names, Chinese or English, or pointed at."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from core.services.datasets.simplified import simplified


@dataclass(frozen=True, slots=True)
class MessageColumns:
    """Names of the columns of a message table; ``""`` where it has none."""

    sender: str = ""
    text: str = ""
    time: str = ""
    room: str = ""
    session: str = ""
    side: str = ""
    sender_id: str = ""
    kind: str = ""
    date: str = ""
    to: str = ""
    staff: str = ""
    customer: str = ""
    voice: str = ""
    picture: str = ""

    def as_dict(self) -> dict[str, str]:
        """Those that are there, by what they hold."""
        return {one.name: value for one in fields(self) if (value := getattr(self, one.name))}


# In each list the surer name comes first; names are compared without case, spaces, "_" and "-".
_USUAL: Mapping[str, Sequence[str]] = {
    "text": (
        "messagecontent msgcontent strcontent 消息内容 讯息内容 聊天内容 发言内容 发送内容 对话内容 会话内容 "
        "内容 消息 讯息 文本内容 "
        "messagebody text.content content.text body.content content message.content message.text message msg text "
        "正文 body comment 消息正文 utterance 话术 发言 メッセージ"
    ).split(),
    "sender": (
        "发送人 发送者 传送人 传送者 发送人昵称 发送者昵称 发送人名称 发送人姓名 发送者姓名 发言人 发言者 发信人 "
        "说话人 发送方 "
        "发起人 用户昵称 群昵称 群名片 昵称 sendername sendernick sendernickname fromname fromnickname accountname "
        "sender.name sender.nickname from.name senderdisplayname displayname sender speaker nickname nick talkername "
        "talker from fromuser author.name author senderusername username 发送账号 用户名 用户 成员 name remark "
        "fromnick fromusername 姓名 发消息人 发消息者 送信者 userprofile.realname user"
    ).split(),
    "time": (
        "发送时间 传送时间 消息时间 讯息时间 聊天时间 发言时间 会话时间 createtime strtime msgtime messagetime "
        "sendtime sentat senttime "
        "createdat createdate createat formattedtime timestamp datetime 时间 time 日期时间 日期 date "
        "messagedate 日时 ts"
    ).split(),
    "session": (
        "会话id 会话编号 会话号 对话id 对话编号 接待id sessionid session conversationid dialogueid dialogid chatid "
        "工单号 ticketid chatsession threadid sid"
    ).split(),
    "room": (
        "群聊名称 群名称 群名 群聊 群 群id 群号 群组 群组名称 聊天室 聊天室名称 会话 会话名称 聊天对象 "
        "roomname roomid room chatroomname "
        "chatroom chatname groupname groupid group conversationtitle conversation talkername strtalker talker talkerid "
        "所属群 所属群聊 所在群 所在群聊 グループ "
        "客户昵称 客户名称 客户id 访客昵称 访客id 买家昵称 客户 访客"
    ).split(),
    "side": (
        "issender isself isfromme ismine issend 方向 收发 消息方向 direction 是否客服 是否本人 角色 发送人类型 "
        "发送者类型 发送方类型 发送人角色 发送者角色 sendertype senderrole authorrole fromtype role 身份"
    ).split(),
    "sender_id": (
        "发送人id 发送者id 用户id 发送人账号 发送者账号 senderid sender.uin sender.id sender.uid wxid userwxid "
        "senderwxid senderusername fromid from.id fromuser userid uin uid sender talker"
    ).split(),
    "kind": ("消息类型 讯息类型 内容类型 类型 typename msgtype messagetype contenttype type").split(),
    "to": ("接收人 接收者 接收方 收信人 收件人 tolist to touser receiver receivername toname recipient").split(),
    "staff": (
        "坐席 座席 客服 接待客服 客服名称 客服昵称 坐席名称 坐席姓名 接待人 员工 员工姓名 agent agentname staff"
    ).split(),
    "customer": "客户 客户名称 客户昵称 访客 访客昵称 买家昵称 customer customername visitor".split(),
    "voice": "语音转文字 语音转写 语音识别 语音文本 语音内容 转文字 转写文本 voicetext transcript asrtext".split(),
    "picture": "图片描述 图片文字 图片识别 图片内容 识别文字 imagetext ocrtext ocr".split(),
    "date": ("日期 发送日期 消息日期 date day").split(),
}
_IDENTIFIER = re.compile(r"wxid_\w+|(?:gh_|ou_|w[mob])\w{4,}|\d{5,}|[0-9a-f-]{16,}|\w{1,40}@chatroom", re.IGNORECASE)
_WORDS = re.compile(r"[\s_\-*＊]+")
_BRACKETS = re.compile(r"[（(][^（()）]{0,40}[)）]")
MODEL_ROLES: Mapping[str, str] = {
    "user": "客户",
    "human": "客户",
    "assistant": "客服",
    "gpt": "客服",
    "chatgpt": "客服",
    "model": "客服",
    "bot": "客服",
    "system": "系统",
    "developer": "系统",
    "tool": "工具",
    "function": "工具",
    "function_call": "工具",
    "observation": "工具",
}
"""Roles in conversations with a model, and who they are taken for."""
_ANSWERING = frozenset(role for role, name in MODEL_ROLES.items() if name == "客服")
_WAYS = frozenset("incoming outgoing in out sent received send receive 发送 接收 发出 收到 收 发".split())
_LEGIBLE = 0.5
# Names that columns of whole chats do not have: a table that has one of them holds a message a row.
_SURE_SENDERS = frozenset(
    "发送人 发送者 传送人 传送者 发送人昵称 发送者昵称 发送人名称 发送人姓名 发送者姓名 发言人 发言者 发信人 说话人 "
    "sendername sendernick sendernickname fromname fromnickname sender.name sender.nickname sender speaker".split()
)
_SURE_TEXTS = frozenset(
    "messagecontent msgcontent strcontent 消息内容 讯息内容 发言内容 发送内容 message.content".split()
)


def plain_column(name: str) -> str:
    """A column's name as it is compared: small letters, simplified characters, without spaces, ``_`` and ``-``."""
    return simplified(_WORDS.sub("", name).casefold())


def recognise(
    names: Sequence[str],
    chosen: MessageColumns = MessageColumns(),
    rows: Sequence[Mapping[str, Any]] = (),
    *,
    placed: bool = False,
) -> MessageColumns | None:
    """The columns of a message table; ``None`` where the header is not that of one.

    Args:
        names: the header, in order.
        chosen: columns that a person pointed at.
        placed: whether the rows stand in a list of messages, so that they need no place of their own.
        rows: the first rows; where the senders are numbers and another column has their names, that one is taken.

    Returns:
        Columns with at least a text, a sender (or whose side he is on), and one of time, room, session, side and id;
        or a name that only messages have; or senders who come back.
    """
    plain = {plain_column(name): name for name in reversed(names) if name}
    for name in names:  # 时间（北京时间）
        plain.setdefault(plain_column(_BRACKETS.sub("", name)), name)
    taken = set(chosen.as_dict().values())
    columns = chosen
    for part, usual in _USUAL.items():
        if getattr(chosen, part):
            continue
        # Who the customer is may also be what tells the chats apart.
        barred = taken - {columns.room} if part == "customer" else taken
        free = [plain[one] for one in usual if one in plain and plain[one] not in barred]
        if part == "sender":
            free = _legible_first(free, rows)
        if free:
            columns = replace(columns, **{part: free[0]})
            taken.add(free[0])
    if columns.sender and not chosen.sender and are_of_a_model(columns.sender, rows):
        columns = replace(columns, sender="", side=columns.sender)  # ShareGPT: {"from": "human", "value": …}
        columns = replace(columns, text=columns.text or plain.get("value", ""))
    if columns.kind and not columns.side and _are_ways(columns.kind, rows):
        columns = replace(columns, side=columns.kind, kind="")
    if not columns.text or not (columns.sender or columns.side):
        return None
    if not columns.sender and are_of_a_model(columns.side, rows) and _answers_in_json(columns, rows):
        return None
    stands = columns.time or columns.room or columns.session or columns.side or columns.sender_id
    sure = is_sure(columns) or plain_column(columns.text) in _SURE_TEXTS
    return columns if stands or placed or chosen.sender or sure or _comes_back(columns.sender, rows) else None


def is_sure(columns: MessageColumns) -> bool:
    """Whether the column of senders is called as only one of messages is."""
    return plain_column(columns.sender) in _SURE_SENDERS


def are_of_a_model(side: str, rows: Iterable[Mapping[str, Any]]) -> bool:
    """Whether a column holds the roles of a conversation with a model, one that answers among them."""
    roles = {str(row.get(side) or "").strip().casefold() for row in rows} - {""}
    return bool(roles & _ANSWERING) and roles <= MODEL_ROLES.keys()


def _are_ways(kind: str, rows: Iterable[Mapping[str, Any]]) -> bool:
    """Whether what is called a type says which way messages went: Incoming, Outgoing."""
    values = {str(value).strip().casefold() for row in rows if (value := row.get(kind)) not in (None, "")}
    return bool(values) and values <= _WAYS


def _answers_in_json(columns: MessageColumns, rows: Iterable[Mapping[str, Any]]) -> bool:
    """Whether a model answers with JSON only: rows for training an extraction are no chats."""
    answers = [
        str(row.get(columns.text) or "").lstrip()
        for row in rows
        if str(row.get(columns.side) or "").strip().casefold() in _ANSWERING
    ]
    return all(answer.startswith(("{", "[{", "```")) for answer in answers)


def _comes_back(sender: str, rows: Iterable[Mapping[str, Any]]) -> bool:
    """Whether some sender wrote twice; a table of chats names another customer in each row."""
    names = [str(name) for row in rows if (name := row.get(sender)) not in (None, "")]
    return 1 < len(set(names)) < len(names)


def _legible_first(names: list[str], rows: Iterable[Mapping[str, Any]]) -> list[str]:
    """Columns of names before columns of numbers; else in their order."""
    sample = list(rows)
    if len(names) < 2 or not sample:
        return names
    return sorted(names, key=lambda name: _legible_share(name, sample) <= _LEGIBLE)


def _legible_share(name: str, rows: Sequence[Mapping[str, Any]]) -> float:
    values = [str(value) for row in rows if (value := row.get(name)) not in (None, "")]
    return sum(not _IDENTIFIER.fullmatch(value) for value in values) / max(len(rows), 1)


_KNOWN = frozenset(name for usual in _USUAL.values() for name in usual)


def is_usual_name(name: str) -> bool:
    """Whether a column of messages is often called so."""
    return plain_column(name) in _KNOWN
