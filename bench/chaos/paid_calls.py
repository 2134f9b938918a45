"""Calls that were paid twice, told from calls that a killed process could not store."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from bench.chaos.tally import Tally

LATENCY = 1.0
"""Seconds that the service takes for an answer."""

_STORING = 5.0
"""Seconds after its answer in which a call may not be stored yet, on a busy machine."""


def compare_calls(
    calls: Mapping[int, Sequence[datetime]],
    stored: Mapping[int, datetime],
    kills: Sequence[datetime],
    tally: Tally,
    *,
    clocks_agree: bool = True,
) -> int:
    """Count calls that were paid twice.

    A second call is right only if the first one was under way, or just answered, when its process was killed: then
    nobody could store the answer.

    Args:
        calls: per chat, when the service was asked.
        stored: per chat, when its answer was stored.
        kills: when the process that calls was ended.
        tally: where faults are counted.
        clocks_agree: whether ``stored`` is of the same clock as the other moments.

    Returns:
        Number of calls that had to be made again.
    """
    window = timedelta(seconds=LATENCY + _STORING)
    again = 0
    for chat, moments in sorted(calls.items()):
        for earlier, later in pairwise(sorted(moments)):
            answered = stored.get(chat)
            if clocks_agree and answered is not None and later > answered:
                tally.count("paid_twice", f"chat {chat} was asked about after its answer was stored")
            elif not any(earlier <= kill <= min(later, earlier + window) for kill in kills):
                tally.count("paid_twice", f"chat {chat} was asked about twice, {later - earlier} apart")
            else:
                again += 1
    return again
