"""Finds the people of a chat wherever they are named: speakers, nicknames, parts of names, surname with title.

In time proportional to the text, however many people there are: names are looked up in a tree of their characters.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Any, Final, NamedTuple

from core.domain.chat import parse_chat
from core.domain.chat.name_vocabulary import LABELS, ROLES, TITLE_ENDS
from core.domain.entities.numbers import INVISIBLE
from core.domain.personal_data.reading import plain_letters
from core.domain.personal_data.strangers import introduced_in, strangers_in
from core.domain.personal_data.surnames import COMPOUND_SURNAMES, LONG_TITLES, SINGLE_SURNAMES, TITLES

_GENERIC: Final = frozenset(
    "客户 客服 用户 顾客 买家 卖家 访客 会员 学员 家长 群友 成员 代表 机器人 系统 系统消息 管理员 群主 官方 微信 "
    "企业微信 商家 店铺 "
    "平台 公司 总部 前台 值班 测试 匿名 未知 匿名用户 群助手 群公告 小秘书 员工 同事 好友 朋友 老板 亲 您 您好 你好 "
    "我 我们 大家 所有人 "
    "all staff customer user admin agent service support".split()
)
_EVERYDAY: Final = frozenset(
    "你好 您好 好的 谢谢 收到 在吗 是的 可以 没有 什么 怎么 我们 你们 他们 大家 今天 明天 昨天 现在".split()
)
_ROLES: Final = tuple(sorted({*(end for end in TITLE_ENDS if len(end) > 1), *_GENERIC}, key=len, reverse=True))
_JOINTS = re.compile(
    r"[\s\-—–_|丨·•・+@＠&×/\\,，.。:：;；~～*#()（）\[\]【】<>《》「」“”\"'!！?？\u2190-\u2bff\u3030\ufe0f\u200d\U0001f000-\U0001faff]+"
)
_GAP = frozenset(" \u3000\u00a0\t")
_JOINT = frozenset("·・•.．-_—–")
"""What stands between a surname and a given name where somebody parts them: 邱·明远."""
_MOST_GAPS = 2
_FEWEST_OF_WHOLE: Final = 3
"""Fewest characters of a stranger's name that is looked for in the rest of the chat; two may be a word."""
_UNSEEN = re.compile(f"[{INVISIBLE}]")
_DIGITS: Final = "0123456789"
_LONGEST = 60
_HAN = re.compile("[\u3400-\u9fff]")
_HAN_ONLY = re.compile("[\u3400-\u9fff]+")
_LETTERS = re.compile(r"[a-z]", re.ASCII)
_KNOWN_TITLE = rf"(?:{LONG_TITLES}|(?:{TITLES}|局|处|科)(?![结价共计额数量体部面势长里于理]))"
_NOT_BY_NAMES = "小时|小于|小心|小程序|小包|小步|小空|小单|老师|老成|大于|大时|大全|大白|大万|大方|大连|大和|大成"
"""Words that look like a by-name of somebody: 小时 where 时一鸣 speaks."""


class NameMention(NamedTuple):
    """A place where somebody is named."""

    start: int
    end: int


class KnownNames:
    """The names of people that are looked for in texts.

    Args:
        names: as people are called: speakers, values of forms. Words that name everybody (客户, 客服) are left out.
        whole: names that are looked for as they are, not in parts.
    """

    def __init__(self, names: Iterable[str] = (), whole: Iterable[str] = ()) -> None:
        self.full_names = tuple(dict.fromkeys(name for name in (one.strip() for one in names) if name))
        self.parts = tuple(dict.fromkeys(part for name in self.full_names for part in name_parts(name)))
        self._tree: dict[str, Any] = {}
        surnames = set()
        for part in self.parts:
            self._add(part)
            surnames.add(surname_of(part))
        surnames.discard("")
        for name in whole:
            self._add(name)
        choices = "|".join(sorted(map(re.escape, surnames), key=len, reverse=True))
        self._known_surname = (
            re.compile(
                rf"[小老大]?(?:{choices})[ \u3000]{{0,2}}{_KNOWN_TITLE}|姓(?:{choices})|"
                rf"(?:{choices})生(?![产活成日效意气病长命])|(?!{_NOT_BY_NAMES})[小老阿](?:{choices})"
            )
            if choices
            else None
        )

    def __bool__(self) -> bool:
        return bool(self.parts)

    def mentions(self, text: str) -> Iterator[NameMention]:
        """Every place where one of the people is named, and where a name is introduced or has a title."""
        folded = plain_letters(text)
        yield from self._of_tree(folded)
        if self._known_surname is not None:
            yield from (NameMention(*match.span()) for match in self._known_surname.finditer(folded))
        for start, end in strangers_in(folded):
            if not is_generic(folded[start:end]):
                yield NameMention(start, end)

    def _add(self, part: str) -> None:
        node = self._tree
        for character in _UNSEEN.sub("", plain_letters(part)):
            if character not in _GAP:
                node = node.setdefault(character, {})
        node[""] = {}

    def _of_tree(self, folded: str) -> Iterator[NameMention]:
        at = 0
        while at < len(folded):
            end = self._end_at(folded, at) if folded[at] in self._tree else 0
            if end:
                yield NameMention(at, end)
            at = end or at + 1

    def _end_at(self, folded: str, start: int) -> int:
        """The end of the longest name that begins there; 0 for none."""
        if _LETTERS.match(folded[start]) and start and _LETTERS.match(folded[start - 1]):
            return 0
        node = self._tree
        best = gaps = 0
        for at in range(start, min(len(folded), start + _LONGEST)):
            character = folded[at]
            if character in node:
                node, gaps = node[character], 0
                if "" in node and not _cuts_word(folded, at):
                    best = at + 1
            elif character in _GAP or _UNSEEN.match(character) or (character in _JOINT and _parts_han(folded, at)):
                gaps += 1
                if gaps > _MOST_GAPS:
                    break
            else:
                break
        return best


