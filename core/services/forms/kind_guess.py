"""Guesses what a field of somebody else's data holds: the kind of its values, what to suggest, its group."""

import re
from collections import Counter
from collections.abc import Sequence

from core.domain.form import Kind, items_of

MOST_SUGGESTED = 20
_LONGEST_SUGGESTED = 12
_FREE_TEXT = 15
"""Mean length from which a text is told and not chosen."""
_SEPARATOR = re.compile("[-－—/.:：]")
_WORDS: tuple[tuple[Kind, re.Pattern[str]], ...] = (
    (Kind.EMAIL, re.compile(r"邮箱|电邮|e-?mail", re.IGNORECASE)),
    (Kind.ID_CARD, re.compile(r"身份证|证件号", re.IGNORECASE)),
    (Kind.BANK_CARD, re.compile(r"银行卡|卡号", re.IGNORECASE)),
    (Kind.WECHAT, re.compile(r"微信|wechat", re.IGNORECASE)),
    (Kind.QQ, re.compile(r"^qq|qq号", re.IGNORECASE)),
    (Kind.PHONE, re.compile(r"手机|电话|phone|mobile|tel\b", re.IGNORECASE)),
    (Kind.ADDRESS, re.compile(r"地址|住址|address", re.IGNORECASE)),
    (Kind.PLACE, re.compile(r"地区|城市|省份|所在地|籍贯|city|region", re.IGNORECASE)),
    (Kind.STAFF, re.compile(r"客服|跟进人|负责人|经办|师傅|顾问|参与人|agent|staff", re.IGNORECASE)),
    (
        Kind.PERSON,
        re.compile(r"姓名|名字|称呼|联系人|报修人|客户名|求职者|候选人|^name$|customer_?name", re.IGNORECASE),
    ),
    (Kind.DATE, re.compile(r"日期|时间|生日|几时|date|time", re.IGNORECASE)),
    (Kind.AMOUNT, re.compile(r"金额|预算|价格|费用|报价|薪|price|amount|budget|salary", re.IGNORECASE)),
)
_SHAPES: tuple[tuple[Kind, re.Pattern[str]], ...] = (
    (Kind.EMAIL, re.compile(r"[^@\s]{1,64}@[^@\s]{1,255}")),
    (Kind.PHONE, re.compile(r"1[3-9]\d{9}")),
    (Kind.ID_CARD, re.compile(r"\d{17}[\dXx]")),
)


def guessed_kind(key: str, values: Sequence[str]) -> Kind:
    """The kind of a field, by its name and by what stands in it.

    Args:
        key: of the field.
        values: what occurs, single items, with repeats.
    """
    last = key_parts(key)[1]
    for kind, words in _WORDS:
        if words.search(last):
            return kind
    filled = [value for value in values if value]
    for kind, shape in _SHAPES:
        if filled and all(shape.fullmatch(value) for value in filled):
            return kind
    return Kind.TEXT


def suggested_values(values: Sequence[str], *, is_list: bool) -> list[str]:
    """Values worth suggesting, the most frequent first: few, short, and said more than once.

    Args:
        values: what occurs, single items, with repeats.
        is_list: whether the field holds several; then one occurrence is enough.
    """
    items = Counter(item for value in values for item in (items_of([value]) if is_list else [value]))
    short = all(len(item) <= _LONGEST_SUGGESTED and "\n" not in item for item in items)
    if not items or not short or len(items) > MOST_SUGGESTED:
        return []
    repeated = sum(items.values()) >= 2 * len(items)
    return [item for item, _ in items.most_common()] if is_list or repeated else []


def is_free_text(values: Sequence[str]) -> bool:
    """Whether values are sentences, which similarity scores better than equality."""
    filled = [value for value in values if value]
    return bool(filled) and sum(map(len, filled)) / len(filled) > _FREE_TEXT


def key_parts(key: str) -> tuple[str, str]:
    """Group and label of a key such as ``甲-乙``: what stands before the first separator, and behind it."""
    parts = [part.strip() for part in _SEPARATOR.split(key.strip(), maxsplit=1)]
    return (parts[0], parts[1]) if len(parts) == 2 and all(parts) else ("", key.strip())
