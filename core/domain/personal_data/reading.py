"""Reads a text as a person does who looks for somebody: nothing unseen, each digit and sign one way. Pure."""

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from core.domain.entities.folding import fold
from core.domain.entities.jionlp_library import simplified_characters
from core.domain.entities.numbers import INVISIBLE, WORD_DIGITS

_KEYCAP: Final = "\u20e3"
_UNSEEN = re.compile(f"[{INVISIBLE}\u200d{_KEYCAP}]+")
_SAME: Final = str.maketrans("貳貮弍參叄弎陸○◯Ｏ➕﹢鍾丨│┃ǀ", "贰贰贰叁叁叁陆〇〇o++钟||||")
DIGIT: Final = f"[0-9{''.join(WORD_DIGITS)}]"
"""A digit of a text that was read, as a figure or as a word."""
_ODD: Final = r",:*、…\u2190-\u2bff\U0001f000-\U0001faff"
_ODD_GAP: Final = rf"(?=[^\w\n]{{0,3}}[{_ODD}])[ \t\u3000\u00a0\-_.·/~—–|\u2010-\u2015{_ODD}]{{1,4}}"
_CHAIN = re.compile(rf"(?<![0-9]){DIGIT}{{1,8}}(?P<gap>{_ODD_GAP}){DIGIT}{{1,8}}(?:(?P=gap){DIGIT}{{1,8}}){{1,17}}")
_PAIR = re.compile(rf"(?<!{DIGIT})(?=1[3-9]|[一幺壹]){DIGIT}{{3}}(?P<gap>{_ODD_GAP}){DIGIT}{{8}}(?!{DIGIT})")
_BULLET = re.compile(r"[\u2460-\u2468\u2474-\u247c\u2776-\u277e](?=1[3-9][0-9]{9}(?![0-9]))")
"""The number of a line in front of a whole mobile number: no digit of it."""
_THOUSANDS = re.compile(r"[0-9]{1,3}(?:,[0-9]{3})+")


class Reading(NamedTuple):
    """A text as it is read.

    Attributes:
        text: width, case, digits, traditional characters made equal; without characters that are drawn as nothing.
        numbers: the same with ``-`` in the place of whatever else stands evenly between groups of digits.
        offsets: of each character in the original; ``None`` where nothing was left out.
        length: of the original.
    """

    text: str
    numbers: str
    offsets: Sequence[int] | None
    length: int

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Where a part of what is read stands in the original; signs that are combined with its last character too."""
        if self.offsets is None or start >= end:
            return start, end
        behind = self.offsets[end] if end < len(self.offsets) else self.length
        return self.offsets[start], behind


def read(text: str) -> Reading:
    """Read a text, in time proportional to its length."""
    offsets: list[int] | None = None
    if _UNSEEN.search(text):
        offsets = [at for at, letter in enumerate(text) if not _UNSEEN.match(letter)]
    seen = text if offsets is None else "".join(text[at] for at in offsets)
    plain = plain_letters(seen)
    return Reading(plain, _PAIR.sub(_even, _CHAIN.sub(_even, plain)), offsets, len(text))


def plain_letters(text: str) -> str:
    """A text of the same length with width, case, digits and traditional characters made equal."""
    folded = fold(_BULLET.sub("·", text))
    others = {ord(letter): plain for letter in set(folded) if letter >= "\x7f" and (plain := _plain(letter)) != letter}
    return folded.translate(others) if others else folded


@lru_cache(maxsize=8192)
def _plain(letter: str) -> str:
    letter = letter.translate(_SAME)
    if letter in WORD_DIGITS:
        return letter
    digit = unicodedata.digit(letter, None)
    if digit is not None:
        return str(digit)
    return simplified_characters().get(letter, letter)


def _even(chain: re.Match[str]) -> str:
    gap = chain["gap"]
    return chain[0] if _THOUSANDS.fullmatch(chain[0]) else chain[0].replace(gap, "-" * len(gap))
