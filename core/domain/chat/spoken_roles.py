"""Speakers who are called by a role or a letter: ``客户：``, ``患者：``, ``A：``, words that are labels elsewhere.

A role says nothing by its form: 「客户：张三」 is a field of a list, 「客户：怎么修？」 a message. So the whole text is
looked at: roles speak where they and the other speakers open it, take turns, and talk.
"""

import re
from collections import defaultdict
from collections.abc import Container, Mapping, Sequence
from typing import Final

from core.domain.chat.message_headers import is_date_line
from core.domain.chat.message_kinds import PLACEHOLDER, is_said_by_system, is_system_line, is_title_line
from core.domain.chat.name_patterns import name_shape
from core.domain.chat.name_vocabulary import LABELS, ROLES, TITLE_ENDS
from core.domain.chat.speaker_lines import FULL_COLON, HALF_COLON, Line, Opening, opening_of
from core.domain.chat.speakers import is_talk

_NUMBERED: Final = re.compile(r"(?P<role>.{1,12}?)\s?(?:[A-Za-z0-9]{1,2}|[一二三四五六七八九十甲乙丙丁])$")
_AROUND: Final = '[]【】()（）<>《》「」“”"*#@＠ '
_CLAUSE: Final = re.compile(r"[，。？！?!…~～]|\S,\s?\S")
_ENGLISH: Final = re.compile(
    r"\b(?:hi|hello|hey|i|you|your|my|me|we|thanks?|please|ok|okay|yes|no|sorry|how|what|can)\b", re.IGNORECASE
)
_ASKS: Final = re.compile(
    r"怎么|怎样|什么|多少|多久|多长|哪[里个些种家]|几[个天点件号时]|谁|为何|如何|能不能|是不是|有没有|要不要"
)
_PAIRS: Final = (("q", "a"), ("问", "答"), ("提问", "回答"))
_ACTS: Final = re.compile(r"[了来去要有没能给坏漏修退换放送到疼痛痒买卖订约取发打用开关]")
_JOBS: Final = frozenset(title for title in TITLE_ENDS if len(title) > 1)
_LETTERS: Final = frozenset("abcdefghq问答我你他她甲乙丙丁男女")
_SHORT_NAME: Final = 4
_A_PERSON: Final = 1.0
"""Shape of what surely is somebody."""
_FEW: Final = 3
"""Most lines above a chat that nobody opens; fewer messages than one more prove nothing by their order."""


def is_role(name: str) -> bool:
    """Whether words name a party of a conversation by its role, with a number or a letter or without: ``客户``."""
    plain = name.strip(_AROUND)
    numbered = _NUMBERED.match(plain)
    if plain.casefold() in ROLES or plain in _JOBS:
        return True
    return numbered is not None and numbered["role"].casefold() in ROLES


def with_roles(
    lines: Sequence[Line], skipped: Container[int], openings: Mapping[int, Opening], speakers: frozenset[str]
) -> tuple[dict[int, Opening], frozenset[str]]:
    """Openings and speakers with those who are called by a role.

    Args:
        lines: of the conversation.
        skipped: numbers of the lines in quotations and titles.
        openings: of the lines whose speaker is known, by number of the line; others do not count.
        speakers: who is known to speak.
    """
    possible = {
        number: opening
        for number, line in enumerate(lines)
        if number not in skipped and (opening := _opening(number, line, openings, speakers))
    }
    by_name: dict[str, list[Opening]] = defaultdict(list)
    for opening in possible.values():
        by_name[opening.name].append(opening)
    named = {name for name in speakers & by_name.keys() if not is_role(name)}
    roles = {name for name in by_name if name not in speakers and is_role(name)}
    told_by_role = bool(roles) and not named
    if len(by_name) == 2 and not named:
        # Any two words that open all messages in turn, and mostly talk: 「问题」 and 「回复」.
        roles |= {name for name, opened in by_name.items() if len(opened) > 1 and _mostly_talks(opened)} - speakers
    if told_by_role:  # 「客户」 and somebody whom nothing but his name tells
        roles |= {name for name in by_name if name not in speakers and name_shape(name) > 0}
    if len(named) > 1:  # among them, 「Q：」 and 「客户：」 are mostly what somebody writes down
        roles = {name for name in roles if name.casefold() not in _LETTERS and _mostly_talks(by_name[name])}
    roles = {name for name in roles if len(by_name[name]) > 1 or not named}
    roles -= _listed_questions(list(possible.values()), named)
    if not roles:
        return dict(openings), speakers
    filled = [number for number, line in enumerate(lines) if line.text.strip() and not _is_nobodys(line)]
    everybody = roles | speakers & by_name.keys()
    first = min(possible, default=len(lines))
    chat = [number for number in filled if number >= first]
    opened_all = all(one in possible and possible[one].name in everybody for one in chat)
    brief = opened_all and 1 < len(chat) <= _FEW and _may_talk([possible[one] for one in chat])
    roles = {name for name in roles if brief or opened_all and len(chat) > _FEW or _talks(by_name[name])}
    people = roles | speakers & by_name.keys()
    if not roles or len(people) < 2 or possible[first].name not in people or len(filled) - len(chat) > _FEW:
        return dict(openings), speakers
    share = 1 if len(named) > 1 else 0.5
    if not _is_dialogue(list(possible.values()), roles, people, share=share, brief=brief):
        return dict(openings), speakers
    added = {number: opening for number, opening in possible.items() if opening.name in roles}
    return {**openings, **added}, speakers | roles


