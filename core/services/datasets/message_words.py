"""What a message's content says, where it is an object: rich text, voice with its transcript, a file with its name."""

from collections.abc import Mapping
from typing import Any

PLACEHOLDERS: Mapping[str, str] = {
    "3": "[图片]",
    "34": "[语音]",
    "42": "[名片]",
    "43": "[视频]",
    "47": "[表情]",
    "48": "[位置]",
    "49": "[链接]",
    "image": "[图片]",
    "picture": "[图片]",
    "image_url": "[图片]",
    "input_image": "[图片]",
    "input_audio": "[语音]",
    "voice": "[语音]",
    "audio": "[语音]",
    "video": "[视频]",
    "media": "[视频]",
    "file": "[文件]",
    "link": "[链接]",
    "emotion": "[表情]",
    "sticker": "[表情]",
    "location": "[位置]",
    "card": "[名片]",
    "weapp": "[小程序]",
    "revoke": "[撤回消息]",
    "recall": "[撤回消息]",
    "redpacket": "[红包]",
    "chatrecord": "[聊天记录]",
    "10000": "[系统消息]",
    "10002": "[系统消息]",
}
"""Kinds of messages, as exports name or number them, and what is written in place of their content."""

_WORD_KEYS = frozenset(
    "title subtitle text content name ques question description desc votetitle voteitem options label placeholder alt "
    "topic summary address remark remarks place displayname wish url href".split()
)
_DEEPEST = 12
_NAMES = ("content", "text", "title", "filename")


def words_in(content: Mapping[str, Any], kind: str) -> str | None:
    """The words of a content; ``""`` where it has none, ``None`` where it is something else.

    Args:
        content: an object as programs keep it (DingTalk: ``richText``, ``recognition``, ``fileName``).
        kind: of the message, in small letters.
    """
    parts = content.get("richText", content.get("rich_text"))
    if isinstance(parts, list):
        return "".join(_part(part) for part in parts)
    if isinstance(words := content.get("recognition"), str):
        return f"{PLACEHOLDERS.get(kind, '[语音]')} {words}".rstrip()
    if isinstance(name := content.get("fileName"), str):
        return f"{PLACEHOLDERS.get(kind, '[文件]')} {name}".rstrip()
    words = next((content[key] for key in _NAMES if key in content), "")
    return words if isinstance(words, str) else None


def deep_words(value: Any, depth: int = 0) -> list[str]:
    """What stands in a card, vote or form at any depth under names of words; addresses of pictures and keys do not."""
    if isinstance(value, str):
        return [value.strip()] if value.strip() else []
    if depth > _DEEPEST:
        return []
    if isinstance(value, list):
        return [words for one in value for words in deep_words(one, depth + 1)]
    if not isinstance(value, dict):
        return []
    return [
        words
        for key, one in value.items()
        if key.casefold() in _WORD_KEYS
        or isinstance(one, dict)
        or isinstance(one, list)
        and not any(isinstance(inner, str) for inner in one)
        for words in deep_words(one, depth + 1)
    ]


def _part(part: Any) -> str:
    """A part of a rich text: its words, or what stands for a picture."""
    if not isinstance(part, dict):
        return str(part) if isinstance(part, str) else ""
    words = part.get("text", part.get("content"))
    if isinstance(words, str):
        return words
    kind = str(part.get("type") or part.get("msgType") or "")
    return PLACEHOLDERS.get(kind.casefold(), f"[{kind[:12]}]" if kind else "")
