"""Reads amounts in folded text, whatever mixes digits, words and units: 1.5亿, 1.5个亿 and 一亿五千万 are 150000000.

An amount is a chain of parts, each a number with its units: 1万5千 is (1, 万)(5, 千), 3百万 is (3, 百万), 12万5 is
(12, 万)(5). Parts that do not go on downward (3万5万) are amounts of their own. A range (五六万) is none.
"""

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import NamedTuple

from core.domain.chat.parsed_chat import Span

_ZERO = "零〇"
_DIGITS = "零一二三四五六七八九"
_SMALL = {"十": 10, "百": 100, "千": 1_000, "k": 1_000}
_WAN, _YI = 10_000, 100_000_000
_LARGE = {"万": _WAN, "w": _WAN, "亿": _YI}
_PLAIN = str.maketrans("壹贰貳叁參肆伍陆陸柒捌玖拾佰仟萬億两兩〇○", "一二二三三四五六六七八九十百千万亿二二零零")
_TOKEN = re.compile(
    r"(?P<digits>\d{1,3}+(?:,\d{3}(?!\d))++(?:\.\d++)?|\d++(?:\.\d++)?)"
    rf"|(?P<words>[{_DIGITS}]++(?:点[{_DIGITS}]++(?=[ \t]?个?[百千万亿]))?)"
    r"|(?P<unit>[ \t]?(?:个(?=[ \t]?(?:[十百千]?[万亿]|[kw](?![a-z])))[ \t]?)?(?:[十百千万亿]|[kw](?![a-z])))"
    r"|(?P<more>[多来余几](?=[十百千万亿]))"
)
_COUNTED = re.compile(r"[ \t]?[个年月日号天周期次人名套台位份点时分秒成折%‰项种部倍家条件页楼层室路岁]|[a-z]")
"""What follows a number that counts something else: 3万5个人 is no 35000."""
_CHANGE = re.compile(
    r"块(?P<tenths>[1-9一二三四五六七八九])(?:[毛角]|(?!\w))|元(?P<tenths_of_yuan>[1-9一二三四五六七八九])[角毛]"
)
"""The tenths of 12块5 and 12元5角."""
_LONGEST = 24
"""Most characters of a number; longer ones are no amounts."""
_VAGUE_BEFORE = "几数"


class Amount(NamedTuple):
    """An amount with its unit applied, and its offsets.

    Attributes:
        value: the number; of 30多万 the 300000 that it is more than.
        span: where it stands.
        more: whether it is said to be more than that.
    """

    value: Decimal
    span: Span
    more: bool = False


class _Part(NamedTuple):
    """A number with the units behind it: 3百万 is 3, (100, 10000).

    Attributes:
        number: the number; 1 where 十 stands alone.
        units: what it is multiplied by, in the order written.
        written: how many characters the number has; 0 where it has none.
        zero: whether 零 stands before it.
        whole: whether it is a whole number.
        counts: whether what follows says that it counts something other than money.
        several: whether it is several digits in words (五六), none of them 零.
        more: whether 多, 来, 余 or 几 stands in it.
        span: where it stands.
    """

    number: Decimal
    units: tuple[int, ...]
    written: int
    zero: bool
    whole: bool
    counts: bool
    several: bool
    more: bool
    span: Span


def amounts_in(text: str, start: int = 0, end: int | None = None) -> Iterator[Amount]:
    """Amounts in folded text, in order; in linear time.

    Args:
        text: a text after :func:`core.domain.entities.folding.fold`.
        start: where to begin.
        end: where to stop; at the end of the text where ``None``.
    """
    text = text.translate(_PLAIN)
    end = len(text) if end is None else end
    chain: list[_Part] = []
    reached = start
    for part in _parts(text, start, end):
        if part.span.start < reached:
            continue
        joined = bool(chain) and chain[-1].span.end == part.span.start
        if part.several and (part.units or joined):
            # 五六万, 一百五六十: two numbers in one; what stands before and belongs to it is no amount by itself.
            if chain and not joined and (amount := _amount(chain, text, end)):
                yield amount
            chain = []
            continue
        if chain and not (joined and _goes_on(chain, part)):
            if amount := _amount(chain, text, end):
                yield amount
                reached = amount.span.end
            chain = []
            if part.span.start < reached:
                continue
        chain.append(part)
    if chain and (amount := _amount(chain, text, end)):
        yield amount


