"""Guesses which side of a service chat each speaker is on, with the reasons that an analyst can check.

Signs in a speaker's own words (role_cues.py) are joined by signs between speakers: who answers whose questions, whom
others call by name and company. Each sign is damped, so that one habit repeated fifty times does not outweigh the rest.
"""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Collection
from typing import Final

from core.chat.kinds import COMPANY
from core.chat.model import Message, MessageKind, ParsedChat, Role, RoleGuess
from core.chat.role_cues import CUES

_UNDECIDED: Final = 0.15
"""Scores nearer to 0 than this are no guess."""

_STAFF_WEIGHT: Final = 10.0
_QUESTION = re.compile(r"[？?]|(?:吗|么|嘛|呢)$|怎么|如何|为什么|多少|哪里|能不能|可不可以|什么")
_READ_CHARS: Final = 600
"""Signs stand early in a message; what was pasted behind them is not read."""


def guess_roles(parsed: ParsedChat, known_staff: Collection[str] = ()) -> dict[str, RoleGuess]:
    """Guesses 客户 or 客服 for every speaker of a chat.

    Args:
        parsed: the chat.
        known_staff: names that are known to be 客服, from a setting or from other chats.

    Returns:
        A guess for each speaker in order of the first message; :attr:`Role.UNKNOWN` where too little was said. Its
        reasons are those that speak for it, strongest first, at most four.
    """
    signs = _signs(parsed)
    sizes = Counter(message.speaker for message in parsed.messages)
    guesses: dict[str, RoleGuess] = {}
    for speaker in parsed.speakers:
        parts = {
            reason: weight * (1 - math.exp(-count / (0.7 + 0.06 * sizes[speaker])))
            for reason, (weight, count) in signs[speaker].items()
        }
        if speaker in known_staff:
            parts["在已知客服名单中"] = _STAFF_WEIGHT
        score = sum(parts.values())
        guesses[speaker] = _guess(score, parts)
    return guesses


def _guess(score: float, parts: dict[str, float]) -> RoleGuess:
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
    for message in parsed.messages:
        if not message.speaker:
            continue
        words = message.body.of(parsed.text)[:_READ_CHARS]
        length = message.body.end - message.body.start
        if message.kind is MessageKind.TEXT:
            polite = "您" in words
            for cue in CUES:
                if cue.longest and length > cue.longest or (cue.weight < 0 and polite):
                    continue
                if cue.pattern.search(words):
                    counts[message.speaker][cue.reason] += 1
        _between(message, before, words, parsed, counts)
        before = message
    return {
        speaker: {reason: (weights[reason], float(count)) for reason, count in counts[speaker].items()}
        for speaker in parsed.speakers
    }


_ANSWERS: Final = "回答了别人的提问"
_ASKED: Final = "提问后由别人回答"
_CALLED: Final = "被@时带着企业名"
_CALLS: Final = "@别人时带着企业名"
_POLITE_TO: Final = "被别人用“您”回复"
_BETWEEN: Final = {_ANSWERS: 0.8, _ASKED: -0.6, _CALLED: 2.0, _CALLS: -1.0, _POLITE_TO: -1.0}
"""Signs between two speakers."""


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
    asked = before.body.of(parsed.text)[-80:]
    if (
        before.kind is MessageKind.TEXT
        and _QUESTION.search(asked)
        and "您" not in asked
        and not _QUESTION.search(words[-80:])
    ):
        counts[message.speaker][_ANSWERS] += 1
        counts[before.speaker][_ASKED] += 1
    if "您" in words and len(words) < 200:
        counts[before.speaker][_POLITE_TO] += 1
