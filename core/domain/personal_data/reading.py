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
_SAME: Final = str.maketrans("貳貮弍參叄弎陸○◯Ｏ➕﹢鍾丨│┃ǀ✕✖╳хχ", "贰贰贰叁叁叁陆〇〇o++钟||||xxxxx")
_VARIANTS: Final = str.maketrans(
    "眀朙峯羣啟啓靑吳呉呂黃兪髙強眞徳恆淸晉蘇嶽傑湧秌寧樸彥儁樑溫戶戸奧靜爲冊臥兌勻卽敍敘郞氷珎瑤暁煖煙祕豐豊賛贊鑑鐵衞衛昻喩雋曁旣產産澤沢廣広龍竜國囯囶圀靈霛華崋與彔髪歩浄斉桜恵渕栄関辺渓荘壽",
    "明明峰群启启青吴吴吕黄俞高强真德恒清晋苏岳杰涌秋宁朴彦俊梁温户户奥静为册卧兑匀即叙叙郎冰珍瑶晓暖烟秘丰丰赞赞鉴铁卫卫昂喻隽暨既产产泽泽广广龙龙国国国国灵灵华华与录发步净齐樱惠渊荣关边溪庄寿",
)
"""Ways to write one character that the list of traditional ones lacks: z-variants of Unihan and Japanese forms."""
_RADIO: Final = str.maketrans("洞拐勾要", "零七九幺")
"""How digits are said over the radio; only in numbers."""
_DIGITS_OF_MOBILE: Final = 11
_RADIO_HINT = re.compile("[零一二两三四五六七八九幺0-9][洞拐勾要]|[洞拐勾要][零一二两三四五六七八九幺0-9]")
_RADIO_DIGIT: Final = "[零〇一二两三四五六七八九幺洞拐勾要]"
_RADIO_CHAIN = re.compile(rf"要?{_RADIO_DIGIT}(?:[ -]?{_RADIO_DIGIT}){{10}}")
_AT_SIGNS: Final = str.maketrans("ⓐⒶ🄰﹫⊙", "@@@@@")
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
    folded = fold(_BULLET.sub("·", text).translate(_AT_SIGNS))
    if _RADIO_HINT.search(folded):
        folded = _RADIO_CHAIN.sub(_said_plainly, folded)
    others = {ord(letter): plain for letter in set(folded) if letter >= "\x7f" and (plain := _plain(letter)) != letter}
    return folded.translate(others) if others else folded


def _said_plainly(chain: re.Match[str]) -> str:
    """A number over the radio with plain digits; what wants it (我要幺三九…) is none of them."""
    words = chain[0]
    digits = words.replace(" ", "").replace("-", "")
    first = words[:1] if len(digits) > _DIGITS_OF_MOBILE else ""
    return first + words[len(first) :].translate(_RADIO)


@lru_cache(maxsize=8192)
def _plain(letter: str) -> str:
    letter = letter.translate(_SAME)
    if letter in WORD_DIGITS:
        return letter
    digit = unicodedata.digit(letter, None)
    if digit is not None:
        return str(digit)
    return simplified_characters().get(letter, letter.translate(_VARIANTS))


def _even(chain: re.Match[str]) -> str:
    gap = chain["gap"]
    return chain[0] if _THOUSANDS.fullmatch(chain[0]) else chain[0].replace(gap, "-" * len(gap))
