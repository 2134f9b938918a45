"""Finds one person in texts by what is known of them, in any spelling, and puts other words there. Pure."""

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Final

from core.domain.entities.numbers import INVISIBLE, SEPARATORS, country_code_length, is_digit, plain_digits, spellings
from core.domain.personal_data.reading import plain_letters

_BLANK: Final = f" \t\u3000\u00a0{INVISIBLE}"
_GAP: Final = f"[{_BLANK}]{{0,2}}"
_TAG: Final = "<[^<>]{1,20}>"
_JOINT: Final = rf"(?:[{_BLANK}·・•‧∙⋅.．\-_—–*/|()「」『』【】\[\]]|{_TAG}){{0,3}}"
"""What stands within a Chinese name where somebody parts it: 邱·明远, 邱 明远, 邱-明远, 邱/明远, 邱(明远)."""
_PARTED = re.compile(r"(?<=[\u3400-\u9fff])[·・•‧∙⋅.．\-_—–]+(?=[\u3400-\u9fff])")
_HAN = re.compile("[\u3400-\u9fff]")
_BETWEEN: Final = rf"(?:[{SEPARATORS}{INVISIBLE}]|[^\w\n]|\r?\n|\\[nrt]|{_TAG}){{0,5}}"
"""What stands between two digits, a line break among it, as it is or as JSON and HTML have it."""
_FEWEST_DIGITS: Final = 5


class PersonSpellings:
    """The spellings of what is known of a person: width, case, traditional characters, blanks, dots, words for digits.

    Args:
        terms: names, phones, numbers of cards, ids, as somebody typed them.
    """

    def __init__(self, terms: Sequence[str]) -> None:
        self.terms = tuple(terms)
        parts = [f"(?P<t{number}>{self._pattern(term)})" for number, term in enumerate(terms)]
        # The longest first: 邱明远 before 明远.
        self._compiled = re.compile("|".join(sorted(parts, key=len, reverse=True)) if parts else "(?!)")

    def digits_of(self, term: str) -> str:
        """The digits of a term that is a number, ``""`` for a word."""
        kept = [one for one in plain_letters(term) if not re.match(f"[{SEPARATORS}{INVISIBLE}+\u20e3]", one)]
        body, check = (kept[:-1], "X") if kept and kept[-1] in "x×" else (kept, "")
        if not body or not all(map(is_digit, body)):
            return ""
        digits = plain_digits("".join(body))
        digits = digits[country_code_length(digits) :] + check
        return digits if len(digits) >= _FEWEST_DIGITS else ""

    def count(self, text: str) -> int:
        """How often the person stands in a text."""
        return sum(1 for _ in self._compiled.finditer(plain_letters(text)))

    def replace(self, text: str, words: Mapping[str, str]) -> str:
        """A text with other words in the place of the person's.

        Args:
            text: any text.
            words: ``{term: what is to stand there}``.
        """
        return "".join(self._pieces(text, words))

    def _pieces(self, text: str, words: Mapping[str, str]) -> Iterator[str]:
        at = 0
        for match in self._compiled.finditer(plain_letters(text)):
            yield text[at : match.start()]
            yield words[self.terms[int((match.lastgroup or "t0")[1:])]]
            at = match.end()
        yield text[at:]

    def _pattern(self, term: str) -> str:
        if digits := self.digits_of(term):
            shown = (f"[{spellings(digit)}]" if digit != "X" else "[x×]" for digit in digits)
            return rf"(?<![0-9])(?:(?:(?:00)?86|0){_BETWEEN})?{_BETWEEN.join(shown)}(?![0-9])"
        letters = [one for one in _PARTED.sub("", plain_letters(term)) if not re.match(f"[{_BLANK}]", one)]
        before = r"(?<![a-z0-9_])" if re.match(r"[a-z0-9]", letters[0]) else ""
        behind = r"(?![a-z0-9_])" if re.match(r"[a-z0-9]", letters[-1]) else ""
        gaps = (_JOINT if _HAN.match(one) and _HAN.match(other) else _GAP for one, other in pairwise(letters))
        shown_letters = [_letter(one) for one in letters]
        word = shown_letters[0] + "".join(gap + one for gap, one in zip(gaps, shown_letters[1:], strict=True))
        return f"{before}{word}{behind}"


def _letter(letter: str) -> str:
    """Pattern of a letter of a text that was read: as it is, or as JSON, HTML and addresses write it."""
    if letter.isascii():
        return re.escape(letter)
    code, encoded = ord(letter), letter.encode("utf-8")
    quoted = "".join(f"%{byte:02x}" for byte in encoded)
    return rf"(?:{letter}|\\+u{code:04x}|&#{code:d};|&#x{code:x};|{quoted})"
