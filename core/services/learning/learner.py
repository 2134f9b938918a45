"""The learned extractor: fitted on approved chats, fills forms by the points that each answer can be expected to earn.

No field is named here: a field's type, kind, suggested values and points decide how it is learned. What has no
evidence stays empty, for an empty cell is the likeliest right answer of most fields.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np

from core.domain.form import Field, Form, FormValues, items_of
from core.domain.person_names import match_people
from core.services.learning.cell_signs import LearnedCell
from core.services.learning.chat_features import ChatFeatures
from core.services.learning.choices import ChoiceInputs, ChoiceModel, fit_choice, with_prior
from core.services.learning.customers import Customers, fit_customers
from core.services.learning.examples import Answer, LabelledChat, answer_of, sort_key, value_of
from core.services.learning.forest import Floats
from core.services.learning.one_thread import on_one_thread
from core.services.learning.verbatim import Verbatim, VerbatimCase, fit_verbatim, verbatim_fields
from core.services.learning.words import Texts, Words, fit_words

LEARNER_VERSION: Final = 4
"""Raise it with every change that lets the same examples give another model."""
SEED: Final = 0
_PRIOR_CHATS: Final = 10.0
"""The rules weigh as much as so many approved chats."""
_RULE_SURE: Final = 0.8
"""Probability that the rules' answer to a choice is right, while nothing was learned."""
_MARGIN: Final = 1.15
"""How much likelier than the most frequent answer another one must be."""
_LEADING: Final = 20
"""Directions of words that the trees see."""
_FILL_FROM: Final = 0.5
"""Probability from which a quoted value is filled in: a wrong one costs what a right one earns."""

_NO_SPEAKER: Final = 0.03
"""Probability that a name which nobody in the chat has is the customer's."""
_NOT_QUOTED: Final = 0.02
"""Probability that a quoted value is right which no finder sees in the chat."""


