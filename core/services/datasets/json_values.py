"""Decoding of JSON as people's files have it: NaN, keys written twice, numbers of any length, halves of emoji.

Python's own decoder keeps such things without a word. Here each is read in one way, whatever the file's format, and
noted, so that the preview can say it.
"""

import json
import math
from collections.abc import Iterator
from typing import Any

NOT_A_NUMBER = "有 NaN 或 Infinity（没有这样的值），按空处理"
TWICE = "同一个字段写了两次，留下了后面有内容的那个"
_MAX_DIGITS = 1_000


class NotingDecoder:
    """Decodes JSON values and notes what it had to decide."""

    def __init__(self) -> None:
        self._decoder = json.JSONDecoder(
            parse_int=_whole_number, parse_constant=self._constant, object_pairs_hook=self._object
        )
        self._notes: dict[str, None] = {}

    def raw_decode(self, text: str, at: int) -> tuple[Any, int]:
        """The value that begins at a position, and where it ends; raises as :class:`json.JSONDecoder` does."""
        return self._decoder.raw_decode(text, at)

    def decode(self, text: str) -> Any:
        """The value that a text is; raises as :class:`json.JSONDecoder` does."""
        return self._decoder.decode(text)

    def take_notes(self) -> tuple[str, ...]:
        """What was noted since the last time, each sentence once."""
        notes = tuple(self._notes)
        self._notes.clear()
        return notes

    def _constant(self, _: str) -> None:
        self._notes[NOT_A_NUMBER] = None

    def _object(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        values = dict(pairs)
        if len(values) < len(pairs):
            self._notes[TWICE] = None
            for key, value in _filled(pairs):
                values[key] = value
        return values


def keyed_rows(value: Any) -> list[dict[str, Any]] | None:
    """The chats or forms of an object that has them by their number or name; ``None`` for anything else.

    A whole number becomes the ``index`` of what has none.
    """
    if not isinstance(value, dict) or not value:
        return None
    if not all(isinstance(row, dict) and ("chat_text" in row or "infos" in row) for row in value.values()):
        return None
    return [{"index": int(key), **row} if is_whole(key) else row for key, row in value.items()]


def _filled(pairs: list[tuple[str, Any]]) -> Iterator[tuple[str, Any]]:
    """The pairs that hold something: an empty value never takes a filled one's place."""
    return ((key, value) for key, value in pairs if value not in (None, "", [], {}))


def _whole_number(digits: str) -> int | str:
    """A whole number; one with more digits than any index has stays text, for reading it takes quadratic time."""
    return int(digits) if len(digits) <= _MAX_DIGITS else digits


def is_whole(value: Any) -> bool:
    """Whether a number, or a text of one, is whole: 1, 1.0, "1"."""
    if isinstance(value, str):
        plain = value.strip()
        return plain.isascii() and plain.isdigit() and len(plain) <= 20
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value) and value % 1 == 0
