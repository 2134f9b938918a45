"""Messages of a file whose rows are messages: what each row says, and which rows make up a chat.

Rows are joined by the session that they name, else by room, else by who wrote to whom; without any of these (or where
asked for) a pause parts the chats.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from core.domain.chat.chat_writing import SentMessage
from core.domain.chat.parsed_chat import Role
from core.services.datasets.damaged_numbers import plain_number
from core.services.datasets.message_columns import MODEL_ROLES, MessageColumns
from core.services.datasets.message_times import time_of
from core.services.datasets.message_words import PLACEHOLDERS, quoted_in, words_beside, words_in
from core.services.datasets.reading_report import Joined
from core.services.datasets.simplified import simplified
from core.services.datasets.wechat_markup import is_notice, words_in_markup

_OWN = frozenset(
    "1 true yes y 是 发送 发出 发 我 我方 己方 本方 本人 员工 内部 客服 人工客服 坐席 座席 销售 顾问 商家 "
    "agent staff out outgoing send sent self service employee assistant gpt chatgpt model bot".split()
)
_OTHER = frozenset(
    "0 false no n 否 接收 收到 收 对方 客户 顾客 访客 买家 用户 外部 外部联系人 "
    "customer user enduser end-user client visitor guest buyer in incoming recv receive received external human".split()
)
_PERSON_DOES = re.compile(r"(.{1,12}?)(发送的?|发出的?|发来的?|发言|发|回复|消息|说|端|侧|接收的?|收到的?)")
_RECEIVES = ("接收", "收到")
_TOWARDS = re.compile(r"(.{1,12}?)(?:-{1,2}>|=>|→|➡|>|发给|发往|发送给|发送至| to )(.{1,12})")
_ARROWS = {"→": 1, "->": 1, "=>": 1, "←": -1, "<-": -1, "<=": -1}
_EXTERNAL_ID = re.compile(r"w[mo][\w-]{22,40}")
_PEOPLE = frozenset(
    "我方 己方 本方 对方 客服 人工客服 坐席 座席 销售 顾问 商家 客户 顾客 访客 买家 用户 "
    "agent staff service employee customer client visitor guest buyer".split()
)
_PARTIES = _PEOPLE - {"我方", "己方", "本方", "对方"} | {"员工", "企业员工", "外部联系人"}
_OUR_SIDE, _THEIR_SIDE = "我方", "对方"
_CONTENTS = ("content", "body", "message", "text", "extension")
_TEXT_KINDS = frozenset(("", "1", "0", "text", "文本", "文字", "文本消息", "post", "markdown", "mixed"))
_MARKUP = ("<?xml", "<msg", "<sysmsg", "<revokemsg")
USUAL_PAUSE = 30
"""Minutes of silence that part chats where a person asks for pauses and names no length."""

SHOWN_PAUSES = (30, 60, 120, 480, 1440)
"""Minutes for which a preview says how many chats there would be."""


def message_of(
    row: Mapping[str, Any],
    columns: MessageColumns,
    number: int,
    whole: Mapping[str, Any] | None = None,
    listed_in: str = "",
) -> SentMessage:
    """A row as a message.

    Args:
        row: cells by column.
        columns: which is which.
        number: of the row in the file, from 1.
        whole: the object of which the cells are, where it is one.
        listed_in: session of the list in which it stands; it counts where the row names neither session nor room.
    """
    kind = _text(row, columns.kind).strip().casefold()
    side = side_of(_text(row, columns.side))
    sender = _text(row, columns.sender).strip()
    staff, customer = _text(row, columns.staff).strip(), _text(row, columns.customer).strip()
    if side is Role.UNKNOWN and (way := _ARROWS.get(_text(row, columns.side).strip())):
        side = _side_of_arrow(row, columns, way)
    if side is Role.UNKNOWN and simplified(sender.casefold()) in _PARTIES:
        side = side_of(sender)  # 发送方: 客户 / 员工
        sender = (staff if side is Role.STAFF else customer) or sender
    if not sender and (not columns.sender or _text(row, columns.side).strip().casefold() in MODEL_ROLES):
        named = staff if side is Role.STAFF else customer if side is Role.CUSTOMER else ""
        sender = named or _named_by_side(_text(row, columns.side).strip(), side)
    if side is Role.UNKNOWN and sender:
        side = _side_by_name(sender, staff, customer)
    room, session = _text(row, columns.room).strip(), _text(row, columns.session).strip()
    sender_id = _text(row, columns.sender_id).strip()
    if side is Role.UNKNOWN and _EXTERNAL_ID.fullmatch(sender_id or sender):
        side = Role.CUSTOMER  # an external contact of 企业微信
    if is_notice(_text(row, columns.text), kind):
        sender = sender_id = ""
    to = _text(row, columns.to).strip()
    session = session or (listed_in if not room else "")
    if not room and not session and to:
        room = pair_room(sender_id or sender, to)
    text = _content(_words(row, columns.text, kind) or _deeper(whole or {}, kind), kind)
    text = _with_all_words(text, kind, whole or {})
    return SentMessage(
        sender=sender or sender_id,
        text=_with_transcripts(text, row, columns),
        time=_time(row, columns),
        sender_id=sender_id,
        side=side,
        room=room,
        session=session,
        row=number,
    )


def _side_of_arrow(row: Mapping[str, Any], columns: MessageColumns, way: int) -> Role:
    """Whose side speaks where an arrow stands between the columns of customer and staff, in their order."""
    names = list(row)
    if not (columns.staff in row and columns.customer in row):
        return Role.UNKNOWN
    customer_first = names.index(columns.customer) < names.index(columns.staff)
    return Role.CUSTOMER if customer_first == (way > 0) else Role.STAFF


def _with_all_words(text: str, kind: str, value: Mapping[str, Any]) -> str:
    """A message's text below what it answers, and behind it what it holds besides."""
    beside = [words for words in words_beside(value) if words not in text]
    quote = quoted_in(value)
    if not beside and not quote:
        return text
    placeholder = bool(beside) and text == _unknown_kind(kind)
    return quote + " ".join(beside if placeholder else [text, *beside]).strip()


