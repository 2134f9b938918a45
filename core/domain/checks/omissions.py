"""Finds phones, e-mails, addresses, amounts and dates that occur in a chat but in no form. Pure.

Advice, so it errs towards silence: amounts, dates and addresses are mentioned only while some customer's field for them
is empty, amounts and addresses that staff say are prices and offices, and a date needs a day and an hour to be a plan.
"""

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property, lru_cache
from itertools import chain

from core.domain import entities
from core.domain.chat.parsed_chat import Message, Role, Span
from core.domain.entities import Mention
from core.domain.entities.accounts import ACCOUNT_HINT
from core.domain.entities.finders import ADDRESS_HINT
from core.domain.entities.folding import fold
from core.domain.entities.numbers import NUMBER_HINT, plain_digits
from core.domain.evidence import ChatIndex
from core.domain.evidence.index import compact
from core.domain.evidence.quantities import Moment, amounts_in, moments_in
from core.domain.form import Field, Form, FormValues, Kind, text_of
from core.domain.person_names import match_people

MAX_MISSED = 12
"""Most omissions that are returned for one chat."""

_DAY = (
    r"(?:(?:\d{2,4}年)?\d{1,2}月\d{1,2}[日号]?|\d{1,2}[日号](?!线|楼|院|店)"
    r"|(?:上|下|这|本){0,4}(?:周|星期|礼拜)[一二三四五六日天]|今天|明天|后天|明早|今晚|明晚)"
)
_HOUR = (
    r"(?:凌晨|早上|上午|中午|下午|傍晚|晚上)?\s?"
    r"(?:\d{1,2}[:：]\d{2}|(?:\d{1,2}|[一二两三四五六七八九十]{1,3})[点时](?!间)(?:半|一刻|三刻|\d{1,2}分?)?)"
)
_PLAN = re.compile(rf"{_DAY}[的\s，,]{{0,2}}(?:{_HOUR}|上午|下午|早上|晚上)")
_DATE = re.compile(r"(?:(?:19|20)?\d{2}年)?\d{1,2}月\d{1,2}[日号]?|(?:19|20)\d{2}[-/.]\d{1,2}[-/.]\d{1,2}")
_DAY_HINT = re.compile(rf"{_DAY}|生日")
_BUDGET = re.compile(r"预算|费用|花|投入|价|多少钱|以内|经费|额度")


@dataclass(frozen=True, slots=True)
class Omission:
    """A value that occurs in the chat but in no form.

    Attributes:
        key: the field that it would belong to.
        value: what that field would be given.
        span: where it stands in the text.
        message: index of the message.
        customer: position of the customer who said it; ``None`` where the speaker has no form.
    """

    key: str
    value: str
    span: Span
    message: int
    customer: int | None


@dataclass(frozen=True, slots=True)
class _Kind:
    """How one kind of thing is looked for.

    Attributes:
        kind: of the fields that hold it.
        find: where it stands in a message.
        by_staff: whether it counts where staff say it.
        only_if_empty: whether it is mentioned only while somebody's field for it is empty.
        hint: stands in every message that holds one. A huge chat is searched for it as a whole.
    """

    kind: Kind
    find: Callable[[str], Iterator[Mention]]
    by_staff: bool
    only_if_empty: bool
    hint: re.Pattern[str]


def _plans(text: str) -> Iterator[Mention]:
    return (Mention(match[0], *match.span()) for match in _PLAN.finditer(text))


def _dates(text: str) -> Iterator[Mention]:
    return (Mention(match[0], *match.span()) for match in _DATE.finditer(text))


def _budgets(text: str) -> Iterator[Mention]:
    """Amounts in messages that speak of money to spend."""
    return entities.amount_mentions(text) if _BUDGET.search(text) else iter(())


_KINDS = (
    _Kind(Kind.PHONE, entities.personal_phones_in, True, False, NUMBER_HINT),
    _Kind(Kind.ID_CARD, entities.id_cards_in, True, False, NUMBER_HINT),
    _Kind(Kind.BANK_CARD, entities.bank_cards_in, False, False, NUMBER_HINT),
    _Kind(Kind.WECHAT, entities.wechat_ids_in, False, False, ACCOUNT_HINT),
    _Kind(Kind.QQ, entities.qq_numbers_in, False, False, ACCOUNT_HINT),
    _Kind(Kind.EMAIL, entities.emails_in, True, False, re.compile("@")),
    _Kind(Kind.ADDRESS, entities.addresses_in, False, True, ADDRESS_HINT),
    _Kind(Kind.AMOUNT, _budgets, False, True, _BUDGET),
    _Kind(Kind.DATE, _plans, True, True, _DAY_HINT),
)


def find_mentions(index: ChatIndex) -> tuple[tuple[Kind, Mention, Message], ...]:
    """All values of these kinds in a chat, whatever the forms hold; compute it once per chat."""
    text, messages = index.text, index.parsed.messages
    starts = [message.span.start for message in messages]
    hinted = {hint: _messages_with(index, hint, starts) for hint in {kind.hint for kind in _KINDS}}
    mentions: list[tuple[Kind, Mention, Message]] = []
    for message in map(messages.__getitem__, sorted(set().union(*hinted.values()))):
        words, start = message.body.of(text), message.body.start
        # The hint may stand in the name or the time before what was said.
        hints = {hint for hint, numbers in hinted.items() if message.index in numbers and hint.search(words)}
        mentions += [
            (kind.kind, Mention(one.value, start + one.start, start + one.end), message)
            for kind in _KINDS
            if kind.hint in hints and (kind.by_staff or not _by_staff(index, message))
            for one in _of(kind, words)
        ]
    return tuple(mentions)


