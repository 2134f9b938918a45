"""Made-up values in the place of what tells who a person is, and the real ones back in what comes in answer. Pure.

The same person, number or address of a chat always has the same made-up one. Names are replaced part by part, so that
邱总 and 邱明远 stay one family, and so that a part of a made-up name is turned back as well. Numbers keep their length,
and usual characters between their digits; turned back, they have the shape that the answer gave them.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain, count, product
from typing import Final

from core.domain.entities.folding import fold
from core.domain.entities.numbers import INVISIBLE, country_code_length, is_digit, plain_digits
from core.domain.entities.places import place_and_address
from core.domain.form import Form, FormValues, Kind, Value
from core.domain.personal_data.finders import personal_mentions
from core.domain.personal_data.kinds import PersonalKind
from core.domain.personal_data.names import names_of_chat, surname_of
from core.domain.personal_data.reading import plain_letters
from core.domain.personal_data.surnames import COMPOUND_SURNAMES, TITLES

_NUMBERS: Final = frozenset({PersonalKind.PHONE, PersonalKind.ID_CARD, PersonalKind.BANK_CARD, PersonalKind.QQ})
_FIELD_KINDS: Final = {
    Kind.PERSON: PersonalKind.NAME,
    Kind.STAFF: PersonalKind.NAME,
    Kind.PHONE: PersonalKind.PHONE,
    Kind.EMAIL: PersonalKind.EMAIL,
    Kind.ADDRESS: PersonalKind.ADDRESS,
    Kind.ID_CARD: PersonalKind.ID_CARD,
    Kind.BANK_CARD: PersonalKind.BANK_CARD,
    Kind.WECHAT: PersonalKind.WECHAT,
    Kind.QQ: PersonalKind.QQ,
}
_GIVEN: Final = ("青墨疏澹苍霁溪昭", "岚汀霭弦槿笙筠霖")
_NICKNAMES: Final = ("榆梓枫桐槐柏桦椿", "屿泊岬礁汐澜渚汛")
_ORDINALS: Final = "甲乙丙丁戊己庚辛壬癸"
_GAPS = re.compile(f"[ \t\u3000\u00a0{INVISIBLE}]")
_BETWEEN: Final = r"[ \t\u3000\u00a0\-‐-―－_.．·()（）]{0,2}"
_TITLE = re.compile(TITLES)
_DIVISION = re.compile("[\u3400-\u9fff]{1,10}?(?:省|自治区|市|自治州|区|县|旗)")
_HOME = re.compile("(?:别墅|小|社|厂|校|家属|生活|住宅|宿舍)区$")
"""What ends like a district and tells where somebody lives."""
_STEP: Final = 7_654_321
"""How far two made-up numbers lie apart; coprime to powers of ten, so that none comes twice."""


class Pseudonyms:
    """The made-up values of one chat.

    Args:
        text: the chat; made-up values occur nowhere in it.
        names: people known from elsewhere, such as values of forms.
        avoid: more that no made-up value may be.
    """

    def __init__(self, text: str, names: Iterable[str] = (), avoid: Iterable[str] = ()) -> None:
        self._names = names_of_chat(text, names)
        self._given = {part for part in self._names.parts if not surname_of(part)}
        self._taken = "\n".join((fold(text), *avoid))
        self._pseudonyms: dict[tuple[str, str], str] = {}
        self._real: dict[str, str] = {}
        self._numbers: dict[str, str] = {}
        self._sources: dict[str, Iterator[str]] = {
            "surname": chain(sorted(COMPOUND_SURNAMES), _combined(_NICKNAMES, _ORDINALS)),
            "given": _combined(_GIVEN),
            "nickname": _combined(_NICKNAMES),
            PersonalKind.EMAIL: (f"user{number:03d}@example.com" for number in count(101)),
            PersonalKind.WECHAT: (f"wxid_k{number:06d}z" for number in count(100_001)),
            PersonalKind.ADDRESS: (f"云栖路{number}号" for number in count(1001)),
        }
        self._pattern: re.Pattern[str] | None = None
        self.hide(text)

    @property
    def made_up(self) -> tuple[str, ...]:
        """All made-up values so far."""
        return (*self._real, *self._numbers)

    def hide(self, text: str) -> str:
        """A text with made-up values in the place of real ones."""
        pieces: list[str] = []
        at = 0
        for start, end, kind in personal_mentions(text, names=self._names):
            if kind is PersonalKind.ADDRESS:
                start = _behind_place(text, start, end)
            pieces += [text[at:start], self._hidden(kind, text[start:end]) if start < end else ""]
            at = end
        return "".join((*pieces, text[at:]))

    def hide_values(self, form: Form, values: Mapping[str, Value]) -> FormValues:
        """Values of a form likewise; fields for personal data are replaced whole, whatever they hold."""

        def hidden(key: str, word: str) -> str:
            kind = _FIELD_KINDS.get(form.field(key).kind)
            shown = self.hide(word)
            return self._hidden(kind, word) if kind and shown == word and word.strip() else shown

        return {
            key: [hidden(key, one) for one in value] if isinstance(value, list) else hidden(key, value)
            for key, value in values.items()
        }

    def restore(self, text: str) -> str:
        """A text with the real values in the place of made-up ones, however the answer writes these."""
        if self._pattern is None:
            self._pattern = _pattern([*self._real, *self._numbers])
        folded = fold(text)
        pieces: list[str] = []
        at = 0
        for match in self._pattern.finditer(folded):
            pieces += [text[at : match.start()], self._restored(match[0], text[match.start() : match.end()])]
            at = match.end()
        return "".join((*pieces, text[at:]))

    def restore_values(self, values: Mapping[str, Value]) -> FormValues:
        """Values of a form with the real ones in the place of made-up ones."""
        return {
            key: [self.restore(one) for one in value] if isinstance(value, list) else self.restore(value)
            for key, value in values.items()
        }

    def _restored(self, found: str, as_written: str) -> str:
        plain = _GAPS.sub("", found)
        if plain in self._real:
            return self._real[plain]
        for made_up, real in self._real.items():
            if plain.startswith(made_up.rstrip("号")):
                return real
        digits = plain_digits(found)
        real = self._numbers.get(digits) or self._numbers.get(digits[country_code_length(digits) :], "")
        return _with_digits(as_written, real) if real else as_written

    def _hidden(self, kind: PersonalKind, surface: str) -> str:
        if kind is PersonalKind.NAME:
            return self._hidden_name(surface)
        if kind in _NUMBERS:
            return self._hidden_number(kind, surface)
        return self._token(kind, _GAPS.sub("", fold(surface)), surface)

    def _hidden_name(self, surface: str) -> str:
        name = _GAPS.sub("", fold(surface))
        core = name.rstrip("0123456789")
        digits = name[len(core) :]
        surname = surname_of(core) if core not in self._given else ""
        if not surname:
            is_given = len(core) == 2 and any(one.endswith(core) and one != core for one in self._names.parts)
            kind = "given" if is_given else "nickname"
            return self._token(kind, core, _GAPS.sub("", surface)[: len(core)] or surface) + digits
        prefix = core[: core.index(surname)]
        rest = core[len(prefix) + len(surname) :]
        if rest and not _TITLE.fullmatch(rest):
            rest = self._token("given", rest, rest)
        return prefix + self._token("surname", surname, surname) + rest + digits

    def _hidden_number(self, kind: PersonalKind, surface: str) -> str:
        digits = _number(surface)
        if kind is PersonalKind.PHONE:
            digits = digits[country_code_length(digits) :]
        made_up = self._pseudonyms.get((kind, digits))
        if made_up is None:
            made_up = next(one for one in _made_up_numbers(kind, digits) if self._is_free(one))
            self._keep(kind, digits, made_up)
            self._numbers[made_up] = digits
        shown = _with_digits(surface, made_up)
        # What stands between the digits stays only where the answer's number is known by it again.
        return shown if re.fullmatch(_spelt(made_up), fold(shown)) else made_up

    def _token(self, kind: str, key: str, real: str) -> str:
        made_up = self._pseudonyms.get((kind, key))
        if made_up is None:
            made_up = next(one for one in self._sources[kind] if self._is_free(one))
            self._keep(kind, key, made_up)
            self._real[made_up] = real
        return made_up

    def _is_free(self, made_up: str) -> bool:
        return made_up not in self._taken and made_up not in self._real and made_up not in self._numbers

    def _keep(self, kind: str, key: str, made_up: str) -> None:
        self._pseudonyms[kind, key] = made_up
        self._pattern = None


def _behind_place(text: str, start: int, end: int) -> int:
    """Where in an address street and house begin: province, city and district stay, the form asks for them."""
    place, _ = place_and_address(text[start:end])
    if home := next((piece for piece in _DIVISION.finditer(place) if _HOME.search(piece[0])), None):
        place = place[: home.start()]
    return text.index(place, start) + len(place) if place else start


def _combined(*letters: tuple[str, str] | str) -> Iterator[str]:
    """Words of one letter of each, without end: longer ones follow once all are used up."""
    parts = list(chain.from_iterable((one,) if isinstance(one, str) else one for one in letters))
    yield from map("".join, product(*parts))
    for number in count(1):
        for word in map("".join, product(*parts)):
            yield word + "".join(_ORDINALS[int(digit)] for digit in str(number))


def _made_up_numbers(kind: PersonalKind, digits: str) -> Iterator[str]:
    """Numbers of the same kind and length as a real one."""
    head = {PersonalKind.ID_CARD: "1101011900", PersonalKind.BANK_CARD: "6200", PersonalKind.QQ: "10"}.get(kind, "")
    if kind is PersonalKind.PHONE:
        is_mobile = len(digits) == 11 and digits.startswith("1")
        others = digits[:3] if digits.startswith(("400", "800")) else "010" if digits[0] == "0" else "5"
        head = "199" if is_mobile else others
    width = max(3, len(digits) - len(head))
    head = head[: max(0, len(digits) - width)]
    return (head + f"{number * _STEP % 10**width:0{width}d}" for number in count(1))


def _number(surface: str) -> str:
    """The digits of a number as ASCII, an X at its end among them."""
    read = plain_letters(surface)
    return plain_digits(read) + ("X" if read.rstrip().endswith(("x", "×")) else "")


def _with_digits(surface: str, digits: str) -> str:
    """A number with other digits, the last as many as there are; what stands between them stays."""
    places = [at for at, one in enumerate(plain_letters(surface)) if is_digit(one) or one in ("x", "×")]
    if len(places) < len(digits):
        return digits
    letters = list(surface)
    for place, digit in zip(places[len(places) - len(digits) :], digits, strict=True):
        letters[place] = digit
    return "".join(letters)


def _pattern(made_up: Iterable[str]) -> re.Pattern[str]:
    """Finds made-up values in folded text, with white space and separators between their digits."""
    words = sorted(made_up, key=len, reverse=True)
    return re.compile("|".join(map(_spelt, words)) if words else r"(?!)")


def _spelt(word: str) -> str:
    """Pattern of the ways in which an answer may write a made-up value."""
    if word.isdigit():
        return rf"(?<![0-9])(?:\+?(?:00)?86[ -]?)?{_BETWEEN.join(word)}(?![0-9])"
    if word.startswith("云栖路"):
        return rf"云栖路 {{0,2}}{word[3:-1]}(?![0-9])(?: {{0,2}}号)?"
    if "@" in word:
        return " {0,2}@ {0,2}".join(map(re.escape, word.split("@")))
    return re.escape(word) if word.isascii() else "[ \u3000]{0,2}".join(word)