def with_those_left(
    lines: Sequence[Line], skipped: Container[int], openings: Mapping[int, Opening], speakers: frozenset[str]
) -> tuple[dict[int, Opening], frozenset[str]]:
    """Openings and speakers with who nobody but a speaker could be: the one who begins, and roles between others.

    What stands first is said by nobody else: a short name opens it, and no label. Where people open every line, one
    who is called by a role goes on with nobody's message.

    Args:
        lines: of the conversation.
        skipped: numbers of the lines in quotations and titles.
        openings: of the lines whose speaker is known.
        speakers: who is known to speak.
    """
    if not speakers:
        return dict(openings), speakers
    filled = [
        number
        for number, line in enumerate(lines)
        if number not in skipped
        and line.text.strip()
        and not _is_nobodys(line)
        and not is_said_by_system(line.text.strip())
    ]
    possible = {number: one for number in filled if (one := _opening(number, lines[number], openings, speakers))}
    left = {begins.name} if (begins := _begins(filled, possible)) else set()
    named = sum(not is_role(name) for name in speakers)
    if len(possible) == len(filled) and named < 2:  # between several people a role is mostly what somebody lists
        left |= {
            one.name
            for one in possible.values()
            if one.name.casefold() not in _LETTERS and is_role(one.name) and name_shape(one.name) >= 0
        }
    left -= speakers
    added = {number: one for number, one in possible.items() if one.name in left}
    return {**openings, **added}, speakers | left


def _begins(filled: Sequence[int], possible: Mapping[int, Opening]) -> Opening | None:
    """Who begins a chat: a short name before the first line; below labels, one that surely is somebody's."""
    least = 0.0
    for number in filled:
        opening = possible.get(number)
        if opening is None or not opening.first or len(opening.name) > _SHORT_NAME:
            return None
        shape = name_shape(opening.name.strip(_AROUND))
        if shape >= least:
            return opening
        if shape >= 0:
            return None
        least = _A_PERSON
    return None


def _listed_questions(opened: Sequence[Opening], named: Container[str]) -> frozenset[str]:
    """Names such as ``Q`` and ``A`` where they open one block of questions, each with its answer, that somebody sends.

    Who asks and answers in a conversation is spoken to by others in between, or begins it.

    Args:
        opened: all openings, in order.
        named: who is known to speak by name.
    """
    names = [one.name for one in opened]
    plain = [name.casefold() for name in names]
    for pair in _PAIRS:
        places = [number for number, name in enumerate(plain) if name in pair]
        if len(places) < 4 or places[0] == 0 or names[places[0] - 1] not in named:
            continue
        block = plain[places[0] : places[-1] + 1]
        if block == [*pair] * (len(block) // 2):
            return frozenset(names[number] for number in places)
    return frozenset()


def _opening(number: int, line: Line, openings: Mapping[int, Opening], speakers: frozenset[str]) -> Opening | None:
    """What opens a line: its known speaker, else the words before the first colon of either width."""
    known = openings.get(number)
    if known is not None and known.name in speakers:
        return known
    both = [opening for colon in (FULL_COLON, HALF_COLON) if (opening := opening_of(number, line, colon))]
    if not both or _is_nobodys(line) or is_said_by_system(line.text.strip()):
        return None
    return min(both, key=lambda opening: opening.body_start)


def _is_nobodys(line: Line) -> bool:
    words = line.text.strip()
    return is_system_line(words) or is_title_line(words) or is_date_line(words)


def _talks(opened: Sequence[Opening]) -> bool:
    """Whether some of the words behind an opening are said to somebody; a single one surely is."""
    return any(is_talk(one.first) or len(opened) > 1 and _is_said(one.first) for one in opened)


def _mostly_talks(opened: Sequence[Opening]) -> bool:
    return 2 * sum(is_talk(one.first) for one in opened) >= len(opened)


def _may_talk(opened: Sequence[Opening]) -> bool:
    """Whether a few lines, each opened by a role or a speaker, may be talk: one surely is, or is no value."""
    if any(is_talk(one.first) or _ASKS.search(one.first[:200]) for one in opened):
        return True
    labels = all(one.name in LABELS for one in opened)
    return not labels and any(_ACTS.search(one.first[:200]) and name_shape(one.first[:200]) > -1 for one in opened)


def _is_said(words: str) -> bool:
    """Whether words are talk, a picture, or clauses as sentences have them."""
    beginning = words[:200]
    patterns = (_CLAUSE, _ENGLISH, _ASKS)
    return is_talk(words) or bool(PLACEHOLDER.match(words)) or any(pattern.search(beginning) for pattern in patterns)


def _is_dialogue(
    opened: Sequence[Opening], roles: Container[str], people: Container[str], *, share: float, brief: bool
) -> bool:
    """Whether people answer one another and talk, and few lines with other labels stand before those of roles.

    Args:
        opened: all openings, in order.
        roles: the names in question.
        people: with those who are known to speak.
        share: of the lines of roles that must stand behind what people say, with no label between.
        brief: two or three lines in all, which are known to be talk.
    """
    spoken = [one for one in opened if one.name in people]
    turns = sum(before.name != after.name for before, after in zip(spoken, spoken[1:], strict=False))
    talking = sum(_is_said(one.first) for one in spoken)
    behind_people = of_roles = 0
    for before, one in zip([None, *opened], opened, strict=False):
        if one.name in roles:
            of_roles += 1
            behind_people += before is None or before.name in people
    return 3 * turns >= len(spoken) - 1 and (brief or 4 * talking >= len(spoken)) and behind_people >= of_roles * share
