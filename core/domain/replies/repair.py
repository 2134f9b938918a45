"""Repairs one broken JSON value: escapes and Chinese punctuation here, the rest by ``json_repair``."""

import json
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import json_repair

STRUCTURE_AHEAD = re.compile(r"(?<!\s)(?:\s*+(?:[:,}\]｝］]|[：，、]\s*+[\"“”'‘{\[｛［\d]|$|//|/\*)|[ \t]*+\r?\n)")
"""What follows a quote mark that closes a string; any other quote mark belongs to the string."""

_ESCAPED = re.compile(r'(?<![\[{\s])[\[{\s]*+\\"')
_PUNCTUATION = {"｛": "{", "｝": "}", "［": "[", "］": "]", "：": ":", "，": ",", "、": ","}

ESCAPED = "整个 JSON 多转义了一层，已还原"
CONTROL = "文本里有没转义的换行或制表符，已保留"
PUNCTUATION = "JSON 用了中文标点，或文本里有没转义的引号，已改正"
SYNTAX = "JSON 有语法错误，已修复"


def _decoder(strict: bool) -> json.JSONDecoder:
    # Numbers keep the digits that were written: 1.50 stays 1.50, and 13800000000.0 never turns into 1.38e10.
    return json.JSONDecoder(strict=strict, parse_float=Decimal, parse_int=Decimal, parse_constant=lambda _: None)


STRICT = _decoder(strict=True)
LENIENT = _decoder(strict=False)


def repair_json(segment: str, count_fields: Callable[[Any], int]) -> tuple[Any, tuple[str, ...]]:
    """Parse a value that is almost JSON.

    Args:
        segment: from the opening bracket to the closing one, or to where the answer broke off.
        count_fields: how much of a form a value holds; decides between two repairs.

    Returns:
        The value, ``None`` if nothing could be read, and notes in Chinese.
    """
    notes: tuple[str, ...] = ()
    if _ESCAPED.match(segment):
        segment = segment.replace('\\"', '"').replace("\\\\", "\\").replace("\\n", "\n")
        notes = (ESCAPED,)
    plain = half_width(segment)
    for decoder, text, more in (
        (STRICT, segment, ()),
        (LENIENT, segment, (CONTROL,)),
        (LENIENT, plain, (PUNCTUATION,)),
    ):
        try:
            return decoder.decode(text), (*notes, *more)
        except (ValueError, RecursionError):
            continue
    value = _repair(segment)
    if plain != segment:
        other = _repair(plain)
        if count_fields(other) > count_fields(value):
            return other, (*notes, PUNCTUATION, SYNTAX)
    return value, (*notes, SYNTAX)


def _repair(text: str) -> Any:
    try:
        return json_repair.loads(text, skip_json_loads=True)
    except Exception:  # noqa: BLE001  a guesser on any input at all; whatever it trips over means "not readable"
        return None


def half_width(segment: str) -> str:
    """The text with Chinese JSON punctuation made ASCII; strings stay, except that lone quote marks get a backslash."""
    out: list[str] = []
    opened = ""
    inner = 0  # “ inside the text that still wait for their ”
    position, length = 0, len(segment)
    while position < length:
        character = segment[position]
        position += 1
        if not opened:
            if character in '"“”':
                opened, inner = character, 0
                out.append('"')
            else:
                out.append(_PUNCTUATION.get(character, character))
        elif character == "\\":
            out.append(segment[position - 1 : position + 1])
            position += 1
        elif character in '"”' and (character == '"' or not inner) and STRUCTURE_AHEAD.match(segment, position):
            opened = ""
            out.append('"')
        else:
            inner += (character == "“") - (character == "”" and inner > 0)
            out.append('\\"' if character == '"' else character)
    return "".join(out)