def _parts(text: str, start: int, end: int) -> Iterator[_Part]:
    tokens = list(_TOKEN.finditer(text, start, end))
    at = 0
    while at < len(tokens):
        token = tokens[at]
        ten = token[0] == "十"
        if not (token["digits"] or token["words"] or ten):
            at += 1
            continue
        first, words, zero = token.start(), "" if ten else token[0], False
        at += 0 if ten else 1
        if words and not words.strip("零") and at < len(tokens) and tokens[at]["digits"]:
            if tokens[at].start() == token.end():  # 1万零5百
                token, words, zero = tokens[at], tokens[at][0], True
                at += 1
        units: list[int] = []
        more, stop = False, token.start() if ten else token.end()
        while at < len(tokens) and tokens[at].start() == stop and not (tokens[at]["digits"] or tokens[at]["words"]):
            if tokens[at]["more"]:
                more = True
            else:
                sign = tokens[at][0][-1]
                unit = _SMALL.get(sign) or _LARGE[sign]
                if units and (unit < _WAN or unit <= units[-1]):
                    break
                units.append(unit)
            stop = tokens[at].end()
            at += 1
        yield _part(text, words, tuple(units), Span(first, stop), zero=zero, more=more)


def _part(text: str, words: str, units: tuple[int, ...], span: Span, *, zero: bool, more: bool) -> _Part:
    bare = words.lstrip("零") if words[:1] in _DIGITS else words
    if not words or len(words) > _LONGEST:
        number = Decimal(1)
    elif words[0] in _DIGITS:
        number = Decimal("".join(str(_DIGITS.index(sign)) if sign != "点" else "." for sign in words))
    else:
        number = Decimal(words.replace(",", ""))
    zero = zero or bool(words) and words[0] == "零" and "点" not in words
    several = words[:1] in _DIGITS and bool(words) and len(bare) > 1 and not set(bare) & {"零", "点"}
    counts = bool(_COUNTED.match(text, span.end)) and not units
    return _Part(number, units, len(bare), zero, number == int(number), counts, several, more, span)


def _goes_on(chain: Sequence[_Part], part: _Part) -> bool:
    """Whether a part right behind a chain belongs to it, as 5千 behind 1万 does and 3万 behind 1万 does not."""
    if not chain[-1].units:
        return False
    floor = chain[-1].units[-1]
    if not part.units:
        if part.counts or not part.whole or not part.number:
            return False
        return part.number < floor
    large = [unit for one in chain for unit in one.units if unit >= _WAN]
    first, last = part.units[0], part.units[-1]
    if floor < _WAN and first >= _WAN:  # 三十五万, 1百25万; not 五千一万
        fits = part.number < floor and (floor == _SMALL["十"] or part.zero or part.written > 1)
    else:
        fits = part.number * first < floor
    return fits and (last < _WAN or not large or last < large[-1] or (last == _YI and _YI not in large))


def _amount(chain: Sequence[_Part], text: str, end: int) -> Amount | None:
    """What a chain adds up to; ``None`` where it is no amount."""
    first, last = chain[0], chain[-1]
    begin, stop = first.span.start, last.span.end
    if stop - begin == 1 and not text[begin].isdecimal():
        return None  # 一下, 十分
    if max(part.written for part in chain) > _LONGEST or (not last.units and text[stop : stop + 1].islower()):
        return None
    if first.written == 0 and begin and text[begin - 1] in _VAGUE_BEFORE:
        return None
    value = _value(chain)
    if change := _CHANGE.match(text, stop, end):
        sign = change["tenths"] or change["tenths_of_yuan"]
        value += Decimal(_DIGITS.find(sign) if sign in _DIGITS else sign) / 10
        stop = change.end()
    return Amount(value, Span(begin, stop), any(part.more for part in chain))


def _value(chain: Sequence[_Part]) -> Decimal:
    high = low = section = Decimal(0)
    floor = 1
    for part in chain:
        number = part.number
        if not part.units and floor > 10 and part.written == 1 and not part.zero:
            number *= floor // 10  # 一万五: the unit below
        for unit in part.units:
            if unit == _WAN:
                low, section, number = low + (section + number) * _WAN, Decimal(0), Decimal(0)
            elif unit == _YI:
                high, low, section, number = (low + section + number) * _YI, Decimal(0), Decimal(0), Decimal(0)
            else:
                number *= unit
        section += number
        floor = part.units[-1] if part.units else 1
    return high + low + section
