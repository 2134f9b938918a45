"""Masks names, phones, e-mails, addresses, cards and accounts in exported files. Pure; a masked text keeps its length.

Because lengths stay, offsets into the original (evidence) hold in the masked text too.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from core.domain import personal_data  # what finds people takes long to import: only where something is masked
from core.domain.entities.numbers import INVISIBLE, country_code_length, is_digit, plain_digits
from core.domain.form import Form, FormValues, Kind, Value
from core.domain.personal_data import PersonalKind
from core.errors import SettingsError

STAR: Final = "*"
_ACCOUNT: Final = re.compile(rf"[A-Za-z](?:[ \t\u3000\u00a0{INVISIBLE}]?[\w.-]){{3,80}}")
_FEWEST_OF_CARD: Final = 14
_CHECK_SIGNS: Final = ("x", "×", "叉", "*")
"""How the last place of an identity card is written that is no digit."""
_SHORTEST: Final = 3
"""Shortest value that is masked in free text; a shorter one (a first name's letter, 「在」) would star half of it."""


class Masked(StrEnum):
    """Kinds of values that can be masked; ``phone`` stands for all numbers and accounts that tell a person."""

    PHONE = "phone"
    EMAIL = "email"
    ADDRESS = "address"
    NAME = "name"


_KINDS: Final = {
    Kind.PERSON: Masked.NAME,
    Kind.STAFF: Masked.NAME,
    Kind.PHONE: Masked.PHONE,
    Kind.EMAIL: Masked.EMAIL,
    Kind.ADDRESS: Masked.ADDRESS,
    Kind.ID_CARD: Masked.PHONE,
    Kind.BANK_CARD: Masked.PHONE,
    Kind.WECHAT: Masked.PHONE,
    Kind.QQ: Masked.PHONE,
}


_FOUND: Final = {
    PersonalKind.NAME: Masked.NAME,
    PersonalKind.PHONE: Masked.PHONE,
    PersonalKind.EMAIL: Masked.EMAIL,
    PersonalKind.ADDRESS: Masked.ADDRESS,
    PersonalKind.ID_CARD: Masked.PHONE,
    PersonalKind.BANK_CARD: Masked.PHONE,
    PersonalKind.WECHAT: Masked.PHONE,
    PersonalKind.QQ: Masked.PHONE,
}
"""Which kind hides what is found: who hides phones does not mean to show identity cards."""


@dataclass(frozen=True, slots=True)
class Mask:
    """The kinds that are masked; without any, nothing changes.

    Phones and cards keep their first three and last four digits, e-mails the first letter and the domain, addresses and
    accounts their first two characters, names their first one and digits: enough to tell two customers apart, too
    little to reach them.
    """

    kinds: frozenset[Masked] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.kinds)

    @property
    def names(self) -> list[str]:
        """Names of the kinds in a fixed order, for the export log."""
        return [str(kind) for kind in Masked if kind in self.kinds]

    def values(
        self, form: Form, values: Mapping[str, Value], *, text: str = "", forms: Iterable[Mapping[str, Value]] = ()
    ) -> FormValues:
        """Mask a form's values: whole fields of a masked kind, and recognised values in free texts.

        Args:
            form: the dataset's form.
            values: of one customer.
            text: the chat; who speaks in it is known by name in free texts, too.
            forms: the other customers' unmasked forms, likewise.
        """
        if not self.kinds:
            return dict(values)
        names = personal_data.KnownNames()
        if Masked.NAME in self.kinds:
            people = _people(form, [values, *forms])
            names = personal_data.names_of_chat(text, people) if text else personal_data.KnownNames(people)
        return {key: self._value(_KINDS.get(form.field(key).kind), value, names) for key, value in values.items()}

    def forms(self, form: Form, forms: Sequence[Mapping[str, Value]], text: str) -> list[FormValues]:
        """Mask all forms of a chat as every export writes them: everybody of the chat is known by name."""
        return [self.values(form, values, text=text, forms=forms) for values in forms]

    def cell(self, form: Form, key: str, value: str, text: str) -> str:
        """Mask one cell of a table about a chat.

        Args:
            form: the dataset's form.
            key: the field whose value it is; ``""`` for any other words.
            value: the cell.
            text: the chat.
        """
        names = personal_data.names_of_chat(text) if Masked.NAME in self.kinds else personal_data.KnownNames()
        kind = _KINDS.get(form.field(key).kind) if key else None
        return str(self._value(kind, value, names))

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
        names = personal_data.KnownNames()
        if Masked.NAME in self.kinds:
            names = personal_data.names_of_chat(text, _people(form, forms))
        masked = self._recognised(text, names)
        for values in forms:
            for key, value in values.items():
                kind = _KINDS.get(form.field(key).kind)
                words = [value] if isinstance(value, str) else value
                for word in words if kind in self.kinds and kind is not Masked.NAME else ():
                    if kind is not None and len(word) >= _SHORTEST:
                        masked = masked.replace(word, _starred(kind, word))
        return masked

    def _value(self, kind: Masked | None, value: Value, names: "personal_data.KnownNames") -> Value:
        if isinstance(value, list):
            return [str(self._value(kind, item, names)) for item in value]
        return _starred(kind, value) if kind in self.kinds and kind is not None else self._recognised(value, names)

    def _recognised(self, text: str, names: "personal_data.KnownNames") -> str:
        letters = list(text)
        kinds = [kind for kind, hidden_by in _FOUND.items() if hidden_by in self.kinds]
        for start, end, kind in personal_data.personal_mentions(text, kinds, names):
            letters[start:end] = _starred(_FOUND[kind], text[start:end])
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


def _people(form: Form, forms: Iterable[Mapping[str, Value]]) -> list[str]:
    """The people whom forms name: customers and staff."""
    values = [value for one in forms for key, value in one.items() if _KINDS.get(form.field(key).kind) is Masked.NAME]
    return [name for value in values for name in ([value] if isinstance(value, str) else value)]


def _starred(kind: Masked, words: str) -> str:
    if kind is Masked.NAME:
        return words[:1] + "".join(letter if letter.isdigit() else re.sub(r"\S", STAR, letter) for letter in words[1:])
    if kind is Masked.EMAIL:
        name, at, domain = words.partition("@")
        return (
            name[:1] * (len(name) > 1) + re.sub(r"\S", STAR, name[1:] or name) + at + domain
            if at
            else words[:1] + re.sub(r"\S", STAR, words[1:])
        )
    if kind is Masked.ADDRESS:
        shown = min(2, len(words) // 3)
        return re.sub(r"\d", STAR, words[:shown]) + re.sub(r"\S", STAR, words[shown:])
    if kind is Masked.PHONE and _ACCOUNT.fullmatch(personal_data.plain_letters(words)):
        return words[:2] + re.sub(r"\S", STAR, words[2:])
    read = personal_data.plain_letters(words)
    places = [place for place, letter in enumerate(read) if is_digit(letter)]
    if len(places) >= _FEWEST_OF_CARD and read[-1:] in _CHECK_SIGNS:
        places.append(len(read) - 1)
    places = places[country_code_length(plain_digits(read)) :]
    kept = {*places[:3], *places[-4:]} if len(places) >= 11 else set(places[:2] if len(places) > 4 else ())
    starred = set(places) - kept
    return "".join(STAR if place in starred else letter for place, letter in enumerate(words))
