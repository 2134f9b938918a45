"""Names of speakers with a colon in them, and headers that are what somebody says: ``A:小满``, ``12:30小满``.

A nickname may hold a colon, a clock or opening hours; an ordinary line may hold a date and a few words. The other
headers of the text decide.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from core.domain.chat.name_patterns import name_shape
from core.domain.chat.speaker_lines import MAX_NAME, Line

_INNER_COLON: Final = re.compile(r"[^:：]{1,40}[:：](?!//)(?:[^:：]{1,40}[:：]){0,3}[^:：]{1,40}")
_MARKED: Final = re.compile(r"[A-Za-z0-9]{1,2}[:：]\D|\d{1,2}[:：]\d\d(?!\d)|.{0,36}[(（【\[][^)）】\]]{0,36}\d[:：]\d")
"""A letter or a clock before a name, or opening hours in brackets behind it."""
_COLON: Final = re.compile("[:：]")
_SHOP: Final = re.compile(r"(?:[店馆坊社厂]|公司|集团|官方|商城|超市|中心|工作室|客服|专营|企业|品牌)\d{0,3}$")
_ENDS_SPOKEN: Final = re.compile(r"[，。？！?!：:]$")
_SAYS: Final = re.compile(r"[，。？！?!；;]|://")
_GOES_ON: Final = re.compile(r"(?P<more>\S(?:[^:：\n]{0,38}[^\s:：])?)\s?[:：](?!//)")
_CLOCK_CUT: Final = re.compile(r"(?<!\d)\d{1,2}$")
_MINUTES: Final = re.compile(r"\d\d(?!\d)")
_PAIRS: Final = (("（", "）"), ("(", ")"), ("【", "】"), ("[", "]"))
_TO_THE_MINUTE: Final = 16
"""Length of ``2024-01-02T10:21``."""


class DatedName(NamedTuple):
    """A name beside its time, as a header gives both; the time as ISO 8601, or only a clock."""

    name: str
    time: str


def may_hold_colon(name: str) -> bool:
    """Whether words with a colon inside could be a name, if the rest of the text agrees."""
    return (
        len(name) <= MAX_NAME
        and _INNER_COLON.fullmatch(name) is not None
        and not _SAYS.search(name)
        and not _ENDS_SPOKEN.search(name)
    )


def has_letter_before(name: str) -> bool:
    """Whether a letter or a clock stands before a colon of a name: ``A:林``."""
    return _MARKED.match(name) is not None


def believed_with_colon(candidates: Mapping[int, DatedName], certain: Mapping[int, DatedName]) -> set[int]:
    """Those lines whose name, though it holds a colon, belongs to a speaker.

    The name comes back, or begins with a letter or a clock; and its time fits between those of the other headers.

    Args:
        candidates: by number of the line.
        certain: the other headers.
    """
    uses = Counter(one.name for one in candidates.values())
    strays = out_of_order(candidates, certain)
    marked = {name for name in uses if _MARKED.match(name)} | _sub_accounts(uses)
    return {
        number
        for number, one in candidates.items()
        if number not in strays and (uses[one.name] > 1 or one.name in marked)
    }


def _sub_accounts(names: Iterable[str]) -> set[str]:
    """Names of a shop's staff: ``旗舰店:小王``; whatever stands before several people's names is a shop too."""
    people: dict[str, str] = {}
    for name in names:
        shop, *behind = _COLON.split(name, maxsplit=1)
        if shop and behind and behind[0] and name_shape(behind[0]) > 0 and name_shape(shop) > -1:
            people[name] = shop
    shops = Counter(people.values())
    return {name for name, shop in people.items() if shops[shop] > 1 or _SHOP.search(shop)}


def out_of_order(doubtful: Mapping[int, DatedName], certain: Mapping[int, DatedName]) -> set[int]:
    """Those lines whose date lies before that of the header above or behind that of the header below."""
    known = sorted((number, one.time[:_TO_THE_MINUTE]) for number, one in certain.items() if "T" in one.time)
    strays: set[int] = set()
    place = 0
    for number, one in sorted(doubtful.items()):
        while place < len(known) and known[place][0] < number:
            place += 1
        if 0 < place < len(known) and "T" in one.time:
            before, after = known[place - 1][1], known[place][1]
            if before <= after and not before <= one.time[:_TO_THE_MINUTE] <= after:
                strays.add(number)
    return strays


def reads_as_words(name: str) -> bool:
    """Whether a name beside a date that fits nowhere would be what somebody says: a sentence, a label."""
    return name_shape(name) < 0 or _SAYS.search(name) is not None and name_shape(name) <= 0


def doubtful_names(headers: Mapping[int, DatedName]) -> dict[int, DatedName]:
    """Headers whose name reads as words, and stands once in the text or holds a mark of sentences."""
    uses = Counter(one.name for one in headers.values())
    return {
        number: one
        for number, one in headers.items()
        if (uses[one.name] == 1 or _SAYS.search(one.name)) and reads_as_words(one.name)
    }


def whole_names(lines: Sequence[Line], openings: Mapping[int, tuple[str, int]]) -> dict[int, tuple[str, int]]:
    """Names and where the words behind them begin, for those names that were cut at a colon of their own.

    Args:
        lines: of the conversation.
        openings: name and offset behind its colon, by number of the line.
    """
    whole: dict[int, tuple[str, int]] = {}
    by_name: dict[str, list[int]] = defaultdict(list)
    for number, (name, body_start) in openings.items():
        line = lines[number]
        extended, end = _completed(name, line.text, body_start - line.start)
        if extended != name:
            whole[number] = extended, line.start + end
        else:
            by_name[name].append(number)
    for name, numbers in by_name.items():
        longer = [_gone_on(name, lines[number], openings[number][1]) for number in numbers]
        if all(longer) and _are_names(name, [one[0] for one in longer if one]):
            whole.update((number, one) for number, one in zip(numbers, longer, strict=True) if one)
    return whole


def _completed(name: str, text: str, end: int) -> tuple[str, int]:
    """A name with what belongs to it behind a colon: the minutes of a clock, the end of a bracket."""
    completed, at = name, end
    for _ in range(4):
        cut = _CLOCK_CUT.search(completed) and _MINUTES.match(text, at)
        if not cut and all(completed.count(left) <= completed.count(right) for left, right in _PAIRS):
            return completed, at
        goes_on = _GOES_ON.match(text, at)
        if goes_on is None or len(completed) + 1 + len(goes_on["more"]) > MAX_NAME:
            return name, end
        completed, at = f"{completed}{text[at - 1]}{goes_on['more']}", goes_on.end()
    return name, end


def _gone_on(name: str, line: Line, body_start: int) -> tuple[str, int] | None:
    """The name up to the next colon of its line; ``None`` where words or a blank follow the first one."""
    at = body_start - line.start
    match = _GOES_ON.match(line.text, at)
    if match is None or _SAYS.search(match["more"]) or len(name) + 1 + len(match["more"]) > MAX_NAME:
        return None
    return f"{name}{line.text[at - 1]}{match['more']}", line.start + match.end()


def _are_names(short: str, names: Iterable[str]) -> bool:
    """Whether what stands behind a colon goes on with the name: it comes back, or looks like a person's."""
    uses = Counter(names)
    ends = [name[len(short) + 1 :] for name in uses]
    if any(name_shape(end) <= -1 or end[0].isdigit() for end in ends):
        return False
    return all(count > 1 or name_shape(end) > 0 for end, count in zip(ends, uses.values(), strict=True))
