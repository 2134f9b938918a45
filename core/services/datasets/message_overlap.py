"""Which messages two exports of one room share: all of one's end, or most of them with some changed or gone."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise

from rapidfuzz.distance import Indel

from core.domain.chat import ParsedChat
from core.domain.chat.spoken_roles import is_role

_MOST_PLACES = 100
"""Places where a chat may begin in another; one message a thousand times has no more."""
_FEWEST_MESSAGES = 2
_FEWEST_UNDATED, _FEWEST_WORDS = 4, 20
"""Messages and characters that chats without times must share where they do not begin alike: 好的, 谢谢 end many."""
_FEWEST_BESIDE_CHANGED = 3
_DATED_SHARE, _UNDATED_SHARE = 0.5, 0.75
"""Of the messages where both exports say something, so many must be the same; set by judgement: a message that two
chats hold at the same minute says more than one without a time."""
_EXACT_CELLS = 4_000_000
"""Most pairs of messages between two certain ones that are compared each with each (0.5 MB of bits)."""

Said = tuple[str, str, str]
"""Who, when, what."""
_Pairs = list[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Overlap:
    """What the messages of a stored chat and of a file's chat have in common; spoken ones only.

    Attributes:
        messages: that both hold.
        since: number, from 1, of the stored message with which the file begins; 1 where both begin alike.
        earlier: messages that only the file has before.
        more: messages that only the file has behind; 0 or less: the stored chat goes as far, or so much farther.
        changed: numbers, from 1, of the stored messages that say something else in the file.
        gone: numbers of the stored messages that the file lacks, though it has some before and behind them.
        between: messages that only the file has between those of both.
    """

    messages: int
    since: int = 1
    earlier: int = 0
    more: int = 0
    changed: tuple[int, ...] = ()
    gone: tuple[int, ...] = ()
    between: int = 0

    @property
    def differs(self) -> bool:
        """Whether the file says something else where both say something."""
        return bool(self.changed or self.between)

    @property
    def is_held(self) -> bool:
        """Whether the stored chat holds all of the file's messages."""
        return self.more <= 0 and not (self.earlier or self.differs)


def spoken_messages(parsed: ParsedChat) -> list[Said]:
    """Who, when and what of every message that somebody said."""
    return [
        (message.speaker, message.time, message.body.of(parsed.text)) for message in parsed.messages if message.speaker
    ]


def same_messages(old: Sequence[Said], new: Sequence[Said]) -> Overlap | None:
    """Where a stored chat and a file's are the same, message by message, up to the end of one; ``None``: nowhere."""
    if not old or not new:
        return None
    both = min(len(old), len(new))
    if both >= _FEWEST_MESSAGES and old[:both] == new[:both]:
        return Overlap(both, more=len(new) - len(old))
    later = ((place, 0) for place in range(1, len(old)) if old[place] == new[0])
    earlier = ((0, place) for place in range(1, len(new)) if new[place] == old[0])
    for at_old, at_new in (*islice(later, _MOST_PLACES), *islice(earlier, _MOST_PLACES)):
        both = min(len(old) - at_old, len(new) - at_new)
        same = old[at_old : at_old + both]
        if same == new[at_new : at_new + both] and _tells(same):
            return Overlap(both, at_old + 1, at_new, at_old + len(new) - at_new - len(old))
    return None


def changed_messages(old: Sequence[Said], new: Sequence[Said]) -> Overlap | None:
    """What two chats share of which most messages are the same, some changed, recalled or put in; ``None``: too few."""
    same = _same_pairs(old, new)
    if not _tell_beside_changes([old[place] for place, _ in same], old, new):
        return None
    changed = _changed_pairs(old, new, same)
    matched = sorted((*same, *changed))
    (first_old, first_new), (last_old, last_new) = matched[0], matched[-1]
    gone = [at for before, after in pairwise(matched) for at in range(before[0] + 1, after[0])]
    between = sum(after[1] - before[1] - 1 for before, after in pairwise(matched))
    more, farther = len(new) - 1 - last_new, len(old) - 1 - last_old
    if first_new and first_old:
        gone = [*range(first_old), *gone]
    if more and farther:
        gone += range(last_old + 1, len(old))
    differing = len(changed) + len(gone) + between + min(first_new, first_old) + min(more, farther)
    dated = all("T" in old[place][1] for place, _ in same)
    if len(same) < (_DATED_SHARE if dated else _UNDATED_SHARE) * (len(same) + differing):
        return None
    return Overlap(
        len(same),
        1 if first_new else first_old + 1,
        first_new,
        more or -farther,
        tuple(place + 1 for place, _ in changed),
        tuple(place + 1 for place in gone),
        between,
    )


