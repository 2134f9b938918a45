"""Tells which names mean one person: the one rule for evidence, omissions, chunks and merging.

1. The same name is the same person: as written first, then with width, case and white space made equal. Behind a
   word for people a number in words is one in digits: 客户一 is 客户1. In a name it is none: 张三 is not 张3.
2. A part of a name (邱总 of 陶然乡-邱总, 林舟 of 林舟3) means that person only where it is a part of no other name of
   the chat, and nobody else has the part as a name.
3. Digits decide: where both names hold some and they differ (客户1, 客户12), these are two people.
4. A part that cuts a word is none, whatever stands before the name (公司-, 【公司】): of letters (Ann, Anna; 客户A,
   客户AB), of a Chinese name that goes on with one more character that is no title (林木, 林木森, 公司-林木森总), and
   of one that begins with 小, 老 or 大 (王总, 小王总).

``core/ui/workbench/js/names.js`` says the same to the browser; both are tested by ``tests/domain/person_names.json``.
"""

import re
import unicodedata
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import NamedTuple

from core.domain.unseen_characters import NO_SHAPE

_SPACE = re.compile(r"[ \t\r\n]+")
_INVISIBLE = re.compile(f"[{NO_SHAPE}]")
_DIGITS = re.compile(r"[0-9]+")
_NUMERALS = "零〇一二两三四五六七八九十百千"
_COUNTED = re.compile(
    "(客户|用户|顾客|买家|访客|会员|学员|家长|群友|成员|代表)(?:([一二三四五六七八九]?)(十)([一二三四五六七八九]?)|([零〇一二两三四五六七八九]+))"
    f"(?![{_NUMERALS}])"
)
_VALUES = dict(zip("零〇一二两三四五六七八九", "001223456789", strict=True))
_HAN = "[\u3400-\u9fff\U00020000-\U0003ffff]"
_ENDS_IN_CHINESE = re.compile(f"(?:[^0-9]|^){_HAN}$|{_HAN}{{2}}$")
_NEXT_CHINESE = re.compile(f"{_HAN}*")
_TITLES = re.compile("(?:先生|女士|小姐|老师|经理|老板|师傅|主任|[总姐哥弟妹董工叔姨伯婶嫂爷老局处科队]){1,6}$")
"""What is put behind a name to address somebody."""
_BY_NAMES = "小老大"
"""What makes another name of one, put before it: 小王总 is not 王总."""


@lru_cache(maxsize=8192)
def plain_name(name: str) -> str:
    """A name as it is compared: width, case, white space and invisible characters made equal, 客户一 as 客户1."""
    plain = _INVISIBLE.sub("", unicodedata.normalize("NFKC", name).lower())
    return _COUNTED.sub(_in_digits, _SPACE.sub(" ", plain).strip(" "))


def _in_digits(match: re.Match[str]) -> str:
    word, tens, ten, units, digits = match.groups()
    if digits:
        return word + "".join(_VALUES[digit] for digit in digits)
    return f"{word}{_VALUES.get(tens, '1') if ten else ''}{_VALUES.get(units, '0')}"


@lru_cache(maxsize=65536)
def same_person(name: str, other: str) -> bool:
    """Whether two names can mean one person: the same, or one a part of the other and no digits against it.

    Of several people who come into question only :func:`match_people` and :func:`name_groups` decide.
    """
    one, two = plain_name(name), plain_name(other)
    if one == two:
        return bool(one)
    short, long = (one, two) if len(one) < len(two) else (two, one)
    if len(short) < 2 or short not in long:
        return False
    if differ_in_digits(one, two):
        return False
    return any(_is_whole(long, at, len(short)) for at in range(len(long)) if long.startswith(short, at))


def _is_whole(text: str, start: int, length: int) -> bool:
    """Whether a part of a name cuts neither a number nor a word in two."""
    before, part, after = text[:start], text[start : start + length], text[start + length :]
    if any(_is_letter(left[-1:]) and _is_letter(right[:1]) for left, right in ((before, part), (part, after))):
        return False
    if _cuts_number(text, start, length) or (before and before[-1] in _BY_NAMES):
        return False
    chinese = _NEXT_CHINESE.match(after)
    return len(_TITLES.sub("", chinese[0] if chinese else "")) != 1 or not _ENDS_IN_CHINESE.search(part)


def _is_letter(character: str) -> bool:
    """Whether a character is a letter of a script that writes words of several letters."""
    return character.isalpha() and not _NEXT_CHINESE.fullmatch(character)


def differ_in_digits(name: str, other: str) -> bool:
    """Whether both names hold digits, and not the same."""
    digits, others = _DIGITS.findall(plain_name(name)), _DIGITS.findall(plain_name(other))
    return bool(digits) and bool(others) and digits != others