@dataclass(frozen=True, slots=True)
class FilledForm:
    """One predicted form.

    Attributes:
        values: of every field.
        sure: per field, the probability that its value (filled or empty) is what a person would approve.
    """

    values: FormValues
    sure: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class FittedExtractor:
    """A fitted extractor for one form; nothing in it ever changes.

    Attributes:
        form: what it fills.
        chats: number of examples.
        customers: who the customers are.
        words: the examples' n-grams.
        choices: by key.
        verbatim: ranker of quoted values.
        empty: per field, in which share of the examples' forms it is empty.
    """

    form: Form
    chats: int
    customers: Customers
    words: Words | None
    choices: Mapping[str, ChoiceModel]
    verbatim: Verbatim
    empty: Mapping[str, float]

    @on_one_thread
    def predict(self, chats: Sequence[ChatFeatures]) -> list[list[FilledForm]]:
        """Forms of each chat; one empty form where nobody speaks."""
        speaking = [self.customers.chances(chat) for chat in chats]
        chosen = [self.customers.choose(chat, chances) for chat, chances in zip(chats, speaking, strict=True)]
        pairs = [(chat, place) for chat, places in zip(chats, chosen, strict=True) for place in places]
        chances = self._choice_chances(pairs)
        names = [float(own[place]) for own, places in zip(speaking, chosen, strict=True) for place in places]
        filled = [self._fill(chat, place, names[at], at, chances) for at, (chat, place) in enumerate(pairs)]
        rest = iter(filled)
        return [[next(rest) for _ in places] or [FilledForm(self.form.empty(), self.empty)] for places in chosen]

    def _choice_chances(self, pairs: Sequence[tuple[ChatFeatures, int]]) -> dict[str, Floats]:
        if not pairs or self.words is None:
            return {}
        alike = self.words.similarities([_texts(chat, place) for chat, place in pairs])
        coordinates = alike @ self.words.basis
        dense = np.array([_dense(chat, place, self.customers, None) for chat, place in pairs])
        inputs = ChoiceInputs(np.hstack([dense, coordinates[:, :_LEADING]]), coordinates, alike)
        return {key: choice.chances(inputs) for key, choice in self.choices.items()}

    def _fill(
        self, chat: ChatFeatures, place: int, name_chance: float, at: int, chances: Mapping[str, Floats]
    ) -> FilledForm:
        values = self.form.empty()
        sure = dict(self.empty)
        name = chat.speakers[place]
        values[self.form.name_field] = name
        sure[self.form.name_field] = name_chance
        by_rules = _rule_form(self.form, chat, name)
        prior = _PRIOR_CHATS / (self.chats + _PRIOR_CHATS)
        for key, choice in self.choices.items():
            field = self.form.field(key)
            learned = dict(zip(choice.answers, map(float, chances[key][at]), strict=True))
            answer, sure[key] = _decide(field, choice, learned, by_rules, prior)
            values[key] = value_of(field, answer)
        names = np.array(self.customers.names.columns(chat, None))
        for field in verbatim_fields(self.form):
            chances_of_values, none_right = self._quotes(field, chat, place, names, by_rules, prior)
            best, best_chance = "", _FILL_FROM
            for value, mixed in chances_of_values:
                if mixed > best_chance:
                    best, best_chance = value, mixed
            sure[field.key] = best_chance if best else none_right
            if best:
                values[field.key] = [best] if field.is_list else best
        return FilledForm(values, sure)

    def _quotes(
        self, field: Field, chat: ChatFeatures, place: int, names: Floats, by_rules: FormValues, prior: float
    ) -> tuple[list[tuple[str, float]], float]:
        """Probability of each candidate for a quoted field, and that the field is rightly empty."""
        ruled_values = items_of(by_rules.get(field.key) or "")
        none_right = 1.0 - self.verbatim.unseen.get(field.key, 0.0)
        chances = []
        for value, chance in self.verbatim.chances(field, chat, place, names):
            mixed = (1 - prior) * chance + prior * _RULE_SURE * float(value in ruled_values)
            none_right *= 1.0 - mixed
            chances.append((value, mixed))
        return chances, none_right

    @on_one_thread
    def assess(self, chat: ChatFeatures, forms: Sequence[FormValues]) -> list[dict[str, LearnedCell]]:
        """How likely each value of somebody else's forms is to be approved, and which other one is likeliest; by key.

        Args:
            chat: what was read of the chat.
            forms: one per customer, clean.
        """
        matched = match_people([self.form.name_of(values) for values in forms], chat.speakers)
        places = [matches[0] if matches else None for matches in matched]
        speaking = self.customers.chances(chat)
        pairs = [(chat, int(speaking.argmax()) if place is None else place) for place in places if len(speaking)]
        chances = self._choice_chances(pairs)
        return [
            self._assess_form(chat, values, place, speaking, at, chances)
            for at, (values, place) in enumerate(zip(forms, places, strict=True))
        ]

    def _assess_form(
        self,
        chat: ChatFeatures,
        values: FormValues,
        named: int | None,
        speaking: Floats,
        at: int,
        chances: Mapping[str, Floats],
    ) -> dict[str, LearnedCell]:
        cells = {
            key: LearnedCell((1.0 - share) / 2, self.form.field(key).empty, share)
            if values.get(key)
            else LearnedCell(share, self.form.field(key).empty, 0.0)
            for key, share in self.empty.items()
        }
        if not len(speaking):
            return cells
        likeliest = int(speaking.argmax())
        name_chance = _NO_SPEAKER if named is None else float(speaking[named])
        other_chance = float(speaking[likeliest]) if named != likeliest else 0.0
        cells[self.form.name_field] = LearnedCell(name_chance, chat.speakers[likeliest], other_chance)
        place = likeliest if named is None else named
        by_rules = _rule_form(self.form, chat, chat.speakers[place])
        prior = _PRIOR_CHATS / (self.chats + _PRIOR_CHATS)
        for key, choice in self.choices.items():
            field = self.form.field(key)
            learned = dict(zip(choice.answers, map(float, chances[key][at]), strict=True))
            mixed = _mix(field, choice, learned, by_rules, prior)
            own_chance = mixed.pop(answer_of(field, values.get(key)), 0.0)
            best = min(mixed, key=lambda answer: (-mixed[answer], sort_key(answer)), default=None)
            other = field.empty if best is None else value_of(field, best)
            cells[key] = LearnedCell(own_chance, other, 0.0 if best is None else mixed[best])
        names = np.array(self.customers.names.columns(chat, None))
        for field in verbatim_fields(self.form):
            quotes, none_right = self._quotes(field, chat, place, names, by_rules, prior)
            written = "、".join(items_of(values.get(field.key) or ""))
            own_chance = max([chance for value, chance in quotes if value == written], default=_NOT_QUOTED)
            others = [(chance, value) for value, chance in quotes if value != written]
            if written:
                others.append((none_right, ""))
            other_chance, best_value = max(others, default=(0.0, ""))
            quoted = [best_value] if field.is_list and best_value else best_value or field.empty
            cells[field.key] = LearnedCell(own_chance if written else none_right, quoted, other_chance)
        return cells


