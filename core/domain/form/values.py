"""Types and text forms of field values: as one text, as single items."""

import re
from collections.abc import Iterable
from typing import Any

Value = str | list[str]
"""What a field holds: a text, or a list of texts; nothing is ``""`` or ``[]``."""
FormValues = dict[str, Value]
"""One customer's form: every key of the form in order, each with ``str`` or ``list[str]``."""

UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
"""NUL, which PostgreSQL cannot store, and halves of characters, which no file can hold."""
EMPTY_CELL = "（空）"
"""What stands for an empty cell."""
_SEPARATOR = re.compile(r"[、，,]")
"""Separator of several values inside one string of a list field (official scoring rule for lists)."""


def is_storable(text: str) -> bool:
    """Whether a text holds nothing :data:`UNSTORABLE`; for whole chats several times as fast as looking for it."""
    if "\0" in text:
        return False
    try:
        return text.isascii() or text.encode("utf-8") is not None
    except UnicodeEncodeError:
        return False


def storable(value: Any) -> Any:
    """A value of JSON without what no database stores (:data:`UNSTORABLE`), in texts and keys at any depth."""
    if isinstance(value, str):
        return UNSTORABLE.sub("", value)
    if isinstance(value, list):
        return [storable(item) for item in value]
    if isinstance(value, dict):
        return {storable(key): storable(item) for key, item in value.items()}
    return value


def split_list(items: Iterable[str]) -> list[str]:
    """Split every element at ``、``, ``，`` and ``,`` and trim (official list rule); order kept, repeats dropped."""
    parts = (part.strip() for item in items for part in _SEPARATOR.split(item))
    return list(dict.fromkeys(part for part in parts if part))


def items_of(value: Value) -> list[str]:
    """The single items of a value: a list's split items, or the trimmed text; none for an empty value."""
    if isinstance(value, list):
        return split_list(value)
    return [text] if (text := value.strip()) else []


def text_of(value: object, *, empty: str = "") -> str:
    """A value as one text, as every table, page and export shows it: list items joined with ``、``.

    Args:
        value: a field's value, also one read back from the database or ``None``.
        empty: what stands for a value without content.
    """
    if value is None:
        return empty
    return ("、".join(map(str, value)) if isinstance(value, list) else str(value)) or empty


def cell_text(value: object) -> str:
    """A cell in a sentence or a table: its value as text, :data:`EMPTY_CELL` where there is none."""
    return text_of(value, empty=EMPTY_CELL)