def names_of_chat(text: str, more: Iterable[str] = ()) -> KnownNames:
    """The people of a chat: who speaks, whom somebody mentions with ``@``, and who is named in a way that tells a name.

    Args:
        text: the chat.
        more: names known from elsewhere, such as values of its forms.
    """
    return _names_of(text, tuple(more))


@lru_cache(maxsize=64)
def _names_of(text: str, more: tuple[str, ...]) -> KnownNames:
    parsed = parse_chat(text)
    mentioned = (name for message in parsed.messages for name in message.mentions)
    quoted = (message.quote.speaker for message in parsed.messages if message.quote)
    folded = plain_letters(text)
    introduced = dict.fromkeys(folded[start:end] for start, end in introduced_in(folded))
    whole = dict.fromkeys(folded[start:end] for start, end in strangers_in(folded) if end - start >= _FEWEST_OF_WHOLE)
    spoken = [name for name in introduced if not is_generic(name)]
    return KnownNames(
        [*parsed.speakers, *mentioned, *quoted, *more, *spoken], [name for name in whole if not is_generic(name)]
    )


def address_forms(text: str, name: str) -> list[str]:
    """How a chat addresses a person by surname: 邱总 and 小邱 for 邱明远; none where somebody else has that name.

    Args:
        text: the chat.
        name: of the person; one without a Chinese surname is addressed by nothing else.
    """
    parts = [part for part in name_parts(name) if surname_of(part)]
    surnames = {surname_of(part) for part in parts}
    if not surnames:
        return []
    folded = plain_letters(text)
    speakers = {part for speaker in parse_chat(text).speakers for part in name_parts(speaker)} - set(parts)
    if any(surname_of(speaker) in surnames for speaker in speakers):
        return []
    mentioned = [folded[one.start : one.end] for one in KnownNames([name]).mentions(folded)]
    own = set(name_parts(name))
    return list(dict.fromkeys(word for word in mentioned if surname_of(word) in surnames and word not in own))


@lru_cache(maxsize=8192)
def name_parts(name: str) -> tuple[str, ...]:
    """What of a name tells a person, longest first: 陶然乡-邱总 is 陶然乡 and 邱总, 客服小陈1 is 小陈1 and 小陈."""
    parts: dict[str, None] = {}
    pieces = _JOINTS.split(_UNSEEN.sub("", plain_letters(name)))
    for piece in (*pieces, *_parted_names(pieces)):
        for role in _ROLES:
            if piece != role and piece.startswith(role):
                piece = piece[len(role) :]
                break
        bare = piece.rstrip(_DIGITS)
        for one in (piece, bare, *_given_names(bare)):
            if len(one) >= 2 and not one.isdigit() and not is_generic(one) and one not in _EVERYDAY:
                parts[one] = None
    return tuple(sorted(parts, key=len, reverse=True))


def is_generic(name: str) -> bool:
    """Whether a name is a word for many: 客户1, 客服, 老师."""
    bare = re.sub(r"[0-9a-z零一二三四五六七八九十]{0,3}$", "", name) if _HAN.match(name) else name
    return any(bare in words for words in (_GENERIC, ROLES, LABELS, TITLE_ENDS)) or name in _GENERIC or name in ROLES


@lru_cache(maxsize=8192)
def surname_of(part: str) -> str:
    """The surname of a Chinese name, ``""`` where there is none: 邱 of 邱总, 小邱 and 邱明远."""
    core = part[1:] if part[:1] in "小老大阿姓" and len(part) <= 3 else part
    core = core.rstrip(_DIGITS)
    if core[:2] in COMPOUND_SURNAMES:
        return core[:2]
    titled = re.fullmatch(rf"(.)(?:{TITLES})", core)
    known = core[:1] in SINGLE_SURNAMES and (titled or len(core) <= 3) and _HAN_ONLY.fullmatch(core)
    return core[:1] if known else ""


def _parted_names(pieces: Sequence[str]) -> Iterator[str]:
    """邱明远 of 邱 and 明远: a surname with what stands behind it."""
    for surname, given in pairwise(pieces):
        if (surname in SINGLE_SURNAMES or surname in COMPOUND_SURNAMES) and _HAN_ONLY.fullmatch(given.rstrip(_DIGITS)):
            yield surname + given


def _parts_han(folded: str, at: int) -> bool:
    """Whether a sign stands within a Chinese name, with nothing but signs and blanks around it."""
    around = folded[max(0, at - 2) : at].rstrip(" "), folded[at + 1 : at + 3].lstrip(" ")
    return bool(_HAN.match(around[0][-1:]) and _HAN.match(around[1][:1]))


def _given_names(bare: str) -> Iterator[str]:
    """明远 of 邱明远; a single character names nobody."""
    surname = surname_of(bare)
    if surname and len(bare) == len(surname) + 2 and not re.fullmatch(rf"(?:{TITLES})", bare[len(surname) :]):
        yield bare[len(surname) :]


def _cuts_word(folded: str, at: int) -> bool:
    """Whether a name that ends there cuts a word of letters or a number in two."""
    behind = folded[at + 1 : at + 2]
    if _LETTERS.match(folded[at]):
        return bool(_LETTERS.match(behind))
    return folded[at].isdigit() and behind.isdigit()
