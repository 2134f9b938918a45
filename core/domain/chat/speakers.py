"""Decides which line openings are speaker names, from their form and from the rest of the chat.

No opening is judged by itself: a name comes back, is mentioned and quoted, sends pictures and talks; a label stands
between other labels, in the middle of a message, before a value. Evidence is added up per distinct opening, in a fixed
number of passes over the lines, so that a field next to known fields is seen as one.
"""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Final

from core.domain.chat.message_kinds import PLACEHOLDER, Mentions
from core.domain.chat.name_patterns import name_shape
from core.domain.chat.speaker_lines import Line, Opening

_PASSES: Final = 3
_TALK = re.compile(
    r"[吗呢吧呀哈哦嗯啊嘛咯][?？。！~，,]?|您|你|我|咱|好的|收到|谢谢|辛苦|麻烦|欢迎|在吗|请问|^(?:好|是|对|可以|不是|没有|行|ok|OK)"
    r"|^(?i:hi|hello|hey|thanks|thank you|good (?:morning|afternoon|evening))\b|@|[?？!！~]$"
)
# Nothing but an answer, which no field ever holds.
_ANSWER = re.compile(
    r"(?:好的?|收到|嗯+|行|可以|谢谢|感谢|明白了?|知道了|懂了|OK|ok|\+1|是的|对的?|在的?|没问题"
    r"|(?i:hi|hello|hey|thanks|thank you))[哈呢的了啦呀~～!！。]*"
)
_VALUE = re.compile(
    r"|https?://\S+|[¥￥$]?\s*[\d,.]+\s*(?:元|万|块|%|人|天|年|个月|个|月|平|㎡|吨|件|台|套|小时|分钟|号)?(?:/\S{1,4})?[」”\"]?"
    r"|[A-Za-z0-9_.@+-]+|[\d\s\-—:：/.~年月日点到至()GMT+]+"
)
_GREETING = re.compile(r"hi|hello|hey|thanks|ok|okay", re.IGNORECASE)
_LABELLED = re.compile(r"[^：:，。？！?\n]{1,40}(?:：|:(?!\d|//))\s*\S")


@dataclass(slots=True)
class _Evidence:
    """What is known about one distinct opening.

    Attributes:
        openings: where it stands.
        base: score from everything that does not depend on the verdict about its neighbours.
        sure: base beyond doubt: neighbours no longer matter.
        score: base and neighbours.
    """

    openings: list[Opening] = field(default_factory=list)
    base: float = 0.0
    score: float = 0.0
    personal: bool = False


def find_speakers(
    text: str,
    lines: list[Line],
    openings: dict[int, Opening],
    quoted: Iterable[str],
    continued: Collection[str],
    beginnings: Collection[int] = (),
) -> frozenset[str]:
    """The names before a colon that belong to people who speak in this chat.

    Args:
        text: the conversation, for mentions.
        lines: its lines.
        openings: line number to opening, for every line that is not inside a quotation.
        quoted: names that quotations give.
        continued: lines that stand in quotations after the first quoted one; as a quotation quotes one message, none of
            them can have opened a message.
        beginnings: lines behind titles or rules, with which a conversation begins as it does with the first line.

    Returns:
        The distinct names judged to be speakers.
    """
    starts = frozenset(lines[number].start for number in (0, *beginnings) if number < len(lines))
    lines, openings = _without_blank_lines(lines, openings)
    first_lines = frozenset(number for number in openings if lines[number].start in starts)
    known: dict[str, _Evidence] = defaultdict(_Evidence)
    for opening in openings.values():
        known[opening.name].openings.append(opening)
    mentioned = _mentioned(text, known)
    quoted_names = frozenset(quoted)
    for name, evidence in known.items():
        _judge_alone(name, evidence, name in mentioned, name in quoted_names, first_lines)
        inner = sum(1 for opening in evidence.openings if lines[opening.line].text.strip() in continued)
        if inner * 2 > len(evidence.openings):
            evidence.base -= 6.0
            evidence.personal = False
        evidence.score = evidence.base
    verdict = {name: evidence.score for name, evidence in known.items()}
    for _ in range(_PASSES):
        # In the order of the text, and at once: a list of fields is recognised from its top to its end in one pass.
        for name, evidence in known.items():
            if not evidence.personal:
                evidence.score = evidence.base + _neighbourhood(evidence, lines, openings, verdict, first_lines)
                verdict[name] = evidence.score
    return frozenset(name for name, evidence in known.items() if evidence.score > 0)


