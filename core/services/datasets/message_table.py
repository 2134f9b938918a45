"""Tables with one message a row, as chat exporters and service desks write them: recognised, joined into chats.

Columns are found by their usual names, Chinese or English, or pointed at. Rows are joined by the session that they
name, else by room; without either (or where asked for) a pause parts the chats.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from core.domain.chat.chat_writing import SentMessage
from core.domain.chat.parsed_chat import Role


class Joined(StrEnum):
    """What rows are joined by."""

    SESSION = "session"
    ROOM = "room"
    PAUSE = "pause"
    NONE = "none"


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

    def as_dict(self) -> dict[str, str]:
        """Those that are there, by what they hold."""
        return {one.name: value for one in fields(self) if (value := getattr(self, one.name))}


# In each list the surer name comes first.
_USUAL: Mapping[str, Sequence[str]] = {
    "text": (
        "message_content msg_content strcontent 消息内容 聊天内容 发言内容 发送内容 对话内容 内容 消息 "
        "content message msg text 正文 body"
    ).split(),
    "sender": (
        "发送人 发送者 发送人昵称 发送人名称 发言人 发言者 发信人 说话人 发送方 用户昵称 昵称 sender_name "
        "sendername sender from_name speaker nickname nick_name talker from author user_name username "
        "name remark"
    ).split(),
    "time": (
        "发送时间 消息时间 聊天时间 createtime create_time strtime msgtime msg_time sent_at timestamp "
        "datetime 时间 time 日期 date"
    ).split(),
    "session": (
        "会话id 会话编号 会话号 对话id session_id sessionid session conversation_id conversationid chat_id "
        "chatid 工单号 ticket_id"
    ).split(),
    "room": (
        "群聊名称 群名称 群名 群聊 群 群id 聊天室 会话 会话名称 room_name roomname roomid room_id room "
        "chatroom group_name group conversation strtalker"
    ).split(),
    "side": ("is_sender issender is_send issend 方向 收发 direction 是否客服 是否本人 角色 role 身份").split(),
    "sender_id": ("发送人id 发送者id 用户id sender_id senderid wxid from_id fromuser user_id userid uid").split(),
    "kind": ("消息类型 类型 type_name msgtype msg_type type").split(),
}
_OWN = frozenset("1 true yes 是 发送 发出 我 我方 本方 客服 坐席 销售 agent staff out send".split())
_OTHER = frozenset("0 false no 否 接收 收到 对方 客户 访客 用户 customer user visitor in recv".split())
_STAMP = re.compile(
    r"(\d{4})\s?[-/.年]\s?(\d{1,2})\s?[-/.月]\s?(\d{1,2})\s?日?[\sT]{0,3}(?:(\d{1,2})[:：时](\d{1,2})(?:[:：分](\d{1,2}))?)?"
)
_EPOCH = re.compile(r"\d{10}(?:\d{3})?(?:\.0+)?")
_PLACEHOLDERS = {
    "1": "",
    "text": "",
    "文本": "",
    "3": "[图片]",
    "34": "[语音]",
    "43": "[视频]",
    "47": "[表情]",
    "49": "[链接]",
}
_SHANGHAI = timedelta(hours=8)


def recognise(names: Sequence[str], chosen: MessageColumns = MessageColumns()) -> MessageColumns | None:
    """The columns of a message table; ``None`` where the header is not that of one.

    Args:
        names: the header, in order.
        chosen: columns that a person pointed at.

    Returns:
        Columns with at least sender, text, and one of time, room, session and side.
    """
    lowered = {name.casefold().strip(): name for name in reversed(names) if name}
    taken = set(chosen.as_dict().values())
    columns = chosen
    for part, usual in _USUAL.items():
        if getattr(chosen, part):
            continue
        name = next((lowered[one] for one in usual if one in lowered and lowered[one] not in taken), "")
        if name:
            columns = replace(columns, **{part: name})
            taken.add(name)
    pointed_at = bool(chosen.sender)
    if not columns.text or not columns.sender:
        return None
    placed = columns.time or columns.room or columns.session or columns.side or columns.sender_id
    return columns if placed or pointed_at else None


def message_of(row: Mapping[str, Any], columns: MessageColumns, number: int) -> SentMessage:
    """A row as a message.

    Args:
        row: cells by column.
        columns: which is which.
        number: of the row in the file, from 1.
    """
    kind = _text(row, columns.kind).casefold()
    text = _text(row, columns.text)
    if kind and (not text.strip() or text.lstrip().startswith(("<?xml", "<msg", "<sysmsg"))):
        text = _PLACEHOLDERS.get(kind, f"[{kind[:12]}]")
    return SentMessage(
        sender=_text(row, columns.sender).strip(),
        text=text,
        time=time_of(row.get(columns.time)) if columns.time else "",
        sender_id=_text(row, columns.sender_id).strip(),
        side=_side(_text(row, columns.side)),
        room=_text(row, columns.room).strip(),
        session=_text(row, columns.session).strip(),
        row=number,
    )


def time_of(value: Any) -> str:
    """A time as ISO 8601 without a zone; ``""`` where it is none.

    Args:
        value: a date, seconds or milliseconds since 1970 (shown in the time of Shanghai), or text in a usual form.
    """
    if isinstance(value, datetime):
        return value.replace(tzinfo=None, microsecond=0).isoformat()
    text = "" if value is None or isinstance(value, bool) else str(value).strip()
    if _EPOCH.fullmatch(text):
        digits = text.partition(".")[0]
        moment = datetime.fromtimestamp(int(digits[:10]), UTC) + _SHANGHAI
        return moment.replace(tzinfo=None).isoformat()
    match = _STAMP.match(text)
    if match is None:
        return ""
    numbers = [int(part or 0) for part in match.groups()]
    try:
        return datetime(*numbers).isoformat()  # type: ignore[arg-type]  # noqa: DTZ001 (the file says no zone)
    except ValueError:
        return ""


@dataclass(frozen=True, slots=True)
class JoinedMessages:
    """Chats made of messages, each in its order.

    Attributes:
        by: what they are joined by.
        chats: in the order of their first message.
        out_of_order: messages that stood before an earlier one and were put in order.
    """

    by: Joined
    chats: tuple[tuple[SentMessage, ...], ...]
    out_of_order: int = 0


def join(messages: Iterable[SentMessage], *, pause_minutes: int = 0) -> JoinedMessages:
    """Join messages into chats.

    Args:
        messages: in the order of the file.
        pause_minutes: a longer silence begins a new chat; 0: none does. Sessions are never parted.
    """
    rows = list(messages)
    by_session = any(message.session for message in rows)
    by_room = not by_session and any(message.room for message in rows)
    groups: dict[str, list[SentMessage]] = {}
    for message in rows:
        key = message.session if by_session else message.room if by_room else ""
        groups.setdefault(key, []).append(message)
    chats: list[tuple[SentMessage, ...]] = []
    moved = 0
    for group in groups.values():
        ordered = group
        if all(message.time for message in group):
            ordered = sorted(group, key=lambda message: message.time)  # stable: equal times stay as they stand
            moved += sum(after.time < before.time for before, after in zip(group, group[1:], strict=False))
        chats += [tuple(ordered)] if by_session or not pause_minutes else _parted(ordered, pause_minutes)
    chats.sort(key=lambda chat: min(message.row for message in chat))
    parted = pause_minutes > 0 and not by_session and any(message.time for message in rows)
    by = Joined.SESSION if by_session else Joined.PAUSE if parted else Joined.ROOM if by_room else Joined.NONE
    return JoinedMessages(by, tuple(chats), moved)


def _parted(messages: Sequence[SentMessage], pause_minutes: int) -> list[tuple[SentMessage, ...]]:
    chats: list[list[SentMessage]] = []
    last: datetime | None = None
    for message in messages:
        now = datetime.fromisoformat(message.time) if message.time else None
        if not chats or (now and last and now - last > timedelta(minutes=pause_minutes)):
            chats.append([])
        chats[-1].append(message)
        last = now or last
    return [tuple(chat) for chat in chats]


def _text(row: Mapping[str, Any], column: str) -> str:
    value = row.get(column) if column else None
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _side(word: str) -> Role:
    plain = word.strip().casefold()
    return Role.STAFF if plain in _OWN else Role.CUSTOMER if plain in _OTHER else Role.UNKNOWN
