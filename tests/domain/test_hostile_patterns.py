"""Every regular expression of the program takes time in proportion to the text, whatever the text."""

import re
import time
from collections.abc import Callable

import pytest

from bench.hostile import UNITS, TooSlow, processor_limit, scan
from bench.hostile_texts import MISMATCH, Pattern, hostile_texts, is_unbounded, patterns, unread_calls

LENGTH, TIMES, MOST_TEXTS = 5_000, 4, 6
BRIEF = 0.005
"""Seconds below which no two lengths are compared."""
LIMIT = 0.5
MOST_RATIO = 9.0
"""Of the time for a text four times as long: 4 in proportion, 16 with the square."""
PUT_TOGETHER = 9
"""Calls of ``re`` whose pattern is made of values; each was looked at. A new one must be looked at, too."""


def seconds_of(function: Callable[[str], None], text: str) -> float:
    start = time.thread_time()
    try:
        with processor_limit(LIMIT):
            function(text)
    except TooSlow:
        return LIMIT
    return time.thread_time() - start


def is_out_of_proportion(function: Callable[[str], None], text: str) -> bool:
    seconds = seconds_of(function, text)
    if seconds < BRIEF or seconds >= LIMIT:
        return seconds >= LIMIT
    short = text[: len(text) // TIMES] + MISMATCH
    ratios = (seconds_of(function, text) / max(seconds_of(function, short), 1e-6) for _ in range(3))
    return all(ratio > MOST_RATIO for ratio in ratios)


def out_of_proportion(pattern: Pattern) -> str:
    """The first text that takes too long; ``""`` where none does."""
    function = scan(pattern.compiled)
    texts = hostile_texts(pattern.compiled, LENGTH, MOST_TEXTS)
    return next((name for name, text in texts if is_out_of_proportion(function, text)), "")


def test_every_regular_expression_takes_linear_time() -> None:
    found = patterns()
    assert len(found) > 150
    unbounded = [pattern for pattern in found if is_unbounded(pattern.compiled)]
    assert len(unbounded) > 50
    slow = {pattern.place: text for pattern in unbounded if (text := out_of_proportion(pattern))}
    assert not slow, slow


@pytest.mark.parametrize("pattern", [r"\s*x", r"(?:a+)+$", r"[a-z]\w*:", r"a.*b.*c", r",(?![^\[]*\])"])
def test_one_that_does_not_is_noticed(pattern: str) -> None:
    assert out_of_proportion(Pattern("here", re.compile(pattern)))


def test_patterns_that_are_put_together_are_counted() -> None:
    assert len(unread_calls()) <= PUT_TOGETHER, unread_calls()


def test_the_texts_hold_what_chats_hold() -> None:
    assert {" ", "明天", "1", "\n"} <= set(UNITS)