def _without_blank_lines(lines: list[Line], openings: dict[int, Opening]) -> tuple[list[Line], dict[int, Opening]]:
    """Lines and openings, numbered without the blank lines where these stand between all messages.

    Elsewhere a blank line stands in the middle of a message, and speaks against what follows it.
    """
    filled = [number for number, line in enumerate(lines) if line.text.strip()]
    blocks = [number for before, number in zip([-2, *filled], filled, strict=False) if number != before + 1]
    opened = sum(number in openings for number in blocks)
    if len(filled) == len(lines) or len(blocks) < 3 or 4 * opened < 3 * len(blocks) or opened * 4 < len(openings) * 3:
        return lines, openings
    places = {number: place for place, number in enumerate(filled)}
    renumbered = {places[n]: opening._replace(line=places[n]) for n, opening in openings.items()}
    return [lines[number] for number in filled], renumbered


def is_talk(words: str) -> bool:
    """Whether the beginning of what stands behind a colon is said to somebody, as no field's value is."""
    return _TALK.search(words[:200]) is not None


def _mentioned(text: str, names: Iterable[str]) -> set[str]:
    """Names that stand behind an ``@`` somewhere."""
    mentions = Mentions(list(names))
    return {name for at in re.finditer("@", text) if (name := mentions.known(text, at.end()))}


def _judge_alone(name: str, evidence: _Evidence, mentioned: bool, quoted: bool, first_lines: Collection[int]) -> None:
    """Sets the base score: shape, recurrence, what it says, whether others speak to it."""
    openings = evidence.openings
    count = len(openings)
    shape = name_shape(name)
    bodies = [opening.first for opening in openings]
    placeholders = sum(1 for body in bodies if PLACEHOLDER.match(body))
    talk = sum(1 for body in bodies if _TALK.search(body[:200])) / count
    runs = sum(1 for a, b in zip(openings, openings[1:], strict=False) if b.line == a.line + 1)
    score = shape
    score += min(placeholders, 3) * 1.5
    score += 3.0 if any(body.startswith(("这是一条引用", "「", "@")) for body in bodies) else 0.0
    score += 3.0 if mentioned else 0.0
    score += 4.0 if quoted else 0.0
    score += min(2.0, runs * 1.0)
    score += 1.0 if openings[0].line in first_lines else 0.0
    score += 1.5 * talk
    score += 2.0 if any(_ANSWER.fullmatch(body[:12]) for body in bodies) else 0.0
    if count == 1 and shape <= 0 and not talk:
        score -= 1.0  # one statement by nobody in particular
    if count >= 3 and shape > -3:
        score += 1.0
    if all(_VALUE.fullmatch(body[:300]) and not _GREETING.fullmatch(body) for body in bodies):
        score -= 2.0 if count <= 3 else 1.0
    evidence.base = score if shape > -9 else shape
    # Somebody who was quoted, spoken to or sent pictures stays a person whatever stands around.
    evidence.personal = shape > -3 and (mentioned or quoted or placeholders >= 1 or runs >= 2) and evidence.base > 0


def _neighbourhood(
    evidence: _Evidence,
    lines: list[Line],
    openings: dict[int, Opening],
    verdict: dict[str, float],
    first_lines: Collection[int],
) -> float:
    """What the lines before an opening say, averaged over all places where it stands."""
    total = 0.0
    for opening in evidence.openings:
        total += 1.0 if opening.line in first_lines else _place(opening, lines, openings, verdict)
    return total / len(evidence.openings)


def _place(opening: Opening, lines: list[Line], openings: dict[int, Opening], verdict: dict[str, float]) -> float:
    """Below 0 if the line seems to go on with the message before it, above 0 if it begins a new one."""
    number = opening.line
    score = 0.0
    before = openings.get(number - 1)
    after = openings.get(number + 1)
    if before is not None:
        if verdict[before.name] <= 0 or before.first.endswith(("：", ":")):
            score -= 3.0
        elif before.name != opening.name and _LABELLED.match(before.first):
            score -= 3.0
        else:
            score += 1.0
    elif not lines[number - 1].text.strip():
        score -= 3.0
    elif "：" in lines[number - 1].text:
        score -= 2.0  # too long for a name, so a message over several lines goes on here
    elif _VALUE.fullmatch(opening.first[:300]):
        score -= 1.5
    if after is not None and verdict[after.name] <= 0 and not _TALK.search(opening.first[:200]):
        score -= 1.0
    if after is None and not opening.first:
        score -= 2.0
    return score