def _tells(same: Sequence[Said]) -> bool:
    """Whether messages are enough to say that two chats are one: with times, or many of several words."""
    if len(same) < _FEWEST_MESSAGES:
        return False
    if all(time for _, time, _ in same):
        return any("T" in time for _, time, _ in same) or len(same) >= _FEWEST_UNDATED
    return len(set(same)) >= _FEWEST_UNDATED and sum(len(words) for _, _, words in same) >= _FEWEST_WORDS


def _tell_beside_changes(same: Sequence[Said], old: Sequence[Said], new: Sequence[Said]) -> bool:
    """Whether they are enough where others differ.

    What one person writes to every room says nothing, nor, without times, what 客户 and 客服 say in every chat.
    """
    speakers = {who for who, _, _ in same}
    alone = len(speakers) == 1 and len({who for who, _, _ in (*old, *new)}) > 1
    named = any(time for _, time, _ in same) or any(not is_role(who) for who in speakers)
    return len(same) >= _FEWEST_BESIDE_CHANGED and _tells(same) and named and not alone


def _same_pairs(old: Sequence[Said], new: Sequence[Said]) -> _Pairs:
    """Places of the same message in both, in order: those that stand once in each, and what lies between these."""
    once_old, once_new = _standing_once(old), _standing_once(new)
    certain = _rising([(place, once_new[message]) for message, place in once_old.items() if message in once_new])
    pairs: _Pairs = []
    for (old_from, new_from), (old_to, new_to) in pairwise([(-1, -1), *certain, (len(old), len(new))]):
        pairs += _same_between(old, new, (old_from + 1, old_to), (new_from + 1, new_to))
        if old_to < len(old):
            pairs.append((old_to, new_to))
    return pairs


def _standing_once(messages: Sequence[Said]) -> dict[Said, int]:
    counts = Counter(messages)
    return {message: place for place, message in enumerate(messages) if counts[message] == 1}


def _rising(pairs: _Pairs) -> _Pairs:
    """The longest part of pairs, sorted by the first, whose second numbers rise (patience sorting)."""
    ends: list[int] = []
    of_end: list[int] = []
    before: list[int] = []
    for number, (_, place) in enumerate(pairs):
        at = bisect_left(ends, place)
        before.append(of_end[at - 1] if at else -1)
        ends[at : at + 1], of_end[at : at + 1] = [place], [number]
    rising: _Pairs = []
    number = of_end[-1] if of_end else -1
    while number >= 0:
        rising.append(pairs[number])
        number = before[number]
    return rising[::-1]


def _same_between(
    old: Sequence[Said], new: Sequence[Said], of_old: tuple[int, int], of_new: tuple[int, int]
) -> Iterator[tuple[int, int]]:
    """Places of the same message between two certain pairs; none where there is too much to compare."""
    first, second = old[slice(*of_old)], new[slice(*of_new)]
    if not first or not second or len(first) * len(second) > _EXACT_CELLS:
        return
    for block in Indel.opcodes(first, second):
        if block.tag == "equal":
            for step in range(block.src_end - block.src_start):
                yield of_old[0] + block.src_start + step, of_new[0] + block.dest_start + step


def _changed_pairs(old: Sequence[Said], new: Sequence[Said], same: _Pairs) -> _Pairs:
    """Places of messages of the same person at the same time that say something else."""
    places: dict[tuple[str, str], list[int]] = {}
    for place, (who, when, _) in enumerate(new):
        places.setdefault((who, when), []).append(place)
    changed: _Pairs = []
    for (old_from, new_from), (old_to, new_to) in pairwise([(-1, -1), *same, (len(old), len(new))]):
        at_old, at_new = old_from + 1, new_from + 1
        if old_from < 0 and not old[0][1]:
            # Without times only its place tells a changed message: what stands before the first same one, from its end.
            at_old, at_new = max(0, old_to - new_to), max(0, new_to - old_to)
        for place in range(at_old, old_to):
            like = places.get(old[place][:2], [])
            at = bisect_left(like, at_new)
            if at < len(like) and like[at] < new_to:
                changed.append((place, like[at]))
                at_new = like[at] + 1
    return changed
