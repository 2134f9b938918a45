"""File names made of names in the data: never a path, valid on every operating system."""

import re
import unicodedata

from core.errors import ExportError

MASKED_SUFFIX = "_已遮盖"
"""Ends the names of masked files, before their suffix."""
_LONGEST, _MOST_BYTES = 80, 180
"""Characters and bytes; a file system takes 255 bytes, and suffixes and temporary names come on top."""
_SEPARATORS = re.compile(r'[\\/:*?"<>|\s\x00-\x1f\x7f]+')
_DEVICES = re.compile(r"(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(?=\.|$)", re.IGNORECASE)
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def file_name(*parts: str, fallback: str = "") -> str:
    """Join parts with ``_`` into a file name without suffix that is valid on every operating system.

    No separators, invisible characters or characters that turn the direction of writing; no dots at either end; no name
    of a Windows device; at most 80 characters.

    Args:
        parts: any texts, e.g. names of datasets.
        fallback: what is taken where nothing is left.

    Raises:
        ExportError: nothing is left, and there is no fallback.
    """
    text = _SEPARATORS.sub("_", "_".join(parts))
    text = "".join(letter for letter in text if unicodedata.category(letter) not in _INVISIBLE)
    text = text.strip(". ")[:_LONGEST].encode()[:_MOST_BYTES].decode(errors="ignore").rstrip(". ")
    if not text.strip("._ "):
        if fallback:
            return fallback
        raise ExportError(f"名字「{'_'.join(parts)[:_LONGEST]}」不能作文件名", "请改用含有文字或数字的名字")
    return f"_{text}" if _DEVICES.match(text) else text


def refuse_path(name: str) -> None:
    """Refuse a file name that is a path, or that leads out of its folder.

    Raises:
        ExportError: it is.
    """
    if name in ("", ".", "..") or re.search(r"[/\\\x00]", name):
        raise ExportError(f"「{name[:_LONGEST]}」不是文件名", "请改用含有文字或数字的名字，不要写路径")