def _with_transcripts(text: str, row: Mapping[str, Any], columns: MessageColumns) -> str:
    """A message's text, and what was said in its voice or stands in its picture."""
    parts = [_text(row, column).strip() for column in (columns.voice, columns.picture) if column]
    return " ".join([text, *(part for part in parts if part and part not in text)]).strip() if any(parts) else text


def _words(row: Mapping[str, Any], column: str, kind: str) -> str:
    """A cell's text; of a list of parts (words, pictures) what each says or stands for."""
    parts = row.get(column) if column else None
    if isinstance(parts, list) and any(isinstance(part, dict) for part in parts):
        return words_in({"richText": parts}, kind) or ""
    return _text(row, column)


def _side_by_name(sender: str, staff: str, customer: str) -> Role:
    """Whose side a sender is on where the row names the member of staff and the customer of its session."""
    if staff == customer:
        return Role.UNKNOWN
    return Role.STAFF if sender == staff else Role.CUSTOMER if sender == customer else Role.UNKNOWN


def _named_by_side(word: str, side: Role) -> str:
    """A speaker of whom only the side is known: 客户, 客服, 机器人; 我方 and 对方 where a number says it."""
    if (role := MODEL_ROLES.get(word.casefold())) and word.casefold() not in _PEOPLE:
        return role
    if side is Role.UNKNOWN or word.casefold() in _PEOPLE:
        return word
    return _OUR_SIDE if side is Role.STAFF else _THEIR_SIDE


_EACH_OTHER = {"客户": "客服", "客服": "客户", _OUR_SIDE: _THEIR_SIDE, _THEIR_SIDE: _OUR_SIDE}
_OTHER_SIDE = {Role.CUSTOMER: Role.STAFF, Role.STAFF: Role.CUSTOMER}


def swapped(message: SentMessage) -> SentMessage:
    """The message said by the other side, as are the names that only say a side."""
    return replace(
        message,
        side=_OTHER_SIDE.get(message.side, message.side),
        sender=_EACH_OTHER.get(message.sender, message.sender),
    )


def _deeper(value: Mapping[str, Any], kind: str) -> str:
    """What was said where it stands in another object of the message than that of the others."""
    for name in (kind, *_CONTENTS):
        inner = value.get(name)
        if isinstance(inner, dict) and (words := words_in(inner, kind)):
            return words
    return ""


def pair_room(sender: str, to: str) -> str:
    """The room of a message between people: the same whoever of them wrote it."""
    people = sorted({sender, *(one.strip() for one in to.replace("、", ",").split(","))} - {""})
    return " / ".join(people)


def _time(row: Mapping[str, Any], columns: MessageColumns) -> str:
    value = row.get(columns.time) if columns.time else None
    if columns.date and columns.date != columns.time and value not in (None, ""):
        # A clock in one column, the day in another.
        day = time_of(row.get(columns.date)).partition("T")[0]
        return time_of(value) or (time_of(f"{day} {value}") if day else "")
    return time_of(value)


def _content(text: str, kind: str) -> str:
    """What was said; a placeholder for pictures, voice and the like."""
    plain = text.lstrip()
    if plain.startswith("{") and (words := _words_in_json(plain, kind)) is not None:
        return words or PLACEHOLDERS.get(kind, _unknown_kind(kind))
    if not plain.startswith(_MARKUP) and (plain or kind in _TEXT_KINDS):
        return text
    return words_in_markup(plain, kind)


def _unknown_kind(kind: str) -> str:
    return f"[{kind[:12]}]" if kind else ""


