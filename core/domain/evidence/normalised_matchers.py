"""Matchers for values that a chat writes in another form than the form does, by kind of field."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import TypeVar

from rapidfuzz import fuzz

from core.domain.chat.parsed_chat import Span
from core.domain.entities.folding import fold
from core.domain.entities.numbers import INVISIBLE, SEPARATORS, country_code_length, plain_digits, spellings
from core.domain.evidence.index import ChatIndex, Hit, Region, compact
from core.domain.evidence.quantities import Amount, Moment, amounts_in, moments_in
from core.domain.form import Kind

SIMILAR = 85.0
"""Lowest similarity (0 to 100) of a passage that counts as a paraphrase of a text."""
_SHARED_PAIRS = 0.5
"""Lowest share of common character pairs: at this similarity one edit in seven characters spoils two pairs."""
_WIDEN = 8
_SHORTEST, _LONGEST = 4, 200
"""Shortest and longest text, in characters, that is searched for by similarity."""

_Said = TypeVar("_Said", Amount, Moment)

_BETWEEN_DIGITS = f"[{SEPARATORS}{INVISIBLE}]{{0,3}}"
_EXTENSION = re.compile(r"转|分机号?|ext\.?|#", re.IGNORECASE)

Search = Callable[[ChatIndex, str], list[Hit]]

_AROUND_AMOUNT = re.compile(
    r"元|块|人民币|rmb|¥|￥|左右|上下|以内|大概|大约|预算|总共|一共|总价|约|共|含税|[:,.\s/]|年|每|整"
)
_AROUND_MOMENT = re.compile(r"左右|大概|之前|之后|以前|以后|前|后|约|[的在于到至:\-~/,、，()\s]")
_PLACE_ENDS = re.compile(r"特别行政区|自治[区州县]|[省市区县]|[,、，\s]")


def match_phones(index: ChatIndex, value: str) -> list[Hit]:
    """Occurrences of the same number, however its digits are written and grouped, with or without +86."""
    number, _, extension = _EXTENSION.sub("\0", value, count=1).partition("\0")
    digits = plain_digits(number)
    digits = digits[country_code_length(digits) :]
    return _match_digits(index, digits, plain_digits(extension)) if len(digits) >= 7 else []


def match_numbers(index: ChatIndex, value: str) -> list[Hit]:
    """Occurrences of the same number of an account or a card, however its digits are written and grouped."""
    digits = plain_digits(value)
    end = value.strip()[-1:].lower()
    return _match_digits(index, digits, "", end if end == "x" else "") if len(digits) >= 5 else []


def _match_digits(index: ChatIndex, digits: str, extension: str, end: str = "") -> list[Hit]:
    pattern = rf"(?<!\d)(?:\+?0{{0,2}}86{_BETWEEN_DIGITS})?" + _BETWEEN_DIGITS.join(map(_spellings, digits)) + end
    if extension:
        pattern += rf"{_BETWEEN_DIGITS}(?:{_EXTENSION.pattern})?{_BETWEEN_DIGITS}" + "".join(map(_spellings, extension))
    candidates = (index.hit(*match.span()) for match in re.finditer(pattern + r"(?!\d)", index.folded))
    return [hit for hit in candidates if hit]


@lru_cache(maxsize=16)
def _spellings(digit: str) -> str:
    """A class of the characters that stand for a digit in folded text."""
    return f"[{spellings(digit)}]"


def match_amounts(index: ChatIndex, value: str) -> list[Hit]:
    """Occurrences of the same amount: 36万, 360000, 360,000.00 and 三十六万 are equal."""
    text = fold(value)
    value_amounts = list(amounts_in(text))
    rest = _without(text, [amount.span for amount in value_amounts])
    if not value_amounts or _AROUND_AMOUNT.sub("", rest):
        return []
    hits_by_message = _together(index.amounts, value_amounts, lambda one, other: one[::2] == other[::2])
    return [hit for hits in hits_by_message.values() for hit in hits]


def moments(index: ChatIndex, value: str) -> list[Hit]:
    """Occurrences of the same date and time within one message: 下午一点半 equals 13:30."""
    text = fold(value)
    value_moments = list(moments_in(text))
    if not value_moments:
        return []
    rest = compact(_AROUND_MOMENT.sub("", _without(text, [moment.span for moment in value_moments])))
    hits_by_message = _together(index.moments, value_moments, Moment.same)
    if rest:
        also = {hit.region.message for hit in index.find_compact(rest)}
        hits_by_message = {message: hits for message, hits in hits_by_message.items() if message in also}
    return [hit for hits in hits_by_message.values() for hit in hits]


def _together(
    said: Iterable[tuple[_Said, Region]], wanted: Sequence[_Said], same: Callable[[_Said, _Said], bool]
) -> dict[int, list[Hit]]:
    """By message that says everything that is wanted: where."""
    hits: dict[int, list[Hit]] = {}
    met: dict[int, set[int]] = {}
    for one, region in said:
        numbers = {number for number, other in enumerate(wanted) if same(one, other)}
        if numbers:
            met.setdefault(region.message, set()).update(numbers)
            hits.setdefault(region.message, []).append(Hit(one.span, region))
    return {message: message_hits for message, message_hits in hits.items() if len(met[message]) == len(wanted)}


def places(index: ChatIndex, value: str) -> list[Hit]:
    """Occurrences of the same place with or without 省, 市, 区, 县; or of its parts in order within one message."""
    parts = [part for part in map(compact, _PLACE_ENDS.split(fold(value))) if part]
    bare = "".join(parts)
    if not 3 <= len(bare) <= _LONGEST:
        return []
    pattern = "[省市区县州]?".join(map(re.escape, bare)) + "[省市区县]?"
    hits = [index.hit(*index.span_of_compact(*match.span())) for match in re.finditer(pattern, index.compact)]
    if not hits and len(parts) > 1 and all(len(part) > 1 for part in parts):
        for region in index.bodies:
            position, spans = region.compact_start, []
            for part in parts:
                at = index.compact.find(part, position, region.compact_end)
                if at < 0:
                    break
                position = at + len(part)
                spans.append(index.span_of_compact(at, position))
            else:
                hits += [index.hit(*span) for span in spans]
    return [hit for hit in hits if hit]


def similar(index: ChatIndex, value: str) -> list[Hit]:
    """The most similar passage, if it contains the same numbers."""
    needle = compact(value)
    if not _SHORTEST <= len(needle) <= _LONGEST:
        return []
    numbers = set(re.findall(r"\d+", needle))
    best: tuple[float, Hit] | None = None
    for region in index.bodies_with_common_pairs(needle, _SHARED_PAIRS):
        passage = index.compact[region.compact_start : region.compact_end]
        cutoff = best[0] if best else SIMILAR
        if len(passage) < len(needle):  # partial_ratio would look for the passage in the value
            score, start, end = fuzz.ratio(needle, passage, score_cutoff=cutoff), 0, len(passage)
        else:
            aligned = fuzz.partial_ratio_alignment(needle, passage, score_cutoff=cutoff)
            score, start, end = (aligned.score, aligned.dest_start, aligned.dest_end) if aligned else (0.0, 0, 0)
        if score < cutoff or (best and score <= best[0]) or not numbers <= set(re.findall(r"\d+", passage[start:end])):
            continue
        start, end = _widened(needle, passage, start, end)
        span = index.span_of_compact(region.compact_start + start, region.compact_start + end)
        best = score, Hit(span, region)
    return [best[1]] if best else []


def _widened(wanted: str, said: str, start: int, end: int) -> tuple[int, int]:
    """The passage with what was left out at its ends: the matcher's window is as long as the wanted text."""
    ends = range(end, min(end + _WIDEN, len(said)) + 1)
    end = max(ends, key=lambda stop: fuzz.ratio(wanted, said[start:stop]))
    starts = range(start, max(start - _WIDEN, 0) - 1, -1)
    return max(starts, key=lambda first: fuzz.ratio(wanted, said[first:end])), end


def cuts_amount(index: ChatIndex, hit: Hit) -> bool:
    """Whether a match is only part of an amount, as 36 is of 36万 and 1万 is of 1万5千."""
    start, end = hit.span
    spans = index.amount_spans
    first = bisect_right(spans, start, key=lambda span: span.end)
    last = bisect_left(spans, end, key=lambda span: span.start)
    return first < last and (spans[first].start < start or end < spans[last - 1].end)


def _without(text: str, spans: list[Span]) -> str:
    edges = [0, *(edge for span in spans for edge in span), len(text)]
    return "".join(text[start:end] for start, end in zip(edges[::2], edges[1::2], strict=True))


SHAPES: dict[Kind, tuple[Search, ...]] = {
    Kind.PHONE: (match_phones,),
    Kind.ID_CARD: (match_numbers,),
    Kind.BANK_CARD: (match_numbers,),
    Kind.QQ: (match_numbers,),
    Kind.AMOUNT: (match_amounts,),
    Kind.DATE: (moments,),
    Kind.PLACE: (places, similar),
    Kind.ADDRESS: (places, similar),
    Kind.TEXT: (similar,),
}
"""Matchers per kind, in the order in which they are tried when the exact words do not occur."""