def _mix(
    field: Field, choice: ChoiceModel, learned: Mapping[Answer, float], by_rules: FormValues, prior: float
) -> dict[Answer, float]:
    """What was learned about a choice, mixed with what the rules say."""
    rules = {answer: share * (1 - _RULE_SURE) for answer, share in zip(choice.answers, choice.shares, strict=True)}
    ruled = answer_of(field, by_rules.get(field.key))
    rules[ruled] = rules.get(ruled, 0.0) + _RULE_SURE
    return with_prior(learned, rules, prior)


def _decide(
    field: Field, choice: ChoiceModel, learned: Mapping[Answer, float], by_rules: FormValues, prior: float
) -> tuple[Answer, float]:
    """The answer with the largest expected points, and its probability.

    The most frequent answer is kept unless another one is clearly likelier.
    """
    chances = _mix(field, choice, learned, by_rules, prior)
    best = min(chances, key=lambda answer: (-chances[answer], sort_key(answer)))
    answer = best if chances[best] > _MARGIN * chances[choice.mode] else choice.mode
    return answer, chances[answer]


def _rule_form(form: Form, chat: ChatFeatures, name: str) -> FormValues:
    return next((values for values in chat.rule_forms if form.name_of(values) == name), chat.rule_forms[0])


def _texts(chat: ChatFeatures, place: int) -> Texts:
    return chat.own_texts[place], chat.side_texts[place], chat.all_text


def _dense(chat: ChatFeatures, place: int, customers: Customers, own: LabelledChat | None) -> list[float]:
    names = customers.names.columns(chat, own)[place]
    return [*chat.speaker_rows[place], *chat.chat_row, *chat.rule_hits[place], *names]


@on_one_thread
def fit(form: Form, examples: Sequence[LabelledChat], *, seed: int = SEED) -> FittedExtractor:
    """Fit an extractor; the same examples in the same order give the same model.

    Args:
        form: what to fill.
        examples: chats with their right forms; may be few, or none.
        seed: of everything that is random.
    """
    customers = fit_customers(examples, seed=seed)
    rows: list[_Row] = []
    for one in examples:
        by_chance = [int(place) for place in np.argsort(-customers.chances(one.chat, one), kind="stable")]
        for position, (place, values) in enumerate(zip(one.customers, one.forms, strict=True)):
            if place is None and by_chance:  # a customer who never speaks: what is told of the likeliest speaker
                place = by_chance[min(position, len(by_chance) - 1)]
            if place is not None:
                passed = one.passed[position] if one.passed else ()
                rows.append(_Row(one, place, values, 1.0 / len(one.forms), passed))
    if not rows:
        return FittedExtractor(
            form, len(examples), customers, None, {}, Verbatim((), None, {}), _empty_shares(form, [])
        )
    words, alike = fit_words([_texts(row.one.chat, row.place) for row in rows], seed)
    coordinates = alike @ words.basis
    dense = np.array([_dense(row.one.chat, row.place, customers, row.one) for row in rows])
    inputs = ChoiceInputs(np.hstack([dense, coordinates[:, :_LEADING]]), coordinates, alike)
    choices = {
        field.key: fit_choice(
            field, [answer_of(field, row.values.get(field.key)) for row in rows], weights, inputs, seed=seed
        )
        for field in form.fields
        if field.values and (weights := np.array([row.weight_of(field.key) for row in rows])).any()
    }
    cases = [
        VerbatimCase(
            row.one.chat,
            row.place,
            np.array(customers.names.columns(row.one.chat, row.one)),
            {
                field.key: "、".join(items_of(row.values.get(field.key) or ""))
                for field in verbatim_fields(form)
                if row.weight_of(field.key)
            },
            row.weight,
        )
        for row in rows
    ]
    verbatim = fit_verbatim(form, cases, seed=seed)
    return FittedExtractor(form, len(examples), customers, words, choices, verbatim, _empty_shares(form, rows))


class _Row(NamedTuple):
    """One customer of an example: chat, speaker's place, right form, weight, and keys whose values teach nothing."""

    one: LabelledChat
    place: int
    values: FormValues
    weight: float
    passed: Collection[str]

    def weight_of(self, key: str) -> float:
        """The weight of a field's value; 0 where it teaches nothing."""
        return 0.0 if key in self.passed else self.weight


def _empty_shares(form: Form, rows: Sequence[_Row]) -> dict[str, float]:
    """Per field, the share of empty cells, as if two more forms had been seen: an empty and a filled one."""
    return {
        field.key: (1.0 + sum(row.weight_of(field.key) for row in rows if not row.values.get(field.key)))
        / (2.0 + sum(row.weight_of(field.key) for row in rows))
        for field in form.fields
    }