def _cuts_number(text: str, start: int, length: int) -> bool:
    """Whether a part of a text begins or ends within a number in words: 客户二 in 客户二十."""
    edges = (text[max(start - 1, 0) : start + 1], text[start + length - 1 : start + length + 1])
    return any(len(edge) == 2 and edge[0] in _NUMERALS and edge[1] in _NUMERALS for edge in edges)


def match_people(names: Sequence[str], others: Sequence[str]) -> list[tuple[int, ...]]:
    """Find each person of one list in another list of the same chat.

    Args:
        names: the customers of the forms, all of them: who has a name exactly is nobody else.
        others: for example everybody who speaks.

    Returns:
        For each name the positions of that person among the others: none where nobody is, or nobody can say who.
    """
    mine = list(dict.fromkeys(name for name in map(str.strip, names) if name))
    theirs = list(dict.fromkeys(name for name in map(str.strip, others) if name))
    partner = {name: name for name in mine if name in theirs}
    for is_same in (_same_name, same_person):
        partner |= _unique_pairs(mine, theirs, partner, is_same)
    places: dict[str, list[int]] = {}
    for place, name in enumerate(others):
        places.setdefault(name.strip(), []).append(place)
    return [tuple(places[partner[name]]) if (name := raw.strip()) in partner else () for raw in names]


def _same_name(name: str, other: str) -> bool:
    return plain_name(name) == plain_name(other)


def _unique_pairs(
    mine: Sequence[str], theirs: Sequence[str], partner: dict[str, str], is_same: Callable[[str, str], bool]
) -> dict[str, str]:
    """Pairs of names that fit nobody but one another, whether the others have a partner already or not."""
    taken = set(partner.values())
    pairs: dict[str, str] = {}
    for name in mine:
        if name in partner:
            continue
        fitting = [other for other in theirs if is_same(name, other)]
        if len(fitting) == 1 and fitting[0] not in taken and sum(is_same(one, fitting[0]) for one in mine) == 1:
            pairs[name] = fitting[0]
    return pairs


def name_groups(answers: Sequence[Sequence[str]]) -> dict[str, str]:
    """Group the names of several answers about one chat by person.

    Names that stand in one answer are different people there. Other names are one person where each can be each of the
    others (林舟, 林舟3); a part that fits two people (邱总) is neither.

    Args:
        answers: per answer, or per chunk of the chat, the names of its customers.

    Returns:
        For each name that is not empty, the name of its person that comes first.
    """
    first: dict[str, str] = {}
    for names in answers:
        for name in names:
            if plain_name(name):
                first.setdefault(plain_name(name), name)
    beside = [frozenset(map(plain_name, names)) for names in answers]
    neighbours = {name: {other for other in first if other == name or same_person(name, other)} for name in first}
    person: dict[str, str] = {}
    for name, group in neighbours.items():
        is_one = all(neighbours[other] == group for other in group) and all(len(group & names) < 2 for names in beside)
        person[name] = first[min(group, key=list(first).index)] if is_one else first[name]
    return {name: person[plain_name(name)] for names in answers for name in names if plain_name(name)}


class Identity(NamedTuple):
    """What says which customer a form is, from one version of a record to another.

    Attributes:
        origin: position in the run's answer; ``None`` for a customer whom a person added.
        name: as it stands in the form, ``""`` for none.
    """

    origin: int | None
    name: str


def match_versions(customers: Sequence[Identity], others: Sequence[Identity]) -> list[int | None]:
    """Find each customer of one version of a record in another version.

    By origin and name, then by name, then by an origin that nobody else of either side has (two halves of a split
    customer have one origin), then by a part of the name, then in order.

    Args:
        customers: of one version.
        others: of the other one; without origins where it counts in another run.

    Returns:
        For each customer the position among the others, each at most once; ``None`` where none is left.
    """
    matches: list[int | None] = [None] * len(customers)
    left = list(range(len(others)))

    def match(is_same: Callable[[int, int], bool]) -> None:
        for number in range(len(customers)):
            if matches[number] is None:
                matches[number] = next((place for place in left if is_same(number, place)), None)
                left[:] = [place for place in left if place != matches[number]]

    names, other_names = [one.name.strip() for one in customers], [one.name.strip() for one in others]
    origins, other_origins = [one.origin for one in customers], [one.origin for one in others]

    def has_name(number: int, place: int) -> bool:
        return bool(names[number]) and names[number] == other_names[place]

    def has_origin(number: int, place: int) -> bool:
        return origins[number] is not None and origins[number] == other_origins[place]

    def is_only_one(number: int, place: int) -> bool:
        origin = origins[number]
        return has_origin(number, place) and origins.count(origin) == other_origins.count(origin) == 1

    parts = match_people(names, other_names)
    match(lambda number, place: has_origin(number, place) and has_name(number, place))
    match(has_name)
    match(is_only_one)
    match(lambda number, place: place in parts[number])
    match(lambda number, place: True)
    return matches
