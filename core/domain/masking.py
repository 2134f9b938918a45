"""Masks phones, e-mails, addresses, cards and accounts in exported files. Pure; a masked text keeps its length.

Because lengths stay, offsets into the original (evidence) hold in the masked text too.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import chain
from typing import Final

from core.domain.entities import (
    Mention,
    addresses_in,
    bank_cards_in,
    emails_in,
    id_cards_in,
    phones_in,
    qq_numbers_in,
    wechat_ids_in,
)
from core.domain.entities.numbers import country_code_length, is_digit, plain_digits
from core.domain.form import Form, FormValues, Kind, Value
from core.errors import SettingsError

STAR: Final = "*"
_ACCOUNT: Final = re.compile(r"[A-Za-z][\w-]{3,80}")
_SHORTEST: Final = 3
"""Shortest value that is masked in free text; a shorter one (a first name's letter, 「在」) would star half of it."""


class Masked(StrEnum):
    """Kinds of values that can be masked; ``phone`` stands for all numbers and accounts that tell a person."""

    PHONE = "phone"
    EMAIL = "email"
    ADDRESS = "address"


_KINDS: Final = {
    Kind.PHONE: Masked.PHONE,
    Kind.EMAIL: Masked.EMAIL,
    Kind.ADDRESS: Masked.ADDRESS,
    Kind.ID_CARD: Masked.PHONE,
    Kind.BANK_CARD: Masked.PHONE,
    Kind.WECHAT: Masked.PHONE,
    Kind.QQ: Masked.PHONE,
}


def _numbers_in(text: str) -> Iterator[Mention]:
    """Phones and what else tells a person: who hides phones does not mean to show identity cards."""
    finders = (phones_in, id_cards_in, bank_cards_in, wechat_ids_in, qq_numbers_in)
    return chain.from_iterable(find(text) for find in finders)


_FINDERS: Final = {
    Masked.PHONE: _numbers_in,
    Masked.EMAIL: emails_in,
    Masked.ADDRESS: addresses_in,
}


@dataclass(frozen=True, slots=True)
class Mask:
    """The kinds that are masked; without any, nothing changes.

    Phones and cards keep their first three and last four digits, e-mails the first letter and the domain, addresses and
    accounts their first two characters: enough to tell two customers apart, too little to reach them.
    """

    kinds: frozenset[Masked] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.kinds)

    @property
    def names(self) -> list[str]:
        """Names of the kinds in a fixed order, for the export log."""
        return [str(kind) for kind in Masked if kind in self.kinds]

    def values(self, form: Form, values: Mapping[str, Value]) -> FormValues:
        """Mask a form's values: whole fields of a masked kind, and recognised values in free texts."""
        return {key: self._value(_KINDS.get(form.field(key).kind), value) for key, value in values.items()}

    def text(self, text: str, form: Form, forms: Iterable[Mapping[str, Value]] = ()) -> str:
        """Mask a chat's text: recognised values, and the values of its forms where they occur word for word.

        Args:
            text: any text.
            form: the dataset's form.
            forms: unmasked forms of the chat.

        Returns:
            A text of the same length.
        """
        if not self.kinds:
            return text
        masked = self._recognised(text)
        for values in forms:
            for key, value in values.items():
                kind = _KINDS.get(form.field(key).kind)
                words = [value] if isinstance(value, str) else value
                for word in words if kind in self.kinds else ():
                    if kind is not None and len(word) >= _SHORTEST:
                        masked = masked.replace(word, _starred(kind, word))
        return masked

    def _value(self, kind: Masked | None, value: Value) -> Value:
        if isinstance(value, list):
            return [str(self._value(kind, item)) for item in value]
        return _starred(kind, value) if kind in self.kinds and kind is not None else self._recognised(value)

    def _recognised(self, text: str) -> str:
        letters = list(text)
        for kind in self.kinds:
            for mention in _FINDERS[kind](text):
                letters[mention.start : mention.end] = _starred(kind, text[mention.start : mention.end])
        return "".join(letters)


NO_MASK: Final = Mask()


def parse_mask(names: Iterable[str]) -> Mask:
    """Parse a mask from the words of a command line.

    Raises:
        SettingsError: there is no such kind.
    """
    mask_names = [name.strip() for name in names if name.strip()]
    unknown = [name for name in mask_names if name not in list(Masked)]
    if unknown:
        raise SettingsError(f"不能遮盖「{'、'.join(unknown)}」", f"可以遮盖的：{'、'.join(Masked)}")
    return Mask(frozenset(Masked(name) for name in mask_names))


def _starred(kind: Masked, words: str) -> str:
    if kind is Masked.EMAIL:
        name, at, domain = words.partition("@")
        return name[:1] + STAR * len(name[1:]) + at + domain if at else STAR * len(words)
    if kind is Masked.ADDRESS:
        return words[:2] + re.sub(r"\S", STAR, words[2:])
    if kind is Masked.PHONE and _ACCOUNT.fullmatch(words):
        return words[:2] + re.sub(r"\S", STAR, words[2:])
    places = [place for place, letter in enumerate(words) if is_digit(letter)]
    places = places[country_code_length(plain_digits(words)) :]
    kept = {*places[:3], *places[-4:]} if len(places) >= 11 else set(places[:2])
    starred = set(places) - kept
    return "".join(STAR if place in starred else letter for place, letter in enumerate(words))
