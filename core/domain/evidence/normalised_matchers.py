"""The other shapes in which a value may stand in a chat, by kind of field."""

import re
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from rapidfuzz import fuzz

from core.domain.chat.model import Span
from core.domain.evidence.index import ChatIndex, Hit, Region, compact, fold
from core.domain.evidence.quantities import Amount, Moment, amounts_in, moments_in
from core.domain.form import Kind

SIMILAR = 85.0
"""Least similarity (0 to 100) of a passage that says a text in almost the same words."""
_SHARED_PAIRS = 0.5
"""Least share of pairs of neighbouring characters: at this similarity an edit in seven characters spoils two pairs."""
_WIDEN = 8
_SHORTEST, _LONGEST = 4, 200
"""Characters of a text that is looked for by similarity."""

_Said = TypeVar("_Said", Amount, Moment)

Search = Callable[[ChatIndex, str], list[Hit]]

_AROUND_AMOUNT = re.compile(
    r"元|块|人民币|rmb|¥|￥|左右|上下|以内|大概|大约|预算|总共|一共|总价|约|共|含税|[:,.\s/]|年|每"
)
_AROUND_MOMENT = re.compile(r"左右|大概|之前|之后|以前|以后|前|后|约|[的在于到至:\-~/,、，()\s]")
_GOES_ON = re.compile(r"[\d零〇一二两三四五六七八九十百千万亿](?:\d|[十百千万亿]|[kw](?![a-z]))")
_PLACE_ENDS = re.compile(r"特别行政区|自治[区州县]|[省市区县]|[,、，\s]")


def phones(index: ChatIndex, value: str) -> list[Hit]:
    """The same digits, however they are grouped, with or without +86."""
    digits = re.sub(r"\D", "", fold(value).removeprefix("+86"))
    if len(digits) < 7:
        return []
    pattern = r"(?<!\d)(?:\+?86[\s\-]{0,2})?" + r"[\s\-()]{0,2}".join(digits) + r"(?!\d)"
    found = (index.hit(*match.span()) for match in re.finditer(pattern, index.folded))
    return [hit for hit in found if hit]


def amounts(index: ChatIndex, value: str) -> list[Hit]:
    """The same amount in other words: 36万, 360000, 360,000.00 and 三十六万 are one."""
    text = fold(value)
    wanted = list(amounts_in(text))
    rest = _without(text, [amount.span for amount in wanted])
    if not wanted or _AROUND_AMOUNT.sub("", rest):
        return []
    found = _together(index.amounts, wanted, lambda one, other: one.value == other.value)
    return [hit for hits in found.values() for hit in hits]


def moments(index: ChatIndex, value: str) -> list[Hit]:
    """The same date and time in other words, all in one message: 下午一点半 is 13:30."""
    text = fold(value)
    wanted = list(moments_in(text))
    if not wanted:
        return []
    rest = compact(_AROUND_MOMENT.sub("", _without(text, [moment.span for moment in wanted])))
    found = _together(index.moments, wanted, Moment.same)
    if rest:
        also = {hit.region.message for hit in index.find_compact(rest)}
        found = {message: hits for message, hits in found.items() if message in also}
    return [hit for hits in found.values() for hit in hits]


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
    return {message: found for message, found in hits.items() if len(met[message]) == len(wanted)}


def places(index: ChatIndex, value: str) -> list[Hit]:
    """The same place with or without 省, 市, 区, 县; or its parts in order in one message, other words between."""
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
    """The passage that says almost the same, if it has the same numbers."""
    wanted = compact(value)
    if not _SHORTEST <= len(wanted) <= _LONGEST:
        return []
    numbers = set(re.findall(r"\d+", wanted))
    best: tuple[float, Hit] | None = None
    for region in index.sharing(wanted, _SHARED_PAIRS):
        said = index.compact[region.compact_start : region.compact_end]
        cutoff = best[0] if best else SIMILAR
        if len(said) < len(wanted):  # partial_ratio would look for the passage in the value
            score, start, end = fuzz.ratio(wanted, said, score_cutoff=cutoff), 0, len(said)
        else:
            found = fuzz.partial_ratio_alignment(wanted, said, score_cutoff=cutoff)
            score, start, end = (found.score, found.dest_start, found.dest_end) if found else (0.0, 0, 0)
        if score < cutoff or (best and score <= best[0]) or not numbers <= set(re.findall(r"\d+", said[start:end])):
            continue
        start, end = _widened(wanted, said, start, end)
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
    """Whether the words are but a part of an amount, as 36 is of 36万."""
    text, (start, end) = index.folded, hit.span
    return bool(_GOES_ON.match(text, end - 1) or (start and _GOES_ON.match(text, start - 1)))


def _without(text: str, spans: list[Span]) -> str:
    edges = [0, *(edge for span in spans for edge in span), len(text)]
    return "".join(text[start:end] for start, end in zip(edges[::2], edges[1::2], strict=True))


SHAPES: dict[Kind, tuple[Search, ...]] = {
    Kind.PHONE: (phones,),
    Kind.AMOUNT: (amounts,),
    Kind.DATE: (moments,),
    Kind.PLACE: (places, similar),
    Kind.ADDRESS: (places, similar),
    Kind.TEXT: (similar,),
}
"""What is tried for a kind, in this order, where its words do not stand in the chat."""
