"""The readings of Chinese characters in pinyin, so that a name is found by what one types without an input method."""

import os
from collections.abc import Iterable
from functools import cache

_FIRST, _LAST = "\u4e00", "\u9fff"
"""The block of Unicode in which nearly all characters of names and forms lie."""


def readings_of(texts: Iterable[str]) -> dict[str, str]:
    """How each Chinese character of some texts is read, without tones.

    A character with several readings has all of them: 行 is found as ``xing`` and as ``hang``, whatever word it stands
    in. Characters that nobody knows a reading of are left out: they are found as they are.

    Returns:
        ``{character: readings}``, the readings in lower-case Latin letters with a space between two; ü is ``v``.
    """
    characters = sorted({character for text in texts for character in text if _FIRST <= character <= _LAST})
    return {character: read for character in characters if (read := _readings(character))}


@cache
def _readings(character: str) -> str:
    # Words and their readings, by which pypinyin would choose one reading of several, take a second to load.
    os.environ.setdefault("PYPINYIN_NO_PHRASES", "1")
    from pypinyin import Style, pinyin

    [known] = pinyin(character, style=Style.NORMAL, heteronym=True, errors="ignore") or [[]]
    return " ".join(known)
