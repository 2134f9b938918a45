"""The checks of a form, by kind of field where possible, so that they work for any form."""

import re
from calendar import monthrange
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

import phonenumbers

from core.domain import entities
from core.domain.chat.parsed_chat import ParsedChat, Role, RoleGuess
from core.domain.checks.form_warning import FormWarning, Level
from core.domain.entities.folding import fold
from core.domain.evidence.quantities import amounts_in
from core.domain.form import Form, FormValues, Kind, Nature, Value, items_of

_SEVERAL = re.compile(r"[、，,；;/或\n]|\s(?=\+?\d{7})")
_NUMERIC_DATE = re.compile(
    r"(?:(?P<y>\d{4}|\d{2})年)?(?P<m>\d{1,2})月(?:(?P<d>\d{1,2})[日号])?"
    r"|(?<!\d)(?P<yy>\d{4})[-/.](?P<mm>\d{1,2})[-/.](?P<dd>\d{1,2})(?!\d)"
)
_CLOCK = re.compile(r"(?<!\d)(\d{1,2}):(\d{2})(?!\d)")
_SURE = 2.0
"""Absolute role score from which a guess counts as sure."""


def check(
    form: Form,
    parsed: ParsedChat,
    roles: Mapping[str, RoleGuess],
    customers: Sequence[FormValues],
    unsupported: Sequence[Collection[str]] = (),
) -> list[FormWarning]:
    """Check the forms of one chat and return warnings.

    Args:
        form: which fields there are.
        parsed: the chat.
        roles: which side each speaker seems to be on.
        customers: the forms, one per customer.
        unsupported: per customer, keys whose value should stand in the chat and does not (evidence 无依据).

    Returns:
        Remarks by customer, then in the form's order, warnings first for one field.
    """
    names = [form.name_of(values).strip() for values in customers]
    warnings: list[FormWarning] = []
    for number, values in enumerate(customers):
        missing = unsupported[number] if number < len(unsupported) else ()
        remarks = [
            *_people(form, parsed, roles, names, number, values),
            *_shapes(form, values),
            *_contradictions(form, values),
            *_without_evidence(form, values, missing),
        ]
        remarks.sort(key=lambda remark: (form.keys.index(remark[0]), remark[1] is Level.HINT))
        warnings += [FormWarning(number, *remark) for remark in remarks]
    return warnings


_Remark = tuple[str, Level, str]


def _people(
    form: Form,
    parsed: ParsedChat,
    roles: Mapping[str, RoleGuess],
    names: Sequence[str],
    number: int,
    values: Mapping[str, Value],
) -> Iterator[_Remark]:
    """Staff or nobody who speaks among the customers, a customer twice, customers among the staff."""
    name = names[number]
    guess = roles.get(name)
    if name and guess and guess.role is Role.STAFF:
        why = f"（{guess.reasons[0]}）" if guess.reasons else ""
        level = Level.WARNING if guess.score >= _SURE else Level.HINT
        yield form.name_field, level, f"「{name}」看起来是{form.staff}{why}"
    elif name and parsed.speakers and name not in parsed.speakers:
        yield (
            form.name_field,
            Level.HINT,
            f"「{name}」不是发言人的名字，{form.field(form.name_field).label}应照发言人的名字填",
        )
    if name and name in names[:number]:
        yield form.name_field, Level.WARNING, f"「{name}」已有一张表，同一位{form.subject}只填一张"
    for field in form.fields:
        if field.kind is not Kind.STAFF:
            continue
        for person in items_of(values.get(field.key, "")):
            other = roles.get(person)
            if person in names:
                yield field.key, Level.HINT, f"「{person}」是本群的{form.subject}，{field.label}一般填{form.staff}"
            elif other and other.role is Role.CUSTOMER and -other.score >= _SURE:
                yield field.key, Level.HINT, f"「{person}」看起来是{form.subject}，{field.label}一般填{form.staff}"


