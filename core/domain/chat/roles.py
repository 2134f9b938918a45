"""Guesses the role of every speaker in a service chat, with reasons that an analyst can check.

Signs in a speaker's own words (role_cues.py) are joined by signs between speakers: who answers whose questions, whom
others call by name and company. Each sign is damped, so that one habit repeated fifty times does not outweigh the rest.
"""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Collection
from typing import Final

from core.domain.chat.message_kinds import COMPANY
from core.domain.chat.parsed_chat import Message, MessageKind, ParsedChat, Role, RoleGuess
from core.domain.chat.role_cues import CUES

_UNDECIDED: Final = 0.15
"""Scores closer to 0 than this give no guess."""

_STAFF_WEIGHT: Final = 10.0
_KNOWN: Final = "在已知客服名单中"
_OUR_SIDE: Final = "导出文件写明是我方"
_THEIR_SIDE: Final = "导出文件写明是对方"
_TITLE = re.compile(r"客服|小助手|顾问|售前|售后|技术支持|在线$")
_TITLE_WEIGHT: Final = 2.5
_TITLED: Final = "名字里写着客服一方的职务"
_ONLY_OTHER: Final = "群里别的人更像客服"
_PRIOR: Final = 0.3
"""Score added for every speaker: most groups have more staff than customers."""
_COMPARISON: Final = 0.6
"""Share of the mean score of both sides that is subtracted from every speaker's score."""
_COMPARED: Final = "与群里其他人相比"
_TALKATIVE: Final = 3
"""Fewest messages with which a speaker counts for that mean."""
QUESTION = re.compile(r"[？?]|(?:吗|么|嘛|呢)$|怎么|如何|为什么|多少|哪里|能不能|可不可以|什么")
"""Words of a question, looked for at the end of a message."""
_READ_CHARS: Final = 600
"""Characters at the beginning of a message that are searched for cues; pasted text follows later."""
_READ_MESSAGES: Final = 1000
"""Messages of each speaker that are searched for cues: who has said so much says nothing new about their side."""


def guess_roles(parsed: ParsedChat, known_staff: Collection[str] = ()) -> dict[str, RoleGuess]:
    """Guess 客户 or 客服 for every speaker of a chat.

    Args:
        parsed: the chat.
        known_staff: names that are known to be 客服, from a setting or from other chats.

    Returns:
        A guess for each speaker in order of the first message; :attr:`Role.UNKNOWN` where too little was said. Its
        reasons are those that speak for it, strongest first, at most four.
    """
    signs = _signs(parsed)
    sizes = Counter(message.speaker for message in parsed.messages)
    read = {speaker: min(size, _READ_MESSAGES) for speaker, size in sizes.items()}
    parts = {
        speaker: {
            reason: weight * (1 - math.exp(-count / (0.7 + 0.06 * read[speaker])))
            for reason, (weight, count) in signs[speaker].items()
        }
        for speaker in parsed.speakers
    }
    titled = {speaker for speaker in parts if _TITLE.search(speaker)}
    for speaker in titled:
        parts[speaker][_TITLED] = _TITLE_WEIGHT
    for speaker in parts.keys() & set(known_staff):
        parts[speaker][_KNOWN] = _STAFF_WEIGHT
    for message in parsed.messages:
        if message.side is not Role.UNKNOWN:
            ours = message.side is Role.STAFF
            parts[message.speaker][_OUR_SIDE if ours else _THEIR_SIDE] = _STAFF_WEIGHT if ours else -_STAFF_WEIGHT
    middle = _middle([sum(own.values()) for speaker, own in parts.items() if sizes[speaker] >= _TALKATIVE])
    for own in parts.values():
        if own:
            own[_COMPARED] = _PRIOR - _COMPARISON * middle
    guesses = {speaker: _guess(own) for speaker, own in parts.items()}
    others = [speaker for speaker in guesses if speaker not in titled and speaker not in known_staff]
    if titled and others and not any(guess.role is Role.CUSTOMER for guess in guesses.values()):
        # Staff does not talk to itself: in a short chat the other side has said too little to be told by its words.
        lowest = min(others, key=lambda speaker: guesses[speaker].score)
        guesses[lowest] = RoleGuess(Role.CUSTOMER, guesses[lowest].score, (_ONLY_OTHER,))
    return guesses


def _middle(scores: list[float]) -> float:
    """Half way between the extremes: a chat has two sides, whatever the manners of both."""
    if len(scores) < 2:
        return 0.0
    # Somebody known to be staff must not push everybody else to the other side.
    return (max(-3.0, min(scores)) + min(3.0, max(scores))) / 2


def _guess(parts: dict[str, float]) -> RoleGuess:
    score = sum(parts.values())
    role = Role.STAFF if score > _UNDECIDED else Role.CUSTOMER if score < -_UNDECIDED else Role.UNKNOWN
    ranked = sorted(parts.items(), key=lambda part: -abs(part[1]))
    reasons = tuple(reason for reason, part in ranked if role is Role.UNKNOWN or (part > 0) == (score > 0))[:4]
    return RoleGuess(role, round(score, 3), reasons or ("说得太少，看不出",))


def _signs(parsed: ParsedChat) -> dict[str, dict[str, tuple[float, float]]]:
    """Speaker to reason to (weight, number of messages that show it)."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    weights = {cue.reason: cue.weight for cue in CUES}
    weights |= _BETWEEN
    before: Message | None = None
    read: Counter[str] = Counter()
    for message in parsed.messages:
        if not message.speaker:
            continue
        last, before = before, message
        if read[message.speaker] == _READ_MESSAGES:
            continue
        read[message.speaker] += 1
        words = message.body.of(parsed.text)[:_READ_CHARS]
        length = message.body.end - message.body.start
        if message.kind is MessageKind.TEXT:
            polite = "您" in words
            for cue in CUES:
                if cue.longest and length > cue.longest or (cue.weight < 0 and polite):
                    continue
                if cue.pattern.search(words):
                    counts[message.speaker][cue.reason] += 1
        _between(message, last, words, parsed, counts)
    return {
        speaker: {reason: (weights[reason], float(count)) for reason, count in counts[speaker].items()}
        for speaker in parsed.speakers
    }


_ANSWERS: Final = "回答了别人的提问"
_ASKED: Final = "提问后由别人回答"
_CALLED: Final = "被@时带着企业名"
_CALLS: Final = "@别人时带着企业名"
_POLITE_TO: Final = "被别人用“您”回复"
_BETWEEN: Final = {_ANSWERS: 0.9, _ASKED: -1.2, _CALLED: 1.8, _CALLS: -0.6, _POLITE_TO: -1.8}
"""Cues between two speakers."""


def _between(
    message: Message, before: Message | None, words: str, parsed: ParsedChat, counts: dict[str, Counter[str]]
) -> None:
    """Counts what a message says about its speaker, the one before and those it mentions."""
    for name in message.mentions:
        at = words.find("@" + name)
        if at >= 0 and COMPANY.match(words, at + 1 + len(name)):
            counts[name][_CALLED] += 1
            counts[message.speaker][_CALLS] += 1
    if before is None or before.speaker == message.speaker:
        return
    previous_words = before.body.of(parsed.text)[-80:]
    if (
        before.kind is MessageKind.TEXT
        and QUESTION.search(previous_words)
        and "您" not in previous_words
        and not QUESTION.search(words[-80:])
    ):
        counts[message.speaker][_ANSWERS] += 1
        counts[before.speaker][_ASKED] += 1
    if "您" in words and len(words) < 200:
        counts[before.speaker][_POLITE_TO] += 1
