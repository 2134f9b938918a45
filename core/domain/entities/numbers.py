"""Finds numbers that tell a person: phones, service numbers, landlines, identity cards, bank cards. Pure.

A number is read however its digits are written: full-width, in Chinese words (一三八…), in groups, with characters
between them that are drawn as nothing. In time proportional to the text.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from datetime import date
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

WORDS = "零一二三四五六七八九"
WORD_DIGITS = {word: digit for digit, word in enumerate(WORDS)} | {"〇": 0, "○": 0, "幺": 1, "两": 2}
WORD_DIGITS |= {word: digit for digit, word in enumerate("壹贰叁肆伍陆柒捌玖", start=1)}
"""The value of each character that stands for a digit."""
_DIGITS = re.compile(rf"[0-9]+|\d+|[{''.join(WORD_DIGITS)}]+")
INVISIBLE = "\xad\u034f\u061c\u115f\u1160\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff"
"""Characters that are drawn as nothing, as they stand in a class of a regular expression."""
_HIDDEN = re.compile(f"[{INVISIBLE}]+")
SEPARATORS = r"\u0020\t\u00a0\u2002-\u200a\u202f\u3000\-‐‑‒–—―−－_＿.．·•・~～/／()（）"
"""What stands between the groups of one number, likewise."""
_GAP = re.compile(f"[{SEPARATORS}]{{1,4}}")
_LONGEST_GAP = 16
_DIGIT = rf"[0-9\d{''.join(WORD_DIGITS)}]"
NUMBER_HINT = re.compile(rf"{_DIGIT}(?:[{SEPARATORS}{INVISIBLE}]{{0,{_LONGEST_GAP}}}{_DIGIT}){{9}}")
"""Stands in every text that holds a number: ten digits, however they are written."""
_MOST_GROUPS, _MOST_DIGITS = 19, 19
_MOBILE = re.compile(r"1\d{10}")
_LANDLINE = re.compile(r"0(?:10|2\d|[3-9]\d\d)[2-9]\d{6,7}")
_SERVICE = re.compile(r"[48]00\d{7}")
_BANK_CARD = re.compile(r"(?:62|4|5[1-5]|3[457]|9)\d{13,17}")
_GROUPINGS = frozenset({(11,), (3, 4, 4), (3, 8), (7, 4), (3, 3, 5), (4, 4, 3), (4, 7), (4, 3, 4), (3, 5, 3), (1, 10)})
"""Lengths of the groups in which people write a mobile number."""
_SERVICE_GROUPINGS = frozenset({(10,), (3, 3, 4), (3, 4, 3), (3, 7), (4, 3, 3), (6, 4), (4, 6)})
_COUNTRY_CODES = ("0086", "086", "86")
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
"""Weights of the check digit of an identity card (GB 11643-1999)."""


class NumberKind(StrEnum):
    """What a number is."""

    MOBILE = "mobile"
    LANDLINE = "landline"
    SERVICE = "service"
    ID_CARD = "id_card"
    BANK_CARD = "bank_card"


PHONES = frozenset({NumberKind.MOBILE, NumberKind.LANDLINE, NumberKind.SERVICE})


class Number(NamedTuple):
    """A number in a text.

    Attributes:
        kind: what it is.
        value: plain digits, without the country's code; an identity card may end with X.
        start: offset in the text, of +86 where that is written.
        end: behind the last digit; an extension is not a part of it.
    """

    kind: NumberKind
    value: str
    start: int
    end: int


class _Group(NamedTuple):
    digits: str
    start: int
    end: int
    separator: str


def plain_digits(text: str) -> str:
    """The digits of a text, full-width ones and words among them, as ASCII."""
    return "".join(_plain(match[0]) for match in _DIGITS.finditer(text))


def spellings(digit: str) -> str:
    """The characters that stand for a digit, apart from other widths of it."""
    return digit + "".join(word for word, value in WORD_DIGITS.items() if value == int(digit))


def is_digit(character: str) -> bool:
    """Whether a character is a digit in any writing that is read here."""
    return character in WORD_DIGITS or unicodedata.decimal(character, None) is not None


def country_code_length(digits: str) -> int:
    """How many of the digits of a phone number are 86, 086 or 0086; 0 where they are not there."""
    return next(
        (len(code) for code in _COUNTRY_CODES if digits.startswith(code) and 10 <= len(digits) - len(code) <= 11), 0
    )


def numbers_in(text: str) -> Iterator[Number]:
    """Numbers that tell a person, in order; none overlaps another."""
    if not NUMBER_HINT.search(text):  # most messages hold none: looking is quicker than taking them apart
        return
    for groups in _runs(text):
        at = 0
        while at < len(groups):
            number, taken = _number_at(text, groups, at)
            if number:
                yield number
            at += taken


def _plain(digits: str) -> str:
    if digits.isascii():
        return digits
    return "".join(
        str(WORD_DIGITS[character] if character in WORD_DIGITS else unicodedata.decimal(character))
        for character in digits
    )


def _runs(text: str) -> Iterator[list[_Group]]:
    """Groups of digits with nothing but separators between them."""
    groups: list[_Group] = []
    for match in _DIGITS.finditer(text):
        separator = ""
        if groups:
            gap = text[groups[-1].end : match.start()][: _LONGEST_GAP + 1]
            visible = _HIDDEN.sub("", gap)
            if len(gap) > _LONGEST_GAP or (visible and not _GAP.fullmatch(visible)):
                yield groups
                groups = []
            elif gap and not visible and text[groups[-1].start].isascii() == match[0].isascii():
                last = groups.pop()  # only what is drawn as nothing stands between them
                groups.append(_Group(last.digits + _plain(match[0]), last.start, match.end(), last.separator))
                continue
            else:
                separator = visible
        groups.append(_Group(_plain(match[0]), *match.span(), separator))
    if groups:
        yield groups


def _number_at(text: str, groups: Sequence[_Group], at: int) -> tuple[Number | None, int]:
    """The longest number that begins with a group, and how many groups to go on by."""
    digits, lengths = "", []
    best: tuple[Number | None, int] = (None, 1)
    for count, group in enumerate(groups[at : at + _MOST_GROUPS], start=1):
        digits += group.digits
        lengths.append(len(group.digits))
        if len(digits) > _MOST_DIGITS:
            break
        separators = {one.separator for one in groups[at + 1 : at + count]}
        if read := _read(text, digits, tuple(lengths), separators, group.end):
            kind, value, end = read
            best = Number(kind, value, _start(text, groups[at].start), end), count
            if kind in (NumberKind.MOBILE, NumberKind.ID_CARD):
                break
    return best


def _start(text: str, start: int) -> int:
    return start - 1 if start and text[start - 1] in "+＋" else start


def _read(
    text: str, digits: str, lengths: tuple[int, ...], separators: set[str], end: int
) -> tuple[NumberKind, str, int] | None:
    if len(digits) in (17, 18) and (value := _id_card(digits, text[end : end + 1])):
        return NumberKind.ID_CARD, value, end + len(value) - len(digits)
    national, groups = _without_country(digits, lengths)
    if _MOBILE.fullmatch(national) and _is_grouped(national, groups, separators):
        return NumberKind.MOBILE, national, end
    if digits != national and _LANDLINE.fullmatch(f"0{national}") and _can_be_dialled(f"0{national}"):
        return NumberKind.LANDLINE, f"0{national}", end
    if _LANDLINE.fullmatch(digits) and len(lengths) <= 4 and "." not in separators and _can_be_dialled(digits):
        return NumberKind.LANDLINE, digits, end
    if _SERVICE.fullmatch(digits) and lengths in _SERVICE_GROUPINGS:
        return NumberKind.SERVICE, digits, end
    if _BANK_CARD.fullmatch(digits) and min(lengths[:-1], default=4) >= 4 and passes_luhn(digits):
        return NumberKind.BANK_CARD, digits, end
    return None


def _without_country(digits: str, lengths: tuple[int, ...]) -> tuple[str, tuple[int, ...]]:
    """A number and its groups without 86, 086 and 0086."""
    code = country_code_length(digits)
    first = lengths[0] - code
    if first < 0:
        return digits, lengths
    return digits[code:], (first, *lengths[1:]) if first else lengths[1:]


def _is_grouped(digits: str, lengths: tuple[int, ...], separators: set[str]) -> bool:
    """Whether a mobile number stands in the groups that people use, or digit by digit; 192.168.10.100 does not."""
    if lengths in _GROUPINGS:
        return True
    is_address = len(lengths) == 4 and max(lengths) <= 3 and "." in separators
    return digits[1] in "3456789" and len({one.strip() for one in separators} - {""}) <= 1 and not is_address


@lru_cache(maxsize=4096)
def _can_be_dialled(digits: str) -> bool:
    import phonenumbers

    return bool(phonenumbers.is_valid_number(phonenumbers.parse(digits, "CN")))


def _id_card(digits: str, behind: str) -> str:
    """The number of an identity card, its check digit right and its birthday in the calendar; else ``""``."""
    if len(digits) == 17:
        if behind not in ("X", "x", "Ｘ", "ｘ"):
            return ""
        digits += "X"
    total = sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, digits, strict=False))
    if "10X98765432"[total % 11] != digits[17] or digits[0] == "0":
        return ""
    try:
        born = date(int(digits[6:10]), int(digits[10:12]), int(digits[12:14]))
    except ValueError:
        return ""
    return digits if born.year >= 1900 else ""


def passes_luhn(digits: str) -> bool:
    """Whether the check digit of a card's number is right (ISO/IEC 7812)."""
    total = sum(int(digit) for digit in digits[-1::-2])
    return (total + sum(sum(divmod(2 * int(digit), 10)) for digit in digits[-2::-2])) % 10 == 0
