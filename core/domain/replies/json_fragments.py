"""Finds JSON values in a reply: exactly where the JSON is valid, else by a best guess of where they end."""

import re
from collections.abc import Callable
from typing import Any, NamedTuple

from core.domain.replies.repair import STRICT, STRUCTURE_AHEAD, repair_json

_OPENING = re.compile(r"[{\[｛［]")
_PROMISING = re.compile(
    r"""[\[［]\s*(?:[\[{｛［\]］]|\\?["“”']|//|/\*|\#)      # a list of objects or texts, or an empty one
      | [{｛]\s*(?:[}｝]|\\?["“”'‘]|//|/\*|\#|[\w\- ]{1,40}[:：])""",
    re.VERBOSE,
)
"""Beginning of a JSON value; brackets of prose such as ``[图片]`` or ``{称呼}`` do not match."""
_TOKENS = re.compile(r"""[{}\[\]｛｝［］"'“”\\]""")
_PARTNER = {"}": "{", "]": "["}
_HALF_WIDTH = {"｛": "{", "｝": "}", "［": "[", "］": "]"}
_FENCE = "```"
_MAX_BROKEN = 40
"""Most broken values examined in one reply; each may cost a scan to the end, so this keeps the time linear."""
_MAX_LENGTH = 60_000
"""Longest broken value, in characters, that is repaired (repair is slower than linear); twenty customers fit."""
_MAX_DEPTH = 40
_TOO_DEEP = -1
"""Returned for a value that is nested too deeply: no form is, and repairing it would not end."""


class JsonFragment(NamedTuple):
    """A JSON value in a text.

    Attributes:
        value: a list or a mapping.
        start: where it begins.
        end: behind its last character.
        complete: whether it is closed; if not, the answer was cut off.
        notes: what had to be mended, in Chinese.
    """

    value: Any
    start: int
    end: int
    complete: bool = True
    notes: tuple[str, ...] = ()


def strict_value(text: str) -> Any:
    """The value of a text that is valid JSON and nothing else; ``None`` otherwise."""
    try:
        return STRICT.decode(text)
    except (ValueError, RecursionError):
        return None


def repairable(text: str) -> str:
    """What of a broken value can be repaired in a bounded time: its beginning; ``""`` where it is nested too deeply."""
    closed = _end(text, 0, len(text), quotes=True) or _end(text, 0, len(text), quotes=False)
    return "" if closed == _TOO_DEEP else text[:_MAX_LENGTH]


def find_fragments(text: str, count_fields: Callable[[Any], int]) -> list[JsonFragment]:
    """All lists and mappings in a text, in order, without nesting.

    Args:
        text: a reply.
        count_fields: how much of a form a value holds; decides between two ways to mend it.
    """
    pieces: list[JsonFragment] = []
    position = broken = 0
    while (opening := _OPENING.search(text, position)) and broken < _MAX_BROKEN:
        start = opening.start()
        position = start + 1
        if not _PROMISING.match(text, start):
            continue
        try:
            value, end = STRICT.raw_decode(text, start)
            pieces.append(JsonFragment(value, start, end))
            position = end
            continue
        except (ValueError, RecursionError):
            broken += 1
        limit = text.find(_FENCE, start)
        limit = len(text) if limit < 0 else limit
        closed = _end(text, start, limit, quotes=True) or _end(text, start, limit, quotes=False)
        if closed == _TOO_DEEP:
            position = limit
            continue
        position = closed or limit
        value, notes = repair_json(text[start : min(position, start + _MAX_LENGTH)], count_fields)
        if isinstance(value, list | dict):
            pieces.append(JsonFragment(value, start, position, bool(closed), notes))
    return pieces


def _end(text: str, start: int, limit: int, *, quotes: bool) -> int:
    """Behind the bracket that closes the one at ``start``; 0 if none does, ``_TOO_DEEP`` if there are too many.

    Args:
        text: the reply.
        start: an opening bracket.
        limit: where to stop.
        quotes: skip brackets inside quotes. A quote closes only where JSON may go on, for models forget to escape.
    """
    stack: list[str] = []
    quote = ""
    skip = -1
    for token in _TOKENS.finditer(text, start, limit):
        position, character = token.start(), _HALF_WIDTH.get(token[0], token[0])
        if character == "\\":
            skip = position + 1
        elif position == skip:
            continue
        elif quote:
            closes = character == quote or (quote == "“" and character == "”")
            if closes and STRUCTURE_AHEAD.match(text, position + 1):
                quote = ""
        elif quotes and character in "\"'“":
            quote = character
        elif character in "{[":
            stack.append(character)
            if len(stack) > _MAX_DEPTH:
                return _TOO_DEEP
        elif character in _PARTNER and _PARTNER[character] in stack:
            while stack.pop() != _PARTNER[character]:  # a bracket in between was forgotten
                pass
            if not stack:
                return position + 1
    return 0
