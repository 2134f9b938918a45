"""Finds expressions of time in text with jionlp, within a bounded time whatever the text."""

import re
import threading
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any

from core.domain.entities.jionlp_library import load_jionlp

_TIME_HINT = re.compile(r"[周月日号点天午早晚：:]|星期|礼拜|月底|年底|年前|\d[/-]\d")
_SENTENCE_END = re.compile(r"[\n。；;！!？?]")
_LONGEST_PART = 150
"""Characters that the library is given at once; sentences of chats are shorter."""
_MOST_CHARACTERS = 600
"""Characters of one text, in sentences that may hold a time, that the library is given: up to 6 ms for each."""
_EXAMPLE = "明天"
_lock = threading.Lock()
"""The library keeps what it is at in its own attributes."""


def times(text: str) -> list[str]:
    """Expressions of time, as written, in order (``明天下午两点``, ``周五前``); nothing is resolved to a date.

    Of a long text that speaks of little but time, only the first ones.
    """
    expressions: list[str] = []
    room = _MOST_CHARACTERS
    for part in _parts(text):
        if _TIME_HINT.search(part):
            expressions += _times_in_part(part[:room])
            room -= len(part)
            if room <= 0:
                break
    return expressions


def _parts(text: str) -> Iterator[str]:
    """A text whole if it is short, else its sentences, and those in parts if they are long."""
    if len(text) <= _LONGEST_PART:
        yield text
        return
    for sentence in _SENTENCE_END.split(text):
        for start in range(0, len(sentence), _LONGEST_PART):
            yield sentence[start : start + _LONGEST_PART]


@lru_cache(maxsize=1024)
def _times_in_part(text: str) -> tuple[str, ...]:
    with _lock:
        extract = _extractor()
        try:
            # The base only decides what a phrase means, and we keep the phrase.
            time_mentions = extract(text, time_base=1_700_000_000.0)
        except Exception:
            return ()  # it raises whatever Python raises on strings that it did not expect
    return tuple(item["text"] for item in time_mentions if item["type"] in ("time_point", "time_span"))


@lru_cache(maxsize=1)
def _extractor() -> Any:
    extract = load_jionlp().ner.extract_time
    extract(_EXAMPLE, time_base=1_700_000_000.0)  # loads its parser
    extract.parse_time = _Remembering(extract.parse_time)
    return extract


class _Remembering:
    """The library's parser of one expression, which remembers its answers.

    To find an expression, the library parses every shorter and shorter part of the next 35 characters, and all of
    them again behind it.
    """

    def __init__(self, parse: Callable[..., Any]) -> None:
        @lru_cache(maxsize=20_000)
        def outcome(text: str, options: tuple[tuple[str, Any], ...]) -> tuple[Any, Exception | None]:
            try:
                return parse(text, **dict(options)), None
            except Exception as error:
                return None, error.with_traceback(None)

        self._outcome = outcome

    def __call__(self, text: str, **options: Any) -> Any:
        """Parse an expression as the library does, error included."""
        parsed, error = self._outcome(text, tuple(sorted(options.items())))
        if error is not None:
            raise error
        return parsed
