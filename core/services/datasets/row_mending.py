"""Mends a chat text that cannot be stored as it is, and names what was mended."""

import re
from typing import Any

from core.services.datasets.import_types import RawRow

_HALF = re.compile("[\ud800-\udfff]")
_ESCAPED = re.compile(r"\\u[0-9a-fA-F]{4}")
ESCAPED = r"有写成 \u 加四位编码的字（如 \ud83d，导出时没有还原），原样留着"
HALF_EMOJI = "有半个表情符号（字被截断），换成了 \ufffd"


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
        notes.append(f"第 {line} 行有 {text.count(chr(0))} 个 NUL 字符，已去掉")
        text = text.replace("\0", "")
    if not text.isascii() and _HALF.search(text):
        notes.append(HALF_EMOJI)
        text = _HALF.sub("\ufffd", text)
    if "\\u" in text and _ESCAPED.search(text):
        notes.append(ESCAPED)
    if text is raw.value["chat_text"]:
        return raw, tuple(notes)
    return raw._replace(value={**raw.value, "chat_text": text}), tuple(notes)
