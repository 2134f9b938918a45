"""Names in header lines: ids, sides and titles around them, and people of one name told apart."""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from core.domain.chat.name_patterns import name_shape
from core.domain.chat.parsed_chat import Role
from core.domain.chat.speaker_lines import MAX_NAME

MARKS: Final = re.compile(
    r"(?:(?:\s{1,3}|&nbsp;|(?=[\[(（【]))[\[(（【]?"
    r"(?:(?:全部|\d{1,4}\s?人)?(?:已读|未读)|已?编辑过?|已发送|已送达|已撤回|edited|Edited|Read|Delivered|[✓✔√]{1,2})[\])）】]?){1,3}$"
)
"""What a client writes behind a header besides the time."""

_SPOKEN = re.compile(r"[：:]|[，。？！?!]$")
_NICKNAME = 4
_A_PERSON = 1
"""Shape of a name that is one beyond doubt."""
_DATED = re.compile(r"\d{1,4}[-/.年]\d{1,2}[-/.月]\d{1,4}日?$")
_ID = re.compile(r"\s?(?:[(（](?P<number>\d{5,20}|wxid_\w{3,40})[)）]|<(?P<address>[^<>\s]{3,80})>)$")
_SIDE = re.compile(r"\s?[（(](?P<side>我方|对方)[)）]$")
_BETWEEN: Final = frozenset(",，、;；:：|｜/-–—~·")
"""Marks between a name and its time."""
_DECORATIONS: Final = frozenset("-–—~·")
"""Of these, those that nicknames end with."""
_LEADING_TITLE = re.compile(r"【[^】\n]{1,12}】(?=\S)")
_TITLES_OF_QQ: Final = re.compile(r"【(?:群主|管理员|潜水|冒泡|吐槽|活跃|话唠|传说|[Ll][Vv]\.?\d{1,3}.{0,12})】")
_SIDES: Final = {"我方": Role.STAFF, "对方": Role.CUSTOMER}
_ENCLOSED: Final = (("【", "】"), ("[", "]"), ("「", "」"), ("“", "”"), ('"', '"'), ("<", ">"), ("**", "**"))


@lru_cache(maxsize=4096)  # the same people speak all the time
def is_header_name(name: str, *, dated: bool = False) -> bool:
    """Whether words can be the name in a header: short, without a colon, no date.

    Args:
        name: the words.
        dated: a whole date stands beside them, so that a nickname may end as sentences do (``小满。``).
    """
    plain = split_name(name)[0]
    spoken = _SPOKEN.search(plain)
    if spoken and dated and spoken.end() == len(plain) and not _SPOKEN.search(plain[:-1]):
        is_somebodys = len(plain) <= _NICKNAME or name_shape(plain[:-1]) >= _A_PERSON
        spoken = None if is_somebodys else spoken
    return 0 < len(plain) <= MAX_NAME and not spoken and not _DATED.search(plain)


def has_suffix(name: str) -> bool:
    """Whether a name ends with what a header would be read to say about it: an id or a side in brackets."""
    return any(pattern.search(name) for pattern in (_SIDE, _ID, MARKS)) or _title_end(name, numbered=False) > 0


@lru_cache(maxsize=4096)
def split_name(raw: str) -> tuple[str, str, Role, int]:
    """Name, id, side, and how many characters stand before the name (QQ writes titles: 【管理员】)."""
    name, sender_id, side = raw.strip(), "", Role.UNKNOWN
    if match := _SIDE.search(name[-8:]):
        side = _SIDES[match["side"]]
        name = name[: len(name) - len(match[0])].rstrip()
    if match := _ID.search(name[-90:]):
        sender_id = match["number"] or match["address"]
        name = name[: len(name) - len(match[0])].rstrip()
    if not name and sender_id:  # a member without a name: QQ writes only the number
        return sender_id, sender_id, side, raw.index(sender_id)
    skip = _title_end(name, numbered=bool(sender_id))
    return name[skip:], sender_id, side, skip


def _title_end(name: str, *, numbered: bool) -> int:
    """How many characters of a name are a title of QQ; others that stand before no number are part of the name."""
    title = _LEADING_TITLE.match(name)
    return title.end() if title and (numbered or _TITLES_OF_QQ.fullmatch(title[0])) else 0


def bare_name(name: str) -> tuple[str, int]:
    """A name without brackets or quotation marks all around it, and how many characters stood before it."""
    for left, right in _ENCLOSED:
        inner = name[len(left) : len(name) - len(right)]
        if name.startswith(left) and name.endswith(right) and inner.strip() and left not in inner:
            return inner.strip(), name.index(inner.strip(), len(left))
    return name, 0


def parted_from_time(names: Sequence[str]) -> tuple[str, ...]:
    """Names without the mark that parts them from the time, if all have the same one: ``张三, [2024-03-01 9:00]``.

    A nickname may end with a mark of its own; then others do not.
    """
    ends = {name[-1:] for name in names}
    if len(ends) != 1 or not ends <= _BETWEEN or ends <= _DECORATIONS and len(set(names)) < 2:
        return tuple(names)
    if any(not name[:-1].strip() for name in names):
        return tuple(names)
    return tuple(name[:-1].rstrip() for name in names)


def shared_names(named: Sequence[tuple[str, str]]) -> set[str]:
    """Names that several people bear.

    Args:
        named: name and id (``""`` for none) of each message, in order.
    """
    ids: dict[str, set[str]] = {}
    for name, sender_id in named:
        ids.setdefault(name, set()).add(sender_id)
    return set() if _number_messages(named) else {name for name, values in ids.items() if len(values - {""}) > 1}


def _number_messages(named: Sequence[tuple[str, str]]) -> bool:
    """Whether the ids count messages from one to the next, and so tell no people apart."""
    numbers = [sender_id for _, sender_id in named if sender_id]
    if len(numbers) < 3 or not all(number.isascii() and number.isdigit() for number in numbers):
        return False
    return all(int(after) == int(before) + 1 for before, after in zip(numbers, numbers[1:], strict=False))