def _messages_with(index: ChatIndex, hint: re.Pattern[str], starts: Sequence[int]) -> set[int]:
    """Indices of the messages that a hint stands in, or a part of it: it may begin in the message before."""
    numbers: set[int] = set()
    for match in hint.finditer(index.text, 0, index.parsed.messages[-1].span.end if starts else 0):
        numbers.update(range(bisect_right(starts, match.start()) - 1, bisect_right(starts, match.end() - 1)))
    return numbers - {-1}


def _of(kind: _Kind, text: str) -> Iterator[Mention]:
    """A birthday is a date without an hour, and only where somebody says that it is one."""
    if kind.kind is Kind.DATE and "生日" in text:
        return chain(kind.find(text), _dates(text))
    return kind.find(text)


def _by_staff(index: ChatIndex, message: Message) -> bool:
    guess = index.roles.get(message.speaker) if index.roles else None
    return guess is not None and guess.role is Role.STAFF


def find_omissions(
    form: Form,
    index: ChatIndex,
    customers: Sequence[FormValues],
    mentions: Sequence[tuple[Kind, Mention, Message]] | None = None,
) -> list[Omission]:
    """Values that occur in the chat but in no form: first those of customers, then those of staff, in chat order.

    Args:
        form: which fields there are.
        index: the chat.
        customers: the forms, one per customer.
        mentions: :func:`find_mentions` of the chat, where it is at hand.

    Returns:
        At most :data:`MAX_MISSED`, every value once.
    """
    owners = _owners([form.name_of(values) for values in customers], index.parsed.speakers)
    held = _HeldValues(customers)
    quiet = {kind.kind for kind in _KINDS if kind.only_if_empty}
    seen: set[tuple[str, str]] = set()
    fields: dict[tuple[Kind, int], Field | None] = {}
    remarks: list[tuple[bool, Omission]] = []
    for kind, one, message in find_mentions(index) if mentions is None else mentions:
        if (kind, message.index) not in fields:
            fields[kind, message.index] = _field(form, kind, message.body.of(index.text))
        field = fields[kind, message.index]
        if field is None or (field.key, compact(one.value)) in seen or held.holds(kind, one.value):
            continue
        owner = owners.get(message.speaker)
        concerned = customers if owner is None else [customers[owner]]
        if kind in quiet and all(values.get(field.key) for values in concerned):
            continue
        seen.add((field.key, compact(one.value)))
        place = Omission(field.key, one.value, Span(one.start, one.end), message.index, owner)
        remarks.append((_by_staff(index, message), place))
    remarks.sort(key=lambda remark: remark[0])
    return [place for _, place in remarks][:MAX_MISSED]


def _owners(names: Sequence[str], speakers: Sequence[str]) -> dict[str, int]:
    """Position of the customer who each speaker is; of several with one name the first."""
    owners: dict[str, int] = {}
    for customer, places in enumerate(match_people(names, speakers)):
        for place in places:
            owners.setdefault(speakers[place], customer)
    return owners


def _field(form: Form, kind: Kind, text: str) -> Field | None:
    """The field that a thing belongs to: of several of its kind the one whose label is said, else the last."""
    fields = [field for field in form.fields if field.kind is kind]
    return next((field for field in fields if field.label in text), fields[-1] if fields else None)


@lru_cache(maxsize=8192)  # a chat's mentions are read again with every save
def _moments_of(value: str) -> tuple[Moment, ...]:
    return tuple(moments_in(value))


class _HeldValues:
    """What the forms say already, read once for all mentions."""

    def __init__(self, customers: Iterable[FormValues]) -> None:
        self._texts = [text_of(value) for values in customers for value in values.values() if value]

    def holds(self, kind: Kind, value: str) -> bool:
        """Whether some field says it already, in whatever shape."""
        compact_value = compact(value)
        if any(compact_value in text for text in self._compact):
            return True
        if kind in (Kind.PHONE, Kind.ID_CARD, Kind.BANK_CARD, Kind.QQ):
            return any(plain_digits(value) in digits for digits in self._digits)
        if kind is Kind.AMOUNT:
            return any(amount.value in self._amounts for amount in amounts_in(fold(value)))
        if kind is Kind.DATE:
            moments = _moments_of(compact_value)
            return bool(moments) and all(map(self._says, moments))
        return False

    def _says(self, moment: Moment) -> bool:
        """See :meth:`core.domain.evidence.quantities.Moment.same`."""
        known = (years for reading in moment.readings if (years := self._moments.get(reading)))
        return any(not moment.year or moment.year in years or 0 in years for years in known)

    @cached_property
    def _compact(self) -> list[str]:
        return list(map(compact, self._texts))

    @cached_property
    def _digits(self) -> list[str]:
        return [plain_digits(text) for text in self._texts]

    @cached_property
    def _amounts(self) -> set[Decimal]:
        return {amount.value for text in self._texts for amount in amounts_in(fold(text))}

    @cached_property
    def _moments(self) -> dict[tuple[str, int, int], set[int]]:
        """The years that are said with each reading; 0 for none."""
        years: dict[tuple[str, int, int], set[int]] = {}
        for text in self._compact:
            for moment in moments_in(text):
                for reading in moment.readings:
                    years.setdefault(reading, set()).add(moment.year)
        return years
