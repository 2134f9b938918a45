"""Mends a chat text that cannot be stored as it is, and names what was mended."""

import re
from itertools import islice
from typing import Any, Final

from core.domain.chat import parse_chat
from core.services.datasets.import_types import RawRow

_HALF = re.compile("[\ud800-\udfff]")
_ESCAPED = re.compile(r"\\u[0-9a-fA-F]{4}")
ESCAPED = r"有写成 \u 加四位编码的字（如 \ud83d，导出时没有还原），原样留着"
HALF_EMOJI = "有半个表情符号（字被截断），换成了 \ufffd"


_RARE = ("\v", "\f", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029")
_BREAKS: Final[tuple[tuple[tuple[str, ...], re.Pattern[str], str], ...]] = (
    (("\\",), re.compile(r"\\r\\n|\\n"), "\\n（反斜杠和 n 两个字符）"),
    (("<",), re.compile(r"<br\s?/?>", re.IGNORECASE), "<br>"),
    (_RARE, re.compile(f"[{''.join(_RARE)}]"), "不常用的换行符"),
    (("|", " / "), re.compile(r" [/|] "), "斜线或竖线"),
)
"""What programs write for the end of a line: signs of which one stands in a text that holds it, the whole pattern, and
what it is called. A character alone is found six times as fast as several, and most texts have none of them.
"""
_MANY_LINES = 20
_OPENS = re.compile(r"^[^\S\n]{0,3}[^\s:：][^:：\n]{0,39}[:：](?!//)", re.MULTILINE)


def mend(raw: RawRow) -> tuple[RawRow, tuple[str, ...]]:
    """A row whose text can be stored, and Chinese clauses about what was decided when it was read.

    NUL, which programs leave behind, goes; half of an emoji becomes the sign for an unreadable character.
    """
    if not isinstance(raw.value, dict):
        return raw, raw.notes
    text: Any = raw.value.get("chat_text")
    if not isinstance(text, str):
        return raw, raw.notes
    notes = list(raw.notes)
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        notes.append(f"第 {line} 行有 {text.count(chr(0)):,} 个 NUL 字符，已去掉")
        text = text.replace("\0", "")
    try:
        utf8 = text.encode()
    except UnicodeEncodeError:
        notes.append(HALF_EMOJI)
        text = _HALF.sub("\ufffd", text)
        utf8 = text.encode()
    encoded = text
    if "\\" in text and "\\u" in text and _ESCAPED.search(text):
        notes.append(ESCAPED)
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")  # belongs to the file's format, as in tables
    if broken := _with_line_breaks(text):
        text, written = broken
        notes.append(f"聊天里的换行写成了 {written}，已换成换行")
    utf8 = utf8 if text is encoded else text.encode()
    if text is raw.value["chat_text"]:
        return raw._replace(utf8=utf8), tuple(notes)
    return raw._replace(value={**raw.value, "chat_text": text}, utf8=utf8), tuple(notes)


def _is_parted_by_lines(text: str, other_ends: int) -> bool:
    """Whether many lines of a text as it is begin as what somebody says does, as many as there are other ends.

    Parsing a long chat to count its speakers takes ten times as long as reading it.
    """
    enough = max(_MANY_LINES, other_ends)
    return _opening_lines(text, most=enough) >= enough


def _opening_lines(text: str, most: int | None = None) -> int:
    """Number of lines that begin as what somebody says does; ``most``: not counted any further."""
    return sum(1 for _ in islice(_OPENS.finditer(text), most))


def _with_line_breaks(text: str) -> tuple[str, str] | None:
    """A text whose lines are parted otherwise, by lines, and what stood for their ends; ``None`` for any other text.

    Only where more people speak then than without: the same characters may stand in what somebody says.
    """
    speakers = -1
    for signs, pattern, written in _BREAKS:
        if not any(map(text.__contains__, signs)) or pattern.search(text) is None:
            continue
        if _is_parted_by_lines(text, len(pattern.findall(text))):
            continue
        by_lines = pattern.sub("\n", text)
        parts = by_lines.count("\n") - text.count("\n") + 1
        opening = _opening_lines(by_lines)
        if opening < 2 or written.startswith("斜") and ("\n" in text or opening < parts):
            continue
        speakers = len(parse_chat(text).speakers) if speakers < 0 else speakers
        if len(parse_chat(by_lines).speakers) > speakers:
            return by_lines, written
    return None
