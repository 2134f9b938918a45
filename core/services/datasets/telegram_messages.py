"""Messages of Telegram's desktop export (``result.json``): one chat, or all of them in ``chats.list``."""

from collections.abc import Mapping
from typing import Any

from core.domain.chat.chat_writing import SentMessage
from core.services.datasets.message_times import time_of
from core.services.datasets.message_words import PLACEHOLDERS, deep_words

_ROOM = "chat of this message"
_MEDIA = {
    "voice_message": "[语音]",
    "audio_file": "[语音]",
    "video_message": "[视频]",
    "video_file": "[视频]",
    "animation": "[表情]",
    "sticker": "[表情]",
}
_PARTS = {
    "photo": "[图片]",
    "location_information": "[位置]",
    "contact_information": "[名片]",
    "poll": "[投票消息]",
    "file": PLACEHOLDERS["file"],
}


def telegram_chats(value: Mapping[str, Any]) -> list[Any] | None:
    """The messages of all chats of a whole export, each with the name of its chat; ``None`` for anything else."""
    chats = value.get("chats")
    listed = chats.get("list") if isinstance(chats, dict) else None
    if not isinstance(listed, list):
        return None
    return [
        {**message, _ROOM: f"{chat.get('name') or ''} {chat.get('id') or ''}".strip()}
        for chat in listed
        if isinstance(chat, dict) and isinstance(chat.get("messages"), list)
        for message in chat["messages"]
        if isinstance(message, dict)
    ]


def is_telegram(value: Any) -> bool:
    """Whether an object is a message, or a notice of the application, of such an export."""
    return (
        isinstance(value, dict)
        and value.get("type") in ("message", "service")
        and isinstance(value.get("id"), int)
        and isinstance(value.get("date"), str)
        and "text" in value
        and bool(value.keys() & {"from", "from_id", "actor", "action"})
    )


def telegram_message(value: Mapping[str, Any], number: int) -> SentMessage | None:
    """A message; ``None`` for a notice of the application.

    Args:
        value: the object.
        number: of its row in the file, from 1.
    """
    if value["type"] == "service":
        return None
    sender_id = str(value.get("from_id") or "")
    return SentMessage(
        sender=str(value.get("from") or sender_id).strip(),
        text=f"{_origin(value)}{_placeholder(value)} {_words(value['text'])}{_buttons(value)}".strip(),
        time=time_of(value["date"]),
        sender_id=sender_id,
        room=str(value.get(_ROOM) or ""),
        row=number,
    )


def _origin(value: Mapping[str, Any]) -> str:
    """Who wrote a message that was forwarded, before its words."""
    origin = value.get("forwarded_from")
    return f"[转发自 {origin.strip()}] " if isinstance(origin, str) and origin.strip() else ""


def _buttons(value: Mapping[str, Any]) -> str:
    """What stands on the buttons below a message."""
    words = deep_words(value.get("inline_bot_buttons"))
    return f" [按钮] {' '.join(words)}" if words else ""


def _words(text: Any) -> str:
    """A text, or its parts: plain ones, and links, mentions and the like with their words."""
    if isinstance(text, list):
        return "".join(str(part.get("text") or "") if isinstance(part, dict) else str(part) for part in text)
    return text if isinstance(text, str) else ""


def _placeholder(value: Mapping[str, Any]) -> str:
    """What stands for a picture, file, contact, vote or place, with the words in it; ``""`` where there is none."""
    media = str(value.get("media_type") or "")
    part = next((part for part in _PARTS if value.get(part)), "")
    words = [str(value[name]) for name in ("file_name", "place_name", "address") if value.get(name)]
    if part == "contact_information" and isinstance(contact := value[part], dict):
        words = [str(contact[name]) for name in ("first_name", "last_name", "phone_number") if contact.get(name)]
    if part == "poll":
        words = deep_words(value[part])
    if media in _MEDIA:
        words = [str(value[name]) for name in ("sticker_emoji", "title", "performer") if value.get(name)]
    return " ".join(filter(None, (_MEDIA.get(media) or _PARTS.get(part, ""), *words)))
