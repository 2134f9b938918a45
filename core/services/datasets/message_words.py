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
    "merge_forward": "[聊天记录]",
    "forward": "[聊天记录]",
    "face": "[表情]",
    "record": "[语音]",
    "share_user": "[名片]",
    "share_chat": "[群名片]",
    "todo": "[待办]",
    "10000": "[系统消息]",
    "10002": "[系统消息]",
}
"""Kinds of messages, as exports name or number them, and what is written in place of their content."""

_WORD_KEYS = frozenset(
    "title subtitle text content name ques question description desc votetitle voteitem options label placeholder alt "
    "topic summary address remark remarks place displayname wish url href".split()
)
_DEEPEST = 12
_CONTENTS = ("content", "contents", "body", "message")
_QUOTES = frozenset("refer refermsg quote quoted quotemsg quotedmessage referenced_message".split())
BELOW_QUOTE = "- - - - - - - - - - - - - - -"
"""What WeChat writes between the message that is quoted and the answer."""
_BESIDE = frozenset("recordinfo embeds stickers attachments files elements forwards forwarded".split())
"""Names of objects and lists that stand beside a message's text."""
_BESIDE_KEYS = frozenset("sourcename datadesc datatitle title description text filename name".split())
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


def quoted_in(value: Mapping[str, Any]) -> str:
    """Which message another one answers, as WeChat writes it above the answer; ``""`` where that is not kept."""
    inner = value
    for name in _CONTENTS:
        if isinstance(deeper := value.get(name), dict):
            inner = {**inner, **deeper}
    quote = next((one for key, one in inner.items() if key.casefold() in _QUOTES and isinstance(one, dict)), None)
    for part in inner.get("elements") or () if isinstance(inner.get("elements"), list) else ():
        if quote is None and isinstance(part, dict) and part.get("type") == "reply" and type(part.get("data")) is dict:
            quote = part["data"]
    if quote is None:
        return ""
    words = next((one for key in _NAMES if isinstance(one := quote.get(key), str) and one.strip()), "")
    names = (quote.get(key) for key in ("senderName", "sendername", "nickname", "senderUin", "sender"))
    who = next((name for name in names if isinstance(name, str) and name), "")
    return f"「{who}{'：' if who else ''}{' '.join(words.split())}」\n{BELOW_QUOTE}\n" if words else ""


def words_beside(value: Mapping[str, Any]) -> list[str]:
    """What a message holds beside its text: forwarded messages, names of files, cards of links."""
    words: dict[str, None] = {}
    for name, one in value.items():
        plain = name.casefold()
        if plain in _BESIDE and isinstance(one, list | dict):
            words.update(dict.fromkeys(_beside(one)))
        elif plain in _CONTENTS and isinstance(one, dict):
            words.update(dict.fromkeys(words_beside(one)))
    return list(words)


def _beside(value: Any, depth: int = 0) -> list[str]:
    if depth > _DEEPEST:
        return []
    if isinstance(value, list):
        return [words for one in value for words in _beside(one, depth + 1)]
    if not isinstance(value, dict) or value.get("type") in ("text", "reply"):
        return []
    line = [
        one.strip()
        for key, one in value.items()
        if key.casefold() in _BESIDE_KEYS and isinstance(one, str) and one.strip()
    ]
    deeper = [words for one in value.values() if isinstance(one, list | dict) for words in _beside(one, depth + 1)]
    return ["：".join(line), *deeper] if line else deeper


def _part(part: Any) -> str:
    """A part of a rich text: its words, or what stands for a picture."""
    if not isinstance(part, dict):
        return str(part) if isinstance(part, str) else ""
    words = part.get("text", part.get("content"))
    if isinstance(words, str):
        return words
    kind = str(part.get("type") or part.get("msgType") or "").casefold()
    if isinstance(data := part.get("data"), dict):  # OneBot: {"type": "text", "data": {"text": …}}
        words = data.get("text", data.get("content"))
        if isinstance(words, str):
            return words if kind == "text" else f"{PLACEHOLDERS.get(kind, '')}{words}"
        if kind in ("at", "mention"):
            return f"@{data.get('name') or data.get('qq') or ''} "
        if kind == "reply":
            return ""
    return PLACEHOLDERS.get(kind, f"[{kind[:12]}]" if kind else "")
