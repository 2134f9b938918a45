"""Which speakers are customers, and whether there is more than one: learned from names in approved forms."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from core.services.learning.chat_features import ChatFeatures
from core.services.learning.examples import LabelledChat
from core.services.learning.forest import Floats, Forest, fit_forest
from core.services.learning.linear import Logistic, fit_logistic

NAME_COLUMNS: Final = 3
_RULES_BEST_COLUMN: Final = 26
"""Column of a speaker's row: whether the rules take this speaker for the customer."""
_PRIOR_CHATS: Final = 10.0
_PRIOR_CHANCE: Final = 0.5
"""Chance that the speaker chosen by the rules is a customer, while nothing was learned; weighs as much as 10 chats."""
_FEWEST_FOR_COUNT: Final = 20
_SECOND_FROM: Final = 0.7
"""Probability from which a second form is written: an invented one halves the score, so it must be near certain."""


@dataclass(frozen=True, slots=True)
class NameCounts:
    """In how many chats each name speaks, and in how many it is a customer's.

    Attributes:
        spoke: by name.
        customer: by name.
    """

    spoke: Counter[str]
    customer: Counter[str]

    def columns(self, chat: ChatFeatures, own: LabelledChat | None) -> list[tuple[float, ...]]:
        """Numbers per speaker of a chat.

        Args:
            chat: the chat.
            own: the same chat where it is one of those that were counted: it is left out, or training would see its
                own answer.
        """
        rows: list[tuple[float, ...]] = []
        customers = {place for place in own.customers if place is not None} if own and not own.name_passed else set()
        for place, name in enumerate(chat.speakers):
            spoke = self.spoke[name] - (1 if own else 0)
            customer = self.customer[name] - (1 if place in customers else 0)
            rows.append((float(np.log1p(spoke)), float(np.log1p(customer)), (customer + 0.3) / (spoke + 1.0)))
        return rows


@dataclass(frozen=True, slots=True)
class Customers:
    """The fitted model of who is a customer.

    Attributes:
        names: counted over the examples.
        chats: number of examples.
        trees: ``None`` where the examples do not tell (a single class).
        linear: likewise.
        second: whether there is a second customer; ``None`` with few examples.
    """

    names: NameCounts
    chats: int
    trees: Forest | None
    linear: Logistic | None
    second: Logistic | None

    def chances(self, chat: ChatFeatures, own: LabelledChat | None = None) -> Floats:
        """Probability per speaker to be a customer."""
        if not chat.speakers:
            return np.zeros(0)
        rows = _rows(self.names, chat, own)
        by_rules = rows[:, _RULES_BEST_COLUMN]
        if self.trees is None or self.linear is None:
            return by_rules * _PRIOR_CHANCE
        learned = (self.trees.predict(rows)[:, 0] + self.linear.predict(rows)[:, 0]) / 2
        prior = _PRIOR_CHATS / (self.chats + _PRIOR_CHATS)
        return (1 - prior) * learned + prior * _PRIOR_CHANCE * by_rules

    def choose(self, chat: ChatFeatures, chances: Floats) -> list[int]:
        """The customers' places among the speakers, the likeliest first; none only where nobody speaks.

        Args:
            chat: the chat.
            chances: of :meth:`chances`.
        """
        order = [int(place) for place in np.argsort(-chances, kind="stable")]
        if self.second is not None and len(order) > 1:
            if self.second.predict(np.array([chat.chat_row]))[0, 0] > _SECOND_FROM:
                return order[:2]
        return order[:1]


def _rows(names: NameCounts, chat: ChatFeatures, own: LabelledChat | None) -> Floats:
    return np.hstack([np.array(chat.speaker_rows), np.array(names.columns(chat, own))])


def count_names(examples: Sequence[LabelledChat]) -> NameCounts:
    """Count names over the chats of examples."""
    spoke: Counter[str] = Counter()
    customer: Counter[str] = Counter()
    for one in examples:
        spoke.update(one.chat.speakers)
        if not one.name_passed:
            customer.update({one.chat.speakers[place] for place in one.customers if place is not None})
    return NameCounts(spoke, customer)


def fit_customers(examples: Sequence[LabelledChat], *, seed: int) -> Customers:
    """Learn who is a customer.

    Args:
        examples: chats with their right forms.
        seed: of the trees.
    """
    names = count_names(examples)
    spoken = [one for one in examples if one.chat.speakers and not one.name_passed]
    if not spoken:
        return Customers(names, len(examples), None, None, None)
    rows = np.vstack([_rows(names, one.chat, one) for one in spoken])
    targets = np.array([[float(place in one.customers)] for one in spoken for place in range(len(one.chat.speakers))])
    if targets.min() == targets.max():
        return Customers(names, len(examples), None, None, None)
    trees = fit_forest(rows, targets, None, leaf=2, seed=seed)
    linear = fit_logistic(rows, targets, None, strength=0.1, standardise=True)
    several = np.array([[float(len(one.forms) > 1)] for one in spoken])
    second = None
    if len(examples) >= _FEWEST_FOR_COUNT and several.min() < several.max():
        chat_rows = np.array([one.chat.chat_row for one in spoken])
        second = fit_logistic(chat_rows, several, None, strength=0.1, standardise=True)
    return Customers(names, len(examples), trees, linear, second)
