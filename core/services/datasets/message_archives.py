"""Messages in JSON as chat programs keep them: 企业微信 会话内容存档, 飞书, Telegram, lists of messages inside objects.

Formats are those that the makers document (developer.work.weixin.qq.com/document/path/91774; open.feishu.cn, "im/v1
messages"); pictures, files and the like become named placeholders.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core.domain.chat.chat_writing import SentMessage
from core.domain.chat.parsed_chat import Role
from core.services.datasets.message_table import pair_room
from core.services.datasets.message_times import time_of
from core.services.datasets.message_words import PLACEHOLDERS, deep_words
from core.services.datasets.telegram_messages import is_telegram, telegram_chats, telegram_message

_LISTS = {
    name: number
    for number, name in enumerate(
        (
            "messages message_list messagelist msgs msg_list msglist chatdata chat_data chat_records records "
            "dialog dialogue conversation conversations turns utterances items list rows "
            "data result results 消息 消息列表 聊天记录"
        ).split()
    )
}
"""Names of lists of messages inside objects, the surer ones first."""
LIST_NAMES = frozenset(_LISTS)
"""Names of lists of messages inside objects."""
_WRAPPERS = ("chat_msg", "decrypt_chat_msg", "decrypted_msg", "decrypted", "msg", "message", "raw")
_ENCRYPTED = "encrypt_chat_msg"
_DEEPEST = 4
_EXTERNAL = re.compile(r"w[mo](?=[\w-]*[A-Z_-])[\w-]+|w[mo][\w-]{10,}|wm[a-z]{4,}")
_PERHAPS_EXTERNAL = re.compile(r"w[mo][a-z\d]*")
_SAYS_NOTHING = "企业切换日志，不是消息"
_NOTICE = "群通知（入群、改名等），不是消息"
_NAMED_PART = re.compile(r"\{(\w{1,40})\}")
_MENTION = re.compile(r"@_user_\d{1,4}|@_all")


@dataclass(frozen=True, slots=True)
class Unreadable:
    """An object that is no message; ``reason`` is a Chinese clause."""

    reason: str


def messages_inside(value: Any, depth: int = 0) -> list[Any] | None:
    """The messages in an object around them (``{"messages": […]}``, also deeper); ``None`` where there are none."""
    if not isinstance(value, dict) or depth > _DEEPEST:
        return None
    if (messages := telegram_chats(value)) is not None:
        return messages
    names = value.keys() & _LISTS.keys()
    if not names or _is_wecom(value) or _is_feishu(value):
        return None
    for name in sorted(names, key=_LISTS.__getitem__):
        inner = value[name]
        if isinstance(inner, list) and inner and sum(isinstance(one, dict) for one in inner) * 2 > len(inner):
            return inner
        if isinstance(inner, dict) and (deeper := messages_inside(inner, depth + 1)):
            return deeper
    return None


def fields_beside(value: Mapping[str, Any], rows: Sequence[Any], prefix: str = "") -> list[str]:
    """Names of what is filled in an object around rows, other than the rows: lists with how much they hold.

    Args:
        value: the object; the rows may lie deeper in it.
        rows: as they were taken out of it, whole or one by one.
        prefix: of the names, where the object lies in another.
    """
    taken = {id(rows), *map(id, rows)}
    if telegram_chats(value) is not None:
        taken.add(id(value["chats"]))  # its messages were copied, each with its room
    names: list[str] = []
    for key, one in value.items():
        if id(one) in taken or one is None or isinstance(one, str | list | dict) and not one:
            continue
        if isinstance(one, list):
            if not any(id(inner) in taken for inner in one):
                names.append(f"{prefix}{key[:20]}（{len(one):,} 条）")
        elif isinstance(one, dict) and _holds(one, taken):
            if "chat_text" in one or "infos" in one:
                continue  # a row that got its number
            names += fields_beside(one, rows, f"{prefix}{key[:20]}.")
        else:
            names.append(f"{prefix}{key}"[:40])
    return names


def _holds(value: Mapping[str, Any], taken: set[int], depth: int = 0) -> bool:
    """Whether rows lie in an object."""
    return any(
        id(one) in taken
        or isinstance(one, list)
        and any(id(inner) in taken for inner in one)
        or isinstance(one, dict)
        and depth < _DEEPEST
        and _holds(one, taken, depth + 1)
        for one in value.values()
    )


def is_archived(value: Any) -> bool:
    """Whether an object is a message of an archive with a form of its own."""
    inner = _unwrapped(value)
    return (
        _is_wecom(inner) or _is_feishu(inner) or is_telegram(value) or isinstance(value, dict) and _ENCRYPTED in value
    )


def archive_message(value: Mapping[str, Any], number: int) -> SentMessage | Unreadable:
    """A message of an archive.

    Args:
        value: the object.
        number: of its row in the file, from 1.
    """
    inner = _unwrapped(value)
    if _is_wecom(inner):
        return _wecom_message(inner, number)
    if _is_feishu(inner):
        return _feishu_message(inner, number)
    if is_telegram(value):
        return telegram_message(value, number) or Unreadable(_NOTICE)
    return Unreadable("还是加密的，请先解密" if _ENCRYPTED in value else "不是一条消息")


def _unwrapped(value: Any) -> Any:
    """The message itself, where an answer of the interface stands around it."""
    if not isinstance(value, dict) or _is_wecom(value) or _is_feishu(value):
        return value
    for name in _WRAPPERS:
        inner = value.get(name)
        if isinstance(inner, str) and inner.lstrip().startswith("{"):
            inner = _parsed(inner)
        if isinstance(inner, dict) and (_is_wecom(inner) or _is_feishu(inner)):
            return inner
    return value


def _is_wecom(value: Any) -> bool:
    if not isinstance(value, dict):
        return False
    if value.get("action") == "switch":
        return "user" in value
    sent = isinstance(value.get("from"), str) and isinstance(value.get("msgtype"), str)
    return sent and ("tolist" in value or "roomid" in value or isinstance(value.get(value["msgtype"]), dict))


def _is_feishu(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and isinstance(value.get("sender"), dict)
        and isinstance(value.get("body"), dict)
        and ("msg_type" in value or "message_type" in value)
    )


def _wecom_message(value: Mapping[str, Any], number: int) -> SentMessage | Unreadable:
    if value.get("action") == "switch":
        return Unreadable(_SAYS_NOTHING)
    sender = str(value["from"])
    receivers = value.get("tolist") or []
    to = (
        receivers.strip("[]").replace('"', "") if isinstance(receivers, str) else ",".join(map(str, _listed(receivers)))
    )
    room = str(value.get("roomid") or "").strip()
    named = next((str(value[key]) for key in ("from_name", "fromname", "sender_name", "name") if value.get(key)), "")
    return SentMessage(
        sender=(named or sender).strip(),
        text=_wecom_text(str(value["msgtype"]), value, 0),
        time=time_of(value.get("msgtime")),
        sender_id=sender if named else "",
        side=_wecom_side(sender),
        room=room or pair_room(sender, to),
        row=number,
    )


def _wecom_side(sender: str) -> Role:
    """Ids of external contacts begin with wm or wo, those of staff with what their company chose.

    Where an id is so short that it may be either's (``wolf``), nobody is taken for staff.
    """
    if _EXTERNAL.fullmatch(sender):
        return Role.CUSTOMER
    return Role.UNKNOWN if _PERHAPS_EXTERNAL.fullmatch(sender) else Role.STAFF


_CONTENT_KEYS: Mapping[str, str] = {
    "docmsg": "doc",
    "markdown": "info",
    "news": "info",
    "external_redpacket": "redpacket",
}
"""Kinds whose content stands under another key than their name."""


def _wecom_text(kind: str, value: Mapping[str, Any], depth: int) -> str:
    """What a message of 企业微信 says, by its kind."""
    content = value.get(kind)
    if content is None:
        content = value.get(_CONTENT_KEYS.get(kind, f"{kind}.content"), value.get("content"))
    if isinstance(content, str):
        content = _parsed(content) if content.lstrip().startswith("{") else {"content": content}
    inner: Mapping[str, Any] = content if isinstance(content, dict) else {}
    if kind in ("mixed", "chatrecord") and depth < _DEEPEST:
        return _wecom_items(kind, inner, depth)
    write = _WECOM.get(kind)
    text = write(inner) if write else PLACEHOLDERS.get(kind, f"[{kind[:12]}]")
    return text if kind in _ALL_SAID else " ".join((text, *(words for words in deep_words(inner) if words not in text)))


def _wecom_items(kind: str, content: Mapping[str, Any], depth: int) -> str:
    """The parts of a mixed message, or the messages of a forwarded record, one below the other."""
    lines = [f"[聊天记录] {content.get('title') or ''}".rstrip()] if kind == "chatrecord" else []
    for item in _listed(content.get("item")):
        if isinstance(item, dict):
            inner = str(item.get("type") or "text")
            inner = inner.removeprefix("ChatRecord").lower() if inner.startswith("ChatRecord") else inner
            lines.append(_wecom_text(inner, {"content": item.get("content")}, depth + 1))
    return "\n".join(lines)


def _named(placeholder: str, *keys: str) -> Callable[[Mapping[str, Any]], str]:
    """Writes a placeholder, and behind it what the content says of it."""

    def write(content: Mapping[str, Any]) -> str:
        words = " ".join(str(content[key]) for key in keys if content.get(key) not in (None, ""))
        return f"{placeholder} {words}".rstrip()

    return write


def _with_parts(placeholder: str) -> Callable[[Mapping[str, Any]], str]:
    """Writes a placeholder, and behind it all words of the content, however deep."""

    def write(content: Mapping[str, Any]) -> str:
        return " ".join((placeholder, *deep_words(content)))

    return write


_ALL_SAID = frozenset(("text", "markdown", "mixed", "chatrecord"))
"""Kinds of which nothing but what they say is words."""


def _words(content: Mapping[str, Any]) -> str:
    return str(content.get("content") or "")


_WECOM: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "text": _words,
    "markdown": _words,
    "image": _named("[图片]"),
    "voice": _named("[语音]"),
    "video": _named("[视频]"),
    "emotion": _named("[表情]"),
    "revoke": _named("[撤回消息]"),
    "agree": _named("[同意存档消息]"),
    "disagree": _named("[不同意存档消息]"),
    "card": _named("[名片]", "corpname", "userid"),
    "location": _named("[位置]", "title", "address"),
    "file": _named("[文件]", "filename"),
    "link": _named("[链接]", "title", "description", "link_url"),
    "weapp": _named("[小程序]", "displayname", "title"),
    "todo": _named("[待办消息]", "title", "content"),
    "vote": _with_parts("[投票消息]"),
    "collect": _with_parts("[填表消息]"),
    "redpacket": _named("[红包]", "wish"),
    "external_redpacket": _named("[红包]", "wish"),
    "meeting": _named("[会议消息]", "topic"),
    "docmsg": _named("[文档]", "title", "link_url"),
    "news": _with_parts("[图文消息]"),
    "calendar": _named("[日程消息]", "title", "place"),
    "meeting_voice_call": _named("[语音通话]"),
    "voip_doc_share": _named("[文档]", "filename"),
    "sphfeed": _named("[视频号]", "sph_name", "feed_desc"),
    "voiptext": _named("[语音通话]"),
}


def _feishu_message(value: Mapping[str, Any], number: int) -> SentMessage:
    sender = value["sender"]
    kind = str(value.get("msg_type") or value.get("message_type"))
    content = _parsed(str(value["body"].get("content") or ""))
    text = _feishu_text(kind, content) if isinstance(content, dict) else str(value["body"].get("content") or "")
    names = {
        str(one.get("key")): str(one.get("name") or "")
        for one in _listed(value.get("mentions"))
        if isinstance(one, dict)
    }
    text = _MENTION.sub(lambda match: f"@{names[match[0]]}" if names.get(match[0]) else match[0], text)
    return SentMessage(
        sender=str(sender.get("name") or sender.get("id") or "").strip(),
        text="[撤回消息]" if value.get("deleted") else text,
        time=time_of(value.get("create_time")),
        sender_id=str(sender.get("id") or "") if sender.get("name") else "",
        room=str(value.get("chat_id") or ""),
        row=number,
    )


def _feishu_text(kind: str, content: Mapping[str, Any]) -> str:
    if kind == "text":
        return str(content.get("text") or "")
    if kind == "post":
        post = content if "content" in content else next((one for one in content.values() if isinstance(one, dict)), {})
        lines = [str(post.get("title") or "")]
        for line in _listed(post.get("content")):
            lines.append("".join(_feishu_part(part) for part in _listed(line) if isinstance(part, dict)))
        return "\n".join(line for line in lines if line)
    if kind == "system" and isinstance(template := content.get("template"), str):
        return _NAMED_PART.sub(lambda match: "、".join(deep_words(content.get(match[1]))) or match[0], template)
    words = [str(content["file_name"])] if content.get("file_name") else deep_words(content)
    return " ".join((PLACEHOLDERS.get(kind, f"[{kind[:12]}]"), *words))


def _feishu_part(part: Mapping[str, Any]) -> str:
    if part.get("tag") == "img":
        return "[图片]"
    if part.get("tag") == "at":
        return f"@{part.get('user_name') or part.get('user_id') or ''}"
    words, address = str(part.get("text") or ""), str(part.get("href") or "")
    return f"{words} {address}".strip() if address and address not in words else words


def _listed(value: Any) -> list[Any]:
    """A list as it is; anything else that stands in its place is none."""
    return value if isinstance(value, list) else []


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return {"content": text}
