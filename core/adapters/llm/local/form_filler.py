"""Rule-based extraction: fills one customer's form from the chat, leaving out what no rule supports."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from core.adapters.llm.local.rules import By, Rule, Rules
from core.domain import entities
from core.domain.chat import Role
from core.domain.chat.message_kinds import PLACEHOLDER
from core.domain.form import Field, Form, FormValues, Kind, Value

_NOT_WORDS = re.compile(rf"{PLACEHOLDER.pattern}|https?://\S+|@\S+")

_SENTENCE_END = re.compile(r"[\n。！!？?；;]")
_MOST_CHARACTERS = 2_000
"""Characters of sentences about meetings in which times are looked for: the library that finds them is slow."""
_RECENT = 20
"""Number of last messages that are searched for an appointment; earlier ones are over or forgotten."""


@dataclass(frozen=True, slots=True)
class ReadMessage:
    """One message, prepared for the rules.

    Attributes:
        index: position in the chat.
        speaker: who said it.
        role: which side that is.
        text: what was said, without quotes.
        words: the text without placeholders, links and mentions.
    """

    index: int
    speaker: str
    role: Role
    text: str
    words: str


def read_message(index: int, speaker: str, role: Role, text: str) -> ReadMessage:
    """Prepare a message for the rules: its words are the text without placeholders, links and mentions."""
    return ReadMessage(index, speaker, role, text, _NOT_WORDS.sub(" ", text))


@dataclass(frozen=True, slots=True)
class CustomerView:
    """The chat from the perspective of one customer.

    Attributes:
        name: the customer.
        lines: all messages.
        own: the customer's own messages.
        side: messages that rules about the customer read: own ones and colleagues'.
    """

    name: str
    lines: Sequence[ReadMessage]
    own: Sequence[ReadMessage]
    side: Sequence[ReadMessage]

    def by(self, who: By) -> Sequence[ReadMessage]:
        """Messages that a rule reads."""
        if who is By.STAFF:
            return [line for line in self.lines if line.role is Role.STAFF]
        return self.side if who is By.CUSTOMER else self.lines


def fill_form(form: Form, view: CustomerView, rules: Rules) -> FormValues:
    """Fill one customer's form.

    Args:
        form: any form; fields are filled by their kind, choices where the rules know their key. What is to be done next
            stays empty: who takes part, when and what were hardly ever guessed right, and a wrong value costs what an
            empty cell earns.
        view: the chat from this customer's side.
        rules: see :func:`core.adapters.llm.local.rules.load_rules`.
    """
    values = form.empty()
    for field in form.fields:
        value = _value(field, form, view, rules)
        if value:
            values[field.key] = [value] if field.is_list and isinstance(value, str) else value
    return values


def _value(field: Field, form: Form, view: CustomerView, rules: Rules) -> Value:
    if field.key == form.name_field:
        return view.name
    if field.key in rules.choices:
        return _choose(field, view, rules.choices[field.key])
    if field.kind is Kind.CHOICE and field.is_list:
        return _mentioned(field, view, rules)
    if filler := _BY_KIND.get(field.kind):
        return filler(field, view, rules)
    return field.empty


def _choose(field: Field, view: CustomerView, rules: tuple[Rule, ...]) -> Value:
    score: dict[str, float] = {}
    for rule in rules:
        if field.values and rule.value not in field.values:
            continue
        if (hits := rule.hits(line.words for line in view.by(rule.by))) >= rule.least:
            score[rule.value] = max(score.get(rule.value, 0), rule.weight + hits / 1000)
    if field.is_list:
        return [value for value in field.values or score if value in score]
    return max(score, key=lambda value: score[value]) if score else ""


def _mentioned(field: Field, view: CustomerView, rules: Rules) -> list[str]:
    """Suggested values that the customer mentions in a wish or question."""
    wanting = [line.words for line in view.side if rules.patterns["wanting"].search(line.words)]
    values = []
    for value in field.values:
        # A value in Latin letters must stand alone: SCRM is not CRM.
        word = re.compile(rf"(?<![A-Za-z]){re.escape(value)}(?![A-Za-z])", re.IGNORECASE)
        if any(word.search(text) for text in wanting):
            values.append(value)
    return values


def _first(find: Callable[[str], list[str]], lines: Sequence[ReadMessage]) -> str:
    return next((matches[0] for line in lines if (matches := find(line.text))), "")


def _phone(field: Field, view: CustomerView, rules: Rules) -> str:
    return _first(entities.phones, view.own)


def _email(field: Field, view: CustomerView, rules: Rules) -> str:
    return _first(entities.emails, view.own)


def _place(field: Field, view: CustomerView, rules: Rules) -> str:
    which = 1 if field.kind is Kind.ADDRESS else 0
    for line in view.own:
        if rules.patterns["not_own_place"].search(line.text):
            continue
        if place := entities.place_and_address(line.text)[which]:
            return place
    return ""


def _amount(field: Field, view: CustomerView, rules: Rules) -> str:
    budget = [line for line in view.side if rules.patterns["budget"].search(line.text)]
    return _first(entities.amounts, budget)


def _date(field: Field, view: CustomerView, rules: Rules) -> str:
    if rules.patterns["birthday_field"].search(field.key):
        return _first(entities.times, [line for line in view.own if rules.patterns["birthday"].search(line.text)])
    return _appointment(view, rules) if rules.patterns["booking_field"].search(field.key) else ""


def _appointment(view: CustomerView, rules: Rules) -> str:
    """Time of the latest appointment: in a message with words of meeting, and with staff who takes part near it."""
    room = _MOST_CHARACTERS
    for line in reversed(view.lines[-_RECENT:]):
        if not rules.patterns["appointment"].search(line.words) or rules.patterns["no_appointment"].search(line.words):
            continue
        for sentence in _SENTENCE_END.split(line.text):
            if room <= 0 or not rules.patterns["appointment"].search(sentence):
                continue
            room -= len(sentence)
            when = [one for one in entities.times(sentence) if not rules.patterns["vague_time"].search(one)]
            if when:
                near = [other for other in view.lines if abs(other.index - line.index) <= 6]
                return when[0] if any(other.role is Role.STAFF for other in near) else ""
    return ""


_BY_KIND: dict[Kind, Callable[[Field, CustomerView, Rules], Value]] = {
    Kind.PHONE: _phone,
    Kind.EMAIL: _email,
    Kind.PLACE: _place,
    Kind.ADDRESS: _place,
    Kind.AMOUNT: _amount,
    Kind.DATE: _date,
}