def _words_in_json(text: str, kind: str) -> str | None:
    """The text in a cell that holds a message's content as JSON; ``None`` where it is something else."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return words_in(value, kind) if isinstance(value, dict) else None


@dataclass(frozen=True, slots=True)
class JoinedMessages:
    """Chats made of messages, each in its order.

    Attributes:
        by: what they are joined by.
        chats: in the order of their first message.
        out_of_order: messages that stood before an earlier one and were put in order.
        pauses: ``(minutes, chats)``: how many chats there would be if a silence of so many minutes parted them.
        shared_sessions: that stand in several rooms, each of which counts its own; they are parted.
    """

    by: Joined
    chats: tuple[tuple[SentMessage, ...], ...]
    out_of_order: int = 0
    pauses: tuple[tuple[int, int], ...] = ()
    shared_sessions: tuple[str, ...] = ()


def join(messages: Iterable[SentMessage], *, pause_minutes: int = 0, by: str = "") -> JoinedMessages:
    """Join messages into chats.

    Args:
        messages: in the order of the file.
        pause_minutes: a longer silence begins a new chat; 0: none does. Sessions are never parted, unless ``by`` is
            ``pause``.
        by: ``session``, ``room``, ``pause`` or ``none`` (all are one chat), where a person chose it; ``""``: the
            session if the file names any, else the room.
    """
    rows = list(messages)
    by_session = by in ("", "session") and any(message.session for message in rows)
    by_room = by != "none" and not by_session and any(message.room for message in rows)
    if by == "pause" and not pause_minutes:
        pause_minutes = USUAL_PAUSE
    shared = _in_several_rooms(rows) if by_session else frozenset()
    groups: dict[tuple[str, str], list[SentMessage]] = {}
    for message in rows:
        key = ("", message.room)
        if by_session and message.session:
            key = (f"session {message.session}", message.room if message.session in shared else "")
        groups.setdefault(key if by != "none" else ("", ""), []).append(message)
    chats: list[tuple[SentMessage, ...]] = []
    silences: list[float] = []
    moved = 0
    file_falls = _falls(list(groups.values()))
    for group in groups.values():
        falls = _falls([group]) or file_falls
        ordered = group[::-1] if falls > 0 else group  # the newest stands first
        if all(message.time for message in group):
            ordered = sorted(ordered, key=lambda message: message.time)  # stable: equal times stay as they stand
            moved += sum(after.time < before.time for before, after in zip(group, group[1:], strict=False))
        whole = not pause_minutes or by_session and bool(group[0].session)
        chats += [tuple(ordered)] if whole else _parted(ordered, pause_minutes)
        silences += _silences(ordered)
    chats.sort(key=lambda chat: min(message.row for message in chat))
    parted = pause_minutes > 0 and not by_session and any(message.time for message in rows)
    joined = Joined.SESSION if by_session else Joined.PAUSE if parted else Joined.ROOM if by_room else Joined.NONE
    effects = tuple((minutes, len(groups) + sum(one > minutes for one in silences)) for minutes in SHOWN_PAUSES)
    return JoinedMessages(joined, tuple(chats), moved, effects if silences else (), tuple(sorted(shared)))


def _in_several_rooms(messages: Iterable[SentMessage]) -> frozenset[str]:
    """Sessions of several rooms with people who talk there: rooms in each of which one person speaks are names."""
    senders: dict[str, dict[str, set[str]]] = {}
    for message in messages:
        if message.session and message.room:
            rooms = senders.setdefault(message.session, {})
            rooms.setdefault(message.room, set()).add(message.sender_id or message.sender)
    return frozenset(
        session
        for session, rooms in senders.items()
        if len(rooms) > 1 and any(len(speakers) > 1 for speakers in rooms.values())
    )


def _falls(groups: Iterable[Sequence[SentMessage]]) -> int:
    """How many more times fall than rise from one message of a group to the next."""
    timed = ([message.time for message in group if message.time] for group in groups)
    steps = [(before > after) - (before < after) for times in timed for before, after in pairwise(times)]
    return sum(steps)


def _silences(messages: Sequence[SentMessage]) -> list[float]:
    """Minutes between messages with a time, those under the shortest shown pause left out."""
    times = [datetime.fromisoformat(message.time) for message in messages if message.time]
    gaps = ((after - before).total_seconds() / 60 for before, after in zip(times, times[1:], strict=False))
    return [gap for gap in gaps if gap > SHOWN_PAUSES[0]]


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
        return plain_number(value)
    if isinstance(value, (list, tuple)):
        return ",".join(str(one) for one in value)
    return str(value)


def side_of(word: str) -> Role:
    """Whose side a word of an export stands for.

    ``1`` and ``发送`` stand for ours, ``0`` and ``客户`` for theirs; so do ``客服发送`` and ``访客 → 客服``.
    """
    plain = simplified(word.strip().casefold())
    side = _side_of_plain(plain)
    if side is Role.UNKNOWN and (match := _TOWARDS.fullmatch(plain)):
        return _side_of_plain(match[1].strip())
    if side is Role.UNKNOWN and (match := _PERSON_DOES.fullmatch(plain)) and match[1] in _PEOPLE:
        side = _side_of_plain(match[1])
        if match[2].startswith(_RECEIVES):
            side = Role.STAFF if side is Role.CUSTOMER else Role.CUSTOMER
    return side


def _side_of_plain(word: str) -> Role:
    return Role.STAFF if word in _OWN else Role.CUSTOMER if word in _OTHER else Role.UNKNOWN