def _shapes(form: Form, values: Mapping[str, Value]) -> Iterator[_Remark]:
    """Values that do not look like what they should be."""
    for field in form.fields:
        fits = _SHAPES.get(field.kind)
        if fits is None:
            continue
        for item in items_of(values.get(field.key, "")):
            if fits(item):
                continue
            parts = _SEVERAL.split(item) if field.kind in _MAY_BE_SEVERAL else [item]
            wrong = [part.strip() for part in parts if part.strip() and not fits(part.strip())]
            for part in wrong:
                yield field.key, _SHAPE_LEVELS.get(field.kind, Level.WARNING), _WRONG[field.kind].format(part)


def _is_phone(text: str) -> bool:
    """A mobile number (eleven digits from 1, as anonymised ones are out of range) or any number that can be dialled."""
    if entities.is_mobile(text):
        return True
    try:
        number = phonenumbers.parse(text, "CN")
    except phonenumbers.NumberParseException:
        return False
    return bool(phonenumbers.is_valid_number(number)) or _is_local(text)


def _is_local(text: str) -> bool:
    """A landline number without its area code."""
    return re.fullmatch(r"[2-9]\d{6,7}", re.sub(r"[\s\-]", "", text)) is not None


def _is_amount(text: str) -> bool:
    """Whether a number, in digits or in words, can be read in it."""
    return any(amounts_in(fold(text)))


def _is_possible_date(text: str) -> bool:
    """Whether no date or hour in it is one that the calendar lacks; vague words (下周) are fine."""
    folded = fold(text)
    for match in _NUMERIC_DATE.finditer(folded):
        month, day = int(match["m"] or match["mm"]), int(match["d"] or match["dd"] or 1)
        year = int(match["y"] or match["yy"] or 0)
        year = year if year > 99 else 2000  # a leap year where none is said
        if not (1 <= month <= 12 and 1 <= day <= monthrange(year, month)[1]):
            return False
    return not any(int(hour) > 24 or int(minute) > 59 for hour, minute in _CLOCK.findall(folded))


_SHAPES: dict[Kind, Callable[[str], bool]] = {
    Kind.PHONE: _is_phone,
    Kind.EMAIL: entities.is_email,
    Kind.AMOUNT: _is_amount,
    Kind.DATE: _is_possible_date,
}
_WRONG = {
    Kind.PHONE: "「{}」不像电话号码",
    Kind.EMAIL: "「{}」不像邮箱地址",
    Kind.AMOUNT: "「{}」里看不出金额",
    Kind.DATE: "「{}」不是日历上有的日期或时间",
}
_MAY_BE_SEVERAL = frozenset({Kind.PHONE, Kind.EMAIL})
_SHAPE_LEVELS = {Kind.AMOUNT: Level.HINT}
"""Levels of malformed values that are less certain than a warning."""


def _contradictions(form: Form, values: Mapping[str, Value]) -> Iterator[_Remark]:
    """What the form's own file says about its fields."""
    for rule in form.contradictions:
        if rule.value in items_of(values.get(rule.key, "")) and rule.other_value in items_of(
            values.get(rule.other, "")
        ):
            label, other = form.field(rule.key).label, form.field(rule.other).label
            yield rule.key, Level(rule.level), f"{label}为「{rule.value}」，{other}却是「{rule.other_value}」"
    for companion in form.companions:
        if values.get(companion.key) and not values.get(companion.needs):
            label, needed = form.field(companion.key).label, form.field(companion.needs).label
            yield companion.key, Level.HINT, f"填了{label}，却没有{needed}"


def _without_evidence(form: Form, values: Mapping[str, Value], missing: Collection[str]) -> Iterator[_Remark]:
    for field in form.fields:
        if field.key in missing and field.nature is Nature.VERBATIM and values.get(field.key):
            # A text with many right answers is often told in other words.
            level = Level.WARNING if field.one_right_answer else Level.HINT
            yield field.key, level, f"群聊里找不到这里填的{field.label}"
