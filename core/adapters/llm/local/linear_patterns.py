"""Regular expressions of rules that somebody brought along, searched in time in proportion to the text.

RE2 guarantees that. What RE2 does not know (looking ahead, looking back) is left to Python's engine where it is short
and bounded, so that no text makes it search for long; everything else is refused.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any, Protocol

import re2

MOST_WORDS = 500
LONGEST_WORD = 500
_MOST_REPEATS = 50
_MOST_VARIABLE = 2
_ENGINE = getattr(re, "_parser")  # noqa: B009 - its name differs between type stubs
_REPEATS = {_ENGINE.MAX_REPEAT, _ENGINE.MIN_REPEAT, _ENGINE.POSSESSIVE_REPEAT}


class Match(Protocol):
    """A place that matches."""

    def group(self) -> str:
        """The words there."""


class Pattern(Protocol):
    """A compiled pattern, of whichever engine."""

    def search(self, text: str, /) -> Match | None:
        """The first place in a text that matches."""


def compile_linear(words: Iterable[str]) -> Pattern:
    """A pattern that matches any of the words, whatever their case.

    Args:
        words: regular expressions for which :func:`why_not_linear` has nothing to say.
    """
    joined = "|".join(words)
    compiled: Pattern = _in_re2(joined) or re.compile(joined, re.IGNORECASE)
    return compiled


def why_not_linear(words: Iterable[str]) -> str:
    """Why words may take more than linear time, as a Chinese clause; ``""`` where they do not."""
    words = tuple(words)
    if len(words) > MOST_WORDS:
        return f"一条规则最多 {MOST_WORDS} 个词，这里有 {len(words):,} 个"
    for word in words:
        if len(word) > LONGEST_WORD:
            return f"「{word[:20]}…」有 {len(word):,} 字，最多 {LONGEST_WORD} 字"
    # Only if one engine takes them all together are they searched by it.
    if _in_re2("|".join(words)) is not None:
        return ""
    for word in words:
        if not _is_short_and_bounded(word):
            return f"「{word[:60]}」会让查找变得极慢（嵌套或没有上限的重复），或占用太多内存"
    return ""


def _in_re2(pattern: str) -> Pattern | None:
    options = re2.Options()
    options.case_sensitive, options.log_errors, options.max_mem = False, False, 8 << 20
    try:
        compiled: Pattern = re2.compile(pattern, options)
    except re2.error:
        return None
    return compiled


def _is_short_and_bounded(word: str) -> bool:
    """Whether Python's engine can try no more than some thousand ways at each place of a text."""
    try:
        parsed = _ENGINE.parse(word, re.IGNORECASE)
    except (re.error, OverflowError, RecursionError):
        return False
    variable = 0
    for repeats, operator, argument in _operations(parsed, ()):
        if operator is _ENGINE.GROUPREF or operator is _ENGINE.GROUPREF_EXISTS:
            return False
        if operator in _REPEATS:
            least, most = argument[:2]
            if int(most) > _MOST_REPEATS or repeats:
                return False
            variable += int(least) != int(most)
    return variable <= _MOST_VARIABLE


def _operations(parsed: Any, repeats: tuple[Any, ...]) -> Iterator[tuple[tuple[Any, ...], Any, Any]]:
    """Every operation of a parsed pattern with the repetitions that it stands in, itself not among them."""
    for operator, argument in parsed:
        yield repeats, operator, argument
        inner = (*repeats, operator) if operator in _REPEATS else repeats
        for part in argument if isinstance(argument, tuple) else (argument,):
            for one in part if isinstance(part, list) else (part,):
                if isinstance(one, _ENGINE.SubPattern):
                    yield from _operations(one, inner)
